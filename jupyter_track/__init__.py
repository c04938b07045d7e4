"""Experiment tracking that lives in the notebook.

``import jupyter_track as track`` costs next to nothing: every public name is loaded on first use, and pandas, altair
or ipywidgets only where they are needed. ``%load_ext jupyter_track`` brings ``%%track`` and ``%track``.

Examples
--------
>>> import jupyter_track as track
>>> with track.start_run(run_name="baseline"):  # doctest: +SKIP
...     track.log_param("C", 0.1)
...     track.log(accuracy=0.96)
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._version import __version__

__all__ = [
    "ActiveRun",
    "Experiment",
    "MlflowClient",
    "MlflowException",
    "Run",
    "RunStatus",
    "RunStopped",
    "Runs",
    "TrackClient",
    "TrackError",
    "TrackWarning",
    "ViewType",
    "__version__",
    "active_run",
    "artifacts",
    "autolog",
    "board",
    "compare",
    "create_experiment",
    "current",
    "curves",
    "data",
    "define_metric",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_run",
    "delete_tag",
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "end_run",
    "entities",
    "exceptions",
    "flush",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_parent_run",
    "get_run",
    "get_tracking_uri",
    "import_mlflow",
    "importance",
    "is_tracking_uri_set",
    "last_active_run",
    "live",
    "load_ipython_extension",
    "load_table",
    "log",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "log_stream",
    "log_table",
    "log_text",
    "merge",
    "models",
    "parallel",
    "progress",
    "pyfunc",
    "pytorch",
    "register_model",
    "report",
    "restore_experiment",
    "restore_run",
    "runs",
    "scatter",
    "search_experiments",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_note",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "sklearn",
    "start_run",
    "tracking",
    "unload_ipython_extension",
]

_MODULES = ("artifacts", "data", "entities", "exceptions", "models", "pyfunc", "pytorch", "sklearn", "tracking")
_STORED = (
    "delete_run",
    "get_parent_run",
    "get_run",
    "get_tracking_uri",
    "import_mlflow",
    "merge",
    "restore_run",
    "runs",
    "search_runs",
    "set_tracking_uri",
)
_EXPERIMENTS = (
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "get_experiment",
    "get_experiment_by_name",
    "restore_experiment",
    "search_experiments",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
)
_FILES = (
    "get_artifact_uri",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_stream",
    "log_table",
    "log_text",
)
_SYSTEM = (
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
)
_SMALL = ("autolog", "flush_artifact_async_logging", "flush_async_logging", "is_tracking_uri_set")
# Where a name lives; every other name of __all__ is in recording.fluent, with the functions that log.
_HOMES = {
    **dict.fromkeys(_EXPERIMENTS, "recording.fluent_experiments"),
    **dict.fromkeys(_FILES, "recording.fluent_files"),
    **dict.fromkeys(_STORED, "recording.stored"),
    **dict.fromkeys(_SYSTEM, "recording.system"),
    **dict.fromkeys(_SMALL, "recording.mlflow_names"),
    **dict.fromkeys(("active_run", "end_run", "last_active_run", "start_run"), "recording.opening"),
    **dict.fromkeys(("importance", "parallel", "scatter"), "notebook.many"),
    "ActiveRun": "recording.run",
    "board": "notebook.board",
    "curves": "notebook.curves",
    "Experiment": "records",
    "report": "notebook.reporting",
    "compare": "notebook.comparing",
    "MlflowClient": "tracking",
    "MlflowException": "exceptions",
    "Run": "records",
    "RunStatus": "records",
    "RunStopped": "errors",
    "Runs": "views.found",
    "TrackClient": "recording.client",
    "TrackError": "errors",
    "TrackWarning": "store.problems",
    **dict.fromkeys(("register_model", "search_model_versions", "search_registered_models"), "models.registry"),
    "live": "notebook.live",
    "progress": "recording.progress",
    "ViewType": "records",
}


def __getattr__(name: str) -> Any:
    if name == "current":
        _capture_cells()
        return importlib.import_module(".recording.active", __name__).current()
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in __all__:
        hint = importlib.import_module(".missing", __name__).hint_of(name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{f': {hint}.' if hint else ''}")
    _capture_cells()
    home = _HOMES.get(name, "recording.fluent")
    # A fork waits for an import of another thread: the child would find its lock held for good.
    with importlib.import_module(".store.gate", __name__).inside():
        value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _capture_cells() -> None:
    """In a notebook, look at the cells from the first use on: `start_run` records what its cell shows."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        importlib.import_module(".notebook.extension", __name__).look_at_cells(shell)


def load_ipython_extension(shell: Any) -> None:
    """Bring ``%%track`` and ``%track`` to an IPython shell: what ``%load_ext jupyter_track`` calls."""
    importlib.import_module(".notebook.extension", __name__).load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take all of it away again: what ``%unload_ext jupyter_track`` calls."""
    importlib.import_module(".notebook.extension", __name__).unload(shell)


if TYPE_CHECKING:
    from . import artifacts, data, entities, exceptions, models, pyfunc, pytorch, sklearn, tracking
    from .errors import RunStopped, TrackError
    from .exceptions import MlflowException
    from .models.registry import register_model, search_model_versions, search_registered_models
    from .notebook.board import board
    from .notebook.comparing import compare
    from .notebook.curves import curves
    from .notebook.live import live
    from .notebook.many import importance, parallel, scatter
    from .notebook.reporting import report
    from .recording.client import TrackClient
    from .recording.fluent import (
        define_metric,
        delete_tag,
        flush,
        log,
        log_input,
        log_inputs,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        set_note,
        set_tag,
        set_tags,
    )
    from .recording.fluent_experiments import (
        create_experiment,
        delete_experiment,
        delete_experiment_tag,
        get_experiment,
        get_experiment_by_name,
        restore_experiment,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
    )
    from .recording.fluent_files import (
        get_artifact_uri,
        load_table,
        log_artifact,
        log_artifacts,
        log_dict,
        log_figure,
        log_image,
        log_stream,
        log_table,
        log_text,
    )
    from .recording.mlflow_names import (
        autolog,
        flush_artifact_async_logging,
        flush_async_logging,
        is_tracking_uri_set,
    )
    from .recording.opening import active_run, end_run, last_active_run, start_run
    from .recording.progress import progress
    from .recording.run import ActiveRun
    from .recording.stored import (
        delete_run,
        get_parent_run,
        get_run,
        get_tracking_uri,
        import_mlflow,
        merge,
        restore_run,
        runs,
        search_runs,
        set_tracking_uri,
    )
    from .recording.system import (
        disable_system_metrics_logging,
        enable_system_metrics_logging,
        set_system_metrics_node_id,
        set_system_metrics_samples_before_logging,
        set_system_metrics_sampling_interval,
    )
    from .records import Experiment, Run, RunStatus, ViewType
    from .store.problems import TrackWarning
    from .tracking import MlflowClient
    from .views.found import Runs

    current: ActiveRun | None
