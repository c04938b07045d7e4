"""The names that mlflow's users know: each exists, with mlflow's parameters in mlflow's order."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jupyter_track as track
from jupyter_track import missing
from jupyter_track.recording.session import session
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader

# As mlflow 3.17 has them.
FUNCTIONS = """
start_run(run_id=None, experiment_id=None, run_name=None, nested=False, parent_run_id=None, tags=None, \
description=None, log_system_metrics=None)
end_run(status='FINISHED')
active_run()
last_active_run()
get_run(run_id)
get_parent_run(run_id)
delete_run(run_id)
restore_run(run_id)
log_param(key, value, synchronous=None)
log_params(params, synchronous=None, run_id=None)
log_metric(key, value, step=None, synchronous=None, timestamp=None, run_id=None, model_id=None, dataset=None)
log_metrics(metrics, step=None, synchronous=None, run_id=None, timestamp=None, model_id=None, dataset=None)
set_tag(key, value, synchronous=None)
set_tags(tags, synchronous=None)
delete_tag(key)
log_artifact(local_path, artifact_path=None, run_id=None)
log_artifacts(local_dir, artifact_path=None, run_id=None)
log_text(text, artifact_file, run_id=None)
log_dict(dictionary, artifact_file, run_id=None)
log_stream(stream, artifact_file, run_id=None)
log_figure(figure, artifact_file, *, save_kwargs=None)
log_image(image, artifact_file=None, key=None, step=None, timestamp=None, synchronous=False)
log_table(data, artifact_file, run_id=None, *, key=None)
log_input(dataset=None, context=None, tags=None, model=None)
log_inputs(datasets=None, contexts=None, tags_list=None, models=None)
enable_system_metrics_logging()
disable_system_metrics_logging()
set_system_metrics_sampling_interval(interval)
set_system_metrics_samples_before_logging(samples)
set_system_metrics_node_id(node_id)
flush_async_logging()
flush_artifact_async_logging()
is_tracking_uri_set()
load_table(artifact_file, run_ids=None, extra_columns=None)
get_artifact_uri(artifact_path=None)
set_experiment(experiment_name=None, experiment_id=None)
create_experiment(name, artifact_location=None, tags=None)
get_experiment(experiment_id)
get_experiment_by_name(name)
search_experiments(view_type=1, max_results=None, filter_string=None, order_by=None)
delete_experiment(experiment_id)
restore_experiment(experiment_id)
set_experiment_tag(key, value)
set_experiment_tags(tags)
delete_experiment_tag(key)
search_runs(experiment_ids=None, filter_string='', run_view_type=1, max_results=100000, order_by=None, \
output_format='pandas', search_all_experiments=False, experiment_names=None)
set_tracking_uri(uri)
get_tracking_uri()
"""
CLIENT = """
create_run(experiment_id, start_time=None, tags=None, run_name=None)
set_terminated(run_id, status=None, end_time=None)
update_run(run_id, status=None, name=None)
log_batch(run_id, metrics=(), params=(), tags=(), synchronous=None)
log_metric(run_id, key, value, timestamp=None, step=None, synchronous=None, model_id=None)
log_param(run_id, key, value, synchronous=None)
set_tag(run_id, key, value, synchronous=None)
delete_tag(run_id, key)
get_metric_history(run_id, key)
search_runs(experiment_ids, filter_string='', run_view_type=1, max_results=1000, order_by=None, page_token=None)
list_artifacts(run_id, path=None)
download_artifacts(run_id, path, dst_path=None)
delete_run(run_id)
restore_run(run_id)
get_run(run_id)
get_parent_run(run_id)
create_experiment(name, artifact_location=None, tags=None)
get_experiment(experiment_id)
get_experiment_by_name(name)
delete_experiment(experiment_id)
restore_experiment(experiment_id)
rename_experiment(experiment_id, new_name)
search_experiments(view_type=1, max_results=1000, filter_string=None, order_by=None, page_token=None)
set_experiment_tag(experiment_id, key, value)
delete_experiment_tag(experiment_id, key)
"""
ARTIFACTS = """
download_artifacts(artifact_uri=None, run_id=None, artifact_path=None, dst_path=None, tracking_uri=None)
list_artifacts(artifact_uri=None, run_id=None, artifact_path=None, tracking_uri=None)
load_text(artifact_uri)
load_dict(artifact_uri)
load_image(artifact_uri)
"""
OLD = "list_experiments(view_type=1, max_results=None)"  # mlflow dropped it in 2.0
# Parameters of mlflow 3.17 that belong to what is not there: traces, jobs, a registry elsewhere.
JOIN_KEY = ("key", "None", "KEYWORD_ONLY")  # of log_table; ours alone
NOT_THERE = {
    *("deployment_job_id", "trace_location", "registry_uri", "dataset_name", "dataset_digest"),
}


def lines(table: str) -> list[Any]:
    """Return the lines of a table as parameters of a test, called by the name."""
    return [pytest.param(line, id=line.partition("(")[0]) for line in table.strip().splitlines()]


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """Return name, default and kind of each parameter, `self` left out."""
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.default, one.kind) for one in found if one.name != "self"]


def written(function: Callable[..., Any]) -> str:
    """Return the name and the parameters of a function without their types."""
    found = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in inspect.signature(function).parameters.values()
        if one.name != "self"
    ]
    return f"{function.__name__}{inspect.Signature(found)}"


NAMES = json.loads((Path(__file__).parent / "data" / "mlflow" / "names.json").read_text(encoding="utf-8"))


def same(ours: Callable[..., Any], theirs: list[list[str]]) -> None:
    """Compare with mlflow's function, without the parameters of what is not there."""
    wanted = [(one[0], *_at_once(one), one[2]) for one in theirs if one[0] not in NOT_THERE]
    assert [one for one in as_kept(ours) if one[0] not in NOT_THERE and one != JOIN_KEY] == wanted


