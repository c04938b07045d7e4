"""The static HTML of a comparison: one table, and below it the code of each run against that of the first.

A diff is preformatted text with its signs, so that it reads right where a host drops every style. The grounds are the
blue and orange of the design at 15 and 40 %, which can be told apart on white and on black, and by colour-blind eyes.
"""

from __future__ import annotations

from ..errors import TrackError
from ..store.place import store_exists
from ..store.reader import Reader
from .compared import CodeDiff, Compared, Comparison, Line, Value, foot
from .comparison_parts import Still, still_of
from .comparison_still import still_html
from .format import MINUS, plain_text
from .markup import Markup, arrow, element, glyph, join, muted
from .styles import BODY, NO_BREAK, RULED_ROW, SUMMARY, TABLE, cell_style
from .tokens import HAIRLINE, INSERTED, MUTED_OPACITY
from .wide import wide

_CODE = f"white-space:pre;overflow:auto;margin:4px 0 0 0;padding:4px 0;border-top:1px solid {HAIRLINE};line-height:18px"
_SIGNS = {"+": "+", "-": MINUS, " ": " "}


def comparison_html(comparison: Comparison, still: Still | None = None) -> Markup:
    """Return a comparison as static HTML.

    Parameters
    ----------
    comparison : Comparison
    still : Still, optional
        What stands below the lines: curves, pictures, tables.
    """
    head = [_heading(""), _heading("")] + [_run_heading(run, index) for index, run in enumerate(comparison.runs)]
    header = element("thead", element("tr", *head, style=RULED_ROW), style="border:none")
    groups = [line.group for line in comparison.lines]
    rows = [
        _line(line, group if group not in groups[:index] else "")
        for index, (line, group) in enumerate(zip(comparison.lines, groups, strict=True))
    ]
    table = element("table", header, element("tbody", *rows), style=TABLE)
    below = " · ".join(foot(comparison))
    parts = [wide(table)]
    parts += [element("div", muted(below), style="padding-top:4px;overflow-wrap:break-word")] if below else []
    parts += [still_html(comparison, still)] if still is not None else []
    return element("div", *parts, *(_diff(diff) for diff in comparison.diffs), style=BODY)


def stored_comparison_html(comparison: Comparison) -> Markup:
    """Return the static HTML with all that its store has for it; without a store, the lines and the code."""
    still = None
    if comparison.store is not None and store_exists(comparison.store):
        try:
            still = still_of(Reader(comparison.store), comparison)
        except TrackError:  # its runs are gone, or it is being repaired: the lines stand
            still = None
    return comparison_html(comparison, still)


def _heading(text: str) -> Markup:
    style = cell_style(False, height=32, more=f"font-weight:normal;opacity:{MUTED_OPACITY}")
    return element("th", text, style=style, scope="col")


def _run_heading(run: Compared, index: int) -> Markup:
    state = run.state.word if run.state.word != "finished" else ""
    parts = [glyph(run.state.glyph, run.state.token, run.state.word), muted(run.number), element("b", run.name)]
    parts += [muted(f"×{run.repeats}")] if run.repeats > 1 else []
    parts += [muted(state)] if state else []
    title = "what the others are measured against" if index == 0 else ""
    told = ": ".join(part for part in (run.full_name if run.full_name != run.name else "", title) if part)
    style = cell_style(False, height=32, more="font-weight:normal")
    return element("th", join(parts), style=style, title=told, scope="col")


def _line(line: Line, group: str) -> Markup:
    faint = f"font-weight:normal;opacity:{MUTED_OPACITY}"
    label = f"{line.label}{NO_BREAK}{line.goal.arrow}".rstrip()
    title = line.goal.words if line.goal.direction else ""
    cells = [
        element("th", group, style=cell_style(False, height=24, more=faint), scope="row"),
        element("th", label, style=cell_style(False, height=24, more=faint), title=title, scope="row"),
        *(_value(value, line) for value in line.values),
    ]
    return element("tr", *cells, style=RULED_ROW)


def _value(value: Value, line: Line) -> Markup:
    own: str = element("b", value.text) if value.best else muted(value.text) if value.same else value.text
    parts = [own, muted(value.spread) if value.spread else "", _change(value, line), muted(line.best_words(value))]
    style = cell_style(False, height=24, wrap=line.label == "note")
    return element("td", join(parts), style=style, title=value.full if value.full != value.text else "")


def _change(value: Value, line: Line) -> Markup:
    if value.change is None:
        return Markup("")
    if value.change.verdict == "same":
        return muted("same") if not value.same else Markup("")
    interval = f"({value.interval})" if value.interval else ""
    if value.noise:
        return muted(f"{value.change_text} {value.noise} {interval}".rstrip(), title=value.method)
    told = [value.change_text, arrow(value.change, line.goal)]
    return join([*told, muted(interval, title=value.method) if interval else ""])


def _diff(diff: CodeDiff) -> Markup:
    lines: list[str] = []
    for line in diff.lines:
        if line.sign == "@":
            lines.append(muted(f"… {line.text}"))
            continue
        sign = _SIGNS[line.sign]
        if line.sign == " ":
            lines.append(plain_text(f"{sign} {line.text}"))
            continue
        ground, stronger = INSERTED[line.sign]
        pieces: list[str] = [
            element("span", plain_text(text), style=f"background:{stronger}") if word and len(line.parts) > 1
            else plain_text(text)
            for text, word in line.parts
        ]  # fmt: skip
        lines.append(element("span", f"{sign} ", *pieces, style=f"background:{ground}"))
    if diff.cut:
        lines.append(muted(f"… {diff.cut:,} more lines"))
    code = element("pre", join(lines, separator="\n"), style=_CODE)
    return element("details", element("summary", diff.title, style=SUMMARY), code, open="", style=BODY)
