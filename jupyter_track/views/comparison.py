"""Runs side by side: what differs between them, and which is better.

The first run is the one that the others are measured against. Only what differs has a line; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ..errors import InvalidValue, NotFound
from ..records import Run
from ..store import relatives
from ..store.database import reading
from ..store.reader import Reader
from . import compared_around, compared_facts
from .card import run_words
from .cell_diffs import WHOLE, cell_lines, whole_lines
from .changes import CodeChange, code_change, difference
from .compared import CodeDiff, Compared, Comparison, Line, Value, equal_words, foot
from .compared_facts import both, telling_cuts
from .compared_metrics import metrics
from .diffs import CONTEXT
from .format import middle_cut, one_line
from .repeats import Repeats
from .surroundings import Surroundings
from .tokens import run_color, state_of
from .words import counted

__all__ = [
    "CodeDiff",
    "Compared",
    "Comparison",
    "Line",
    "Value",
    "compare",
    "comparison_of",
    "equal_words",
    "foot",
    "telling_cuts",
]

MOST_RUNS = 8
NAME_LIMIT = 24
MOST_DIFF_LINES = 400  # of one run's code
MOST_ALONE = 40  # of the code of a run where the first has none

Cells = Mapping[str, Sequence[str]]
_NONE: Cells = MappingProxyType({})


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
    with reading(reader.store):  # opened once
        return _read(reader, wanted, shown)


def _read(reader: Reader, wanted: Sequence[str], shown: Sequence[str]) -> Comparison:
    runs = found_runs(reader, shown)
    codes = reader.sources(shown)
    repeats = {run.run_id: reader.alike(run, codes.get(run.run_id), relatives.MOST) for run in runs}
    around = reader.surroundings(shown)
    cells = reader.source_cells(shown)
    found = compare(runs, repeats=repeats, surroundings=around, total=len(wanted), cells=cells)
    return replace(found, store=reader.store)


def found_runs(reader: Reader, run_ids: Sequence[str]) -> list[Run]:
    """Return the runs of whole ids.

    Raises
    ------
    NotFound
        Where one is not in the store.
    """
    runs = reader.runs_of(run_ids)
    missing = set(run_ids).difference(run.run_id for run in runs)
    if missing:
        raise NotFound(f"There is no run {min(missing)!r} in this store.")
    return runs


def compare(
    runs: Sequence[Run],
    sources: Mapping[str, str] = MappingProxyType({}),
    *,
    repeats: Mapping[str, Sequence[Run]] = MappingProxyType({}),
    surroundings: Mapping[str, Surroundings] = MappingProxyType({}),
    total: int | None = None,
    cells: Cells = _NONE,
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
    cells : mapping of str to sequence of str
        The code cell by cell, in place of `sources`.

    Raises
    ------
    InvalidValue
        For fewer than two runs.
    """
    if len(runs) < 2:
        raise InvalidValue(f"A comparison needs two runs or more, not {len(runs)}.")
    shown = runs[:MOST_RUNS]
    known = dict(cells) or {run_id: (source,) for run_id, source in sources.items()}
    groups = [Repeats(tuple(repeats.get(run.run_id) or (run,))) for run in shown]
    columns = tuple(column_of(run, len(group.runs)) for run, group in zip(shown, groups, strict=True))
    singles = [(run,) for run in shown]
    return assembled(
        columns,
        shown,
        {run.run_id: known[run.run_id] for run in shown if run.run_id in known},
        (
            ("data", compared_around.data(singles)),
            ("params", compared_facts.params(singles)),
            ("metrics", metrics(shown, groups)),
            ("tags", compared_facts.tags(singles)),
            ("environment", both(compared_facts.environment(singles), compared_around.around(singles, surroundings))),
            ("run", compared_facts.facts(singles)),
        ),
        more=max(total or 0, len(runs)) - len(shown),
    )


