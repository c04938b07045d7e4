"""The sections that show what runs left: figures and code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..charts.drawn import LARGEST as LARGEST_CHART
from ..charts.drawn import is_chart
from ..errors import TrackError
from ..records import Artifact, Run
from ..views.format import one_line, plain_text, size
from ..views.media import SHOWN
from ..views.plotly import LARGEST_READ, PICTURE_HINT, PLOTLY, chart_card
from ..views.previews import table_preview
from .bare import bare
from .document import Block, Code, Figure, Figures, Rows, Sentence
from .material import Material
from .rasters import can_scale, scaled
from .screening import ENDINGS, SVG, lively, type_of

LARGEST = 1_000_000  # bytes of one figure
LEAST = 50_000  # bytes that a figure which is scaled down may have at least
ALL_FIGURES = 12_000_000  # bytes of all of them
MOST_FIGURES = 40
MOST_TABLES = 12
LARGEST_TABLE = 5_000_000  # bytes
TABLE = 10  # rows that are shown of a table
FRAMED = "text/html"
MOST_LINES = 2_000  # of the code of one run
MISSING = "missing from the store; 'jupyter track doctor' says more"
_KINDS = ("figure", "image")


def figures(material: Material, run: Run | None = None) -> list[Block]:
    """Return the figures of a run: by default of the one that the report is of, or of the best one."""
    run = run or material.main
    if run is None:
        return []
    found = [one for one in material.artifacts(run) if one.kind in _KINDS]
    if not found:
        return []
    shown, room = [], ALL_FIGURES
    for artifact in found[:MOST_FIGURES]:
        figure = figure_of(material, run, artifact, room)
        room -= len(figure.data or b"")
        shown.append(figure)
    blocks: list[Block] = [
        Figures(
            "" if material.kind == "run" and run.run_id == material.runs[0].run_id else material.label(run),
            tuple(shown),
        )
    ]
    if len(found) > MOST_FIGURES:
        blocks.append(Sentence(f"{len(found) - MOST_FIGURES:,} more figures are not shown."))
    return blocks


def figure_of(material: Material, run: Run, artifact: Artifact, room: int = ALL_FIGURES) -> Figure:
    """Return a figure with its content; what is too large, cannot be shown or is missing is said."""
    title = one_line(artifact.title or artifact.path)
    alt = f"{title}, a figure of {material.label(run)}"
    known = Figure(title, alt, artifact.mime, None, artifact.sha256, artifact.size)
    if artifact.mime == PLOTLY:
        return _left(known, _chart_words(material, artifact))
    if artifact.size > min(LARGEST_CHART if is_chart(artifact.mime) else LARGEST, room):
        return _scaled(material, known, min(LARGEST, room))
    chart = is_chart(artifact.mime)
    if artifact.mime not in SHOWN and artifact.mime != FRAMED and not chart:
        return _left(known, f"of the type {one_line(artifact.mime)}, which a report does not draw")
    try:
        data = material.reader.figure(artifact)
    except TrackError:
        return _left(known, MISSING)
    if chart:
        drawn = material.drawing.svg(artifact.mime, data)
        if isinstance(drawn, str):
            return _left(known, drawn)
        data = drawn
    if artifact.mime == FRAMED:
        return replace(known, data=data, note="as it is without its scripts")
    mime = type_of(data)
    if mime not in ENDINGS:
        return _left(known, f"of the type {artifact.mime}, and by its content no picture")
    if mime == SVG and (why := lively(data)):
        return _left(known, f"{size(len(data))}, an SVG that is left out: it has {why}")
    return replace(known, mime=mime, data=data)


def _scaled(material: Material, figure: Figure, most: int) -> Figure:
    """A figure that is too large, as small as a page shows it; what cannot be scaled stays with its store."""
    found = None
    if can_scale(figure.mime, figure.size) and most >= LEAST:
        try:
            found = scaled(material.reader.content(figure.sha256), figure.mime, most)
        except TrackError:
            return _left(figure, MISSING)
    if found is None:
        return _left(figure, f"{size(figure.size)}, more than a report holds; the store it was made from keeps it")
    note = f"scaled down from {found.was} pixels, {size(figure.size)}"
    return replace(figure, data=bare(found.data), note=note)


def _chart_words(material: Material, artifact: Artifact) -> str:
    """What a chart of Plotly is; its title stands below the figure already where it was logged with one."""
    try:
        data = material.reader.figure(artifact) if artifact.size <= LARGEST_READ else None
    except TrackError:
        return MISSING
    card = chart_card(data, artifact.size)
    return f"{card.told if artifact.title else card.text}; {PICTURE_HINT}"


def _left(figure: Figure, why: str) -> Figure:
    return replace(figure, note=why)


def tables(material: Material, run: Run | None = None) -> list[Block]:
    """Return the first rows of the tables of a run: by default of the one that the report is of, or of the best one."""
    run = run or material.main
    found = [] if run is None else [one for one in material.artifacts(run) if one.kind == "table"]
    blocks: list[Block] = []
    for artifact in found[:MOST_TABLES]:
        blocks += _table(material, artifact)
    if len(found) > MOST_TABLES:
        blocks.append(Sentence(f"{len(found) - MOST_TABLES:,} more tables are not shown.", token="muted"))
    return blocks


def _table(material: Material, artifact: Artifact) -> list[Block]:
    name = one_line(artifact.path)
    if artifact.size > LARGEST_TABLE:
        return [Sentence(f"{name}: {size(artifact.size)}, more than is read for a report.", token="muted")]
    try:
        columns, rows = material.reader.table(artifact)
    except TrackError as error:  # gone, damaged, or Parquet that cannot be read here
        return [Sentence(f"{name}: {error}", token="muted")]
    found = table_preview(columns, rows, artifact.path, TABLE)
    ((_, told),) = found.facts
    title = f"{name}, {told}"
    return [Rows(grid, title, titled=True) for grid in found.grids] or [Sentence(title)]


def code(material: Material, run: Run | None = None) -> list[Block]:
    """Return the code of a run, cell by cell: by default of the one that the report is of, or of the best one."""
    run = run or material.main
    if run is None:
        return []
    cells: Sequence[str] = material.reader.source_cells([run.run_id]).get(run.run_id, [])
    if not cells:
        return []
    lines = plain_text("\n\n".join(cell.strip("\n") for cell in cells)).split("\n")
    cut = max(len(lines) - MOST_LINES, 0)
    return [Code(f"Code of {material.label(run)}", "\n".join(lines[:MOST_LINES]), cut)]
