"""Showing things under a cell: as a mimebundle with HTML and text, marked as our own so that it is not captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import CorruptStore, InvalidValue, TrackError
from ..panels.display import OWN
from ..recording.entries import now_ms
from ..recording.tracker import Tracker
from ..records import Artifact, Run
from ..store import pending, relatives
from ..store.database import reading
from ..store.stored_tables import read_table
from ..views.beside import Beside, beside_of
from ..views.card import run_card
from ..views.details import Details, run_details
from ..views.format import one_line
from ..views.html import card_html, code_html, details_html, figure_html, table_html
from ..views.players import is_media, media_html
from ..views.previews import pictures_in, table_preview
from ..views.surroundings import diff_of
from ..views.table import table_of
from ..views.text import card_text, details_text, table_text

if TYPE_CHECKING:
    from ..panels.card import CardPanel

NUMBER_WAIT = 0.25  # seconds a card waits for its run's number, which the store gives
CURVE_WAIT = 1.0  # seconds to wait for the points of a curve
CURVE_POINTS = 150
TABLE_CURVES, TABLE_POINTS = 30, 60  # runs of the table that get a curve, and points of it
MAX_PICTURES = 6
MAX_PICTURE = 1_000_000  # bytes of a picture that `%track show` puts into the notebook


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
    previous: Run | None = None,
    typed: str | None = None,
    figures: int = 0,
    output: bool = False,
    models: Sequence[str] = (),
    notes: Sequence[str] = (),
    store_line: str | None = None,
    one_line: bool = False,
    panel: CardPanel | None = None,
) -> None:
    """Show the static card of a run, in the place of its live one, where it had one.

    `typed` is its cell, `previous` its run before in this session.
    """
    card = run_card(
        run,
        beside=_beside(tracker, run, typed, previous),
        curves={} if one_line else curves_of(tracker, run),
        figures=figures,
        output=output,
        models=models,
        notes=notes,
        store_line=store_line,
        now_ms=now_ms(),
    )
    if panel is None:
        show(shell, card_html(card), card_text(card))
    else:
        panel.finish(card, run)


def _beside(tracker: Tracker, run: Run, typed: str | None, previous: Run | None) -> Beside:
    """Return the runs that a card speaks of; where the disk is slow, only the one that is known from memory."""
    if run.number is None:  # its first batch is still on the way
        return Beside(previous=previous)
    try:
        with reading(tracker.store, NUMBER_WAIT):  # on the user's thread: a card without it beats waiting
            found = beside_of(tracker.reader, run, typed=typed, previous=previous)
        if found.children is None or not found.children.count:
            return found
        pending.flush(tracker.store, CURVE_WAIT)  # the last of them may not be written yet
        return replace(found, children=relatives.children(tracker.store, run.run_id, run.goals))
    except TrackError:  # what is wrong with the store is said where something is written to it
        return Beside(previous=previous)


def curves_of(tracker: Tracker, run: Run) -> Mapping[str, Sequence[tuple[int, float]]]:
    """Return the points of a run's curves, at most `CURVE_POINTS` each; nothing where the disk is slow."""
    keys = [key for key, metric in run.metrics.items() if metric.count > 1][:8]
    if not keys or not pending.flush(tracker.store, CURVE_WAIT):
        return {}
    return {key: _curve(tracker, run, key, CURVE_POINTS) for key in keys}


def _curve(tracker: Tracker, run: Run, key: str, limit: int) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in tracker.reader.curve(run.run_id, key, limit)]


def show_table(shell: Any, tracker: Tracker, runs: Sequence[Run], numbers: Sequence[int], every: str) -> None:
    """Show the first of the runs that were found, with curves of the main metric.

    `numbers` are those of all, and `every` is the code that gives them.
    """
    total = len(numbers)
    table = table_of(
        tracker.reader, runs, now_ms(), total=total, among=numbers, curved=TABLE_CURVES, points=TABLE_POINTS
    )
    table = replace(table, every=one_line(every))
    show(shell, table_html(table), table_text(table))


def show_run(shell: Any, tracker: Tracker, run: Run) -> None:
    """Show a run in full: facts, metrics, params, files, pictures, tables and the code that made it."""
    artifacts = tracker.reader.artifacts(run.run_id)
    figures = [artifact for artifact in artifacts if artifact.kind == "figure"]
    around = tracker.reader.surroundings([run.run_id]).get(run.run_id, {})
    beside = beside_of(tracker.reader, run)
    executions = tracker.reader.executions(run.run_id)
    details = run_details(
        run,
        figures=len(figures),
        artifacts=artifacts,
        beside=beside,
        surroundings=around,
        cells=[execution.source for execution in executions],
    )
    sources = [(execution.source, f"code of cell [{execution.execution_count}]") for execution in executions]
    fitting = [(one, label) for one, label in pictures_in(artifacts) if one.size <= MAX_PICTURE]
    pictures = [_picture(tracker, *one) for one in fitting[:MAX_PICTURES]]
    tables = [one for one in artifacts if one.kind == "table" and one.size <= MAX_PICTURE]
    previews = [one for artifact in tables[:MAX_PICTURES] if (one := _preview(tracker, artifact)) is not None]
    pictures += map(details_html, previews)
    heard = [one for one in artifacts if is_media(one.mime) and one.kind != "figure" and one.size <= MAX_PICTURE]
    pictures += [_media(tracker, run, artifact) for artifact in heard[:MAX_PICTURES]]
    if diff := diff_of(around):
        sources.append((diff, "code that the commit does not have"))
    html = [details_html(details), *pictures, *(code_html(source, label) for source, label in sources)]
    text = [
        details_text(details),
        *map(details_text, previews),
        *(f"{label}\n{source.rstrip()}" for source, label in sources),
    ]
    show(shell, "".join(html), "\n\n".join(text))


def _media(tracker: Tracker, run: Run, artifact: Artifact) -> str:
    data = tracker.reader.content(artifact.sha256)
    return media_html(data, artifact.mime, artifact.path, f"runs:/{run.run_id}/{artifact.path}")


def _preview(tracker: Tracker, artifact: Artifact) -> Details | None:
    """The first rows of a table; nothing where it is none that can be read here."""
    try:
        return table_preview(*read_table(tracker.reader.content(artifact.sha256), artifact.path), artifact.path)
    except (CorruptStore, InvalidValue):
        return None


def _picture(tracker: Tracker, artifact: Artifact, label: str) -> str:
    return figure_html(tracker.reader.content(artifact.sha256), artifact.mime, label)
