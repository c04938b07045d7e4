"""What a cell showed, into the store: figures with their earlier states, and the printed text."""

from __future__ import annotations

from ..context.redaction import redact_text
from ..recording.tracker import Tracker
from .capture import Captured
from .figures import CapturedFigure

OUTPUT_PATH = "output.txt"


def keep_captured(tracker: Tracker, run_id: str, captured: Captured) -> None:
    """Record figures as ``figures/1.png``, … in the order of first show, and the text as ``output.txt``."""
    for figure in captured.figures:
        _keep_figure(tracker, run_id, figure)
    if captured.output_text:
        text = redact_text(captured.output_text).encode("utf-8", "backslashreplace")
        tracker.artifact(run_id, OUTPUT_PATH, text, mime="text/plain", kind="output", automatic=True)


def _keep_figure(tracker: Tracker, run_id: str, figure: CapturedFigure) -> None:
    path = f"figures/{figure.index}{figure.suffix}"
    tracker.artifact(
        run_id,
        path,
        figure.data,
        mime=figure.mime,
        kind="figure",
        title=None if figure.title is None else redact_text(figure.title),
        line=figure.line,
        automatic=True,
    )
    for number, state in enumerate(figure.states, 1):
        earlier = f"figures/{figure.index}.states/{number}{figure.suffix}"
        tracker.artifact(run_id, earlier, state, mime=figure.mime, kind="state", automatic=True)
