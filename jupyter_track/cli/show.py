"""One run in full: what its record says, its files, the cell that made it, and the beginning of what it printed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.syntax import Syntax
from rich.text import Text

from ..records import Artifact, Execution
from ..views.details import Grid, run_details
from ..views.format import duration, one_line, size
from ..views.logged import models_in
from .screen import MUTED, block, details_parts, grid_table, token_style
from .whole import WholeRun

OUTPUT_LINES = 20
_OUTPUT_LINE = 400  # characters of one line of output
_ARTIFACTS = 50


def whole_parts(whole: WholeRun, *, coloured: bool) -> list[RenderableType]:
    """Return a run with its files as it is shown; `coloured` also colours the source."""
    figures = sum(artifact.kind == "figure" for artifact in whole.artifacts)
    cells = [execution.source for execution in whole.executions]
    details = run_details(whole.run, figures=figures, beside=whole.beside, surroundings=whole.surroundings, cells=cells)
    parts = details_parts(details)
    parts += [Text.assemble(("✗", token_style("failed")), " ", one_line(problem)) for problem in whole.problems]
    if whole.artifacts:
        parts += [Text(""), grid_table(_artifacts(whole.artifacts))]
    for execution in whole.executions:
        parts += [Text(""), Text(_cell_words(execution), style=MUTED), _source(execution.source, coloured)]
    if whole.output:
        parts += [Text(""), Text("output", style=MUTED), *_output(whole.output)]
    return parts


def _artifacts(artifacts: Sequence[Artifact]) -> Grid:
    """The files as a table; earlier states of a figure are counted in its line."""
    models, others = models_in(artifacts)
    files = [one for one in others if one.kind != "state"]
    rows = [(f"{one_line(one.name)}/", "model", size(one.size), one_line(one.title)) for one in models]
    for one in files[:_ARTIFACTS]:
        folder = one.path.rpartition(".")[0] + ".states/"
        states = sum(other.kind == "state" and other.path.startswith(folder) for other in artifacts)
        about = [one.title or "", f"line {one.line}" if one.line is not None else ""]
        about.append(f"{states} earlier state{'' if states == 1 else 's'}" if states else "")
        rows.append((one_line(one.path), one_line(one.kind), size(one.size), one_line(" · ".join(filter(None, about)))))
    if len(files) > _ARTIFACTS:
        rows.append((f"+{len(files) - _ARTIFACTS} more", "", "", ""))
    return Grid(("artifact", "kind", "size", ""), tuple(rows), (False, False, True, False), wrap=3)


def _cell_words(execution: Execution) -> str:
    count = "" if execution.execution_count is None else f" [{execution.execution_count}]"
    words = [f"cell{count}", "" if execution.duration is None else duration(execution.duration)]
    words.append("" if execution.status == "FINISHED" else one_line(execution.status.lower()))
    return " · ".join(word for word in words if word)


def _source(source: str, coloured: bool) -> RenderableType:
    plain = block(source)
    if not coloured:
        return plain
    # The terminal's own sixteen colours: they are right on light and on dark grounds.
    highlighted = Syntax("", "python", theme="ansi_light").highlight(plain.plain)
    highlighted.rstrip()
    return highlighted


def _output(output: str) -> list[RenderableType]:
    lines = block(output).plain.splitlines()
    shown = [text if len(text) <= _OUTPUT_LINE else text[:_OUTPUT_LINE] + "…" for text in lines[:OUTPUT_LINES]]
    parts: list[RenderableType] = [Text("\n".join(shown))]
    if len(lines) > OUTPUT_LINES:
        more = len(lines) - OUTPUT_LINES
        parts.append(Text(f"… {more:,} more line{'' if more == 1 else 's'}; --json has all", style=MUTED))
    return parts
