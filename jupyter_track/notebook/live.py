"""`live`: the card of a run that was opened by hand, or of any other."""

from __future__ import annotations

import sys

from ..errors import InvalidValue, RunStateError
from ..recording import active
from ..recording.run import ActiveRun
from ..recording.session import session
from ..recording.tracker import Tracker
from ..records import Run


def live(run: ActiveRun | Run | str | int | None = None) -> None:
    """Show the card of a run under this cell, live while the run goes on; it becomes the static card when the run ends.

    A cell with ``%%track`` has its card without this. Under nbconvert and papermill, and in a plain IPython shell, the
    card is shown when the run ends. Of a run that has ended, or that another process has open, the static card is shown
    at once. In a script nothing is shown.

    Parameters
    ----------
    run : ActiveRun, Run, str or int, optional
        What `start_run` gave, or a run as people name it; by default the active run.

    Raises
    ------
    RunStateError
        Where no run is active, and none is named.
    NotFound
        Where there is no such run.
    InvalidValue
        For what can name no run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> with track.start_run(run_name="sgd") as run:  # doctest: +SKIP
    ...     track.live(run)
    ...     for step in track.progress(range(1_000)):
    ...         track.log(loss=1 / (1 + step))
    """
    tracker, run_id = _meant(run)
    opened = [one for one in active.open_runs() if one.run_id == run_id and one.is_open]
    found = opened[-1] if opened else tracker.read(run_id)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    from .extension import look_at_cells

    cards = look_at_cells(shell).hooks.cards
    if isinstance(found, Run):
        cards.show_stored(tracker, found)
    else:
        cards.watch(found)


def _meant(run: object) -> tuple[Tracker, str]:
    """The store of a run, and its id."""
    if run is None:
        run = active.current()
        if run is None:
            raise RunStateError("No run is active; start_run() opens one, and live('last') shows the last.")
    if isinstance(run, ActiveRun):
        return run._tracker, run.run_id
    own = session.tracker()
    if isinstance(run, Run):
        return own if run.store in (None, own.store) else Tracker(run.store), run.run_id
    if isinstance(run, bool) or not isinstance(run, str | int):
        raise InvalidValue(
            f"live() shows a run that start_run() has opened, or one that is named, not {type(run).__name__}."
        )
    return own, own.meant(run)
