"""`live`: the card of a run that was opened by hand."""

from __future__ import annotations

import sys

from ..errors import InvalidValue, RunStateError
from ..recording import active
from ..recording.run import ActiveRun


def live(run: ActiveRun | None = None) -> None:
    """Show the card of a run under this cell, live while the run goes on; it becomes the static card when the run ends.

    A cell with ``%%track`` has its card without this. Under nbconvert and papermill, and in a plain IPython shell, the
    card is shown when the run ends. In a script nothing is shown.

    Parameters
    ----------
    run : ActiveRun, optional
        What `start_run` gave; by default the active run.

    Raises
    ------
    RunStateError
        Where no run is active, or the run has ended.
    InvalidValue
        For what is no run that was opened here.

    Examples
    --------
    >>> import jupyter_track as track
    >>> with track.start_run(run_name="sgd") as run:  # doctest: +SKIP
    ...     track.live(run)
    ...     for step in track.progress(range(1_000)):
    ...         track.log(loss=1 / (1 + step))
    """
    if run is None:
        run = active.current()
        if run is None:
            raise RunStateError("No run is active; start_run() opens one.")
    if not isinstance(run, ActiveRun):
        raise InvalidValue(f"live() shows a run that start_run() has opened, not {type(run).__name__}.")
    if not run.is_open:
        raise RunStateError(f"The run {run.name!r} has ended; get_run({run.run_id!r}) shows it.")
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from .extension import look_at_cells

        look_at_cells(shell).hooks.cards.watch(run)
