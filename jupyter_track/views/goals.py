"""Which way is better for a metric: declared, else guessed from its name; and which metric comes first.

A guess is never stored and is always shown as one, with a ``?`` behind its arrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..records import Goal as Direction
from ..records import MetricSummary
from ..store.goal_words import guess_goal

SYSTEM = "system"  # the source of metrics of the machine, which stand in no card and have no column unless asked for
_RANKS = {"named": 0, "logged": 1, "result": 2, "auto": 3, SYSTEM: 8}


@dataclass(frozen=True)
class Goal:
    """Which way is better, or None, and whether that was only guessed."""

    direction: Direction | None
    guessed: bool = False

    @property
    def arrow(self) -> str:
        """``↑`` or ``↓``, with ``?`` where it was guessed; nothing where no goal is known."""
        return {"max": "↑", "min": "↓", None: ""}[self.direction] + self.doubt

    @property
    def doubt(self) -> str:
        """``?`` for a guess, else nothing."""
        return "?" if self.guessed else ""

    @property
    def words(self) -> str:
        """The goal in words, as a title says it."""
        if self.direction is None:
            return "no goal known"
        better = {"max": "higher is better", "min": "lower is better"}[self.direction]
        return f"{better} (guessed from the name)" if self.guessed else better


NO_GOAL = Goal(None)


def goal_of(key: str, goals: Mapping[str, Direction]) -> Goal:
    """Return the goal of the metric `key`: the declared one, else the guess.

    Examples
    --------
    >>> goal_of("loss", {})
    Goal(direction='min', guessed=True)
    >>> goal_of("loss", {"loss": "max"})
    Goal(direction='max', guessed=False)
    """
    declared = goals.get(key)
    if declared is not None:
        return Goal(declared)
    guess = guess_goal(key)
    return Goal(guess, guessed=guess is not None)


def rank(metric: MetricSummary, goals: Mapping[str, Direction]) -> int:
    """Return where a metric stands: 0 is the main one (its goal was declared, or it was named), 3 auto-captured."""
    return 0 if metric.key in goals else _RANKS.get(metric.source, 1)


def aimed_in(goals: Iterable[Mapping[str, Direction]]) -> frozenset[str]:
    """Return the metrics that have a value to reach, in one of the experiments whose goals these are."""
    different = {id(one): one for one in goals}.values()
    return frozenset[str]().union(*(getattr(one, "aimed", ()) for one in different))


def first_logged(
    keys: Collection[str], runs: Iterable[tuple[int, Collection[str]]], aimed: Collection[str] = ()
) -> dict[str, tuple[int, int]]:
    """Return the run's number and the place in it where each of several metrics was logged first.

    Of several metrics with a declared goal the main one is one that has a value to reach, else the one that was logged
    first: unlike how many runs have them, that stays as it is while runs are added.

    Parameters
    ----------
    keys : collection of str
    runs : iterable of (int, collection of str)
        Each run's number and its metrics in the order of logging.
    aimed : collection of str, optional
        Those that have a value to reach: they come before any other, at number -1.

    Examples
    --------
    >>> first_logged(["loss", "accuracy"], [(2, ["accuracy"]), (1, ["loss", "accuracy"])])
    {'accuracy': (1, 1), 'loss': (1, 0)}
    """
    found: dict[str, tuple[int, int]] = {}
    if len(keys) > 1:
        for number, metrics in runs:
            for key in keys:
                if key in metrics and (key not in found or number < found[key][0]):
                    found[key] = (number, list(metrics).index(key))
    return {key: (-1, place) if key in aimed else (number, place) for key, (number, place) in found.items()}


def main_first(metrics: Iterable[MetricSummary], goals: Mapping[str, Direction]) -> list[MetricSummary]:
    """Return the metrics in the order in which they are shown; within a rank in the order of logging.

    Of those with a declared goal one that has a value to reach is the first.
    """
    aimed = aimed_in([goals])
    return sorted(metrics, key=lambda metric: (place := rank(metric, goals), place > 0 or metric.key not in aimed))
