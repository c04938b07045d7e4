"""What of a run's files is shown on its page: pictures, and the first rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..records import Artifact
from .details import Details, Grid
from .format import middle_cut, one_line
from .joined import cell_text
from .media import SHOWN, slots_of

ROWS, COLUMNS = 5, 8  # of a table
_CELL = 40  # characters


def pictures_in(artifacts: Sequence[Artifact]) -> tuple[tuple[Artifact, str], ...]:
    """Return the pictures of a run with their labels: figures first; of images with steps the last one.

    Examples
    --------
    >>> some = [Artifact(f"images/digit/0000000{at}.png", "a" * 64, 90, "image/png", "image") for at in (1, 3)]
    >>> [label for _, label in pictures_in(some)]
    ['digit · step 3, the last of 2']
    """
    by_path = {one.path: one for one in artifacts}
    figures = [(one, _label(one.path, one.title)) for one in artifacts if one.kind == "figure"]
    images = []
    for slot in slots_of([[one for one in artifacts if one.kind != "figure" and one.mime in SHOWN]]):
        (own,) = slot.pictures
        last = max(own, key=lambda step: -1 if step is None else step)
        label = _label(own[last].path, slot.title)
        if last is not None:
            label = f"{one_line(slot.name)} · step {last}{f', the last of {len(own)}' if len(own) > 1 else ''}"
        images.append((by_path[own[last].path], label))
    return (*figures, *sorted(images, key=lambda one: one[0].path))


def _label(path: str, title: str | None) -> str:
    return one_line(f"{path} · {title}" if title else path)


def table_preview(columns: Sequence[Any], rows: Sequence[Sequence[Any]], path: str, most: int = ROWS) -> Details:
    """Return the first rows and columns of a table, under its name and size."""
    shown = rows[:most]
    header = tuple(_cell(name) for name in columns[:COLUMNS])
    words = f"{len(rows):,} row{'' if len(rows) == 1 else 's'} × {len(columns):,}"
    cut = f", the first {most}" if len(rows) > most else ""
    grid = Grid(
        header,
        tuple(tuple(_cell(value) for value in row[:COLUMNS]) for row in shown),
        tuple(_is_numbers(row[at] for row in shown) for at in range(len(header))),
        wrap=-1,
    )
    return Details(facts=((one_line(path), f"table of {words}{cut}"),), grids=(grid,) if header and shown else ())


def _cell(value: Any) -> str:
    return middle_cut(one_line(cell_text(value)), _CELL)


def _is_numbers(values: Iterable[Any]) -> bool:
    return all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values)
