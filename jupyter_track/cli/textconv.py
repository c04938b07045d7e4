"""A store as stable text, for ``git diff``: what a person changed shows as a changed line, and nothing else moves.

Left out is what differs between two copies of the same runs: the small numbers (#12), revisions, heartbeats. Runs
stand in the order in which they began, and all below a run by its key. The registry of models comes last.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..records import Artifact, Experiment, MetricSummary, ModelVersion, RegisteredModel, Run, ViewType
from ..store import file_rows, registry, schema
from ..store.reader import Reader
from ..store.registry import ModelFile
from ..views.format import one_line, plain_text
from .plain import moment

_HASH = 12  # hexadecimal digits of a sha256 that are shown
_USER_VERSION = slice(60, 64)  # where SQLite's header has it


def store_text(store: Path) -> Iterator[str]:
    """Give the lines of a store.

    The file is not changed: one of an earlier schema is read from a copy.

    Raises
    ------
    StoreError
        Where it is no store, or damaged.
    """
    if _is_behind(store):
        with tempfile.TemporaryDirectory(prefix="jupyter-track-") as folder:
            copy = Path(folder) / "track.db"
            copy.write_bytes(store.read_bytes())
            yield from list(_lines(Reader(copy)))
        return
    yield from _lines(Reader(store))


def _is_behind(store: Path) -> bool:
    with store.open("rb") as file:
        head = file.read(_USER_VERSION.stop)
    return int.from_bytes(head[_USER_VERSION], "big") < schema.VERSION


def _lines(reader: Reader) -> Iterator[str]:
    for experiment in sorted(reader.experiments(ViewType.ALL), key=lambda one: one.name):
        yield from _experiment(experiment)
    artifacts, sources = file_rows.artifacts_of_runs(reader.store), file_rows.sources_of_runs(reader.store)
    runs = reader.runs(view_type=ViewType.ALL)
    for run in sorted(runs, key=lambda run: (run.start_time, run.run_id)):
        yield from _run(run, artifacts.get(run.run_id, ()), sources.get(run.run_id, ()))
    for model in registry.models(reader.store):
        yield from _model(model)
        for version in reversed(registry.versions_of(reader.store, model.name)):
            yield from _version(version, registry.files_of(reader.store, version.name, version.version))
        yield ""


def _experiment(experiment: Experiment) -> Iterator[str]:
    yield f"experiment {one_line(experiment.name)}"
    yield from _facts([("deleted", "yes" if experiment.lifecycle_stage == "deleted" else None)])
    yield from _facts([("baseline", experiment.baseline_run_id)])
    yield from sorted(f"    goal {one_line(key)} = {goal}" for key, goal in experiment.goals.items())
    yield from sorted(f"    tag {one_line(key)} = {one_line(value)}" for key, value in experiment.tags.items())
    yield ""


def _run(run: Run, artifacts: Sequence[Artifact], sources: Sequence[str]) -> Iterator[str]:
    yield f"run {one_line(run.name)} {run.run_id}"
    error = None if run.error is None else f"{run.error.name}: {run.error.message}"
    yield from _facts(
        [
            ("experiment", run.experiment_name),
            ("status", run.status),
            ("started", moment("at", run.start_time)["at_iso"]),
            ("duration", None if run.duration is None else f"{run.duration!r} s"),
            ("user", run.user_id),
            ("notebook", run.notebook),
            ("parent", run.parent_run_id),
            ("pinned", "yes" if run.pinned else None),
            ("deleted", "yes" if run.lifecycle_stage == "deleted" else None),
            ("error", error),
        ]
    )
    yield from _note(run.note)
    yield from sorted(f"    param {one_line(param.key)} = {one_line(param.text)}" for param in run.params.values())
    yield from sorted(_metric(metric) for metric in run.metrics.values())
    yield from sorted(f"    tag {one_line(key)} = {one_line(value)}" for key, value in run.own_tags.items())
    for used in run.inputs.dataset_inputs:
        yield f"    data {one_line(used.dataset.name)} {one_line(used.context)}, digest {one_line(used.dataset.digest)}"
    yield from (f"    model read {one_line(model.model_id)}" for model in run.inputs.model_inputs)
    for model_id, keys in run.inputs.measured.items():
        yield f"    model measured {one_line(model_id)}: {one_line(', '.join(sorted(keys)))}"
    for one in artifacts:
        yield f"    file {one_line(one.path)}, {one.size} bytes, sha256 {one.sha256[:_HASH]}"
    yield from (f"    code sha256 {sha256[:_HASH]}" for sha256 in sources)
    yield ""


def _model(model: RegisteredModel) -> Iterator[str]:
    yield f"model {one_line(model.name)}"
    yield from _note(model.description)
    yield from sorted(f"    tag {one_line(key)} = {one_line(value)}" for key, value in model.tags.items())
    yield from sorted(f"    alias {one_line(alias)} = {number}" for alias, number in model.aliases.items())


def _version(version: ModelVersion, files: Sequence[ModelFile]) -> Iterator[str]:
    yield f"    version {version.version} {one_line(version.title)}"
    about = [("from", version.source), ("run", version.run_id), ("user", version.user_id)]
    yield from (f"    {line}" for line in _facts(about))
    yield from (f"    {line}" for line in _note(version.description))
    yield from sorted(f"        tag {one_line(key)} = {one_line(value)}" for key, value in version.tags.items())
    for one in files:
        yield f"        file {one_line(one.path)}, {one.size} bytes, sha256 {one.sha256[:_HASH]}"


def _note(text: str | None) -> Iterator[str]:
    yield from (f"    note {line.rstrip()}" for line in plain_text(text or "").splitlines())


def _facts(pairs: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    for name, value in pairs:
        if value:
            yield f"    {name} {one_line(value)}"


def _metric(metric: MetricSummary) -> str:
    text = f"    metric {one_line(metric.key)} = {metric.last!r}"
    if metric.count == 1:
        return text
    extremes = "" if metric.min is None else f", min {metric.min!r} at {metric.min_step}"
    extremes += "" if metric.max is None else f", max {metric.max!r} at {metric.max_step}"
    return f"{text} at step {metric.last_step}, {metric.count} points{extremes}"
