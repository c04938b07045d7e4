"""`compare`: runs, or groups of runs, side by side; and how a `Comparison` is drawn, in a script as in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InvalidValue
from ..recording.session import session
from ..records import Run
from ..store import pending
from ..store.reader import Reader
from ..views.compared import Comparison, panel_of
from ..views.group_comparison import comparison_among, group_comparison_of


def compare(*runs: Any, groups: bool | None = None) -> Comparison:
    """Return what differs between runs, or between groups of runs; as the value of a cell it shows itself.

    Parameters
    ----------
    *runs : Run, str, int or Runs
        Runs, or what names them (``"baseline"``, ``12``, ``"last"``); the first is what the others are measured
        against. Without any, the last run against its baseline, else against the run before it of the same cell.
        Two `Runs` or lists of runs are two groups: their metrics are mean ± sd, with the difference and its interval.
    groups : bool, optional
        Whether single runs that differ only in the seed are taken together. By default where there are two such groups
        or more, each of two runs or more.

    Returns
    -------
    Comparison
        With ``.df``, ``.to_markdown()``, and the curves of its metrics as ``.chart`` and ``.save("loss.svg")``.

    Raises
    ------
    NotFound
        Where a name means no run, or there is nothing to compare with.
    InvalidValue
        For fewer than two runs, or what is no run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.compare("baseline", "last")  # doctest: +SKIP
    >>> svc, forest = track.runs("params.model = 'svc'"), track.runs("params.model = 'forest'")
    >>> track.compare(svc, forest).save("loss.svg")  # doctest: +SKIP
    """
    tracker = session.tracker()
    pending.flush(tracker.store)
    reader = tracker.reader
    several = [one for one in runs if isinstance(one, Sequence) and not isinstance(one, str)]
    if len(several) == 1 and len(runs) == 1:
        return comparison_among(reader, [run_id for one in several[0] for run_id in _ids(reader, one)], groups)
    if several:
        return group_comparison_of(reader, [_ids(reader, one) for one in runs])
    ids = [run_id for one in runs for run_id in _ids(reader, one)]
    return comparison_among(reader, ids if runs else None, groups)


@panel_of.register
def _(comparison: Comparison) -> Any:
    from ..panels.comparison import ComparisonPanel

    return ComparisonPanel.of(comparison)


def _ids(reader: Reader, meant: object) -> list[str]:
    if isinstance(meant, Run):
        return [meant.run_id]
    if hasattr(meant, "run_id"):  # a run that is open
        return [str(meant.run_id)]
    if isinstance(meant, (str, int)) and not isinstance(meant, bool):
        return [run.run_id for run in reader.runs_meant([meant])]
    if isinstance(meant, Sequence):
        return [run_id for one in meant for run_id in _ids(reader, one)]
    raise InvalidValue(f"compare() takes runs, names or numbers of runs, or Runs, not {type(meant).__name__}.")
