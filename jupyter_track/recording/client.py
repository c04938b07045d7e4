"""`TrackClient`: mlflow's client, on runs that are named. Nothing here looks at the active run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..context.entered import check_note
from ..context.prose import redact_prose
from ..errors import InvalidValue
from ..records import Experiment, FileInfo, Metric, Param, Run, RunStatus, RunTag, ViewType
from ..store import edits, experiment_edits, pending
from ..store.bin import delete_and_warn
from ..store.place import store_exists
from ..values import check_time, clean_text
from ..views.found import Runs
from . import active, artifacts, experiments, forms  # noqa: F401 - forms registers how runs show themselves
from .entries import NAME_TAG
from .names import random_name
from .pages import Page, offset_of, page_of
from .registry_client import RegistryClient
from .stored import none_found

if TYPE_CHECKING:
    from pandas import DataFrame

DEFAULT_PAGE = 1_000


class TrackClient(RegistryClient):
    """Runs and experiments of a store.

    Wherever a method takes a `run_id`, it is an id or what people call the run: ``12`` or ``"#12"``, a name (the newest
    so called), six or more digits of the id, ``last``, ``last~1``, ``best``, ``best:val_loss``.

    Parameters
    ----------
    tracking_uri : str, optional
        A store; the current one by default.

    Examples
    --------
    >>> from jupyter_track import TrackClient
    >>> TrackClient().search_runs(["0"], "metrics.accuracy > 0.9")  # doctest: +SKIP
    """

    # ---- runs

    def create_run(
        self,
        experiment_id: str | int,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Create a run that is RUNNING and belongs to no thread; `set_terminated` ends it."""
        experiment = self.get_experiment(experiment_id)
        if experiment.lifecycle_stage != "active":
            raise InvalidValue(f"The experiment {experiment.name!r} is deleted.")
        given = dict(tags or {})
        name = run_name or str(given.pop(NAME_TAG, "") or random_name())
        memory = self._tracker.start(name=name, experiment=experiment.name, tags=given, start_time=start_time)
        return self._tracker.read(memory.run_id)

    def get_run(self, run_id: str | int) -> Run:
        """Return a run; NotFound where there is none."""
        tracker, run_id = self._target(run_id)
        return tracker.read(run_id)

    def get_parent_run(self, run_id: str | int) -> Run | None:
        """Return the parent of a run, None where it has none."""
        parent = self.get_run(run_id).parent_run_id
        return None if parent is None else self.get_run(parent)

    def set_terminated(self, run_id: str | int, status: str | None = None, end_time: int | None = None) -> None:
        """End a run; FINISHED by default. `end_time` is in milliseconds since the epoch."""
        tracker, run_id = self._target(run_id)
        if tracker.memory(run_id) is not None:
            tracker.end(run_id, RunStatus.to_string(status or RunStatus.FINISHED), end_time=end_time)
            for run in [run for run in active.open_runs() if run.run_id == run_id]:
                active.remove(run)
            return
        if end_time is not None:
            end_time = check_time(end_time, "end_time")
        edits.set_terminated(tracker.store, run_id, RunStatus.to_string(status or RunStatus.FINISHED), end_time)

    def update_run(self, run_id: str | int, status: str | None = None, name: str | None = None) -> None:
        """Rename a run or set its status."""
        name = None if name is None else clean_text(redact_prose(name))
        tracker, run_id = self._target(run_id)
        edits.update_run(tracker.store, run_id, name=name, status=status)
        memory = tracker.memory(run_id)
        if memory is not None and name is not None:
            memory.name = name

    def delete_run(self, run_id: str | int) -> None:
        """Put a run into the bin. One that is still running goes on, and logs into the bin; one warning says so."""
        tracker, run_id = self._target(run_id)
        delete_and_warn(tracker.store, [run_id])

    def restore_run(self, run_id: str | int) -> None:
        """Take a run out of the bin; of a name the newest deleted run is meant."""
        tracker, run_id = self._target(run_id, deleted=True)
        edits.restore_run(tracker.store, run_id)

    def search_runs(
        self,
        experiment_ids: Sequence[str | int] | str | int,
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = DEFAULT_PAGE,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Runs:
        """Return a page of runs; ``.token`` gives the next page."""
        ids = [experiment_ids] if isinstance(experiment_ids, (str, int)) else experiment_ids
        pending.flush(self._tracker.store)
        if not store_exists(self._tracker.store):
            return Runs(store=self._tracker.store)
        runs = self._tracker.reader.runs(
            [str(identifier) for identifier in ids],
            filter_string or "",
            order_by or (),
            run_view_type,
            max_results + 1,
            offset_of(page_token),
        )
        deleted = run_view_type != ViewType.ACTIVE_ONLY
        empty = none_found(self._tracker, filter_string, deleted=deleted) if filter_string and not runs else ""
        return Runs(*page_of(runs, max_results, offset_of(page_token)), store=self._tracker.store, empty=empty)

    # ---- what mlflow's client does not have

    def set_note(self, run_id: str | int, text: str | None) -> None:
        """Set the note of a run (mlflow's description); None removes it.

        Raises
        ------
        NotFound
            Where there is no such run, here and below.
        InvalidValue
            Where the run is deleted, here and below, or `text` is no text.
        """
        tracker, run_id = self._target(run_id)
        edits.set_note(tracker.store, [run_id], check_note(text))
        tracker.follow_edits()

    def pin_run(self, run_id: str | int) -> None:
        """Pin a run: it stands on top of tables, and tidying keeps it."""
        tracker, run_id = self._target(run_id)
        edits.pin_runs(tracker.store, [run_id])

    def unpin_run(self, run_id: str | int) -> None:
        """Take the pin off a run."""
        tracker, run_id = self._target(run_id)
        edits.pin_runs(tracker.store, [run_id], pinned=False)

    def move_run(self, run_id: str | int, experiment: str) -> None:
        """Move a run, and its children with it, to the experiment of a name, which is made where there is none.

        Examples
        --------
        >>> TrackClient().move_run("#12", "second try")  # doctest: +SKIP
        """
        tracker, run_id = self._target(run_id)
        edits.move_runs(tracker.store, [run_id], experiment)
        tracker.follow_edits()

    def set_baseline(self, run_id: str | int) -> None:
        """Make a run the one that others of its experiment are measured against."""
        tracker, run_id = self._target(run_id)
        edits.set_baseline(tracker.store, run_id)

    def clear_baseline(self, experiment_id: str | int) -> None:
        """Let an experiment have no baseline; does nothing where it has none.

        Raises
        ------
        NotFound
            Where there is no such experiment.
        """
        experiment_edits.clear_baseline(self._tracker.store, str(experiment_id))

    def undo_delete(self) -> list[str]:
        """Bring back the runs that were deleted last, together, and return their ids.

        Raises
        ------
        NotFound
            Where the bin is empty.
        """
        return edits.undo_delete(self._tracker.store)

    def request_stop(self, run_id: str | int) -> None:
        """Ask a run to stop, in whichever process it runs.

        There `ActiveRun.should_stop` becomes true, and the next log call of its cell raises `RunStopped`: at once
        where the run logs all the time, within a few seconds where it seldom does.

        Raises
        ------
        InvalidValue
            Where the run has ended.
        """
        tracker, run_id = self._target(run_id)
        edits.request_stop(tracker.store, [run_id])

    # ---- logging

    def log_batch(
        self,
        run_id: str | int,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> None:
        """Log metrics, params and tags at once; one bad key or value means that none is written."""
        tracker, run_id = self._target(run_id)
        tracker.check_params({param.key: param.value for param in params})
        tracker.check_tags({tag.key: tag.value for tag in tags})
        tracker.points(run_id, [(metric.key, metric.value, metric.timestamp, metric.step) for metric in metrics])
        if params:
            tracker.params(run_id, {param.key: param.value for param in params})
        if tags:
            tracker.tags(run_id, {tag.key: tag.value for tag in tags})
        self._wait(synchronous)

    def _wait(self, synchronous: bool | None) -> None:
        if synchronous:
            pending.flush(self._tracker.store)

    def log_metric(
        self,
        run_id: str | int,
        key: str,
        value: Any,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        model_id: str | None = None,
    ) -> None:
        """Log one point of a metric; `synchronous` waits until it is on disk, here and below."""
        from . import datasets

        tracker, run_id = self._target(run_id)
        datasets.log_about(tracker, run_id, {key: value}, step, timestamp, model_id=model_id)
        self._wait(synchronous)

    def log_param(self, run_id: str | int, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log one param and return its value."""
        tracker, run_id = self._target(run_id)
        tracker.params(run_id, {key: value})
        self._wait(synchronous)
        return value

    def set_tag(self, run_id: str | int, key: str, value: Any, synchronous: bool | None = None) -> None:
        """Set a tag of a run."""
        tracker, run_id = self._target(run_id)
        tracker.tags(run_id, {key: value})
        self._wait(synchronous)

    def delete_tag(self, run_id: str | int, key: str) -> None:
        """Remove a tag of a run; NotFound where there is none."""
        tracker, run_id = self._target(run_id)
        tracker.delete_tag(run_id, key)

    def get_metric_history(self, run_id: str | int, key: str) -> list[Metric]:
        """Return all points of a metric in the order of logging."""
        tracker, run_id = self._target(run_id)
        tracker.find(run_id)
        pending.flush(tracker.store)
        return tracker.reader.history(run_id, key)

    # ---- artifacts

    def log_artifact(
        self, run_id: str | int, local_path: str | os.PathLike[str], artifact_path: str | None = None
    ) -> None:
        """Log a file or folder."""
        artifacts.log_artifact(*self._target(run_id), local_path, artifact_path)

    def log_artifacts(
        self, run_id: str | int, local_dir: str | os.PathLike[str], artifact_path: str | None = None
    ) -> None:
        """Log all files of a folder."""
        artifacts.log_artifacts(*self._target(run_id), local_dir, artifact_path)

    def log_text(self, run_id: str | int, text: str, artifact_file: str) -> None:
        """Log text as a file."""
        artifacts.log_text(*self._target(run_id), text, artifact_file)

    def log_dict(self, run_id: str | int, dictionary: Any, artifact_file: str) -> None:
        """Log a dict as JSON or YAML."""
        artifacts.log_dict(*self._target(run_id), dictionary, artifact_file)

    def log_stream(self, run_id: str | int, stream: IO[bytes] | IO[str], artifact_file: str) -> None:
        """Log what a stream gives as a file."""
        artifacts.log_stream(*self._target(run_id), stream, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str | int] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> DataFrame:
        """Return the tables that runs of an experiment logged under a name, one below the other."""
        return artifacts.load_table(self._tracker, artifact_file, run_ids, extra_columns, str(experiment_id))

    def log_figure(
        self, run_id: str | int, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Log a figure."""
        artifacts.log_figure(*self._target(run_id), figure, artifact_file, save_kwargs)

    def log_image(
        self,
        run_id: str | int,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Log an image."""
        artifacts.log_image(*self._target(run_id), image, artifact_file, key, step, timestamp)
        self._wait(synchronous)

    def log_table(self, run_id: str | int, data: Any, artifact_file: Any, *, key: str | None = None) -> None:
        """Log a table; the same file again appends. `key` names the column of a row's key."""
        artifacts.log_table(*self._target(run_id), data, artifact_file, key)

    def list_artifacts(self, run_id: str | int, path: str | None = None) -> list[FileInfo]:
        """Return what lies in a folder of a run."""
        return artifacts.list_artifacts(*self._target(run_id), path)

    def download_artifacts(self, run_id: str | int, path: str, dst_path: str | os.PathLike[str] | None = None) -> str:
        """Copy a file or folder out of the store and return where it lies."""
        return str(artifacts.download(*self._target(run_id), path, None if dst_path is None else Path(dst_path)))

    # ---- experiments

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """Make an experiment and return its id; AlreadyExists where the name is taken."""
        return experiments.create(self._tracker, name, tags)

    def get_experiment(self, experiment_id: str | int) -> Experiment:
        """Return an experiment; NotFound where there is none."""
        return experiments.by_id(self._tracker, experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Return the experiment of a name, None where there is none."""
        return experiments.by_name(self._tracker, name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = DEFAULT_PAGE,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[Experiment]:
        """Return a page of experiments, the newest first."""
        found = experiments.search(self._tracker, view_type, filter_string, order_by, None)
        offset = offset_of(page_token)
        size = len(found) if max_results is None else max_results
        return Page(*page_of(found[offset:], size, offset))

    def list_experiments(
        self, view_type: int = ViewType.ACTIVE_ONLY, max_results: int | None = None
    ) -> Page[Experiment]:
        """Return the experiments (a call that mlflow dropped in 2.0, and notebooks still make)."""
        return self.search_experiments(view_type, max_results)

    def rename_experiment(self, experiment_id: str | int, new_name: str) -> None:
        """Give an experiment another name."""
        experiments.rename(self._tracker, experiment_id, new_name)

    def delete_experiment(self, experiment_id: str | int) -> None:
        """Put an experiment and its runs into the bin."""
        experiments.delete(self._tracker, experiment_id)

    def restore_experiment(self, experiment_id: str | int) -> None:
        """Take an experiment out of the bin, with the runs that went with it."""
        experiments.restore(self._tracker, experiment_id)

    def set_experiment_tag(self, experiment_id: str | int, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        checked = experiments.checked_tags({key: value})
        experiment_edits.set_experiment_tags(self._tracker.store, str(experiment_id), checked)

    def delete_experiment_tag(self, experiment_id: str | int, key: str) -> None:
        """Remove a tag of an experiment."""
        experiment_edits.delete_experiment_tag(self._tracker.store, str(experiment_id), key)
