"""The lines of a comparison on what was around the runs: their data, and what surrounded them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import datasets, surroundings
from .compared import Line, Value
from .compared_facts import NOTE_LIMIT, Found, Group, several, text_line
from .format import PARAM_LIMIT, middle_cut


def data(groups: Sequence[Group]) -> Found:
    """Return the lines of the datasets: the first column's size and digest, and how the others differ from it."""
    found, equal = datasets.compared(groups)
    return [_data_line(*one) for one in found], [_data_line(*one) for one in equal]


def _data_line(name: str, texts: Sequence[str], fulls: Sequence[str], same: Sequence[bool]) -> Line:
    values = tuple(
        Value(middle_cut(text, NOTE_LIMIT), full, same=index > 0 and equal)
        for index, (text, full, equal) in enumerate(zip(texts, fulls, same, strict=True))
    )
    return Line("data", middle_cut(name, PARAM_LIMIT), values, key=name)


def around(groups: Sequence[Group], known: Mapping[str, surroundings.Surroundings]) -> Found:
    """Return the lines of Python, machine, uncommitted code and packages, as far as they are known."""
    rows = surroundings.compared([known.get(run.run_id, surroundings.NOTHING) for group in groups for run in group])
    differ: list[Line] = []
    equal: list[Line] = []
    for label, texts in rows.items():
        if not any(texts):
            continue
        each = iter(texts)
        columns = [[next(each) for _ in group] for group in groups]
        same = [set(column) == set(columns[0]) for column in columns]
        told = [several([text for text in column if text] or [""]) for column in columns]
        folded = label in (surroundings.BY_ONE, surroundings.BY_SOME)
        line = _packages_line(label, told, same) if folded else text_line("environment", label, told, same)
        (equal if all(same) else differ).append(line)
    return differ, equal


def _packages_line(label: str, texts: Sequence[str], same: Sequence[bool]) -> Line:
    """How many packages, and the first of them by name; all of them in full."""
    values = []
    for index, (text, equal) in enumerate(zip(texts, same, strict=True)):
        cut = text if len(text) <= NOTE_LIMIT else f"{text[:NOTE_LIMIT].rsplit(', ', 1)[0]}, …"
        values.append(Value(cut, text if text != cut else "", same=index > 0 and equal))
    return Line("environment", label, tuple(values), key=label)
