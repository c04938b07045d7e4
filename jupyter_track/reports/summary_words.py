"""What a reader of a report is told first, in a sentence or two: how many runs, the best of them, what differs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records import RESULT_STATES, Run
from ..views.compared import Comparison, Line
from ..views.format import middle_cut, number, one_line, precision_of
from ..views.words import counted
from .document import Fact
from .material import Material

MOST_NAMED = 4
MOST_GROUPS = 4  # that have a key figure


def words(material: Material) -> str:
    """Return how many runs there are, which is the best, and in which params they differ."""
    runs = material.runs
    names = list(dict.fromkeys(run.experiment_name for run in runs))
    where = f" of {one_line(names[0])}" if len(names) == 1 else f" of {counted(len(names), 'experiment')}"
    comparison = _groups(material)
    if comparison is not None:
        how_many = f"{counted(len(material.asked.columns), 'group')} with {counted(len(runs), 'run')}{where}."
        told = [how_many, *_best_group(material, comparison), _differ_words(_differing_in(comparison), "They")]
    else:
        told = [
            f"{counted(len(runs), 'run')}{where}.",
            *_best_words(material),
            *_below_words(material),
            _differing_words(material),
        ]
    return " ".join(part for part in told if part)


def _best_words(material: Material) -> list[str]:
    metric = one_line(material.metric)
    if material.best is not None:
        return [_shared_words(material) if len(material.sharing) > 1 else _winner_words(material)]
    if metric and material.goal.direction is None:
        return [f"No run is named the best: it is not known whether a lower or a higher {metric} is better."]
    return [] if metric else ["None of them has a metric."]


def _below_words(material: Material) -> list[str]:
    """What is best below runs that were named and have no value of their own, as those of sweeps have none."""
    told = []
    for run, metric, best in material.best_below:
        verb, value = "has" if len(best) == 1 else "share", number(best[0].metrics[metric].last)
        told.append(f"Of the runs below {_named(run)}, {_owners(best)} {verb} the best {one_line(metric)}, {value}.")
    return told


def _winner_words(material: Material) -> str:
    best, done = material.best, material.best_finished
    assert best is not None
    if len(_having(material)) == 1:
        own = " of its own" if material.best_below else ""
        running = ", and is still running" if best.state == "running" else ""
        metric = one_line(material.metric)
        return f"Only {_named(best)} has a result{own}{running}: {metric} {_value(material, best)}."
    told = f"with the {_way(material)} {one_line(material.metric)}, {_value(material, best)}"
    if best.state != "running":
        return f"The best is {_named(best)}, {told}."
    same = [
        run for run in _having(material) if done is not None and run.state == "finished" and _equal(material, run, done)
    ]
    rest = f"; of those that have finished it is {_named(done)}, {_value(material, done)}" if done is not None else ""
    if done is not None and len(same) > 1:
        rest = f"; of those that have finished {_owners(same)} share {_value(material, done)}"
    return f"The best so far is {_named(best)}, which is still running, {told}{rest}."


def _shared_words(material: Material) -> str:
    """Of several with the best value none is named the best."""
    same, metric = material.sharing, one_line(material.metric)
    having = _having(material)
    if len(same) == len(having):
        whole = "All" if len(having) == len(material.runs) else "All with a result"
        return f"{whole} have the same {metric}, {_value(material, same[0])}."
    running = " so far" if any(run.state == "running" for run in same) else ""
    way = f"{_way(material)} {metric}{running}, {_value(material, same[0])}"
    return f"{counted(len(same), 'run')} share the {way}: {_owners(same)}."


def _owners(runs: Sequence[Run]) -> str:
    more = f" and {len(runs) - MOST_NAMED:,} more" if len(runs) > MOST_NAMED else ""
    return f"{', '.join(_named(run) for run in runs[:MOST_NAMED])}{more}"


def _equal(material: Material, run: Run, other: Run) -> bool:
    return run.metrics[material.metric].last == other.metrics[material.metric].last


def _having(material: Material) -> list[Run]:
    """The runs with a result: those that the best is the best of."""
    having = [run for run in material.runs if material.metric in run.metrics and run.state in RESULT_STATES]
    return [run for run in having if math.isfinite(run.metrics[material.metric].last)]


def _differing_words(material: Material) -> str:
    if len(material.runs) < 2:
        return ""
    left = len(material.rows) - len(material.results)
    running = any(row.state == "running" for row in material.results)
    who = "They" if not left else "Those that finished or run" if running else "Those that finished"
    return _differ_words(material.differing, who)


def _differ_words(keys: Sequence[str], who: str) -> str:
    if not keys:
        return "Their params do not differ." if who == "They" else f"{who} do not differ in their params."
    named = ", ".join(middle_cut(one_line(key), 32) for key in keys[:MOST_NAMED])
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return f"{who} differ in {counted(len(keys), 'param')}: {named}{more}."


def _named(run: Run) -> str:
    name = one_line(run.name)
    return f"{f'“{name}”' if ' ' in name else name} #{run.number}"  # “with data” is no part of the sentence


def _way(material: Material) -> str:
    return {"max": "highest", "min": "lowest"}.get(material.goal.direction or "", "best")


def _value(material: Material, run: Run) -> str:
    values = [run.metrics[material.metric].last for run in material.runs if material.metric in run.metrics]
    return number(run.metrics[material.metric].last, precision_of(values, material.goal.direction))


# ---- groups


def _groups(material: Material) -> Comparison | None:
    return material.comparison if material.asked.columns else None


def _line(material: Material, comparison: Comparison) -> Line | None:
    """The main metric of the groups, where they differ in it."""
    return next((line for line in comparison.lines if line.group == "metrics" and line.key == material.metric), None)


def _best_group(material: Material, comparison: Comparison) -> list[str]:
    line = _line(material, comparison)
    at = next((at for at, value in enumerate(line.values) if value.best), None) if line is not None else None
    if line is None or at is None:
        return []
    others = [f"{value.text} of {run.name}" for run, value in zip(comparison.runs, line.values, strict=True)]
    told = [text for place, text in enumerate(others) if place != at and line.values[place].text]
    against = f", against {', '.join(told[:MOST_NAMED])}" if told else ""
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    mean = f"{_way(material)} mean {one_line(material.metric)}, {line.values[at].text}"
    return [f"The best is {comparison.runs[at].name}, with the {mean}{against}{more}."]


def _differing_in(comparison: Comparison) -> list[str]:
    return [line.key or line.label for line in comparison.lines if line.group == "params"]


def group_figures(material: Material) -> list[Fact]:
    """Return the mean of the main metric in each of the first groups."""
    comparison = _groups(material)
    line = None if comparison is None else _line(material, comparison)
    if comparison is None or line is None:
        return []
    facts = []
    for run, value in zip(comparison.runs[:MOST_GROUPS], line.values, strict=False):
        mean, _, count = value.text.partition(" (")
        note = ", ".join(part for part in (count.rstrip(")"), "best" if value.best else "") if part)
        title = f"{one_line(material.metric)} {material.goal.arrow}".rstrip()
        facts.append(Fact(f"{title} of {run.name}", mean or "none", note, full=value.full))
    return facts
