"""The live tables of one shell: what ``%track`` shows, and how the `Runs` of a search show themselves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..panels.display import OWN
from ..recording.entries import now_ms
from ..recording.session import session
from ..store import table_rows
from ..store.place import store_exists
from ..views.found import Runs
from ..views.html import table_html
from ..views.runs import ALL_RUNS, NO_MATCH
from ..views.table import every_of, table_of
from ..views.text import table_text
from .standing import LiveForms, is_live, show_panel

if TYPE_CHECKING:
    from ..panels.table import RunTablePanel

TABLE_RUNS = 50  # of the static form
GROUPED_RUNS = 300  # that are read for groups, which share a row
TABLE_CURVES, TABLE_POINTS = 30, 60  # runs of the table that get a curve, and points of it


class LiveTables(LiveForms):
    """Makes and shows tables of runs; the `Runs` of a search are one."""

    shown = Runs

    def show(self) -> RunTablePanel:
        """Show the newest runs of the store, and return the panel."""
        from ..panels.table import RunTablePanel

        tracker = session.tracker()
        panel = RunTablePanel(
            tracker.store,
            notebook=session.relative_notebook(),
            folder=session.folder(),
            edited=tracker.follow_edits,
            shown=show_panel,
            forms=panel_forms,
        )
        show_panel(panel)
        return panel

    def _bundle_of(self, runs: Any, /, *_: object, **__: object) -> Any:
        if not runs or runs.store is None or not is_live(self._shell):
            return None
        from ..panels.table import RunTablePanel

        tracker = session.tracker()
        panel = RunTablePanel(
            runs.store,
            run_ids=[run.run_id for run in runs],
            notebook=session.relative_notebook(),
            folder=session.folder(),
            edited=tracker.follow_edits if runs.store == tracker.store else None,
            shown=show_panel,
            forms=partial(panel_forms, every=every_of(runs)),
        )
        return panel.bundle(str(runs._repr_html_() or ""), str(runs)), OWN


def panel_forms(panel: RunTablePanel, every: str = ALL_RUNS) -> tuple[str, str]:
    """Return the static forms of a table, as HTML and text: its first runs, with curves of the main metric.

    `every` is what gives those that it leaves out.
    """
    reader = panel.reader if store_exists(panel.store) else None
    seeds = panel.groups_seeds
    limit = GROUPED_RUNS if seeds else TABLE_RUNS
    ids = panel.run_ids
    if reader is None:
        runs, total = [], 0
    elif ids is None:
        runs = reader.runs(limit=limit)
        total = reader.info().runs if len(runs) == limit else len(runs)
    else:  # a search's, without what was deleted since
        runs = [run for run in reader.runs_of(ids[:limit]) if run.lifecycle_stage == "active"]
        total = len(ids) if len(ids) > limit else len(runs)
    source = session.tracker().reader if reader is None else reader
    shared = panel.shares_scale
    drawn: dict[str, Any] = {"curved": TABLE_CURVES, "points": TABLE_POINTS, "shared": shared}
    if ids is not None and total > len(runs):
        drawn["among"] = table_rows.numbers_of(panel.store, ids)
    table = table_of(source, runs, now_ms(), limit=TABLE_RUNS, total=total, seeds=seeds, **drawn)
    if ids is not None:
        table = replace(table, empty=NO_MATCH, every=every)
    return table_html(table), table_text(table)
