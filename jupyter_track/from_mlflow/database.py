"""mlflow's ``mlflow.db``: its tables, read only, as far as a version of mlflow has them."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import InvalidValue, StoreUnavailable
from ..records import CONTEXT_TAG, Dataset, DatasetInput, InputTag, RunStatus
from .found import (
    FoundExperiment,
    FoundModel,
    FoundPoint,
    FoundRegistered,
    FoundRun,
    FoundVersion,
    moment,
    whole,
)
from .registry import PROMPT

_NEEDED = {"experiments", "runs", "metrics", "params", "tags"}
_BUSY_SECONDS = 10.0
_FEW_POINTS = 2_000  # of a run
_MOST_IDS = 500
_INFINITY = 1.797693134862315e308  # mlflow stores the infinities as the largest double
# What a hostile or damaged file may hold in place of a point is neither counted nor read.
_SOUND = (
    "typeof(step) = 'integer' AND typeof(timestamp) = 'integer' AND timestamp BETWEEN 0 AND 281474976710655"
    " AND typeof(value) IN ('real', 'integer') AND typeof(key) = 'text'"
)
_LEFT = {  # tables that are not brought, and what a row of them is called
    "trace_info": "trace",
    "assessments": "assessment",
    "evaluation_datasets": "evaluation dataset",
}


class Database:
    """An ``mlflow.db``; see `found.Found`.

    Parameters
    ----------
    place : Path
    roots : tuple of Path
        The folders in which files of runs may lie.

    Raises
    ------
    InvalidValue
        Where it is no SQLite file of mlflow's.
    """

    def __init__(self, place: Path, roots: tuple[Path, ...]) -> None:
        self.place, self.roots = place, roots
        self.odd: Counter[str] = Counter()
        self._short: dict[tuple[str, str], list[FoundPoint]] = {}  # points of the runs that were read last
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(place))}?mode=ro", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
            )
            self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
            self._connection.execute("PRAGMA query_only = 1")
            self._connection.execute("PRAGMA trusted_schema = 0")
            rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        except sqlite3.DatabaseError as error:
            raise InvalidValue(f"{place} is no SQLite file that can be read ({error}).") from error
        self._tables = {name for (name,) in rows}  # of a view nothing is read: it can be anything
        if _NEEDED - self._tables:
            self.close()
            raise InvalidValue(f"{place} is no database of mlflow's: it has no tables {', '.join(sorted(_NEEDED))}.")
        self._count_left()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"{self.place} cannot be read now ({error}); end what writes to it.") from error
        except sqlite3.DatabaseError as error:
            raise InvalidValue(f"{self.place} is damaged ({error}).") from error

    def _dicts(self, table: str, columns: str, where: str = "", values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return rows with the columns that are asked for; those that this version of mlflow lacks are None."""
        if table not in self._tables:
            return []
        wanted = columns.split()
        known = {row[1] for row in self._rows(f'PRAGMA table_info("{table}")')}
        picked = ", ".join(f'"{name}"' if name in known else f'NULL AS "{name}"' for name in wanted)
        return [
            dict(zip(wanted, row, strict=True)) for row in self._rows(f'SELECT {picked} FROM "{table}" {where}', values)
        ]

    def _count_left(self) -> None:
        for table, word in _LEFT.items():
            if table in self._tables:
                count = self._rows(f'SELECT count(*) FROM "{table}"')[0][0]
                self.odd[word] += int(count)

    def experiments(self) -> list[FoundExperiment]:
        """Return all experiments."""
        tags: dict[str, dict[str, str]] = {}
        for row in self._dicts("experiment_tags", "experiment_id key value"):
            tags.setdefault(str(row["experiment_id"]), {})[str(row["key"])] = str(row["value"] or "")
        columns = "experiment_id name lifecycle_stage creation_time last_update_time"
        return [
            FoundExperiment(
                identifier=str(row["experiment_id"]),
                name=str(row["name"] or f"experiment {row['experiment_id']}"),
                lifecycle_stage="deleted" if row["lifecycle_stage"] == "deleted" else "active",
                created=moment(row["creation_time"], 0),
                updated=moment(row["last_update_time"], moment(row["creation_time"], 0)),
                tags=tags.get(str(row["experiment_id"]), {}),
            )
            for row in self._dicts("experiments", columns, "ORDER BY experiment_id")
        ]

    def run_ids(self) -> list[str]:
        """Return the ids of all runs in the order of their starts."""
        rows = self._rows("SELECT run_uuid FROM runs WHERE typeof(run_uuid) = 'text' ORDER BY start_time, rowid")
        return [run_id for (run_id,) in rows]

    def runs(self, run_ids: Sequence[str]) -> list[FoundRun]:
        """Return runs in the order of their ids."""
        found: list[FoundRun] = []
        self._short.clear()
        for at in range(0, len(run_ids), _MOST_IDS):
            found += self._part(run_ids[at : at + _MOST_IDS])
        return found

    def _part(self, run_ids: Sequence[str]) -> list[FoundRun]:
        among = f"IN ({', '.join('?' * len(run_ids))})"
        columns = (
            "run_uuid name experiment_id status lifecycle_stage start_time end_time deleted_time user_id artifact_uri"
        )
        rows = {str(row["run_uuid"]): row for row in self._dicts("runs", columns, f"WHERE run_uuid {among}", run_ids)}
        params, tags = (self._texts(table, among, run_ids) for table in ("params", "tags"))
        curves: dict[str, dict[str, int]] = {}
        for run_id, key, count in self._rows(
            f"SELECT run_uuid, key, count(*) FROM metrics WHERE run_uuid {among} AND {_SOUND} GROUP BY run_uuid, key"
            " ORDER BY min(rowid)",
            run_ids,
        ):
            curves.setdefault(run_id, {})[key] = count
        self._read_short(curves)
        datasets, models = self._datasets(among, run_ids), self._models(among, run_ids)
        found = []
        for run_id in run_ids:
            row = rows.get(run_id)
            if row is None:
                continue
            start = moment(row["start_time"], 0)
            found.append(
                FoundRun(
                    run_id=run_id,
                    name=str(row["name"] or tags.get(run_id, {}).get("mlflow.runName") or run_id[:8]),
                    experiment_id=str(row["experiment_id"]),
                    status=row["status"] if row["status"] in RunStatus.ALL else RunStatus.FINISHED,
                    lifecycle_stage="deleted" if row["lifecycle_stage"] == "deleted" else "active",
                    start_time=start,
                    end_time=None if row["end_time"] is None else moment(row["end_time"], start),
                    deleted_time=whole(row["deleted_time"]),
                    user_id=str(row["user_id"] or ""),
                    address=str(row["artifact_uri"] or ""),
                    params=params.get(run_id, {}),
                    tags=tags.get(run_id, {}),
                    curves=curves.get(run_id, {}),
                    datasets=datasets.get(run_id, ()),
                    models=models.get(run_id, ()),
                )
            )
        return found

    def _texts(self, table: str, among: str, run_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for row in self._dicts(table, "run_uuid key value", f"WHERE run_uuid {among} ORDER BY rowid", run_ids):
            found.setdefault(str(row["run_uuid"]), {})[str(row["key"])] = str(
                "" if row["value"] is None else row["value"]
            )
        return found

    def _datasets(self, among: str, run_ids: Sequence[str]) -> dict[str, list[DatasetInput]]:
        if not {"datasets", "inputs", "input_tags"} <= self._tables:
            return {}
        tags: dict[str, list[InputTag]] = {}
        inputs = self._rows(
            "SELECT destination_id, source_id, input_uuid FROM inputs WHERE destination_type = 'RUN' AND source_type ="
            f" 'DATASET' AND destination_id {among} ORDER BY rowid",
            run_ids,
        )
        for run_ids_part in (inputs[at : at + _MOST_IDS] for at in range(0, len(inputs), _MOST_IDS)):
            marks = ", ".join("?" * len(run_ids_part))
            for row in self._dicts(
                "input_tags",
                "input_uuid name value",
                f"WHERE input_uuid IN ({marks})",
                [one[2] for one in run_ids_part],
            ):
                tags.setdefault(row["input_uuid"], []).append(InputTag(str(row["name"]), str(row["value"])))
        known: dict[str, Dataset] = {}
        columns = "dataset_uuid name digest dataset_source_type dataset_source dataset_schema dataset_profile"
        for uuid in dict.fromkeys(one[1] for one in inputs):
            for row in self._dicts("datasets", columns, "WHERE dataset_uuid = ?", [uuid]):
                texts = [None if row[name] is None else str(row[name]) for name in columns.split()[1:]]
                known[uuid] = Dataset(*(text or "" for text in texts[:4]), *texts[4:])
        found: dict[str, list[DatasetInput]] = {}
        for run_id, uuid, input_id in inputs:
            if uuid in known:
                ordered = sorted(tags.get(input_id, ()), key=lambda tag: tag.key != CONTEXT_TAG)
                found.setdefault(run_id, []).append(DatasetInput(known[uuid], tuple(ordered)))
        return found

    def _models(self, among: str, run_ids: Sequence[str]) -> dict[str, list[FoundModel]]:
        found: dict[str, list[FoundModel]] = {}
        columns = "source_run_id name model_id artifact_location lifecycle_stage"
        where = f"WHERE source_run_id {among} ORDER BY creation_timestamp_ms, model_id"
        for row in self._dicts("logged_models", columns, where, run_ids):
            if row["lifecycle_stage"] != "deleted":
                model = FoundModel(str(row["name"]), str(row["model_id"]), str(row["artifact_location"] or ""))
                found.setdefault(str(row["source_run_id"]), []).append(model)
        return found

    def registered(self) -> list[FoundRegistered]:
        """Return the registered models."""
        versions: dict[str, list[FoundVersion]] = {}
        tags = self._registry_texts("model_version_tags", "name version key value")
        columns = (
            "name version creation_time last_updated_time source storage_location run_id user_id description"
            " current_stage"
        )
        for row in self._dicts("model_versions", columns, "ORDER BY name, version"):
            number = whole(row["version"])
            if number is not None and number > 0:
                name = str(row["name"])
                versions.setdefault(name, []).append(_version(row, number, tags.get((name, str(number)), {})))
        own_tags = self._registry_texts("registered_model_tags", "name key value")
        aliases = self._registry_texts("registered_model_aliases", "name alias version")
        found = []
        for row in self._dicts(
            "registered_models", "name creation_time last_updated_time description", "ORDER BY 2, 1"
        ):
            name = str(row["name"])
            if PROMPT in own_tags.get((name,), {}):
                self.odd["prompt"] += 1
                continue
            numbers = {alias: whole(text, 0) or 0 for alias, text in aliases.get((name,), {}).items()}
            created = moment(row["creation_time"], 0)
            found.append(
                FoundRegistered(
                    name=name,
                    created=created,
                    updated=moment(row["last_updated_time"], created),
                    description=str(row["description"] or ""),
                    tags=own_tags.get((name,), {}),
                    aliases=numbers,
                    versions=versions.get(name, ()),
                )
            )
        return found

    def _registry_texts(self, table: str, columns: str) -> dict[tuple[str, ...], dict[str, str]]:
        """Rows whose last two columns are a key and its text, by the columns before."""
        found: dict[tuple[str, ...], dict[str, str]] = {}
        for row in self._dicts(table, columns):
            *place, key, value = (str("" if one is None else one) for one in row.values())
            found.setdefault(tuple(place), {})[key] = value
        return found

    def _read_short(self, curves: Mapping[str, Mapping[str, int]]) -> None:
        """Read the points of runs with few of them at once: a query for each curve takes most of an import."""
        few = [run_id for run_id, counts in curves.items() if sum(counts.values()) <= _FEW_POINTS]
        for run_id in few:
            self._short.update({(run_id, key): [] for key in curves[run_id]})
        rows = self._rows(
            "SELECT run_uuid, key, step, timestamp, value, is_nan FROM metrics"
            f" WHERE run_uuid IN ({', '.join('?' * len(few))}) AND {_SOUND} ORDER BY +rowid",
            few,
        )
        for run_id, key, *point in rows:
            several = self._short.get((run_id, key))
            if several is not None:
                several.append(_point(*point))

    def points(self, run_id: str, key: str, start: int, limit: int) -> Iterator[FoundPoint]:
        """Yield points of a curve in the order of logging."""
        short = self._short.get((run_id, key))
        if short is not None:
            yield from short[start : start + limit]
            return
        # The pluses keep SQLite from going through the curves of this name of all runs, or through the whole table.
        rows = self._rows(
            "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? AND +key = ? AND "
            f"{_SOUND} ORDER BY +rowid LIMIT ? OFFSET ?",
            (run_id, key, limit, start),
        )
        yield from (_point(*row) for row in rows)


def _version(row: Mapping[str, Any], number: int, tags: Mapping[str, str]) -> FoundVersion:
    source, stored = str(row["source"] or ""), str(row["storage_location"] or "")
    created = moment(row["creation_time"], 0)
    return FoundVersion(
        version=number,
        created=created,
        updated=moment(row["last_updated_time"], created),
        source=source,
        model_id=source.removeprefix("models:/") if source.startswith("models:/m-") else "",
        address=stored or source,
        run_id=str(row["run_id"] or ""),
        user_id=str(row["user_id"] or ""),
        description=str(row["description"] or ""),
        stage=str(row["current_stage"] or ""),
        tags=tags,
    )


def _point(step: int, time: int, value: float, is_nan: object) -> FoundPoint:
    return step, time, math.nan if is_nan else _exact(float(value))


def _exact(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= _INFINITY else value
