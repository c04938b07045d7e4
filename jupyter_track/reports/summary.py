"""The summary of a report: how many runs, the best of them, what differed; and a single run in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import PurePosixPath

from ..records import RESULT_STATES, Run
from ..views.axes import Axis, axis_of
from ..views.beside import ALONE
from ..views.details import Details, Grid, run_details
from ..views.format import change, column_text, duration, middle_cut, number, one_line, precision_of, spread
from ..views.parallel import range_words
from ..views.tokens import STATES, state_of
from ..views.words import counted
from .document import Block, Code, Fact, Facts, Rows, Sentence
from .material import Material, day
from .summary_words import group_figures, words

MOST_DIFFERING = 12  # params that have a line
_FEW_VALUES = 80  # characters
_HEADS = {"metric": "Metrics", "param": "Params", "tag": "Tags", "artifact": "Files"}


def summary(material: Material) -> list[Block]:
    """Return the blocks of the summary."""
    if material.kind == "run":
        return _one(material)
    blocks: list[Block] = [Sentence(words(material))]
    blocks.append(Facts(tuple(_figures(material))))
    return [*blocks, *(what_differed(material) if material.kind == "experiment" else [])]


def what_differed(material: Material) -> list[Block]:
    """Return the table of the params that differ; nothing where none does."""
    rows = _differing(material)
    header = ("param", "values", *(("best run",) if material.best else ()))
    grid = Grid(header, tuple(rows), (False,) * len(header))
    return [Rows(grid, "What differed", titled=True)] if rows else []


def states(runs: Sequence[Run]) -> str:
    """Return ``18 finished, 1 failed``; nothing where all have finished."""
    counts: dict[str, int] = {}
    for run in runs:
        counts[run.state] = counts.get(run.state, 0) + 1
    if set(counts) == {"finished"}:
        return ""
    words = {name: state_of(name).word.partition(" (")[0] for name in counts}
    return ", ".join(f"{counts[name]:,} {words[name]}" for name in sorted(counts, key=_place))


def _place(state: str) -> tuple[bool, int]:
    order = list(STATES)
    return state != "finished", order.index(state) if state in order else len(order)


def _figures(material: Material) -> list[Fact]:
    runs = material.runs
    facts = [Fact("runs", f"{len(runs):,}", states(runs)), *_metric_figures(material)]
    days = sorted({day(run.start_time) for run in runs})
    facts.append(Fact("recorded", days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"))
    facts.append(Fact("total run time", duration(total_time(runs))))
    return facts


def total_time(runs: Sequence[Run]) -> float:
    """Return how long runs took together: the time of a run is within that of the run above it."""
    known = {run.run_id: run for run in runs}
    total = 0.0
    for run in runs:
        above, seen = known.get(run.parent_run_id or ""), {run.run_id}
        while above is not None and above.duration is None and above.run_id not in seen:
            seen.add(above.run_id)
            above = known.get(above.parent_run_id or "")
        if above is None or above.run_id in seen:
            total += run.duration or 0.0
    return total


def _metric_figures(material: Material) -> list[Fact]:
    runs, best, metric = material.runs, material.best, material.metric
    if material.asked.columns:
        return group_figures(material)
    values = [run.metrics[metric].last for run in runs if metric in run.metrics and run.state in RESULT_STATES]
    precision = precision_of(values, material.goal.direction)
    facts = []
    if best is not None:
        last = best.metrics[metric].last
        so_far = " so far" if best.state == "running" else ""
        title = f"best {one_line(metric)}{so_far} {material.goal.arrow}".rstrip()
        shared = len(material.sharing)
        whose = f"{one_line(best.name)} #{best.number}" if shared == 1 else f"{shared:,} runs share it"
        facts.append(Fact(title, number(last, precision), whose, full=repr(last)))
        facts += _against(material, best, last)
    facts += _goal(material, values)
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) > 1:
        facts.append(Fact(f"{one_line(metric)}, mean ± sd", spread(values).partition(" (")[0], f"n={len(finite)}"))
    return facts


def _goal(material: Material, values: Sequence[float]) -> list[Fact]:
    """The value that the metric is to reach, where all experiments have the same, and how many runs reached it."""
    known = material.reader.targets()
    aims = {known.get(run.experiment_name, {}).get(material.metric) for run in material.runs}
    aim = aims.pop() if len(aims) == 1 else None
    if aim is None or material.goal.direction is None:
        return []
    reached = sum(value >= aim if material.goal.direction == "max" else value <= aim for value in values)
    words = f"{'−' if aim < 0 else ''}{abs(aim):g}"  # as the line of the goal says it
    return [Fact("goal", words, f"reached by {reached:,} of {counted(len(values), 'run')}", full=repr(aim))]


def _against(material: Material, best: Run, last: float) -> list[Fact]:
    """The best run against the baseline, where there is one and it is another."""
    base = material.baseline
    if (
        base is None
        or base.run_id == best.run_id
        or base.run_id != best.baseline_run_id
        or material.metric not in base.metrics
    ):
        return []
    found = change(last, base.metrics[material.metric].last, material.goal.direction)
    if found is None:
        return []
    verdict = found.verdict if found.verdict in ("better", "worse") else ""
    value = f"{found.text} {found.arrow}".rstrip()
    return [Fact("against the baseline", value, f"{one_line(base.name)} #{base.number}", verdict or "")]


def _differing(material: Material) -> list[tuple[str, ...]]:
    best, rows = material.best, []
    keys = material.differing
    for key in keys[:MOST_DIFFERING]:
        axis = axis_of(material.results, key, "param", material.goals)
        line = [middle_cut(one_line(key), 40), _values(axis, [key in row.params for row in material.results])]
        if best is not None:
            line.append(column_text(best.params[key]) if key in best.params else "none")
        rows.append(tuple(line))
    if len(keys) > MOST_DIFFERING:
        rows.append((f"+{len(keys) - MOST_DIFFERING} more", *([""] * (2 if best is not None else 1))))
    return rows


def _values(axis: Axis, having: Sequence[bool]) -> str:
    """The values of a param: words one by one, of numbers the ends.

    Behind them what is no finite number, and how many runs have the param where not all have.
    """
    told = range_words(axis).removesuffix(", log")
    odd = [text for value, text in zip(axis.values, axis.texts, strict=True) if value is None and text]
    told = ", ".join([*([] if odd and told == "no value" else [middle_cut(told, _FEW_VALUES)]), *dict.fromkeys(odd)])
    return told if all(having) else f"{told} (in {sum(having):,} of {counted(len(having), 'run')})"


# ---- one run


def _one(material: Material) -> list[Block]:
    (run,) = material.runs
    details = details_of(material, run)
    blocks: list[Block] = []
    if run.error is not None:
        blocks.append(Sentence(f"{run.error.name}: {run.error.message}", "✗", "failed"))
    if material.below is not None:
        blocks.append(Sentence(f"Below it: {words(material.below)}"))
    blocks.append(Facts(tuple(_run_figures(material, run))))
    blocks += [] if material.below is None else what_differed(material.below)
    for grid in details.grids:
        if grid.header and grid.header[0] == "tag":  # those of the tools are told elsewhere
            own = tuple(row for row in grid.rows if not row[0].startswith(("mlflow.", "jupyter_track.")))
            grid = replace(grid, rows=own)
        if grid.header and grid.header[0] in _HEADS and grid.rows:
            blocks.append(Rows(grid, _HEADS[grid.header[0]], titled=True))
    blocks.append(_record(run))
    if details.block:
        blocks.append(Code("The end of the traceback", details.block))
    return blocks


def _record(run: Run) -> Rows:
    """By what a run is found again: its id in full, and the name of its notebook."""
    notebook = PurePosixPath((run.notebook or "").replace("\\", "/")).name
    rows = [("run id", run.run_id), *([("notebook", one_line(notebook))] if notebook else [])]
    return Rows(Grid(("", ""), tuple(rows), (False, False)), "Record", titled=True, dense=True)


def details_of(material: Material, run: Run) -> Details:
    """Return a run in full."""
    artifacts = material.artifacts(run)
    around = material.reader.surroundings([run.run_id]).get(run.run_id, {})
    return run_details(run, artifacts=artifacts, beside=ALONE, surroundings=around, zone=UTC)


def _run_figures(material: Material, run: Run) -> list[Fact]:
    state = state_of(run.state)
    facts = [Fact("status", f"{state.glyph} {state.word}")]
    shown = [metric for metric in run.metrics.values() if metric.source != "system"]
    shown.sort(key=lambda metric: metric.key != material.metric)
    for metric in shown[:4]:
        note = f"at step {metric.last_step:,}" if metric.count > 1 else ""
        facts.append(Fact(middle_cut(one_line(metric.key), 32), number(metric.last), note, full=repr(metric.last)))
    if material.below is not None:
        below = material.below
        facts.append(Fact("runs below it", f"{len(below.runs):,}", states(below.runs)))
        facts += _metric_figures(below)
    if run.duration is not None:
        facts.append(Fact("duration", duration(run.duration)))
    facts.append(Fact("started", day(run.start_time)))
    facts.append(Fact("experiment", middle_cut(one_line(run.experiment_name), 40)))
    return facts
