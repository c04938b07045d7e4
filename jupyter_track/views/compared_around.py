"""The lines of a comparison on what was around the runs: their data, and what surrounded them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..records import Run
from . import datasets, surroundings
from .compared import Line, Value
from .compared_facts import NOTE_LIMIT, Found, text_line
from .format import PARAM_LIMIT, middle_cut


def data(runs: Sequence[Run]) -> Found:
    """Return the lines of the datasets: the first run's size and digest, and how the others differ from it."""
    found, equal = datasets.compared(runs)
    return [_data_line(*one) for one in found], [_data_line(*one) for one in equal]


def _data_line(name: str, texts: Sequence[str], fulls: Sequence[str]) -> Line:
    values = tuple(
        Value(middle_cut(text, NOTE_LIMIT), full, same=index > 0 and text == texts[0])
        for index, (text, full) in enumerate(zip(texts, fulls, strict=True))
    )
    return Line("data", middle_cut(name, PARAM_LIMIT), values, key=name)


def around(runs: Sequence[Run], known: Mapping[str, surroundings.Surroundings]) -> Found:
    """Return the lines of Python, machine, uncommitted code and packages, as far as they are known."""
    rows = surroundings.compared([known.get(run.run_id, surroundings.NOTHING) for run in runs])
    lines = [
        _packages_line(label, texts)
        if label in (surroundings.BY_ONE, surroundings.BY_SOME)
        else text_line("environment", label, texts, [text == texts[0] for text in texts])
        for label, texts in rows.items()
        if any(texts)
    ]
    return [line for line in lines if not all(value.same for value in line.values[1:])], [
        line for line in lines if all(value.same for value in line.values[1:])
    ]


def _packages_line(label: str, texts: Sequence[str]) -> Line:
    """How many packages, and the first of them by name; all of them in full."""
    values = []
    for index, text in enumerate(texts):
        cut = text if len(text) <= NOTE_LIMIT else f"{text[:NOTE_LIMIT].rsplit(', ', 1)[0]}, …"
        values.append(Value(cut, text if text != cut else "", same=index > 0 and text == texts[0]))
    return Line("environment", label, tuple(values), key=label)