def _at_once(one: list[str]) -> list[str]:
    """The default: mlflow waits for its registry, which has no meaning here."""
    return ["None"] if one[0].startswith("await_") else one[1:2]


def as_kept(function: Callable[..., Any]) -> list[tuple[str, str, str]]:
    """Return the parameters of a function in the form of the kept data."""
    return [
        (name, "" if default is inspect.Parameter.empty else repr(default), kind.name)
        for name, default, kind in parameters(function)
    ]


@pytest.mark.parametrize("line", lines(FUNCTIONS))
def test_a_function_has_its_parameters(line: str) -> None:
    """As the table says, and importable from the package itself."""
    name = line.partition("(")[0]
    assert name in track.__all__
    assert written(getattr(track, name)) == line


@pytest.mark.parametrize(
    "name", [name for name in NAMES["functions"]["mlflow"] if name in track.__all__ and name != "autolog"]
)
def test_a_function_is_mlflow_s(name: str) -> None:
    """Names, defaults and kinds of the parameters, in order."""
    same(getattr(track, name), NAMES["functions"]["mlflow"][name])


@pytest.mark.parametrize("line", [*lines(CLIENT), *lines(OLD)])
def test_the_client_has_its_methods(line: str) -> None:
    """As the table says."""
    assert written(getattr(track.TrackClient, line.partition("(")[0])) == line


@pytest.mark.parametrize("name", [name for name in NAMES["client"] if hasattr(track.TrackClient, name)])
def test_a_method_of_the_client_is_mlflow_s(name: str) -> None:
    """Names, defaults and kinds of the parameters, in order."""
    same(getattr(track.TrackClient, name), NAMES["client"][name])


# Of models: what a flavor takes more here (in any place), and what of mlflow's it does not take.
OURS_MORE = {"run_id", "init_args", "map_location", "device"}
THEIRS_MORE = {"export_model", "uv_project_path", "uv_groups", "uv_extras", "prompts", "kwargs"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, names in NAMES["functions"].items()
        for name in names
        if module.rpartition(".")[2] in ("data", "models", "pyfunc", "pytorch", "sklearn")
    ],
)
def test_what_takes_models_and_data_is_mlflow_s(module: str, name: str) -> None:
    """The parameters in mlflow's order; the place of what is ours alone is free."""
    theirs = [one for one in NAMES["functions"][module][name] if one[0] not in THEIRS_MORE]
    ours = getattr(importlib.import_module(module.replace("mlflow", "jupyter_track")), name)
    wanted = [(one[0], *_at_once(one), one[2]) for one in theirs]
    assert [one for one in as_kept(ours) if one[0] not in OURS_MORE] == wanted


