"""`board`: the table, the curves, the comparison and the charts of many runs in one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..errors import InvalidValue
from ..recording.session import session
from ..store import pending, run_rows, table_rows
from ..store.place import store_exists
from ..views.board import runs_code
from ..views.format import one_line
from ..views.found import Runs
from ..views.runs import ALL_RUNS
from ..views.table import every_of
from .standing import show_panel
from .tables import panel_forms

if TYPE_CHECKING:
    from ..panels.board import BoardPanel


def board(runs: Runs | str | None = None) -> BoardPanel:
    """Show the table, the curves, the comparison and the charts of many runs in one, with one selection.

    What is selected in one of them is selected in all; two or more runs are compared, one with the baseline.

    Parameters
    ----------
    runs : Runs or str, optional
        Which runs: what a search found, or a filter; by default all, also those to come.

    Returns
    -------
    BoardPanel
        With ``.selected``, ``.runs``, ``.df`` and ``.code``. In a notebook it shows itself.

    Raises
    ------
    FilterError
        Where the filter cannot be read.

    Examples
    --------
    >>> import jupyter_track as track
    >>> board = track.board("params.model = 'svm'")  # doctest: +SKIP
    >>> board.selected.best("accuracy")  # doctest: +SKIP
    """
    return panel_of(runs)


def panel_of(runs: Runs | str | None, experiment: str | None = None) -> BoardPanel:
    """Return the board of some runs, as `board` does; of one experiment only where its id is given."""
    from ..panels.board import BoardPanel

    tracker = session.tracker()
    store = tracker.store if not isinstance(runs, Runs) or runs.store is None else runs.store
    return BoardPanel(
        store,
        run_ids=_ids(runs, experiment),
        asked=runs if isinstance(runs, str) and experiment is None else "",
        notebook=session.relative_notebook(),
        folder=session.folder(),
        edited=tracker.follow_edits if store == tracker.store else None,
        shown=show_panel,
        table_forms=partial(panel_forms, every=_every(runs, experiment)),
    )


def _every(runs: Runs | str | None, experiment: str | None) -> str:
    """The code that gives all runs, where the static form has not room for them."""
    if isinstance(runs, Runs):
        return every_of(runs)
    return ALL_RUNS if experiment is not None else one_line(runs_code(runs or ""))


def _ids(runs: Runs | str | None, experiment: str | None) -> list[str] | None:
    if isinstance(runs, Runs):
        return [run.run_id for run in runs]
    if not isinstance(runs, str | None):
        raise InvalidValue(f"Runs are what track.runs() gives, or a filter, not {type(runs).__name__}.")
    if experiment is None and not (runs or "").strip():
        return None
    store = session.tracker().store
    wanted = run_rows.search(None if experiment is None else [experiment], runs or "", (), 1, None, 0)
    pending.flush(store)
    return table_rows.ids_of(store, run_rows.find(store, wanted)) if store_exists(store) else []
