"""The loops of a run that tell how far they are; `progress` makes them, the card reads them."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType

Place = tuple[CodeType, int]


@dataclass(eq=False)
class Loop:
    """A loop that is under way.

    Attributes
    ----------
    total : int or None
    description, unit : str
    place : (code, int)
        Where it stands in the program: the code and the line.
    thread : int
        The number of its thread, as `active.thread_number` gives it.
    began : float
        In seconds of the monotonic clock.
    done : int
        Items that were gone through.
    ending : bool
        Whether it ends with this item, because the run was asked to stop.
    """

    total: int | None
    description: str
    unit: str
    place: Place
    thread: int
    began: float
    done: int = 0
    ending: bool = False

    def told(self) -> str:
        """How far it came: ``epoch 12 of 100``, ``12``; in the order of the card."""
        return " ".join([self.unit, str(self.done), *([f"of {self.total}"] if self.total is not None else [])]).strip()