def assembled(
    columns: Sequence[Compared],
    runs: Sequence[Run],
    cells: Cells,
    parts: Sequence[tuple[str, compared_facts.Found]],
    *,
    more: int,
) -> Comparison:
    """Return a comparison of its parts: the code of `runs` comes first."""
    lines: list[Line] = _code_lines(runs, cells)
    same: list[Line] = []
    equal: list[tuple[str, int]] = []
    if _same_code(runs, cells):
        equal.append(("code", 1))
        same.append(Line("code", "", tuple(Value("same", same=True) for _ in columns)))
    for group, (differing, alike) in parts:
        lines += differing
        # What a run is and what surrounds it is told where it differs; it is nothing to count.
        if alike and group not in ("environment", "run"):
            equal.append((group, len(alike)))
            same += alike
    return Comparison(
        runs=tuple(columns),
        lines=tuple(lines),
        diffs=tuple(code_diffs(runs, cells, names=_group_names(columns))),
        equal=tuple(equal),
        more=more,
        same=tuple(same),
    )


def column_of(run: Run, repeats: int) -> Compared:
    """Return the heading of a run's column."""
    name = one_line(run.name)
    return Compared(
        run_id=run.run_id,
        number="" if run.number is None else f"#{run.number}",
        name=middle_cut(name, NAME_LIMIT) or run.run_id[:8],
        full_name=name,
        state=state_of(run.state),
        color=run_color(run.number),
        repeats=repeats,
        baseline=run.baseline_run_id == run.run_id,
        long_name=name or run.run_id[:8],
    )


# ---- code


def _same_code(runs: Sequence[Run], cells: Cells) -> bool:
    return all(run.run_id in cells for run in runs) and len({tuple(cells[run.run_id]) for run in runs}) == 1


def _joined(cells: Sequence[str] | None) -> str | None:
    return None if cells is None else "\n\n".join(cells)


def _code_lines(runs: Sequence[Run], cells: Cells) -> list[Line]:
    """The line that says how much code differs; none where it is equal, or known of no run."""
    if not any(run.run_id in cells for run in runs) or _same_code(runs, cells):
        return []
    first = runs[0]
    alone = not any(run.run_id in cells for run in runs[1:])
    values = [Value("not recorded")]
    if first.run_id in cells:
        values = [_length(cells[first.run_id]) if alone else Value("")]
    for run in runs[1:]:
        found = difference(run, first, _joined(cells.get(run.run_id)), _joined(cells.get(first.run_id)))
        if run.run_id not in cells:
            values.append(Value("not recorded"))
        elif first.run_id not in cells:
            values.append(_length(cells[run.run_id]))
        elif found.code is None:
            values.append(Value("same", same=True))
        else:
            full = f"{found.code.added} added, {found.code.removed} removed"
            values.append(Value(found.code.text or "params only", full))
    return [Line("code", "", tuple(values))]


def _length(code: Sequence[str]) -> Value:
    """How long code is that is held against none."""
    return Value(counted(_count(code), "line"), "the code of the other is not recorded, so that they are not compared")


def _count(code: Sequence[str]) -> int:
    return sum(len(cell.splitlines()) for cell in code)


def _group_names(columns: Sequence[Compared]) -> dict[str, str]:
    """How groups are called in the title of a diff, by their first runs."""
    return {one.run_id: one.title for one in columns if one.members}


def code_diffs(
    runs: Sequence[Run],
    cells: Cells,
    *,
    context: int = CONTEXT,
    most: int = MOST_DIFF_LINES,
    names: Mapping[str, str] = MappingProxyType({}),
) -> list[CodeDiff]:
    """Return the code of each run against that of the first, where it differs; runs with the same code have one.

    Where the first has none that was recorded, it is the code of the others as it is.
    """
    first = cells.get(runs[0].run_id)
    alike: dict[tuple[str, ...], list[Run]] = {}
    for run in runs[1:]:
        if run.run_id in cells:
            alike.setdefault(tuple(cells[run.run_id]), []).append(run)
    found = []
    for code, several in alike.items():
        own = ", ".join(names.get(run.run_id) or run_words(run) for run in several)
        if first is None:
            lines, size = whole_lines(code), _count(code)
            shown = lines[: most if context >= WHOLE else min(most, MOST_ALONE)]
            alone = CodeChange(size, 0, size)
            found.append(CodeDiff(own, "", alone, shown, len(lines) - len(shown), run_id=several[0].run_id))
            continue
        total = code_change("\n\n".join(first), "\n\n".join(code))
        if total is not None:
            lines = cell_lines(first, code, context)
            words = own, names.get(runs[0].run_id) or run_words(runs[0])
            cut = max(len(lines) - most, 0)
            found.append(CodeDiff(*words, total, lines[:most], cut, run_id=several[0].run_id))
    return found
