"""The static HTML of what stands below the lines of a comparison: curves, pictures, joined tables.

Each is a table with a column a run, so that it reads right where every style is dropped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from .compared import Comparison
from .comparison_parts import Still
from .format import middle_cut
from .joined import Cell, Joined, JoinedRow
from .markup import Markup, element, join, muted
from .plotly import PLOTLY, chart_card
from .styles import BODY, PLAIN_ROW, RULED_ROW, SUMMARY, TABLE, cell_style
from .tokens import INSERTED
from .wide import wide
from .words import counted

STATIC_ROWS = 10
_CELL_LIMIT = 120
_TOP = "vertical-align:top;overflow-wrap:break-word"


def still_html(comparison: Comparison, still: Still) -> Markup:
    """Return what stands below the lines of a comparison as static HTML; nothing where there is nothing."""
    parts = [_curves(still)] if still.curves else []
    parts += [_pictures(comparison, still)] if still.pictures else []
    parts += [_joined(comparison, name, joined, places) for name, joined, places in still.tables]
    if still.left:
        parts.append(
            element("div", muted(f"{counted(still.left, 'more figure')} differ and are not shown here"), style=BODY)
        )
    return join(parts, separator="")


def _curves(still: Still) -> Markup:
    parts = []
    for one in still.curves:
        image = element("img", src=one.uri, alt=one.alt, width=one.width, height=one.height)
        below = [element("div", muted(" · ".join(one.notes)))] if one.notes else []
        parts.append(element("div", element("div", muted(one.key)), image, *below, style="padding-top:8px"))
    return join(parts, separator="")


def _header(titles: Sequence[str]) -> Markup:
    style = cell_style(False, height=24, more="font-weight:normal")
    cells = [element("th", muted(title) or "", style=style, scope="col") for title in titles]
    return element("thead", element("tr", *cells, style=RULED_ROW), style="border:none")


def _pictures(comparison: Comparison, still: Still) -> Markup:
    """A row a figure, a column a run: the same size at the same place."""
    top = cell_style(False, more="vertical-align:top")
    rows = []
    for title, pictures in still.pictures:
        cells = [element("th", muted(title), style=f"{top};font-weight:normal", scope="row")]
        for run, picture in zip(comparison.runs, pictures, strict=True):
            shown = muted("none") if picture is None else _picture(*picture, title, run.title)
            cells.append(element("td", shown, style=top))
        rows.append(element("tr", *cells, style=PLAIN_ROW))
    head = _header(["", *(run.title for run in comparison.runs)])
    return wide(element("table", head, element("tbody", *rows), style=TABLE))


def _picture(mime: str, data: bytes, title: str, run: str) -> Markup:
    """A picture, or what a chart of Plotly is, with its title where that is not the row's."""
    if mime == PLOTLY:
        card = chart_card(data, len(data))
        return join([card.title, muted(card.told)] if card.title not in ("", title) else [muted(card.told)])
    address = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return element("img", src=address, alt=f"{title} of {run}", style="width:320px;max-width:100%;height:auto")


def _joined(comparison: Comparison, name: str, joined: Joined, places: tuple[int, ...]) -> Markup:
    titles = [comparison.runs[place].title for place in places]
    head = [joined.key, *joined.shared, *(f"{column} {title}" for column in joined.differing for title in titles)]
    header = _header(head)
    rows = [_row(row) for row in joined.page(0, STATIC_ROWS)]
    left = len(joined.keys()) - len(rows)
    table = element("table", header, element("tbody", *rows), style=TABLE)
    below = [muted(f"{counted(left, 'more row')} differ")] if left > 0 else []
    summary = element("summary", f"{name} by {joined.key} · {joined.told}", style=SUMMARY)
    return element("details", summary, wide(table), *below, open="", style=BODY)


def _row(row: JoinedRow) -> Markup:
    style = cell_style(False, height=24, wrap=True, more=_TOP)
    cells = [element("th", middle_cut(row.key, _CELL_LIMIT), style=f"{style};font-weight:normal", scope="row")]
    cells += [element("td", middle_cut(text, _CELL_LIMIT), style=style) for text in row.shared]
    cells += [element("td", _cell(cell), style=style) for column in row.cells for cell in column]
    return element("tr", *cells, style=RULED_ROW)


def _cell(cell: Cell | None) -> Markup:
    if cell is None:
        return muted("none")
    if cell.same:
        return muted("same")
    if len(cell.text) > _CELL_LIMIT:
        return muted(middle_cut(cell.text, _CELL_LIMIT))
    ground = f"background:{INSERTED['+'][1]}"
    return join(
        [element("span", text, style=ground) if changed else text for text, changed in cell.parts], separator=""
    )
