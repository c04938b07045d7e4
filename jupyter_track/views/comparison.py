"""Runs side by side: what differs between them, and which is better.

The first run is the one that the others are measured against. Only what differs has a line; the rest is counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from ..errors import InvalidValue, NotFound
from ..records import RESULT_STATES, Run, Shown
from ..store import relatives
from ..store.reader import Reader
from . import datasets
from .card import run_words
from .changes import OWN_SOURCES, CodeChange, code_change, difference
from .diffs import DiffLine, unified
from .format import (
    PARAM_LIMIT,
    Change,
    Precision,
    change,
    duration,
    middle_cut,
    number,
    one_line,
    param_text,
    precision_of,
)
from .goals import NO_GOAL, SYSTEM, Goal, goal_of, rank
from .repeats import Repeats, within_noise
from .surroundings import Surroundings
from .surroundings import compared as compared_surroundings
from .tokens import State, run_color, state_of
from .words import counted

MOST_RUNS = 8
NAME_LIMIT = 24
NOTE_LIMIT = 60
MOST_DIFF_LINES = 400  # of one run's code
COMMIT_TAG = "mlflow.source.git.commit"
_SYSTEM_TAGS = ("mlflow.", "jupyter_track.")


@dataclass(frozen=True)
class Compared:
    """One run of a comparison: its heading. `repeats` is how many runs repeat it, itself among them; 1 where none."""

    run_id: str
    number: str
    name: str
    full_name: str
    state: State
    color: str
    repeats: int = 1


@dataclass(frozen=True)
class Value:
    """What one run has on one line.

    Attributes
    ----------
    text, full : str
        As shown, and in full.
    spread : str
        ``0.962 ± 0.001 (n=3)`` where the run has repeats.
    change : Change or None
        Against the first run.
    means : bool
        Whether the change is between means, as one of the two runs has repeats.
    noise : str
        ``within noise (n=3)`` where the change is no more than that.
    best : bool
        Whether it is the best of the line.
    same : bool
        Whether it is the same as the first run's.
    """

    text: str
    full: str = ""
    spread: str = ""
    change: Change | None = None
    means: bool = False
    noise: str = ""
    best: bool = False
    same: bool = False

    @property
    def change_text(self) -> str:
        """``+0.0120``, or ``+0.0120 of means``, which is not the difference of the two values that lead the line."""
        if self.change is None:
            return ""
        return f"{self.change.text} of means" if self.means else self.change.text


@dataclass(frozen=True)
class Line:
    """One thing in which the runs differ, with a value for each run."""

    group: str
    label: str
    values: tuple[Value, ...]
    goal: Goal = NO_GOAL
    right: bool = False


@dataclass(frozen=True)
class CodeDiff:
    """The code of a run against that of the first: `cut` lines of the diff are left out at its end."""

    number: str
    against: str
    change: CodeChange
    lines: tuple[DiffLine, ...]
    cut: int = 0

    @property
    def title(self) -> str:
        """``code of #12 against #9: 3 lines added, 1 removed``."""
        added = f"{self.change.added:,} line{'' if self.change.added == 1 else 's'} added"
        return f"code of {self.number} against {self.against}: {added}, {self.change.removed:,} removed"


@dataclass(frozen=True)
class Comparison(Shown):
    """What a comparison says.

    Attributes
    ----------
    runs : tuple of Compared
        At most eight, the first one is what the others are measured against.
    lines : tuple of Line
        By group, in this order: code, data, params, metrics, tags, environment, run.
    diffs : tuple of CodeDiff
    equal : tuple of (str, int)
        How many things of each group are equal and have no line: ``("params", 12)``.
    more : int
        Runs that were asked for and are not shown.
    """

    runs: tuple[Compared, ...]
    lines: tuple[Line, ...] = ()
    diffs: tuple[CodeDiff, ...] = ()
    equal: tuple[tuple[str, int], ...] = ()
    more: int = 0

    def __str__(self) -> str:
        from . import text  # imports this module

        return text.comparison_text(self)


