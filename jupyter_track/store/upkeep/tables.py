"""A store as tables that other programs read: CSV, Parquet, JSON.

There are six tables: ``runs`` (one row a run, with a column for each param, metric and tag), in the long form
``params``, ``metrics``, ``tags`` and ``points``, and ``models`` (one row a version of a registered model). They are
read in pages beside kernels that write, and each file appears when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Protocol

from ...errors import AlreadyExists, InvalidValue, TrackError
from ...records import ViewType
from ...values import load_param
from .. import pending, run_rows
from ..appearing import appearing
from ..edits import EDIT_WAIT
from ..place import files_folder
from .csv_form import CsvSink
from .json_form import JsonFile
from .models import VERSION_COLUMNS, ModelRows, of_runs, version_rows
from .pages import RunRows, Source, Wanted, in_pages, opened
from .parquet_form import ParquetSink
from .turns import Progress, no_progress

Format = Literal["csv", "parquet", "json"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "json")
TABLES = ("runs", "params", "metrics", "tags", "points", "models")

Columns = Sequence[tuple[str, str]]  # name, and one of: text int float time any

_RUN: Columns = (("run_id", "text"), ("run", "int"))
_SUMMARY: Columns = (
    ("count", "int"),
    ("last_step", "int"),
    ("last_time", "time"),
    ("last_value", "float"),
    ("min_value", "float"),
    ("min_step", "int"),
    ("max_value", "float"),
    ("max_step", "int"),
)
LONG: dict[str, Columns] = {
    "params": (*_RUN, ("key", "text"), ("type", "text"), ("value", "any"), ("written", "text"), ("source", "text")),
    "metrics": (*_RUN, ("key", "text"), ("source", "text"), *_SUMMARY),
    "tags": (*_RUN, ("key", "text"), ("value", "text")),
    "points": (*_RUN, ("key", "text"), ("seq", "int"), ("step", "int"), ("time", "time"), ("value", "float")),
    "models": VERSION_COLUMNS,
}
_OWN: Columns = (
    *_RUN,
    ("name", "text"),
    ("experiment", "text"),
    ("status", "text"),
    ("lifecycle_stage", "text"),
    ("start_time", "time"),
    ("end_time", "time"),
    ("duration", "float"),
    ("parent_run_id", "text"),
    ("note", "text"),
    ("user_id", "text"),
    ("notebook", "text"),
    ("cell_id", "text"),
    ("execution_count", "int"),
    ("error_name", "text"),
    ("error_message", "text"),
    ("pinned", "time"),
)


class Sink(Protocol):
    """A table that rows are written to."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""

    def close(self) -> None:
        """Bring the file to its end."""


