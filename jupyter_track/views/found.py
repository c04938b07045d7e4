"""`Runs`: what a search found, shown as a table, and what can be done with all of it at once.

The store is imported by what needs it: showing runs takes no SQLite.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from ..errors import InvalidValue, NotFound
from ..records import RESULT_STATES, Goal, Run, Shown, text_form
from .goals import aimed_in, first_logged, goal_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..store.reader import Reader
    from .compared import Comparison

_OWN_WAYS = {
    "mlflow.runName": "the run's name; TrackClient().update_run(run_id, name=…) changes it",
    "mlflow.note.content": "the run's note; .note(…) changes it",
    "mlflow.parentRunId": "the run's parent, and stays",
}


class Runs(Shown, list[Run]):
    """What a search found: a list of runs that shows itself as a table, and can be edited as a whole.

    Slices are Runs too. What is edited is edited in the store, in one transaction: all of it or nothing. Each edit
    returns the Runs as they are afterwards, in the same order; the Runs that it was called on stay as they were read.

    Parameters
    ----------
    runs : iterable of Run
    token : str, optional
        Where the next page begins, None on the last page (mlflow's paging).
    store : Path, optional
        Where the runs lie; without it they can be looked at and not edited.
    empty : str, optional
        What is shown where there are none; by default what a store without runs says.
    every : str, optional
        The call that found them, which a table names that has not room for all.

    Examples
    --------
    >>> import jupyter_track as track
    >>> found = track.runs("params.lr >= 1e-3 AND tags.keep = 'yes'")
    >>> [run.name for run in found[:3]]
    []
    >>> found.tag(reviewed="yes").pin()[0]  # doctest: +SKIP
    """

    def __init__(
        self,
        runs: Iterable[Run] = (),
        token: str | None = None,
        *,
        store: Path | None = None,
        empty: str = "",
        every: str = "",
    ) -> None:
        super().__init__(runs)
        self.token = token
        self.store = store
        self.empty = empty
        self.every = every

    def __str__(self) -> str:
        from . import text  # noqa: F401 - importing registers the forms

        return text_form(self) or repr(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Run | Runs:
        if isinstance(index, slice):
            empty = "No run is in this part." if self else self.empty
            return Runs(super().__getitem__(index), store=self.store, empty=empty)
        return super().__getitem__(index)

    def to_list(self) -> list[Run]:
        """Return the runs as a plain list."""
        return list(self)

    # ---- looking

    @property
    def df(self) -> DataFrame:
        """The runs as a DataFrame with the columns of `search_runs`, read from the store anew."""
        return self._reader().frame_of([run.run_id for run in self])

    def best(self, metric: str | None = None) -> Run:
        """Return the run whose last value of a metric is the best; of equal ones the newest.

        Runs that failed, were stopped or were lost do not count.

        Parameters
        ----------
        metric : str, optional
            By default the main one: that with a declared goal, else the one whose name tells a goal; of several the
            one that most of the runs have.

        Raises
        ------
        NotFound
            Where no run has the metric or a finite value of it, or only runs that broke off have one.
        InvalidValue
            Where it is not known whether lower or higher is better: `define_metric` says so.
        """
        key, goal = _main_metric(self) if metric is None else (metric, _goal(self, metric))
        sign = 1 if goal == "max" else -1
        having = [run for run in self if key in run.metrics and math.isfinite(run.metrics[key].last)]
        found = [run for run in having if run.state in RESULT_STATES]
        if not found:
            broken = ", ".join(f"#{run.number} ({run.state})" for run in having[:3]) + (", …" if having[3:] else "")
            done, only = (" that finished or is running", f", only {broken}") if having else ("", "")
            raise NotFound(f"{_none_of(self)}{done} has a finite {key!r}{only}.")
        return max(found, key=lambda run: (sign * run.metrics[key].last, run.number or 0))

    def compare(self, against: str | int | None = None, *, groups: bool | None = None) -> Comparison:
        """Return what differs between the runs: code, params, metrics, tags.

        Parameters
        ----------
        against : str or int, optional
            The run that the others are measured against, as people name it (``#9``, ``best``, a name); by default the
            first.
        groups : bool, optional
            Whether runs that differ only in the seed are taken together, as mean ± sd. By default where there are two
            such groups or more, each of two runs or more.
        """
        from .group_comparison import comparison_among

        reader = self._reader()
        ids = [run.run_id for run in self]
        if against is not None:
            first = reader.resolve(against)
            ids = [first, *(one for one in ids if one != first)]
        return comparison_among(reader, ids, groups)

    def export(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the runs into a file, in the form that its name says, and return its path.

        ``paper.zip`` is the form to send: a store of its own, with all files, the children of the runs and their
        models. Who gets it looks at it with ``jupyter track --store paper.zip runs``, or merges it.

        Parameters
        ----------
        target : path
            It ends in ``.zip``, ``.db`` (a store), ``.json``, ``.csv`` or ``.parquet``; a folder gets CSV, a file a
            table.
        overwrite : bool, default False
            Replace a file that is there.

        Raises
        ------
        AlreadyExists
            Where the file is there.
        InvalidValue
            For another ending, or where there are no runs.

        Examples
        --------
        >>> import jupyter_track as track
        >>> track.runs("tags.paper = 'yes'").export("paper.zip")  # doctest: +SKIP
        PosixPath('paper.zip')
        """
        from ..store.upkeep.endings import export

        if not self:
            raise InvalidValue("There are no runs to export: the search found none.")
        return export(self._place(), Path(target).expanduser(), [run.run_id for run in self], overwrite=overwrite)

    # ---- editing

    def tag(self, tags: Mapping[str, Any] | None = None, /, **more: Any) -> Runs:
        """Set tags: ``.tag(keep="yes")``, or a dict where a key is no Python name; secrets are masked.

        Raises
        ------
        InvalidValue
            For a bad key, a value of more than 100,000 characters, mlflow's tags for name, note and parent, or a
            deleted run.
        """
        from ..context.entered import check_tags
        from ..store.edits import set_tags

        checked = check_tags({**(tags or {}), **more})
        for key in checked.keys() & _OWN_WAYS.keys():
            raise InvalidValue(f"The tag {key!r} is {_OWN_WAYS[key]}.")
        return self._edited(lambda store, ids: set_tags(store, ids, checked)) if checked else self._now()

    def untag(self, key: str) -> Runs:
        """Remove a tag from those of the runs that have it.

        Raises
        ------
        NotFound
            Where none has it.
        """
        from ..store.edits import delete_tags

        now = self._now()
        having = [run.run_id for run in now if key in run.own_tags]
        if now and not having:
            raise NotFound(f"{_none_of(now)} has the tag {key!r}{_near_tag(now, key)}.")
        return self._edited(lambda store, _: delete_tags(store, having, key))

    def note(self, text: str | None) -> Runs:
        """Set the note of all of them; None removes it. Secrets are masked.

        Raises
        ------
        InvalidValue
            For what is no text, or a deleted run.
        """
        from ..context.entered import check_note
        from ..store.edits import set_note

        checked = check_note(text)
        return self._edited(lambda store, ids: set_note(store, ids, checked))

    def pin(self) -> Runs:
        """Pin them: they stand on top of tables, and tidying keeps them."""
        from ..store.edits import pin_runs

        return self._edited(pin_runs)

    def unpin(self) -> Runs:
        """Take their pins away."""
        from ..store.edits import pin_runs

        return self._edited(lambda store, ids: pin_runs(store, ids, False))

    def move(self, experiment: str) -> Runs:
        """Move them, and their children, to another experiment; it is made where there is none of the name."""
        from ..store.edits import move_runs

        return self._edited(lambda store, ids: move_runs(store, ids, experiment))

    def delete(self) -> Runs:
        """Put them into the bin, from where `restore` brings them back; deleting twice is fine.

        Those that are still running go on, and log into the bin; one warning says so.
        """
        from ..store.bin import delete_and_warn

        return self._edited(delete_and_warn)

    def restore(self) -> Runs:
        """Take them out of the bin; restoring an active run is fine."""
        from ..store.edits import restore_runs

        return self._edited(restore_runs)

    # ---- the store

    def _edited(self, edit: Callable[[Path, list[str]], object]) -> Runs:
        if not self:
            return Runs(store=self.store, empty=self.empty)
        edit(self._place(), [run.run_id for run in self])
        return self._now()

    def _now(self) -> Runs:
        """The runs as they are now; those that were deleted for good are gone."""
        if not self:
            return Runs(store=self.store, empty=self.empty)
        return Runs(self._reader().runs_of([run.run_id for run in self]), store=self.store)

    def _reader(self) -> Reader:
        from ..store.reader import Reader

        return Reader(self._place())

    def _place(self) -> Path:
        from ..store.place import store_exists

        if self.store is None:
            raise InvalidValue(
                "These Runs were made by hand and know no store; those of track.runs() and search_runs() know theirs."
            )
        if self and not store_exists(self.store):
            raise NotFound(f"The store {self.store}, where these runs were, is gone.")
        return self.store


def _none_of(runs: Sequence[Run]) -> str:
    """How a sentence begins that says of all of them what they have not."""
    return f"None of these {len(runs)} runs" if len(runs) > 1 else "No run here"


def _goals(runs: Iterable[Run], key: str) -> dict[Goal, str]:
    """The goals that were declared for a metric, each with an experiment where it was."""
    return {run.goals[key]: run.experiment_name for run in runs if key in run.goals}


def _goal(runs: Runs, key: str) -> Goal:
    known = dict.fromkeys(name for run in runs for name in run.metrics)
    if key not in known:
        near = difflib.get_close_matches(str(key)[:100], known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(list(known)[:8])}." if known else "."
        raise NotFound(f"{_none_of(runs)} has the metric {key!r}{hint}")
    having = [run for run in runs if key in run.metrics]
    declared = _goals(having, key)
    if len(declared) > 1:
        raise InvalidValue(
            f"Lower {key!r} is better in {declared['min']!r}, higher in {declared['max']!r}: take the runs of one "
            f"experiment, or make the goals equal with define_metric({key!r}, goal=…)."
        )
    goal = goal_of(key, dict.fromkeys((key,), next(iter(declared)))) if declared else goal_of(key, {})
    if goal.direction is None:
        raise InvalidValue(
            f"Whether a lower or a higher {key!r} is better is not known; track.define_metric({key!r}, goal='max') "
            "says so (or 'min')."
        )
    return goal.direction


def _main_metric(runs: Runs) -> tuple[str, Goal]:
    counts: dict[str, int] = {}
    for run in runs:
        for key in run.metrics:
            counts[key] = counts.get(key, 0) + 1
    if not counts:
        raise NotFound("There is no best run: " + (f"none of these {len(runs)} has a metric." if runs else "no runs."))
    declared = {key for run in runs for key in run.goals if key in counts}
    first = first_logged(
        declared, ((run.number or 0, run.metrics) for run in runs), aimed_in(run.goals for run in runs)
    )
    ordered = sorted(
        counts,
        key=lambda key: (
            key not in declared,
            first.get(key, (0, 0)),
            goal_of(key, {}).direction is None,
            -counts[key],
        ),
    )
    return ordered[0], _goal(runs, ordered[0])


def _near_tag(runs: Runs, key: str) -> str:
    near = difflib.get_close_matches(str(key)[:100], {name for run in runs for name in run.own_tags}, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