def comparison_of(reader: Reader, run_ids: Sequence[str]) -> Comparison:
    """Read runs and return their comparison.

    Parameters
    ----------
    reader : Reader
    run_ids : sequence of str
        Whole ids, two or more; the first is what the others are measured against. One that is there twice counts once.

    Raises
    ------
    InvalidValue
        For fewer than two runs.
    NotFound
        Where one is not in the store.
    """
    wanted = list(dict.fromkeys(run_ids))
    shown = wanted[:MOST_RUNS]
    runs = reader.runs_of(shown)
    missing = set(shown).difference(run.run_id for run in runs)
    if missing:
        raise NotFound(f"There is no run {min(missing)!r} in this store.")
    codes = reader.sources(shown)
    repeats = {run.run_id: relatives.alike(reader.store, run, codes.get(run.run_id), relatives.MOST) for run in runs}
    around = reader.surroundings(shown)
    return compare(runs, reader.source_texts(shown), repeats=repeats, surroundings=around, total=len(wanted))


def compare(
    runs: Sequence[Run],
    sources: Mapping[str, str] = MappingProxyType({}),
    *,
    repeats: Mapping[str, Sequence[Run]] = MappingProxyType({}),
    surroundings: Mapping[str, Surroundings] = MappingProxyType({}),
    total: int | None = None,
) -> Comparison:
    """Decide what the comparison of `runs` says.

    Parameters
    ----------
    runs : sequence of Run
        Two or more; the first is what the others are measured against. Eight are shown.
    sources : mapping of str to str
        The code of each run that has code, by run id.
    repeats : mapping of str to sequence of Run
        The runs that repeat a run, itself among them, by its id.
    surroundings : mapping, optional
        What surrounded each run, by its id.
    total : int or None, default None
        How many runs were asked for, where `runs` is a part of them.

    Raises
    ------
    InvalidValue
        For fewer than two runs.
    """
    if len(runs) < 2:
        raise InvalidValue(f"A comparison needs two runs or more, not {len(runs)}.")
    shown = runs[:MOST_RUNS]
    groups = {run.run_id: Repeats(tuple(repeats.get(run.run_id) or (run,))) for run in shown}
    lines, equal = [*_code_lines(shown, sources)], []
    for group, found, count in (
        _data(shown),
        _params(shown),
        _metrics(shown, groups),
        _tags(shown),
        _environment(shown, surroundings),
        _facts(shown),
    ):
        lines += found
        equal += [(group, count)] if count else []
    if _same_code(shown, sources):
        equal.insert(0, ("code", 1))
    return Comparison(
        runs=tuple(_compared(run, len(groups[run.run_id].runs)) for run in shown),
        lines=tuple(lines),
        diffs=tuple(_diffs(shown, sources)),
        equal=tuple(equal),
        more=max(total or 0, len(runs)) - len(shown),
    )


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
    parts = [f"{counted(comparison.more, 'more run')} {verb} not shown"] if comparison.more else []
    if not comparison.lines:
        parts.append("nothing differs")
    told = equal_words(comparison)
    return [*parts, told] if told else parts


def _compared(run: Run, repeats: int) -> Compared:
    name = one_line(run.name)
    return Compared(
        run_id=run.run_id,
        number="" if run.number is None else f"#{run.number}",
        name=middle_cut(name, NAME_LIMIT) or run.run_id[:8],
        full_name=name,
        state=state_of(run.state),
        color=run_color(run.number),
        repeats=repeats,
    )


# ---- code


def _same_code(runs: Sequence[Run], sources: Mapping[str, str]) -> bool:
    return all(run.run_id in sources for run in runs) and len({sources[run.run_id] for run in runs}) == 1


def _code_lines(runs: Sequence[Run], sources: Mapping[str, str]) -> list[Line]:
    """The line that says how much code differs; none where it is equal, or known of no run."""
    if not any(run.run_id in sources for run in runs) or _same_code(runs, sources):
        return []
    first = runs[0]
    values = [Value("" if first.run_id in sources else "not recorded")]
    for run in runs[1:]:
        found = difference(run, first, sources.get(run.run_id), sources.get(first.run_id))
        if run.run_id not in sources:
            values.append(Value("not recorded"))
        elif first.run_id not in sources:
            values.append(Value(""))
        elif found.code is None:
            values.append(Value("same", same=True))
        else:
            full = f"{found.code.added} added, {found.code.removed} removed"
            values.append(Value(found.code.text or "params only", full))
    return [Line("code", "", tuple(values))]