@pytest.mark.parametrize("line", lines(ARTIFACTS))
def test_the_module_artifacts_is_mlflow_s(line: str) -> None:
    """As the table says, and as mlflow has it."""
    name = line.partition("(")[0]
    assert written(getattr(track.artifacts, name)) == line
    same(getattr(track.artifacts, name), NAMES["functions"]["mlflow.artifacts"][name])


def test_client_functions_of_files_are_mlflow_s() -> None:
    """All that log a file by the id of their run."""
    for kind in ("artifact", "artifacts", "dict", "figure", "image", "table", "text"):
        same(getattr(track.TrackClient, f"log_{kind}"), NAMES["client"][f"log_{kind}"])


def test_modules_are_where_mlflow_s_users_import_them_from() -> None:
    """``from mlflow.tracking import MlflowClient`` and the like, with our name for mlflow."""
    found = {
        name: [hasattr(importlib.import_module(f"jupyter_track.{name}"), one) for one in names.split()]
        for name, names in {
            "tracking": "MlflowClient set_tracking_uri get_tracking_uri",
            "entities": "Experiment FileInfo LoggedModelInput Metric Param Run RunData RunInfo RunStatus RunTag"
            " ViewType",
            "exceptions": "MlflowException",
            "artifacts": "download_artifacts list_artifacts load_dict load_image load_text",
        }.items()
    }
    assert {name: all(there) for name, there in found.items()} == dict.fromkeys(found, True)
    assert track.tracking.MlflowClient is track.MlflowClient


def test_the_fields_of_run_info_are_those_that_the_specification_names() -> None:
    """mlflow's entities, made in the same order of arguments."""
    from jupyter_track import entities

    for name in ("Metric", "Param", "RunTag", "FileInfo"):
        ours = [one[0] for one in parameters(getattr(entities, name))]
        wanted = [one[0] for one in NAMES["entities"][name]]
        shared = [one for one in wanted if one in ours]
        assert ours[: len(shared)] == wanted[: len(shared)] == shared
    wanted_info = "run_id run_name experiment_id status start_time end_time artifact_uri lifecycle_stage user_id"
    assert [one[0] for one in parameters(entities.RunInfo)] == wanted_info.split()
    assert NAMES["run_info"] == wanted_info.split()


def left_out() -> set[str]:
    """The names that are said to be missing."""
    return {
        name for _, _, names in (*missing.GROUPS, *missing.MODULE_GROUPS, *missing.WITHIN) for name in names.split()
    }


def is_here(name: str) -> bool:
    """Whether a name of mlflow's is one of ours."""
    place, _, within = name.rpartition(".")
    if place:
        return hasattr(getattr(track, place), within)
    return name in track.__all__ or importlib.util.find_spec(f"jupyter_track.{name}") is not None


def test_every_name_of_mlflow_s_is_here_or_said_to_be_missing() -> None:
    """Of mlflow's public names and modules, as they are kept with their version."""
    assert NAMES["version"].startswith(missing.MLFLOW_VERSION + ".")
    theirs = {*NAMES["names"], *NAMES["modules"]}
    assert {name for name in theirs if not is_here(name)} <= left_out()
    assert {name for name in left_out() if "." not in name} - theirs == set()


def test_what_is_kept_is_what_mlflow_has() -> None:
    """Where mlflow is installed, in the version that the table is for: the data are what the script writes."""
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    if not mlflow.__version__.startswith(missing.MLFLOW_VERSION + "."):
        pytest.skip(f"mlflow is {mlflow.__version__}")
    script = Path(__file__).parent.parent / "scripts" / "mlflow_names.py"
    scope = runpy.run_path(str(script))
    assert {**scope["collect"](), "version": NAMES["version"]} == NAMES


