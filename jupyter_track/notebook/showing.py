"""Showing things under a cell: as a mimebundle with HTML and text, marked as our own so that it is not captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..recording.tracker import Tracker
from ..records import Run
from ..store import pending
from ..views.card import run_card
from ..views.html import card_html
from ..views.text import card_text

OWN = {"jupyter_track": {"static": True}}
CURVE_WAIT = 1.0  # seconds to wait for the points of a curve
CURVE_POINTS = 150


def show(shell: Any, html: str, text: str) -> None:
    """Show HTML with its plain text."""
    shell.display_pub.publish({"text/html": html, "text/plain": text}, metadata=OWN)


def show_text(shell: Any, text: str) -> None:
    """Show a sentence."""
    shell.display_pub.publish({"text/plain": text}, metadata=OWN)


def show_card(
    shell: Any,
    run: Run,
    *,
    tracker: Tracker,
    previous: Run | None,
    figures: int,
    output: bool,
    notes: Sequence[str],
    store_line: str | None,
    one_line: bool,
) -> None:
    """Show the static card of a run that has ended."""
    card = run_card(
        run,
        previous=previous,
        curves={} if one_line else curves_of(tracker, run),
        figures=figures,
        output=output,
        notes=notes,
        store_line=store_line,
    )
    show(shell, card_html(card), card_text(card))


def curves_of(tracker: Tracker, run: Run) -> Mapping[str, Sequence[tuple[int, float]]]:
    """Return the points of a run's curves, at most `CURVE_POINTS` each; nothing where the disk is slow."""
    keys = [key for key, metric in run.metrics.items() if metric.count > 1][:8]
    if not keys or not pending.flush(tracker.store, CURVE_WAIT):
        return {}
    return {
        key: [(point.step, point.value) for point in tracker.reader.curve(run.run_id, key, CURVE_POINTS)]
        for key in keys
    }
