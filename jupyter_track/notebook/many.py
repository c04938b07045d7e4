"""Charts of many runs: `parallel`, `scatter` and `importance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from ..recording.session import session
from ..views.found import Runs
from .standing import show_panel

if TYPE_CHECKING:
    from ..panels.many import Asked, ManyPanel


def parallel(*names: str, metric: str | None = None, runs: Runs | str | None = None) -> ManyPanel:
    """Show runs in parallel coordinates: a line a run, an axis a param, the metric last.

    Drag along an axis to brush it; what is brushed on all of them is `.selected`.

    Parameters
    ----------
    *names : str
        The axes before the metric: params or metrics (``lr``, ``params.lr``, ``metrics.loss``); by default the params
        that differ.
    metric : str, optional
        The last axis, the better values higher up; by default the main metric.
    runs : Runs or str, optional
        Which runs: what a search found, or a filter; by default all.

    Returns
    -------
    ManyPanel
        With ``.chart`` (Altair), ``.df``, ``.runs`` and ``.selected``. In a notebook it shows itself.

    Raises
    ------
    FilterError
        Where the filter cannot be read.

    Examples
    --------
    >>> import jupyter_track as track
    >>> panel = track.parallel("lr", "dropout", metric="val_loss")  # doctest: +SKIP
    >>> panel.selected.best()  # doctest: +SKIP
    """
    return panel_of(runs, tab="parallel", names=tuple(names) or None, metric=metric)


def scatter(x: str | None = None, y: str | None = None, *, runs: Runs | str | None = None) -> ManyPanel:
    """Show runs as points: a param or a metric against a metric.

    Parameters
    ----------
    x : str, optional
        A param or a metric; by default the first param that differs.
    y : str, optional
        A metric; by default the main one.
    runs : Runs or str, optional
        Which runs: what a search found, or a filter; by default all.

    Returns
    -------
    ManyPanel
        As of `parallel`.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.scatter("lr", "val_loss")  # doctest: +SKIP
    """
    return panel_of(runs, tab="scatter", x=x, metric=y)


def importance(metric: str | None = None, runs: Runs | str | None = None) -> ManyPanel:
    """Show which params mattered for a metric, by permutation importance of a random forest (scikit-learn).

    What it says of its limits is meant: correlated params share their importance, runs that failed do not count, and
    fewer than ten runs get no answer.

    Parameters
    ----------
    metric : str, optional
        By default the main one.
    runs : Runs or str, optional
        Which runs: what a search found, or a filter; by default all.

    Returns
    -------
    ManyPanel
        As of `parallel`; ``.df`` has ``param importance sd within_noise``, and raises where there is no answer.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.importance("accuracy").df  # doctest: +SKIP
    """
    return panel_of(runs, tab="importance", metric=metric)


def panel_of(runs: Runs | str | None, experiment: str | None = None, **asked: Any) -> ManyPanel:
    """Return the panel of some runs; `asked` is what it shows.

    Raises
    ------
    InvalidValue
        For runs that are none.
    FilterError
    """
    from ..panels.many import Asked, ManyPanel

    tracker = session.tracker()
    what: Asked = Asked(**asked)
    if isinstance(runs, Runs):
        store = tracker.store if runs.store is None else runs.store
        return ManyPanel(store, what, run_ids=[run.run_id for run in runs], shown=show_panel)
    if not isinstance(runs, str | None):
        raise InvalidValue(f"Runs are what track.runs() gives, or a filter, not {type(runs).__name__}.")
    return ManyPanel(tracker.store, what, filter_string=(runs or "").strip(), experiment=experiment, shown=show_panel)