def _diffs(runs: Sequence[Run], sources: Mapping[str, str]) -> list[CodeDiff]:
    first = sources.get(runs[0].run_id)
    found = []
    for run in runs[1:]:
        code = sources.get(run.run_id)
        total = None if first is None or code is None else code_change(first, code)
        if first is not None and code is not None and total is not None:
            lines = unified(first, code)
            shown = lines[:MOST_DIFF_LINES]
            found.append(CodeDiff(run_words(run), run_words(runs[0]), total, shown, len(lines) - len(shown)))
    return found


# ---- params, tags and facts: texts that are equal or not


def _params(runs: Sequence[Run]) -> tuple[str, list[Line], int]:
    keys = dict.fromkeys(key for run in runs for key in run.params)
    own = {key for run in runs for key, param in run.params.items() if param.source in OWN_SOURCES}
    lines = []
    for key in sorted(keys, key=lambda key: key not in own):
        params = [run.params.get(key) for run in runs]
        texts = [None if param is None else param.text for param in params]
        if len(set(texts)) == 1:
            continue
        fulls = ["" if param is None else param_text(param, None) for param in params]
        right = all(param is None or param.type in ("int", "float") for param in params)
        lines.append(_text_line("params", key, fulls, [text == texts[0] for text in texts], right=right))
    return "params", lines, len(keys) - len(lines)


def _data(runs: Sequence[Run]) -> tuple[str, list[Line], int]:
    """The datasets that differ: the size and digest of the first run's, how the others differ from it."""
    found, equal = datasets.compared(runs)
    lines = [
        Line(
            "data",
            middle_cut(name, PARAM_LIMIT),
            tuple(
                Value(middle_cut(text, NOTE_LIMIT), full, same=index > 0 and text == texts[0])
                for index, (text, full) in enumerate(zip(texts, fulls, strict=True))
            ),
        )
        for name, texts, fulls in found
    ]
    return "data", lines, equal


def _tags(runs: Sequence[Run]) -> tuple[str, list[Line], int]:
    keys = dict.fromkeys(key for run in runs for key in run.own_tags if not key.startswith(_SYSTEM_TAGS))
    lines = _differing("tags", {key: [run.own_tags.get(key, "") for run in runs] for key in keys})
    return "tags", lines, len(keys) - len(lines)


def _environment(runs: Sequence[Run], surroundings: Mapping[str, Surroundings]) -> tuple[str, list[Line], int]:
    dirty = {"true": "uncommitted changes", "false": "clean"}
    asked: dict[str, list[str]] = {
        "commit": [run.own_tags.get(COMMIT_TAG, "")[:12] for run in runs],
        "branch": [run.own_tags.get("jupyter_track.git.branch", "") for run in runs],
        "files": [dirty.get(run.own_tags.get("jupyter_track.git.dirty", ""), "") for run in runs],
    }
    asked |= compared_surroundings([surroundings.get(run.run_id, {}) for run in runs])
    known = {label: texts for label, texts in asked.items() if any(texts)}
    return "environment", _differing("environment", known), 0


def _facts(runs: Sequence[Run]) -> tuple[str, list[Line], int]:
    said: dict[str, Callable[[Run], str]] = {
        "experiment": lambda run: run.experiment_name,
        "notebook": lambda run: run.notebook or "",
        "user": lambda run: run.user_id,
        "note": lambda run: run.note or "",
        "duration": lambda run: "" if run.duration is None else duration(run.duration),
    }
    return "run", _differing("run", {label: [say(run) for run in runs] for label, say in said.items()}), 0


def _differing(group: str, rows: Mapping[str, Sequence[str]]) -> list[Line]:
    """Return the lines of the rows whose texts differ."""
    return [
        _text_line(group, label, [one_line(text) for text in texts], [text == texts[0] for text in texts])
        for label, texts in rows.items()
        if len(set(texts)) > 1
    ]


def _text_line(group: str, label: str, texts: Sequence[str], same: Sequence[bool], *, right: bool = False) -> Line:
    cuts = telling_cuts(texts, NOTE_LIMIT if label == "note" else PARAM_LIMIT)
    values = tuple(
        Value(cut, text if text != cut else "", same=equal and index > 0)
        for index, (cut, text, equal) in enumerate(zip(cuts, texts, same, strict=True))
    )
    return Line(group, middle_cut(one_line(label), PARAM_LIMIT), values, right=right)


