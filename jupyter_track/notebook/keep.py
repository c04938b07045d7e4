"""What a cell showed, into the store: figures with their earlier states, and the printed text."""

from __future__ import annotations

from ..context.prose import redact_prose
from ..recording.run import ActiveRun
from ..store import pending
from .capture import Captured
from .figures import CapturedFigure

OUTPUT_PATH = "output.txt"


def keep_captured(run: ActiveRun, captured: Captured) -> None:
    """Record figures as ``figures/1.png``, … in the order of first show, and the text as ``output.txt``.

    What the user logged under such a name, and what a run that is resumed has from before, is not replaced: figures
    are counted on, and the text becomes ``output-2.txt``.
    """
    if not captured.figures and not captured.output_text:
        return
    taken = _taken(run)
    shift = max((_number_of(path) for path in taken), default=0)
    for figure in captured.figures:
        _keep_figure(run, figure, figure.index + shift)
    if captured.output_text:
        text = redact_prose(captured.output_text).encode("utf-8", "backslashreplace")
        path, number = OUTPUT_PATH, 2
        while path in taken:
            path, number = f"output-{number}.txt", number + 1
        run._tracker.artifact(run.run_id, path, text, mime="text/plain", kind="output", automatic=True)


def _taken(run: ActiveRun) -> set[str]:
    """Return the paths that a run has already."""
    taken = set(run._memory.artifacts)
    if not run._memory.fresh:
        pending.flush(run._tracker.store)
        taken.update(artifact.path for artifact in run._tracker.reader.artifacts(run.run_id))
    return taken


def _number_of(path: str) -> int:
    """The number of a figure's path, 0 where it has none."""
    stem = path.removeprefix("figures/").partition(".")[0]
    return int(stem) if path.startswith("figures/") and stem.isascii() and stem.isdigit() else 0


def _keep_figure(run: ActiveRun, figure: CapturedFigure, number: int) -> None:
    tracker, run_id = run._tracker, run.run_id
    tracker.artifact(
        run_id,
        f"figures/{number}{figure.suffix}",
        figure.data,
        mime=figure.mime,
        kind="figure",
        title=None if figure.title is None else redact_prose(figure.title),
        line=figure.line,
        automatic=True,
    )
    for count, state in enumerate(figure.states, 1):
        earlier = f"figures/{number}.states/{count}{figure.suffix}"
        tracker.artifact(run_id, earlier, state, mime=figure.mime, kind="state", automatic=True)
