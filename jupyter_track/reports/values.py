"""What a text of a report may name: runs with their params, metrics and tags, and what is the best of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InvalidValue, NotFound
from ..records import MetricSummary, Param, Run
from ..views.format import duration, number, one_line, param_text
from ..views.tokens import state_of
from .material import Material, day
from .reading import Cleaning, Names


class MetricNumber(float):
    """The last value of a metric, which can be computed with; written with four digits, ``round`` gives others."""

    min: float | None
    max: float | None
    step: int
    points: int

    def __new__(cls, summary: MetricSummary) -> MetricNumber:
        """Return the last value of a curve."""
        made = super().__new__(cls, summary.last)
        made.min, made.max, made.step, made.points = summary.min, summary.max, summary.last_step, summary.count
        return made

    def __str__(self) -> str:
        return number(self)


class _Written:
    """A param with the text that stood in the cell."""

    written: str

    def __str__(self) -> str:
        return self.written


class ParamFloat(_Written, float):
    """A float as it was written: ``1e-3``."""


class ParamInt(_Written, int):
    """An int as it was written."""


def param_value(param: Param) -> Any:
    """Return a param for a text: a number to compute with that is written as it was, or what it is."""
    kind: Any = {"float": ParamFloat, "int": ParamInt}.get(param.type)
    if kind is None or isinstance(param.value, bool | None):
        return param.value if param.type in ("bool", "none") else param_text(param, None)
    made = kind(param.value)
    made.written = param_text(param, None)
    return made


class Keys:
    """The params, metrics or tags of a run, by attribute or in brackets; no attribute of its own hides one.

    What is private in their names is left out; a text may write them as they are in the store, too.
    """

    def __init__(self, what: str, label: str, values: Mapping[str, Any], names: Names) -> None:
        self._what, self._label, self._values, self._names = what, label, values, names

    def __getitem__(self, key: str) -> Any:
        return self._values[self._names.meant(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._names.meant(key) in self._values

    def __str__(self) -> str:
        if not self._values:
            raise InvalidValue(f"{self._label} has no {self._what}s.")
        raise InvalidValue(
            f"The {self._what}s of {self._label[0].lower()}{self._label[1:]} are several; name one: {self._named()}."
        )

    def _named(self) -> str:
        return ", ".join(map(one_line, list(self._values)[:6]))

    def _missing(self, name: str) -> str:
        if not self._values:
            return f"{self._label} has no {self._what} {name!r:.60}, nor any other."
        near = difflib.get_close_matches(str(name)[:100], self._values, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {self._named()}."
        return f"{self._label} has no {self._what} {name!r:.60}; {hint}"


_OF_RUN = ("number", "name", "id", "status", "note", "experiment", "started", "duration", "params", "metrics", "tags")


class RunValues:
    """A run in a text. It is written as people name it: ``wide #12``."""

    def __init__(self, run: Run, names: Cleaning) -> None:
        self.number, self.name, self.id = run.number, one_line(run.name), run.run_id
        self.status = state_of(run.state).word
        self.note, self.experiment = run.note or "", one_line(run.experiment_name)
        self.started = day(run.start_time)
        self.duration = "" if run.duration is None else duration(run.duration)
        label = f"The run {self}"
        self.params = Keys("param", label, {key: param_value(param) for key, param in run.params.items()}, names.params)
        self.metrics = Keys(
            "metric", label, {key: MetricNumber(one) for key, one in run.metrics.items()}, names.metrics
        )
        self.tags = Keys("tag", label, run.own_tags, names.tags)

    def __str__(self) -> str:
        return f"{self.name} #{self.number}"

    def _missing(self, name: str) -> str:
        return f"A run has no {name!r:.60}; there is {', '.join(_OF_RUN)}."


class RunsValues:
    """The runs of a report, ranked: ``runs["#12"]``, ``runs["wide"]``, ``runs[0]``; a loop goes over them."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._made: dict[str, RunValues] = {}

    def __len__(self) -> int:
        return len(self._material.runs)

    def __iter__(self) -> Iterator[RunValues]:
        return map(self._of, self._material.runs)

    def __str__(self) -> str:
        raise InvalidValue("'runs' are several; name one, runs['#12'], or count them: runs | length.")

    def __getitem__(self, meant: object) -> Any:
        if isinstance(meant, slice):
            return [self._of(run) for run in self._material.runs[meant]]
        if isinstance(meant, int):
            return self._of(self._material.runs[meant])
        return self._of(self._named(str(meant).strip()))

    def _named(self, word: str) -> Run:
        runs = self._material.runs
        digits = word.removeprefix("#")
        found = [run for run in runs if word.startswith("#") and str(run.number) == digits]
        found = found or [run for run in runs if run.name == word]
        if not found and len(word) >= 6:
            found = [run for run in runs if run.run_id.startswith(word)]
        if len(found) > 1:
            several = ", ".join(f"#{run.number}" for run in found[:4]) + (", …" if len(found) > 4 else "")
            raise InvalidValue(f"{word!r:.60} means {len(found)} runs ({several}); name one by its number: runs['#…'].")
        if found:
            return found[0]
        try:
            wanted = self._material.reader.resolve(word)
        except NotFound as error:
            raise InvalidValue(str(error)) from None
        inside = next((run for run in runs if run.run_id == wanted), None)
        if inside is None:
            raise InvalidValue(f"The run {word!r:.60} is not one of those of this report.")
        return inside

    def _of(self, run: Run) -> RunValues:
        if run.run_id not in self._made:
            self._made[run.run_id] = RunValues(run, self._material.reader.cleaning)
        return self._made[run.run_id]


def run_meant(material: Material, meant: object) -> Run:
    """Return the run that a text means: ``runs["#12"]``, or what names it.

    Raises
    ------
    InvalidValue
        For what is no run of the report.
    """
    if isinstance(meant, RunValues):
        return next(run for run in material.runs if run.run_id == meant.id)
    return RunsValues(material)._named(str(meant).strip())


def values_of(material: Material) -> dict[str, Any]:
    """Return what a text may name besides what it may place."""
    runs = RunsValues(material)
    found: dict[str, Any] = {"runs": runs, "count": len(runs), "metric": one_line(material.metric)}
    if material.best is not None:
        found["best"] = runs._of(material.best)
    base = next((run for run in material.runs if run.baseline_run_id == run.run_id), None)
    if base is not None:
        found["baseline"] = runs._of(base)
    if material.kind == "run":
        found["run"] = runs._of(material.runs[0])
    return found
