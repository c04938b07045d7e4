"""What a comparison says, as plain data: its columns, its lines, and the code that differs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from ..records import Shown
from .changes import CodeChange
from .diffs import DiffLine
from .format import Change
from .goals import NO_GOAL, Goal
from .tokens import State
from .words import counted

if TYPE_CHECKING:
    from pandas import DataFrame


@singledispatch
def panel_of(comparison: object) -> Any:
    """Return the panel of a comparison, which has its chart; `jupyter_track.notebook.comparing` registers how."""
    raise InvalidValue("This comparison has no chart here; that of track.compare(…) has one.")


@dataclass(frozen=True)
class Compared:
    """One column of a comparison: a run, or a group of runs.

    Attributes
    ----------
    run_id : str
        Of the run; of a group, that of its first run.
    number, name, full_name : str
    state : State
    color : str
    repeats : int
        How many runs repeat it, itself among them, or are in the group; 1 where there is only itself.
    members : tuple of str
        The ids of all runs of a group; nothing where the column is a run.
    baseline : bool
        Whether the column is a run that is the baseline of its experiment, which is drawn dashed.
    long_name : str
        The name as it is, for a page that cuts it to the room that there is: what is cut twice reads badly.
    """

    run_id: str
    number: str
    name: str
    full_name: str
    state: State
    color: str
    repeats: int = 1
    members: tuple[str, ...] = ()
    baseline: bool = False
    long_name: str = ""

    @property
    def title(self) -> str:
        """``#12 wide``."""
        return f"{self.number} {self.name}".strip()

    @property
    def long_title(self) -> str:
        """The same with the name as it is."""
        return f"{self.number} {self.long_name}".strip()


@dataclass(frozen=True)
class Value:
    """What one column has on one line.

    Attributes
    ----------
    text, full : str
        As shown, and in full.
    spread : str
        ``0.962 ± 0.001 (n=3)`` where the run has repeats.
    change : Change or None
        Against the first column.
    means : bool
        Whether the change is between means, as one of the two has repeats.
    noise : str
        ``within noise (n=3)`` where the change is no more than that.
    best : bool
        Whether it is the best of the line.
    so_far : bool
        Whether a run of the column goes on: then it is the best so far.
    same : bool
        Whether it is the same as the first column's.
    interval, method : str
        ``95 % +0.0081 to +0.0159``: where the difference lies, and how that was found; where repeats tell it.
    raw : object
        The value itself: a float to the digit, a param as it was set.
    """

    text: str
    full: str = ""
    spread: str = ""
    change: Change | None = None
    means: bool = False
    noise: str = ""
    best: bool = False
    same: bool = False
    interval: str = ""
    method: str = ""
    raw: Any = field(default=None, compare=False, repr=False)
    so_far: bool = False

    @property
    def change_text(self) -> str:
        """``+0.0120``, or ``+0.0120 of means``, which is not the difference of the two values that lead the line."""
        if self.change is None:
            return ""
        return f"{self.change.text} of means" if self.means else self.change.text


@dataclass(frozen=True)
class Line:
    """One thing in which the columns differ, with a value for each."""

    group: str
    label: str
    values: tuple[Value, ...]
    goal: Goal = NO_GOAL
    right: bool = False
    key: str = field(default="", compare=False, repr=False)  # in full, where the label is cut

    def best_words(self, value: Value) -> str:
        """What is said beside a value that is the best: of two an arrow says it, unless its run goes on."""
        if not value.best:
            return ""
        return "best so far" if value.so_far else "best" if len(self.values) > 2 else ""


@dataclass(frozen=True)
class CodeDiff:
    """The code of a run against that of the first: `cut` lines of the diff are left out at its end.

    Where the code of the first is not recorded, `against` is empty and the lines are the code as it is.
    """

    number: str
    against: str
    change: CodeChange
    lines: tuple[DiffLine, ...]
    cut: int = 0
    run_id: str = field(default="", compare=False, repr=False)

    @property
    def title(self) -> str:
        """``code of #12 against #9: 3 lines added, 1 removed``."""
        if not self.against:
            return f"code of {self.number}: {counted(self.change.lines, 'line')}"
        added = f"{self.change.added:,} line{'' if self.change.added == 1 else 's'} added"
        return f"code of {self.number} against {self.against}: {added}, {self.change.removed:,} removed"