def test_the_readme_lists_what_is_missing() -> None:
    """All of it, and nothing that is here."""
    text = (Path(track.__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    section = text.split("### mlflow's names that are not here", 1)[1].split("\n### ", 1)[0]
    told = set(re.findall(r"`([\w.]+)`", "".join(line.split("|")[2] for line in section.splitlines() if "| `" in line)))
    assert told == {name for name in left_out() if not is_here(name)}


def test_a_name_that_is_missing_says_what_to_do() -> None:
    """As any attribute that is not there, so that `hasattr` works; with the way to do it here."""
    with pytest.raises(AttributeError) as caught:
        track.evaluate  # type: ignore[attr-defined]  # noqa: B018 - the access is the test
    assert str(caught.value).startswith(
        "module 'jupyter_track' has no attribute 'evaluate': mlflow has it (Evaluation);"
    )
    assert not hasattr(track, "start_span")


@pytest.mark.parametrize(
    ("place", "name", "hint"),
    [
        ("models", "evaluate", "(Evaluation); here: compute the numbers and log them with log_metrics"),
        ("pyfunc", "spark_udf", "(Spark); here: load the model with load_model"),
        ("", "shap", "(Explanations); here: call shap itself"),
        ("", "types", "(Types of columns); here: infer_signature"),
    ],
)
def test_a_name_within_a_module_says_so_too(place: str, name: str, hint: str) -> None:
    """The modules of the package tell of mlflow's names as the package itself does."""
    module = getattr(track, place) if place else track
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value).startswith(f"module '{module.__name__}' has no attribute '{name}': mlflow has it {hint}")
    with pytest.raises(AttributeError, match=rf"module '{module.__name__}' has no attribute 'nothing_such'$"):
        getattr(module, "nothing_such")  # noqa: B009 - the access is the test


def test_a_method_of_the_client_says_so_too(store: Path) -> None:
    """Stages are aliases here; what mlflow has not either is a plain AttributeError."""
    client = track.MlflowClient()
    with pytest.raises(AttributeError) as caught:
        client.transition_model_version_stage("line", 1, "Production")
    assert str(caught.value) == (
        "'TrackClient' object has no attribute 'transition_model_version_stage': mlflow has it (Stages of versions); "
        "here: aliases do that: set_registered_model_alias(name, 'production', version), then models:/name@production."
    )
    with pytest.raises(AttributeError, match=r"'TrackClient' object has no attribute 'nothing_such'$"):
        client.nothing_such()
    assert not any(is_here(name) for _, _, names in missing.WITHIN for name in names.split())


def test_statuses_are_texts() -> None:
    """mlflow's conversions give what goes in; anything else is told."""
    status = track.RunStatus
    assert [status.to_string(one) for one in status.all_status()] == list(status.ALL)
    assert status.from_string("KILLED") == status.KILLED
    assert [one for one in status.ALL if status.is_terminated(one)] == ["FINISHED", "FAILED", "KILLED"]
    with pytest.raises(track.TrackError, match="'DONE' is no status of a run; there are RUNNING, SCHEDULED"):
        status.to_string("DONE")


@pytest.mark.parametrize("flavor", ["sklearn", "pytorch"])
def test_autolog_of_a_flavor_goes_on_too(store: Path, flavor: str) -> None:
    """Often the first line of a tutorial: it is the `autolog` of the package."""
    assert getattr(track, flavor).autolog is track.autolog


def test_autolog_says_what_to_do_and_goes_on(store: Path) -> None:
    """A notebook with it at its top runs on; what is not recorded is said, once."""
    with pytest.warns(
        TrackWarning, match=r"autolog\(\) does nothing here: no framework is patched\. Put %%track above"
    ):
        track.autolog(log_models=False)
    track.autolog()
    assert track.search_runs(output_format="list") == []


def test_waiting_under_mlflow_s_names(store: Path) -> None:
    """What was logged is on disk afterwards; whether a store was chosen is told."""
    session.reset()
    assert not track.is_tracking_uri_set()
    track.set_tracking_uri(store)
    assert track.is_tracking_uri_set()
    with track.start_run() as run:
        track.log_metric("x", 1.0)
        track.flush_async_logging()
        assert Reader(store).run(run.run_id).data.metrics == {"x": 1.0}
        track.log_text("a", "a.txt")
        track.flush_artifact_async_logging()
        assert [one.path for one in Reader(store).artifacts(run.run_id)] == ["a.txt"]
    assert track.MlflowException is track.TrackError


def test_every_public_name_can_be_loaded() -> None:
    """And `dir` tells them all; an unknown name is an AttributeError."""
    assert {name for name in track.__all__ if not hasattr(track, name)} == set()
    assert set(track.__all__) <= set(dir(track))
    with pytest.raises(AttributeError, match="module 'jupyter_track' has no attribute 'log_everything'"):
        track.log_everything  # type: ignore[attr-defined]  # noqa: B018 - the access is the test
