"""Reading the store: runs, experiments, curves, artifacts.

A reader holds nothing open: each call opens the file read-only, reads for at most some 20 ms at a time while it holds
the mutex shared, and closes it. It makes no file and no folder, and it does not flush: whoever answers a user's call
does that first (`pending.flush`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..records import Artifact, Execution, Experiment, Goal, Metric, Param, Run, ViewType
from . import (
    curve_feed,
    curve_rows,
    experiment_rows,
    files,
    frames,
    inputs,
    references,
    relatives,
    run_rows,
    run_sources,
    stored_tables,
    table_rows,
)
from . import targets as stored_targets
from .artifacts import artifact_path
from .curve_rows import CurveColumns, CurvePoint
from .database import reading
from .filter_sql import Sql
from .store_info import StoreInfo

if TYPE_CHECKING:
    from pandas import DataFrame

Ids = Sequence[str | int] | str | int


class Reader:
    """Reads one store.

    Parameters
    ----------
    store : Path
        The store's database file. It need not exist yet; reading it then raises StoreUnavailable.

    Notes
    -----
    Every method raises StoreUnavailable where there is no store or it stays locked, NotAStore where the file is
    something else and CorruptStore where it is damaged.
    """

    def __init__(self, store: Path) -> None:
        self.store = store

    def info(self) -> StoreInfo:
        """Return the store's id, revision and size."""
        with reading(self.store) as connection:
            row = connection.execute(
                "SELECT id, rev, (SELECT user_version FROM pragma_user_version), created, created_by,"
                " (SELECT count(*) FROM runs WHERE lifecycle_stage = 'active'),"
                " (SELECT count(*) FROM experiments WHERE lifecycle_stage = 'active'),"
                " (SELECT coalesce(sum(count), 0) FROM metrics) FROM store"
            ).fetchone()
            return StoreInfo(*(*row, self.store.stat().st_size))

    # ---- runs

    def run(self, run_id: str) -> Run:
        """Return the run of a whole id, active or deleted.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        return run_rows.load_one(self.store, run_id)

    def resolve(self, reference: str | int, experiment: int | None = None, *, deleted: bool = False) -> str:
        """Return the id of the run that a person means.

        Parameters
        ----------
        reference : str or int
            ``#12``, ``12``, a name (the newest so called), six or more first digits of an id, a whole id, ``last``,
            ``last~1``, ``best``, ``best:val_loss`` or ``baseline``. Where digits are also a name, the name is meant
            from six digits on.
        experiment : int, optional
            Where the best and the baseline are looked for; by default in the experiment of the newest run.
        deleted : bool, default False
            Whether a deleted run is meant: of a name then the newest deleted run before any active one.

        Raises
        ------
        NotFound
            Where nothing fits (with the nearest names), or several ids begin so (with the candidates), or there is no
            best run or baseline (with what is missing).
        InvalidValue
            Where it is a range of runs.
        """
        with reading(self.store) as connection:
            return references.resolve(connection, reference, experiment, deleted=deleted)

    def count_named(self, name: str) -> int:
        """Return how many active runs have a name."""
        with reading(self.store) as connection:
            return references.count_named(connection, name)

    def runs_meant(self, words: Iterable[str | int], *, deleted: bool = False) -> list[Run]:
        """Return the runs that a person means, each once: references as in `resolve`, and ranges such as ``#3..#7``.

        Parameters
        ----------
        words : iterable of (str or int)
        deleted : bool, default False
            Whether deleted runs are meant: of a range these, and of a name the newest of them before an active run.

        Raises
        ------
        NotFound
            Where one of them means no run, or was deleted for good meanwhile; then none is returned.
        InvalidValue
            As `resolve`.
        """
        with reading(self.store) as connection:
            ids = references.resolve_all(connection, words, deleted=deleted)
        found = self.runs_of(ids)
        if len(found) < len(ids):
            raise NotFound("One of the runs has been deleted for good meanwhile; nothing was done.")
        return found

    def runs(
        self,
        experiment_ids: Ids | None = None,
        filter_string: str | None = "",
        order_by: Sequence[str] | str | None = (),
        view_type: int = ViewType.ACTIVE_ONLY,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Run]:
        """Return the runs that a filter finds, with all that belongs to them.

        Parameters
        ----------
        experiment_ids : list of str, optional
            Where to look; None is everywhere, an empty list nowhere.
        filter_string : str, default ""
            Such as ``"metrics.loss < 0.5 AND params.model = 'svm'"``; `filters` has the grammar.
        order_by : list of str, optional
            Such as ``["metrics.loss DESC"]``; runs without the value come last. The newest first by default.
        view_type : int, default ViewType.ACTIVE_ONLY
        limit : int, optional
        offset : int, default 0

        Raises
        ------
        FilterError
            Where filter or order cannot be read.
        InvalidValue
            For other arguments that make no sense.
        """
        wanted = run_rows.search(experiment_ids, filter_string, order_by, view_type, limit, offset)
        return run_rows.load(self.store, run_rows.find(self.store, wanted))

    def runs_of(self, run_ids: Sequence[str]) -> list[Run]:
        """Return the runs of whole ids, active or deleted, in their order; ids that are not there are left out."""
        return run_rows.load(self.store, self._numbers(run_ids))

    def frame_of(self, run_ids: Sequence[str]) -> DataFrame:
        """Return the runs of whole ids as `frame` does, in their order; ids that are not there are left out."""
        return frames.frame(self.store, self._numbers(run_ids))

    def _numbers(self, run_ids: Sequence[str]) -> list[int]:
        if not run_ids:
            return []
        with reading(self.store) as connection:
            return run_rows.run_numbers(connection, run_ids)

    def frame(
        self,
        experiment_ids: Ids | None = None,
        filter_string: str | None = "",
        order_by: Sequence[str] | str | None = (),
        view_type: int = ViewType.ACTIVE_ONLY,
        limit: int | None = None,
        offset: int = 0,
    ) -> DataFrame:
        """Return the runs that a filter finds as a DataFrame with mlflow's columns; the parameters are those of `runs`.

        Returns
        -------
        pandas.DataFrame
            run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC), then ``metrics.*`` (float64, the
            last values), ``params.*`` and ``tags.*`` (strings, None where a run has none); (0, 6) where there is no
            run.
        """
        wanted = run_rows.search(experiment_ids, filter_string, order_by, view_type, limit, offset)
        return frames.frame(self.store, run_rows.find(self.store, wanted))

    def sources(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return a hash of the code of each run that has code, by run id: equal code has an equal hash.

        A run's code is that of its cells without their ``%%track`` lines; params, names and notes on the line are no
        other code.
        """
        return run_sources.hashes(self.store, run_ids)

    def source(self, run_id: str) -> str | None:
        """Return the code of a run as `sources` takes it, None where there is none or its content is gone.

        `executions` has each cell as it was typed.
        """
        return run_sources.texts(self.store, [run_id]).get(run_id)

    def source_texts(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return what `source` does for many runs at once, by run id."""
        return run_sources.texts(self.store, run_ids)

    def source_cells(self, run_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return what `source_texts` does cell by cell, in the order in which the cells ran."""
        return run_sources.cell_texts(self.store, run_ids)

    def previous(self, run: Run) -> Run | None:
        """Return the finished run before `run` of the same cell and parent, None where it is the first.

        The same cell has the same id, in the same notebook or in one whose file is gone (it was renamed); a copy of a
        notebook has other cells. Without a cell, the run before it of the same experiment and parent that has none
        either.
        """
        return self.previous_of([run]).get(run.run_id)

    def previous_of(self, runs: Sequence[Run], known: Sequence[Run] = ()) -> dict[str, Run]:
        """Return what `previous` does for many runs at once, by the run's id; runs in `known` are not read again."""
        return relatives.previous(self.store, runs, known)

    def alike(self, run: Run, code: str | None = None, limit: int = relatives.LIMIT) -> list[Run]:
        """Return the finished runs with the code, params and data of a run, itself among them: `relatives.alike`."""
        return relatives.alike(self.store, run, code, limit)

    def row_reader(self) -> table_rows.RowReader:
        """Return what reads runs as tables and charts of many need them."""
        return table_rows.RowReader(self.store)

    # ---- experiments

    def experiment(self, experiment_id: str | int) -> Experiment:
        """Return an experiment, active or deleted.

        Raises
        ------
        NotFound
            Where there is none of this id.
        """
        text = str(experiment_id)
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
        found = self._experiments(Sql(" WHERE experiments.id = ?", (number,)))
        if not found:
            raise NotFound(f"There is no experiment {experiment_id!r} in this store.")
        return found[0]

    def experiment_by_name(self, name: str) -> Experiment | None:
        """Return the experiment of a name, active or deleted, None where there is none."""
        if not run_rows.is_text(name):
            return None
        found = self._experiments(Sql(" WHERE experiments.name = ?", (name,)))
        return found[0] if found else None

    def experiment_named(self, name: str) -> Experiment:
        """Return the experiment of a name, active or deleted.

        Raises
        ------
        NotFound
            Where there is none; the message says which name is near.
        """
        found = self.experiment_by_name(name)
        if found is not None:
            return found
        raise experiment_rows.none_named(name, [one.name for one in self.experiments(ViewType.ALL)])

    def experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        filter_string: str | None = "",
        order_by: Sequence[str] | str | None = (),
        limit: int | None = None,
    ) -> list[Experiment]:
        """Return the experiments that a filter finds, the newest first by default.

        Parameters
        ----------
        view_type : int, default ViewType.ACTIVE_ONLY
        filter_string : str, default ""
            Over name, experiment_id, creation_time, last_update_time and ``tags.*``.
        order_by : list of str, optional
            Such as ``["name ASC"]``.
        limit : int, optional

        Raises
        ------
        FilterError
            Where filter or order cannot be read.
        """
        return self._experiments(experiment_rows.found_by(view_type, filter_string, order_by, limit))

    def _experiments(self, rest: Sql) -> list[Experiment]:
        return experiment_rows.load(self.store, rest)

    def goals(self) -> dict[str, Goal]:
        """Return the declared goals by metric; of several experiments' the one of the newest."""
        return table_rows.goals(self.store)

    def targets(self) -> dict[str, dict[str, float]]:
        """Return the values that metrics are to reach, by the name of the experiment and the metric."""
        return stored_targets.targets(self.store)

    # ---- curves

    def stored_curves(self, numbers: Sequence[int]) -> list[curve_feed.StoredCurve]:
        """Return the curves of some runs, by the store's numbers of these; see `curve_feed.stored_curves`."""
        return curve_feed.stored_curves(self.store, numbers)

    def history(self, run_id: str, key: str) -> list[Metric]:
        """Return every point of a curve as mlflow's entities, in the order of logging; none for an unknown key.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        return curve_rows.history(self.store, run_id, key)

    def points(self, run_id: str, key: str) -> CurveColumns:
        """Return every point of a curve as three lists, in the order of logging; empty ones for an unknown key.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        return curve_rows.columns(self.store, run_id, key)

    def curve(self, run_id: str, key: str, limit: int = 150) -> list[CurvePoint]:
        """Return at most `limit` points that look like the whole curve; none for an unknown key.

        The first, the last, the lowest and the highest point of the curve are among them, and the extremes of every
        stretch between; see `curve_rows.thinned` for the rule. What is read does not grow with the curve.

        Raises
        ------
        NotFound
            Where there is no such run.
        InvalidValue
            For a limit under 4.
        """
        return curve_rows.thinned(self.store, run_id, key, limit)

    # ---- what else belongs to a run

    def artifacts(self, run_id: str, path: str | None = None) -> list[Artifact]:
        """Return the artifacts of a run by path: all of them, or a file, or all within a folder.

        Raises
        ------
        NotFound
            Where there is no such run.
        InvalidValue
            For a path that leads out of the run.
        """
        within = artifact_path(path) if path else None
        rows = self._of_run(
            run_id,
            "SELECT path, sha256, size, mime, kind, title, line, created, join_key FROM artifacts WHERE run_id = ?"
            " ORDER BY path",
        )
        found = [Artifact(*row) for row in rows]
        if within is None:
            return found
        return [one for one in found if one.path == within or one.path.startswith(within + "/")]

    def content(self, sha256: str) -> bytes:
        """Return content by its hash, checked.

        Raises
        ------
        NotFound
            Where the store has no such content, or its file is gone.
        CorruptStore
            Where the bytes are not those that were stored.
        """
        return files.read(self.store, sha256, self._data(sha256))

    def table(self, artifact: Artifact) -> tuple[list[Any], list[stored_tables.Row]]:
        """Return the columns and the rows of a table that was logged; raises as `content` and `read_table` do."""
        return stored_tables.read_table(self.content(artifact.sha256), artifact.path)

    def copy_content(self, sha256: str, target: Path) -> None:
        """Write content to a file without loading what is large into memory; checked as `content` is.

        Raises
        ------
        NotFound, CorruptStore
            As `content`.
        """
        files.copy_to(self.store, sha256, self._data(sha256), target)

    def _data(self, sha256: str) -> bytes | None:
        """The bytes that the database holds of some content; None where it lies in a file."""
        with reading(self.store) as connection:
            row = None
            if run_rows.is_text(sha256):
                row = connection.execute("SELECT data FROM contents WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise NotFound(f"There is no content {sha256!r} in this store.")
        data: bytes | None = row[0]
        return data

    def executions(self, run_id: str) -> list[Execution]:
        """Return the executions of cells that a run came from, in their order.

        Raises
        ------
        NotFound
            Where there is no such run, or a long source's file is gone.
        """
        rows = self._of_run(
            run_id,
            "SELECT session, position, source_sha256, cell_id, execution_count, start_time, duration, status, data"
            " FROM executions JOIN contents ON sha256 = source_sha256 WHERE run_id = ?"
            " ORDER BY start_time, session, position",
        )
        return [
            Execution(session, position, files.read(self.store, sha256, data).decode(), *row)
            for session, position, sha256, *row, data in rows
        ]

    def surroundings(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what surrounded runs when they ran, by run id and kind.

        ``environment`` (Python, platform, packages), ``hardware`` and ``git`` are plain data, ``diff`` is text;
        ``later`` lists the same of processes that went on with a run. Runs of which nothing is known are left out.
        """
        return inputs.surroundings(self.store, run_ids)

    def param_history(self, run_id: str, key: str) -> list[Param]:
        """Return every value that a param had, the oldest first and the current one last; none for an unknown key.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        if not run_rows.is_text(key):
            return []
        earlier = "SELECT key, value, text, type, source, NULL FROM param_history WHERE run_id = ? AND key = ?"
        current = f"SELECT {run_rows.PARAM_COLUMNS} FROM params WHERE run_id = ? AND key = ?"
        with reading(self.store) as connection:
            number = run_rows.run_number(connection, run_id)
            rows = connection.execute(f"{earlier} ORDER BY changed, rowid", (number, key)).fetchall()
            rows += connection.execute(current, (number, key)).fetchall()
        return [run_rows.param_of(*row) for row in rows]

    def _of_run(self, run_id: str, query: str) -> list[Any]:
        with reading(self.store) as connection:
            return connection.execute(query, (run_rows.run_number(connection, run_id),)).fetchall()
