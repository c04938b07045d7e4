"""What a text of a report may name: runs with their params, metrics and tags, and what is the best of them."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InvalidValue, NotFound
from ..records import RESULT_STATES, Run
from ..views.format import duration, one_line
from ..views.measured import finite_of
from ..views.tokens import state_of
from .among import is_word
from .material import Material, RunGroup, day
from .numbers import GroupNumber, MetricNumber, param_value
from .reading import Cleaning, Names


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
        further = next((key for key in self._values if re.match(rf"{re.escape(str(name))}\W", key)), None)
        if further is not None:  # metrics.val/loss is a quotient
            return f"{self._label} has no {self._what} {name!r:.60}; write {self._what}s[{json.dumps(further)}]."
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
    """The runs of a report: ``runs["#12"]``, ``runs["wide"]``, ``runs[0]``; a loop goes over them.

    They are ranked, but those of a comparison stand as they were named.
    """

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
            count = len(self._material.runs)
            if not -count <= meant < count:
                told = "one run, runs[0]" if count == 1 else f"{count:,} runs, runs[0] to runs[{count - 1}]"
                raise InvalidValue(f"runs[{meant}] is none of the runs of this report, which has {told}.")
            return self._of(self._material.runs[meant])
        return self._of(self._named(str(meant).strip()))

    def _named(self, word: str) -> Run:
        runs = self._material.named
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
            reader = self._material.reader
            wanted = self._material.run_meant(word).run_id if is_word(word) else reader.resolve(word)
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


_OF_GROUP = ("name", "count", "runs", "metrics")


class GroupValues:
    """Runs that differ only in the seed, or a group of a comparison. It is written as it is called."""

    def __init__(self, group: RunGroup, runs: RunsValues, names: Cleaning) -> None:
        self.name, self.count = group.name, len(group.runs)
        self.runs = [runs._of(run) for run in group.runs]
        having = [run for run in group.runs if run.state in RESULT_STATES]
        keys = dict.fromkeys(key for run in having for key in run.metrics)
        known = {key: values for key in keys if (values := finite_of(having, key))}
        metrics = {key: GroupNumber(values) for key, values in known.items()}
        self.metrics = Keys("metric", f"The group {self.name!r:.60}", metrics, names.metrics)

    def __str__(self) -> str:
        return self.name

    def _missing(self, name: str) -> str:
        return f"A group has no {name!r:.60}; there is {', '.join(_OF_GROUP)}."


class GroupsValues:
    """The groups of a report by their names; a loop goes over them, the best first."""

    def __init__(self, material: Material, runs: RunsValues) -> None:
        self._made = {group.name: GroupValues(group, runs, material.reader.cleaning) for group in material.groups}

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[GroupValues]:
        return iter(self._made.values())

    def __str__(self) -> str:
        raise InvalidValue(f"'groups' are several; name one, groups['…']: {self._named()}.")

    def __getitem__(self, meant: object) -> GroupValues:
        if isinstance(meant, int):
            if not -len(self) <= meant < len(self):
                raise InvalidValue(f"groups[{meant}] is none of the {len(self):,} groups: groups[0] is the best.")
            return list(self._made.values())[meant]
        if meant not in self._made:
            raise InvalidValue(f"There is no group {meant!r:.60}; there is {self._named()}.")
        return self._made[str(meant)]

    def _named(self) -> str:
        return ", ".join(map(repr, list(self._made)[:6]))


def run_meant(material: Material, meant: object) -> Run:
    """Return the run that a text means: ``runs["#12"]``, or what names it.

    Raises
    ------
    InvalidValue
        For what is no run of the report.
    """
    if isinstance(meant, RunValues):
        return next(run for run in material.named if run.run_id == meant.id)
    return RunsValues(material)._named(str(meant).strip())


def values_of(material: Material) -> dict[str, Any]:
    """Return what a text may name besides what it may place."""
    runs = RunsValues(material)
    many = material.many
    found: dict[str, Any] = {"runs": runs, "count": len(runs), "metric": one_line(material.metric or many.metric)}
    if many.groups:
        found["groups"] = GroupsValues(many, runs)
    if many.best is not None:
        found["best"] = runs._of(many.best)
    if (base := many.baseline or material.baseline) is not None:
        found["baseline"] = runs._of(base)
    if many is not material:
        found["below"] = RunsValues(many)
    if material.kind == "run":
        found["run"] = runs._of(material.runs[0])
    return found