@dataclass(frozen=True)
class Comparison(Shown):
    """What a comparison says.

    Attributes
    ----------
    runs : tuple of Compared
        At most eight columns, the first one is what the others are measured against.
    lines : tuple of Line
        By group, in this order: code, params, metrics, tags, environment, run.
    diffs : tuple of CodeDiff
    equal : tuple of (str, int)
        How many things of each group are equal and have no line: ``("params", 12)``.
    more : int
        Columns that were asked for and are not shown.
    same : tuple of Line
        What is equal, to be looked at.
    store : Path or None
        Where the runs lie.
    note : str
        Which runs were taken and why, where they were not named.
    """

    runs: tuple[Compared, ...]
    lines: tuple[Line, ...] = ()
    diffs: tuple[CodeDiff, ...] = ()
    equal: tuple[tuple[str, int], ...] = ()
    more: int = 0
    same: tuple[Line, ...] = field(default=(), compare=False, repr=False)
    store: Path | None = field(default=None, compare=False, repr=False)
    note: str = ""

    @property
    def method(self) -> str:
        """How the intervals of the metrics were found: the methods that were used, each once."""
        return " · ".join(dict.fromkeys(value.method for line in self.lines for value in line.values if value.method))

    @property
    def df(self) -> DataFrame:
        """What differs as a DataFrame: a row a line, a column a run; numbers as they are stored."""
        import pandas

        index = pandas.MultiIndex.from_tuples(
            [(line.group, line.key or line.label) for line in self.lines], names=["group", "key"]
        )
        columns = {}
        for place, run in enumerate(self.runs):
            values = [line.values[place] for line in self.lines]
            columns[run.title] = [value.text or None if value.raw is None else value.raw for value in values]
        return pandas.DataFrame(columns, index=index, dtype=object)

    @property
    def chart(self) -> Any:
        """The curves of the metrics that are worth a look, a line a run, as an Altair chart."""
        return panel_of(self).chart

    def save(self, target: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
        """Write the chart into a file and return its path; a file that is there is replaced.

        Parameters
        ----------
        target : path
            It ends in ``.png``, ``.svg``, ``.pdf`` or ``.json``, which is the Vega-Lite spec with its data.
        scale : float, default 2.0
            Pixels of a PNG per CSS pixel.

        Raises
        ------
        InvalidValue
            For another ending.
        NotFound
            Where the runs have no curves.
        MissingPackage
            For a picture, where vl-convert is not installed.
        """
        return panel_of(self).save(target, scale=scale)  # type: ignore[no-any-return]

    def to_markdown(self) -> str:
        """Return the comparison as Markdown: what differs as a table, and the code as a diff."""
        from .comparison_markdown import comparison_markdown  # imports this module

        return comparison_markdown(self)

    def __str__(self) -> str:
        from . import text  # imports this module

        return text.comparison_text(self)

    def _repr_html_(self) -> str | None:
        from . import html  # noqa: F401 - importing registers the forms

        return super()._repr_html_()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))


def equal_words(comparison: Comparison) -> str:
    """Return what is equal, counted: ``equal: code, 12 params, 3 metrics``; nothing where nothing is."""
    words = []
    for group, count in comparison.equal:
        noun = group[:-1] if count == 1 and group.endswith("s") else group
        words.append(
            group if group in ("code", "data") else f"{count:,} {noun}" if group != "run" else f"{count:,} more"
        )
    return f"equal: {', '.join(words)}" if words else ""


def foot(comparison: Comparison) -> list[str]:
    """Return what the line below a comparison says."""
    verb = "is" if comparison.more == 1 else "are"
    parts = [comparison.note] if comparison.note else []
    parts += [f"{counted(comparison.more, 'more run')} {verb} not shown"] if comparison.more else []
    if not comparison.lines:
        parts.append("nothing differs")
    told = equal_words(comparison)
    parts += [told] if told else []
    return [*parts, f"intervals: {comparison.method}"] if comparison.method else parts
