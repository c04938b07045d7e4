"""The store as a report reads it: each text is cleaned here, before a view cuts, joins, draws or escapes it.

What is left of a path or of a secret when its middle is cut out is not known again. So there is one place where texts
of a store come into a report, and what is cut later is cut from clean ones. Names by which things are known (of params,
metrics, tags, files, columns, experiments) stay as many as they were: where two read alike once they are clean, the
second is told by a number. Values, notes and code that differ only in what is left out read alike, and count as equal.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..charts.drawn import is_chart
from ..context.redaction import REDACTED, redact_value
from ..context.secret_names import is_secret_name, may_be_number
from ..records import Artifact, Execution, Experiment, Goal, Metric, Param, Run, RunInputs
from ..store import relatives
from ..store.best import metrics_with_goals
from ..store.curve_feed import StoredCurve
from ..store.curve_rows import CurvePoint
from ..store.database import reading
from ..store.reader import Reader
from ..store.stored_tables import Row
from ..store.table_rows import RowReader, TableRow
from ..store.targets import Goals
from ..views.plotly import PLOTLY
from .bare import bare
from .privacy import Privacy
from .screening import PAGE, SVG, type_of

_NUMBERS = frozenset({"int", "float", "bool", "none"})  # types of params that have no text of their own
_USER = "mlflow.user"


class Names:
    """Cleaned names, as many as there were.

    Examples
    --------
    >>> names = Names(Privacy(None).text)
    >>> names("/home/ada/loss"), names("/home/bob/loss"), names("/home/ada/loss")
    ('~/loss', '~/loss (2)', '~/loss')
    >>> names.raw("~/loss (2)")
    '/home/bob/loss'
    """

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._names: dict[str, str] = {}
        self._raw: dict[str, str] = {}

    def __call__(self, raw: str) -> str:
        """Return the name that stands for one of the store."""
        found = self._names.get(raw)
        if found is None:
            clean, count = self._clean(raw), 1
            found = clean
            while found in self._raw:
                count += 1
                found = f"{clean} ({count})"
            self._names[raw], self._raw[found] = found, raw
        return found

    def raw(self, name: str) -> str:
        """Return the name in the store that a name stands for."""
        return self._raw.get(name, name)

    def meant(self, name: str) -> str:
        """Return the name that a person means, who may write it as it is in the store or as it is told."""
        return self._names.get(name, name)


class Cleaning:
    """Cleans the records of a store.

    Parameters
    ----------
    privacy : Privacy
    """

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy
        self.params, self.metrics, self.tags = Names(privacy.text), Names(privacy.text), Names(privacy.text)
        self.files, self.columns = Names(privacy.text), Names(privacy.text)
        self.experiments, self.notebooks = Names(privacy.prose), Names(privacy.place)
        self._documents: dict[tuple[str, str], str] = {}

    def run(self, run: Run) -> Run:
        """Return a run without what is private."""
        privacy, error, notebook = self.privacy, run.error, run.notebook
        if error is not None:
            told = privacy.place(error.name), privacy.place(error.message), privacy.place(error.lines)
            error = replace(error, name=told[0], message=told[1], lines=told[2])
        params = {(clean := self.param(param)).key: clean for param in run.params.values()}
        metrics = {
            (name := self.metrics(key)): one if name == key else replace(one, key=name)
            for key, one in run.metrics.items()
        }
        return replace(
            run,
            name=privacy.prose(run.name),
            experiment_name=self.experiments(run.experiment_name),
            user_id="" if privacy.private else privacy.text(run.user_id),
            note=None if run.note is None else privacy.prose(run.note),
            notebook=None if notebook is None else self.notebooks(notebook),
            error=error,
            artifact_uri=privacy.text(run.artifact_uri),
            params=params,
            metrics=metrics,
            own_tags=self.tagged(run.own_tags),
            goals=self.goals(run.goals),
            inputs=self._inputs(run.inputs),
        )

    def row(self, row: TableRow) -> TableRow:
        """Return the row of a run without what is private."""
        privacy = self.privacy
        row.name, row.experiment = privacy.prose(row.name), self.experiments(row.experiment)
        row.note, row.error = privacy.prose(row.note), privacy.place(row.error)
        row.notebook = self.notebooks(row.notebook) if row.notebook else ""
        row.params = {(clean := self.param(param)).key: clean for param in row.params.values()}
        row.metrics = {self.metrics(key): last for key, last in row.metrics.items()}
        row.tags = self.tagged(row.tags)
        return row

    def param(self, param: Param) -> Param:
        """Return a param without what is private: its text, and what it is under a secret's name."""
        key, number = self.params(param.key), param.type in _NUMBERS
        if may_be_number(param.key) if number else is_secret_name(param.key):
            return param if param.type in ("bool", "none") else Param(key, REDACTED, REDACTED, "str", param.source)
        if number:
            return param if key == param.key else replace(param, key=key)
        text, written = self.privacy.text(param.text), param.written
        value = text if param.value == param.text else self.privacy.plain(redact_value(param.key, param.value))
        written = written and self.privacy.text(written)
        if (key, text, written, value) == (param.key, param.text, param.written, param.value):
            return param  # of thousands of runs equal params are one record, and stay one
        return replace(param, key=key, value=value, text=text, written=written)

    def tagged(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return tags without what is private, and without the one that says who ran it."""
        return {
            self.tags(key): self._tag(key, value)
            for key, value in tags.items()
            if not (key == _USER and self.privacy.private)
        }

    def _tag(self, key: str, value: str) -> str:
        if is_secret_name(key):
            return value and REDACTED
        return self.privacy.place(value) if key.startswith("mlflow.source.") else self.privacy.prose(value)

    def goals(self, goals: Mapping[str, Goal]) -> dict[str, Goal]:
        """Return goals by the clean names of their metrics."""
        found = Goals({self.metrics(key): goal for key, goal in goals.items()})
        found.aimed = frozenset(map(self.metrics, getattr(goals, "aimed", ())))
        return found

    def artifact(self, artifact: Artifact) -> Artifact:
        """Return a file's record without what is private."""
        title, key = artifact.title, artifact.join_key
        return replace(
            artifact,
            path=self.files(artifact.path),
            title=None if title is None else self.privacy.prose(title),
            mime=self.privacy.text(artifact.mime),
            join_key=None if key is None else self.columns(key),
        )

    def _inputs(self, used: RunInputs) -> RunInputs:
        if not (used.dataset_inputs or used.measured):
            return used
        found = []
        for one in used.dataset_inputs:
            data, privacy = one.dataset, self.privacy
            clean = replace(
                data,
                name=privacy.prose(data.name),
                digest=privacy.text(data.digest),
                source_type=privacy.text(data.source_type),
                source=self._document(data.source, "place"),
                schema=None if data.schema is None else self._document(data.schema, "text"),
                profile=None if data.profile is None else self._document(data.profile, "text"),
            )
            tags = tuple(replace(tag, key=self.tags(tag.key), value=self._tag(tag.key, tag.value)) for tag in one.tags)
            found.append(replace(one, dataset=clean, tags=tags))
        measured = {model: tuple(map(self.metrics, keys)) for model, keys in used.measured.items()}
        return replace(used, dataset_inputs=tuple(found), measured=measured)

    def _document(self, text: str, how: str) -> str:
        """JSON with its texts cleaned; what is none is a text. Many runs share one."""
        if (text, how) not in self._documents:
            clean = getattr(self.privacy, how)
            try:
                told = json.dumps(self.privacy.plain(json.loads(text), clean), ensure_ascii=False)
            except (ValueError, RecursionError):
                told = clean(text)
            self._documents[text, how] = told
        return self._documents[text, how]


class CleanRows(RowReader):
    """Reads the runs of a table without what is private."""

    def __init__(self, store: Path, cleaning: Cleaning) -> None:
        super().__init__(store)
        self._cleaning = cleaning

    def read(self, numbers: Sequence[int]) -> list[TableRow]:
        """Return the runs of some of the store's numbers, in their order."""
        return list(map(self._cleaning.row, super().read(numbers)))


class CleanReader(Reader):
    """Reads a store without what is private.

    What a person names is found as it is in the store (`resolve`, `runs_meant`, filters); what a view hands in is a
    clean name. Content by its hash is as it is: `table` and `figure` give what is shown of it.

    Parameters
    ----------
    store : Path
    privacy : Privacy
    """

    def __init__(self, store: Path, privacy: Privacy) -> None:
        super().__init__(store)
        self.privacy = privacy
        self.cleaning = Cleaning(privacy)
        self._raw: dict[str, Run] = {}

    def _cleaned(self, runs: Iterable[Run]) -> list[Run]:
        found = []
        for run in runs:
            self._raw[run.run_id] = run
            found.append(self.cleaning.run(run))
        return found

    def _as_stored(self, runs: Iterable[Run]) -> list[Run]:
        return [self._raw.get(run.run_id, run) for run in runs]

    # ---- runs

    def run(self, run_id: str) -> Run:
        """Return the run of a whole id."""
        return self._cleaned([super().run(run_id)])[0]

    def runs_meant(self, words: Iterable[str | int], *, deleted: bool = False) -> list[Run]:
        """Return the runs that a person means."""
        return super().runs_meant(words, deleted=deleted)  # reads them through `runs_of`

    def runs(self, *args: Any, **options: Any) -> list[Run]:
        """Return the runs that a filter finds."""
        return self._cleaned(super().runs(*args, **options))

    def runs_of(self, run_ids: Sequence[str]) -> list[Run]:
        """Return the runs of whole ids."""
        return self._cleaned(super().runs_of(run_ids))

    def previous_of(self, runs: Sequence[Run], known: Sequence[Run] = ()) -> dict[str, Run]:
        """Return the run before each of the same cell."""
        found = super().previous_of(self._as_stored(runs), self._as_stored(known))
        return dict(zip(found, self._cleaned(found.values()), strict=True))

    def alike(self, run: Run, code: str | None = None, limit: int = relatives.LIMIT) -> list[Run]:
        """Return the runs that repeat a run."""
        return self._cleaned(super().alike(self._as_stored([run])[0], code, limit))

    def row_reader(self) -> RowReader:
        """Return what reads runs as tables and charts of many need them."""
        return CleanRows(self.store, self.cleaning)

    def source_cells(self, run_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the code of runs cell by cell."""
        found = super().source_cells(run_ids)
        return {run_id: list(map(self.privacy.text, cells)) for run_id, cells in found.items()}

    def source_texts(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return the code of runs."""
        return {run_id: "\n\n".join(cells) for run_id, cells in self.source_cells(run_ids).items()}

    def source(self, run_id: str) -> str | None:
        """Return the code of a run."""
        return self.source_texts([run_id]).get(run_id)

    def executions(self, run_id: str) -> list[Execution]:
        """Return the executions of cells that a run came from."""
        return [replace(one, source=self.privacy.text(one.source)) for one in super().executions(run_id)]

    def surroundings(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what surrounded runs when they ran; many runs share a document."""
        known: dict[int, Any] = {}

        def clean(kind: str, document: Any) -> Any:
            if id(document) not in known:
                how = self.privacy.text if kind == "diff" else self.privacy.place
                known[id(document)] = self.privacy.plain(document, how)
            return known[id(document)]

        found = super().surroundings(run_ids)
        return {run_id: {kind: clean(kind, one) for kind, one in parts.items()} for run_id, parts in found.items()}

    def param_history(self, run_id: str, key: str) -> list[Param]:
        """Return every value that a param had."""
        return list(map(self.cleaning.param, super().param_history(run_id, self.cleaning.params.raw(key))))

    # ---- experiments

    def _experiments(self, *args: Any) -> list[Experiment]:
        cleaning = self.cleaning
        return [
            replace(
                one,
                name=cleaning.experiments(one.name),
                artifact_location=self.privacy.text(one.artifact_location),
                tags=cleaning.tagged(one.tags),
                goals=cleaning.goals(one.goals),
            )
            for one in super()._experiments(*args)
        ]

    def goals(self) -> dict[str, Goal]:
        """Return the declared goals by metric."""
        return self.cleaning.goals(super().goals())

    def targets(self) -> dict[str, dict[str, float]]:
        """Return the values that metrics are to reach."""
        cleaning = self.cleaning
        return {
            cleaning.experiments(name): {cleaning.metrics(key): value for key, value in aims.items()}
            for name, aims in super().targets().items()
        }

    def metrics_with_goals(self, experiment: int) -> list[str]:
        """Return the metrics of an experiment that have a goal, in the order of `best`."""
        with reading(self.store) as connection:
            return list(map(self.cleaning.metrics, metrics_with_goals(connection, experiment)))

    def metric_meant(self, name: str | None) -> str | None:
        """Return the clean name of the metric that a person means; None where none is named."""
        return None if name is None else self.cleaning.metrics.meant(name)

    # ---- curves

    def stored_curves(self, numbers: Sequence[int]) -> list[StoredCurve]:
        """Return the curves of some runs."""
        return [replace(one, key=self.cleaning.metrics(one.key)) for one in super().stored_curves(numbers)]

    def curve(self, run_id: str, key: str, limit: int = 150) -> list[CurvePoint]:
        """Return at most `limit` points that look like the whole curve."""
        return super().curve(run_id, self.cleaning.metrics.raw(key), limit)

    def points(self, run_id: str, key: str) -> Any:
        """Return every point of a curve as three lists."""
        return super().points(run_id, self.cleaning.metrics.raw(key))

    def history(self, run_id: str, key: str) -> list[Metric]:
        """Return every point of a curve as mlflow's entities."""
        return [replace(one, key=key) for one in super().history(run_id, self.cleaning.metrics.raw(key))]

    # ---- files

    def artifacts(self, run_id: str, path: str | None = None) -> list[Artifact]:
        """Return the artifacts of a run by path."""
        within = None if path is None else self.cleaning.files.raw(path)
        return list(map(self.cleaning.artifact, super().artifacts(run_id, within)))

    def table(self, artifact: Artifact) -> tuple[list[Any], list[Row]]:
        """Return the columns and the rows of a table that was logged."""
        clean, names = self.privacy.plain, self.cleaning.columns
        columns, rows = super().table(replace(artifact, path=self.cleaning.files.raw(artifact.path)))
        return [names(one) if isinstance(one, str) else clean(one) for one in columns], [
            [clean(cell) if isinstance(cell, str | list | dict) else cell for cell in row] for row in rows
        ]

    def figure(self, artifact: Artifact) -> bytes:
        """Return the content of a figure: the texts of a spec, a page and an SVG are cleaned, pixels stand alone.

        Raises
        ------
        NotFound, CorruptStore
            As `content`.
        """
        data = self.content(artifact.sha256)
        if is_chart(artifact.mime) or artifact.mime == PLOTLY:
            try:
                return json.dumps(self.privacy.plain(json.loads(data))).encode()
            except (ValueError, RecursionError):  # it is no spec, and is not drawn
                return data
        if artifact.mime != PAGE and type_of(data) != SVG:
            return bare(data)
        encoding = _encoding(data)
        return self.privacy.page(data.decode(encoding)).encode(encoding, "replace")


def _encoding(data: bytes) -> str:
    """How a page is written; of what is none of the usual each byte is a letter, and stays one."""
    try:
        encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
        data.decode(encoding)
    except UnicodeDecodeError:
        return "iso-8859-1"
    return encoding