def tables(
    store: Path,
    target: Path,
    format: Format,
    *,
    runs: Sequence[str] | None = None,
    filter_string: str = "",
    deleted: bool = False,
    table: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a store's runs as CSV, Parquet or JSON, and return the files.

    In CSV numbers are exact (the shortest text that gives the same float), times are ISO 8601 in UTC with
    milliseconds, and a text that a spreadsheet would take for a formula has ``'`` in front; `csv_form.plain_text` takes
    it off. JSON is one file with everything but the bytes of files; NaN and infinities are the strings ``"NaN"``,
    ``"Infinity"`` and ``"-Infinity"`` there, times milliseconds since 1970.

    Parameters
    ----------
    store : Path
    target : Path
        A folder, which is made and gets one file a table; or, with the format's ending, the file of one table.
    format : {"csv", "parquet", "json"}
    runs : sequence of str, optional
        Ids of the runs; by default those that `filter_string` finds. Where runs are chosen, here or by a filter,
        nothing of others is written: of models the versions that came from these runs, of experiments theirs.
    filter_string : str, default ""
        As for a search.
    deleted : bool, default False
        Take the runs in the bin too.
    table : str, optional
        ``runs params metrics tags points models``: this table alone. ``runs`` where `target` is one file.
    overwrite : bool, default False
        Replace files that are there.
    progress : callable, optional
        Called with the number of runs written, and of all.

    Raises
    ------
    InvalidValue
        For an unknown format or table, or where a file would replace the store.
    FilterError
        Where the filter cannot be read.
    AlreadyExists
        Where a file is there already.
    TrackError
        Where Parquet is asked for and pyarrow is not installed.
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        Where the store cannot be read, or the target cannot be written.
    """
    if format not in FORMATS:
        raise InvalidValue(f"{format!r} is no format of an export; there are {', '.join(FORMATS)}.")
    if table is not None and (format == "json" or table not in TABLES):
        raise InvalidValue(f"{table!r} is no table of {format}; CSV and Parquet have {', '.join(TABLES)}.")
    if format == "parquet":
        check_parquet()
    part = runs is not None or bool(filter_string.strip())
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    wanted = run_rows.search(None, filter_string, (), view, None, 0)
    pending.flush(store, EDIT_WAIT)
    with opened(store) as source:
        if runs is None:
            numbers = sorted(run_rows.find(source.place, wanted))
        else:
            known = {run_id: number for number, run_id in source.numbers().items()}
            unknown = next((run_id for run_id in runs if run_id not in known), None)
            if unknown is not None:
                raise InvalidValue(f"There is no run {unknown!r} in {store}.")
            numbers = sorted({known[run_id] for run_id in runs})
        places = _places(store, target, format, table, overwrite)
        if format == "json":
            _write_json(source, numbers, places["json"], part, progress or no_progress)
        else:
            _write_tables(source, numbers, places, format, part, progress or no_progress)
    return list(places.values())


def check_parquet() -> None:
    """Raise where Parquet cannot be written.

    Raises
    ------
    TrackError
        Where pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise TrackError(
            "Parquet needs pyarrow: pip install 'jupyter-track[parquet]'; CSV and JSON need nothing."
        ) from (error)


def _places(store: Path, target: Path, format: Format, table: str | None, overwrite: bool) -> dict[str, Path]:
    """Return the file of each table, checked."""
    if target.suffix.lower() == f".{format}" and not target.is_dir():
        places = {"json" if format == "json" else table or "runs": target}
    elif format == "json":
        places = {"json": target / "track.json"}
    else:
        places = {one: target / f"{one}.{format}" for one in ([table] if table else TABLES)}
    for place in places.values():
        if place.exists() and not overwrite:
            raise AlreadyExists(f"{place} is there already; name another place, or give --overwrite (overwrite=True).")
        if (place.exists() and place.samefile(store)) or files_folder(store) in place.parents:
            raise InvalidValue(f"{place} belongs to the store; name another place.")
    return places


def _write_tables(
    source: Source, numbers: list[int], places: dict[str, Path], format: Format, part: bool, progress: Progress
) -> None:
    with ExitStack() as stack:
        temporary = {table: stack.enter_context(appearing(place)) for table, place in places.items()}
        make = _sink_maker(format)
        sinks = {table: make(place, LONG[table]) for table, place in temporary.items() if table != "runs"}
        whole: list[RunRows] = []
        done = 0
        try:
            for page in in_pages(numbers):
                runs = source.runs(page)
                whole += runs if "runs" in places else []
                for table in sinks.keys() - {"points", "models"}:
                    sinks[table].write([row for run in runs for row in ROWS_OF[table](run)])
                if "points" in sinks:
                    _write_points(source, runs, sinks["points"])
                done += len(page)
                progress(done, len(numbers))
            if "models" in sinks:
                sinks["models"].write(version_rows(_models(source, numbers, part), source.numbers()))
        finally:
            for sink in sinks.values():
                sink.close()
        if "runs" in places:
            columns, rows = wide(whole)
            sink = make(temporary["runs"], columns)
            try:
                sink.write(rows)
            finally:
                sink.close()


def _sink_maker(format: Format) -> Callable[[Path, Columns], Sink]:
    if format == "csv":
        return CsvSink
    return ParquetSink


def _write_points(source: Source, runs: Sequence[RunRows], sink: Sink) -> None:
    numbers = {run.run_id: run.number for run in runs}
    seq: dict[tuple[str, str], int] = {}
    for page in source.points([Wanted(run.run_id, curve) for run in runs for curve in run.curves.values()]):
        rows: list[tuple[Any, ...]] = []
        for points in page:
            place = points.run_id, points.key
            first = seq.get(place, 0)
            number = numbers[points.run_id]
            rows += [
                (points.run_id, number, points.key, first + at, step, time, value)
                for at, (step, time, value) in enumerate(zip(points.steps, points.times, points.values, strict=True))
            ]
            seq[place] = first + len(points.steps)
        sink.write(rows)


def _params(run: RunRows) -> Iterator[tuple[Any, ...]]:
    for key, row in run.params.items():
        yield run.run_id, run.number, key, row["type"], value_of(row), row["written"], row["source"]


def _metrics(run: RunRows) -> Iterator[tuple[Any, ...]]:
    for key, curve in run.curves.items():
        last = float("nan") if curve.last_value is None else curve.last_value
        summary = (curve.count, curve.last_step, curve.last_time, last, curve.min_value, curve.min_step)
        yield run.run_id, run.number, key, curve.source, *summary, curve.max_value, curve.max_step


def _tags(run: RunRows) -> Iterator[tuple[Any, ...]]:
    for key, value in run.tags.items():
        yield run.run_id, run.number, key, value


ROWS_OF: dict[str, Callable[[RunRows], Iterator[tuple[Any, ...]]]] = {
    "params": _params,
    "metrics": _metrics,
    "tags": _tags,
}


def value_of(param: dict[str, Any]) -> Any:
    """Return a param's value: numbers, bools and text as they are, what is nested as JSON, None as ``null``."""
    if param["type"] in ("list", "dict"):
        return param["value"]
    value = load_param(param["value"], param["type"])
    return "null" if value is None else value


def wide(runs: Sequence[RunRows]) -> tuple[Columns, list[list[Any]]]:
    """Return the table of runs: their own columns, then ``params.*``, ``metrics.*`` (last values) and ``tags.*``."""
    keys: dict[str, dict[str, str]] = {"params": {}, "metrics": {}, "tags": {}}
    for run in runs:
        for key in run.params:
            keys["params"][key] = "any"
        for key in run.curves:
            keys["metrics"][key] = "float"
        for key in run.tags:
            keys["tags"][key] = "text"
    columns = [*_OWN, *((f"{group}.{key}", kind) for group, some in keys.items() for key, kind in sorted(some.items()))]
    rows = []
    for run in runs:
        own = {**run.run, "run_id": run.run_id, "run": run.number, "experiment": run.experiment}
        own["parent_run_id"] = run.run["parent_uuid"]
        row = [own[name] for name, _ in _OWN]
        row += [value_of(run.params[key]) if key in run.params else None for key in sorted(keys["params"])]
        for key in sorted(keys["metrics"]):
            curve = run.curves.get(key)
            row.append(None if curve is None else float("nan") if curve.last_value is None else curve.last_value)
        rows.append([*row, *(run.tags.get(key) for key in sorted(keys["tags"]))])
    return columns, rows


def _write_json(source: Source, numbers: list[int], place: Path, part: bool, progress: Progress) -> None:
    with appearing(place) as temporary, JsonFile(temporary) as file:
        file.begin(source)
        done = 0
        used: set[str] = set()
        for page in in_pages(numbers):
            for run in source.runs(page):
                used.add(run.experiment)
                file.run(run, source.points([Wanted(run.run_id, curve) for curve in run.curves.values()]))
            done += len(page)
            progress(done, len(numbers))
        experiments = {name: one for name, one in source.experiments().items() if name in used or not part}
        file.end(experiments, _models(source, numbers, part))


def _models(source: Source, numbers: Collection[int], part: bool) -> dict[str, ModelRows]:
    """The registry, as far as a copy of these runs has it."""
    known, chosen = source.numbers(), set(numbers)
    return of_runs(source.models(), {run_id for number, run_id in known.items() if number in chosen}, part)
