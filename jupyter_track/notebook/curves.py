"""`curves`: metrics of runs as charts, in a notebook live, in a script as an object with its chart and its frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, NotFound
from ..recording.session import session
from ..records import Run
from ..store import pending
from ..store.place import store_exists
from ..views.curve_choice import Asked
from .standing import show_panel

if TYPE_CHECKING:
    from ..panels.curves import CurvesPanel

RunsMeant = Iterable[Run | str | int] | Run | str | int


def curves(
    *metrics: str,
    runs: RunsMeant | None = None,
    x: str = "step",
    smoothing: float = 0.0,
    group: str | None = None,
) -> CurvesPanel:
    """Return the curves of metrics: charts that show themselves, live while a run goes on.

    Parameters
    ----------
    *metrics : str
        A chart each; by default the main ones.
    runs : Runs, or runs as people name them, optional
        ``track.runs("params.lr > 0.1")``, ``["baseline", "best", 12]``, ``"#3..#7"``. By default the baseline, the
        pinned and the newest ones, also those to come.
    x : str, default "step"
        What is on the x axis: ``"step"``, ``"time"``, ``"elapsed"`` (seconds since the run's start), or any metric,
        such as ``"epoch"``: its value at each step, else the last one before.
    smoothing : float, default 0.0
        Weight of an exponential moving average, from 0 (none) to 0.999; the raw line stays behind it.
    group : str, optional
        A param, a tag, ``"experiment"`` or ``"name"``: a line for each of its values, mean ± sd of all of its runs.
        ``"seed"`` takes runs together that differ only in the seed, by whatever name; ``"params.seed"`` is the param.

    Returns
    -------
    CurvesPanel
        ``.chart`` is an Altair chart with its data, ``.df`` has every point to the last digit, ``.selected`` are the
        runs that are selected in the panel, ``.runs`` those that are drawn.

    Raises
    ------
    NotFound
        For a metric that no run has, or a run that there is not.
    InvalidValue
        For smoothing out of range, or more than 200 runs.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.curves("loss", "val_loss", runs=["baseline", "last"], smoothing=0.6)  # doctest: +SKIP
    >>> track.curves("loss").chart.save("loss.html", inline=True)  # doctest: +SKIP
    """
    for metric in metrics:
        if not isinstance(metric, str):
            raise InvalidValue(f"A metric is named by text, not {type(metric).__name__}; runs are given as runs=….")
    if not isinstance(x, str) or not (group is None or isinstance(group, str)):
        raise InvalidValue('x and group are named by text: x="epoch", group="lr".')
    pending.flush(session.tracker().store)
    return make(Asked(tuple(metrics), _ids(runs), x, smoothing, group or ""))


def make(asked: Asked) -> CurvesPanel:
    """Return the panel of what was asked for, in the current store."""
    from ..panels.curves import CurvesPanel

    tracker = session.tracker()
    return CurvesPanel(tracker.store, asked, notebook=session.relative_notebook(), shown=show_panel)


def _ids(runs: RunsMeant | None) -> tuple[str, ...] | None:
    if runs is None:
        return None
    several: list[Any] = [runs] if isinstance(runs, (str, int, Run)) else list(runs)
    tracker = session.tracker()
    words = [run for run in several if not isinstance(run, Run)]
    if words and not store_exists(tracker.store):
        raise NotFound(f"There is no store at {tracker.store} yet; the first run makes it.")
    found: dict[str, None] = {}
    for run in several:
        meant = [run] if isinstance(run, Run) else tracker.reader.runs_meant([run])
        found.update(dict.fromkeys(one.run_id for one in meant))
    return tuple(found)