def telling_cuts(texts: Sequence[str], limit: int) -> list[str]:
    """Return texts cut to `limit` characters so that those which differ still do.

    Long ones lose their middle. Where they differ only there, they lose what they have in common at their start.

    Examples
    --------
    >>> telling_cuts(["data/2026/a/images/train.csv", "data/2026/b/images/train.csv"], 12)
    ['…/2026/a/ima', '…/2026/b/ima']
    """
    cuts = [middle_cut(text, limit) for text in texts]
    if len(set(cuts)) == len(set(texts)):
        return cuts
    letters = zip(*(text for text in texts if len(text) > limit), strict=False)
    common = next((at for at, several in enumerate(letters) if len(set(several)) > 1), 0)
    start = max(common - limit // 2, 1)
    found = [text if len(text) <= limit else "…" + text[start : start + limit - 1] for text in texts]
    return found if len(set(found)) > len(set(cuts)) else cuts


# ---- metrics


def _metrics(runs: Sequence[Run], groups: Mapping[str, Repeats]) -> tuple[str, list[Line], int]:
    ranks: dict[str, int] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            if metric.source == SYSTEM:  # of the machine, and not of the result
                continue
            ranks[key] = min(ranks.get(key, 9), rank(metric, run.goals))
    goals = {key: goal for run in reversed(runs) for key, goal in run.goals.items()}
    lines = []
    for key in sorted(ranks, key=lambda key: ranks[key]):
        line = _metric_line(key, runs, groups, goal_of(key, goals))
        lines += [line] if line is not None else []
    return "metrics", lines, len(ranks) - len(lines)


@dataclass(frozen=True)
class _Row:
    """One metric of all runs: its last value in each, and the mean of the repeats where there are some, else that."""

    key: str
    goal: Goal
    lasts: tuple[float | None, ...]
    centres: tuple[float | None, ...]
    groups: tuple[Repeats, ...]
    results: tuple[bool, ...]

    @cached_property
    def numbers(self) -> list[float]:
        return [value for value in (*self.lasts, *self.centres) if value is not None]

    @cached_property
    def precision(self) -> Precision:
        return precision_of(self.numbers, self.goal.direction)

    @cached_property
    def best(self) -> float | None:
        pairs = zip(self.centres, self.results, strict=True)
        finite = [(value, result) for value, result in pairs if value is not None and math.isfinite(value)]
        known = [value for value, result in finite if result]
        if self.goal.direction is None or not known or len({value for value, _ in finite}) < 2:
            return None
        return min(known) if self.goal.direction == "min" else max(known)

    def value(self, index: int) -> Value:
        last, centre, first = self.lasts[index], self.centres[index], self.centres[0]
        if last is None or centre is None:
            return Value("")
        changed, noise = None, None
        if index > 0 and first is not None:
            changed = change(centre, first, self.goal.direction, self.precision)
            noise = within_noise(self.groups[index].values(self.key), self.groups[0].values(self.key))
        same = changed is not None and changed.verdict == "same"
        return Value(
            text=number(last, self.precision),
            full=repr(last),
            spread=self.groups[index].spread(self.key),
            change=changed,
            means=changed is not None and (last, self.lasts[0]) != (centre, first),
            noise=noise.text if noise is not None and not same else "",
            best=self.results[index] and self.best is not None and centre == self.best,
            same=same,
        )


def _metric_line(key: str, runs: Sequence[Run], groups: Mapping[str, Repeats], goal: Goal) -> Line | None:
    """Return the line of a metric, None where all runs have the same value and no repeats tell more."""
    own = tuple(groups[run.run_id] for run in runs)
    lasts = tuple(run.metrics[key].last if key in run.metrics else None for run in runs)
    means = [group.mean(key) if last is not None else None for group, last in zip(own, lasts, strict=True)]
    centres = tuple(last if mean is None else mean for last, mean in zip(lasts, means, strict=True))
    row = _Row(key, goal, lasts, centres, own, tuple(run.state in RESULT_STATES for run in runs))
    if len({repr(value) for value in (*lasts, *centres)}) == 1:  # repr, since NaN is equal to NaN here
        return None
    values = tuple(row.value(index) for index in range(len(runs)))
    return Line("metrics", middle_cut(one_line(key), PARAM_LIMIT), values, goal, right=True)
