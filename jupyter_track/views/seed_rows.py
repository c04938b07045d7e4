"""Rows of runs that differ only in the seed, as the live table groups them where that was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..records import RESULT_STATES, Run
from .arrange import Unit
from .format import one_line
from .groups import other_params
from .tokens import State, state_of

NO_STATE = State("", "", "muted")
_NAMED = 12  # runs that a row names on hover


def by_seed(units: Sequence[Unit], labels: Mapping[str, str]) -> list[Unit]:
    """Return the rows of a table with those of each group in one.

    Parameters
    ----------
    units : sequence of Unit
        As `arranged` gives them.
    labels : mapping of str to str
        What runs are called with those that differ from them only in the seed, by run id.

    Returns
    -------
    list of Unit
        What stands on top stays there, each with its children, and a run that is alone in its group as it is.
    """
    found: list[Unit] = []
    groups: dict[str, list[Unit]] = {}
    below: dict[str, list[Unit]] = {}  # the children of a row, which stand after it
    place = found
    for unit in units:
        label = labels.get(unit.run.run_id)
        if unit.depth:
            place.append(unit)
        elif unit.top or label is None:
            found.append(unit)
            place = found
        else:
            groups.setdefault(label, []).append(unit)
            place = below.setdefault(label, [])
    for label, several in groups.items():
        runs = [run for unit in several for run in unit.runs]
        if len(several) == 1:
            found += [several[0], *below[label]]
        else:
            # One with a result stands for the group: the best of a column is none of a run that failed.
            runs.sort(key=lambda run: run.state not in RESULT_STATES)
            found.append(Unit(tuple(runs), "seeds", label=label))
    return found


def telling(units: Sequence[Unit]) -> list[Run]:
    """Return the runs by which the columns are chosen; without seeds where a row is a group, which has no one seed."""
    runs = [unit.run for unit in units if unit.kind != "failed"]
    if any(unit.kind == "seeds" for unit in units):
        return [replace(run, params=other_params(run)) for run in runs]
    return runs


def state_among(unit: Unit) -> State:
    """Return the state that all runs of a row have; nothing where they differ."""
    states = {run.state for run in unit.runs}
    return state_of(unit.run.state) if len(states) == 1 else NO_STATE


def group_words(unit: Unit) -> str:
    """Return the label of a group with the runs that are in it: ``lr 0.1: #3, #2, #1``."""
    named = [one_line(run.name) if run.number is None else f"#{run.number}" for run in unit.runs[:_NAMED]]
    more = [f"+{len(unit.runs) - _NAMED}"] if len(unit.runs) > _NAMED else []
    return f"{unit.label}: {', '.join([*named, *more])}"
