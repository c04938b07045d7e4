"""Models of scikit-learn: logged, listed, loaded, in the format that is safe wherever that can be."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import jupyter_track as mlflow
from jupyter_track.errors import AlreadyExists, CorruptStore, DamagedModel, InvalidValue, MissingPackage, NotFound
from jupyter_track.models import get_model_info, infer_signature
from jupyter_track.store.place import files_folder

X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [4, 3, 2, 1]})
Y = np.array([0, 0, 1, 1])


@pytest.fixture
def fitted() -> LogisticRegression:
    """A small fitted model."""
    return LogisticRegression().fit(X, Y)


def notebook_function(name: str = "clean") -> Any:
    """A function as a notebook defines it: in ``__main__``."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(f"def {name}(frame):\n    return frame * 2\n", space)
    return space[name]


def test_a_logged_model_is_the_model(store: Path, fitted: LogisticRegression) -> None:
    """It is loaded from its address with the same coefficients, and lies among its run's artifacts."""
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, "forest")
    assert info.model_uri == f"runs:/{run.info.run_id}/forest"
    loaded = mlflow.sklearn.load_model(info.model_uri)
    assert np.array_equal(loaded.coef_, fitted.coef_)
    assert [(one.path, one.is_dir) for one in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)] == [
        ("forest", True)
    ]
    assert sorted(one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id, "forest")) == [
        "forest/MLmodel",
        "forest/conda.yaml",
        "forest/model.skops",
        "forest/python_env.yaml",
        "forest/requirements.txt",
    ]
    assert (info.format, info.why, info.title) == ("skops", "", "sklearn LogisticRegression · skops")


def test_the_new_name_and_the_old_one(store: Path, fitted: LogisticRegression) -> None:
    """mlflow 3's ``name``, the earlier ``artifact_path``, and the default; two different ones are an error."""
    with mlflow.start_run():
        assert mlflow.sklearn.log_model(fitted, name="a").artifact_path == "a"
        assert mlflow.sklearn.log_model(fitted, artifact_path="b").artifact_path == "b"
        assert mlflow.sklearn.log_model(fitted).artifact_path == "model"
        with pytest.raises(InvalidValue, match=r"Give either name \('a'\) or artifact_path \('b'\)"):
            mlflow.sklearn.log_model(fitted, name="a", artifact_path="b")
        with pytest.raises(InvalidValue, match=r"has the part"):
            mlflow.sklearn.log_model(fitted, name="../out")


def test_functions_of_the_notebook_take_cloudpickle_and_say_so(store: Path) -> None:
    """A pipeline with a function of ``__main__`` works in another process, and the format is told with its reason."""
    clean = notebook_function()
    pipe = make_pipeline(FunctionTransformer(clean), StandardScaler(), LogisticRegression()).fit(X, Y)
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(pipe, "pipe")
    assert (info.format, info.why) == ("cloudpickle", "it uses clean of the notebook")
    rows = "numpy.array([[4.0, 1], [1.0, 4]])"
    code = f"import numpy, jupyter_track as t; print(t.sklearn.load_model({info.model_uri!r}).predict({rows}))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=store.parent, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str(pipe.predict(np.array([[4.0, 1], [1.0, 4]])))


def test_types_beyond_skops_own_are_trusted_as_it_reports_them(store: Path) -> None:
    """A forest holds trees, which skops reports; they are noted, and the model is loaded with them."""
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(forest, "forest")
        with pytest.raises(InvalidValue, match=r"not among skops_trusted_types: sklearn\.tree\._tree\.Tree"):
            mlflow.sklearn.log_model(forest, "strict", skops_trusted_types=[])
    assert info.flavors["sklearn"]["skops_trusted_types"] == ["sklearn.tree._tree.Tree"]
    loaded = mlflow.sklearn.load_model(info.model_uri)
    assert np.array_equal(loaded.predict_proba(X), forest.predict_proba(X))


@pytest.mark.parametrize("form", ["skops", "cloudpickle", "pickle"])
def test_a_format_that_is_asked_for(store: Path, fitted: LogisticRegression, form: str) -> None:
    """Each format round-trips; skops for what it cannot hold is an error that names the way out."""
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(fitted, "m", serialization_format=form)
        assert info.format == form
        assert np.array_equal(mlflow.sklearn.load_model(info.model_uri).coef_, fitted.coef_)
        own = make_pipeline(FunctionTransformer(notebook_function()), LogisticRegression()).fit(X, Y)
        if form == "skops":
            with pytest.raises(InvalidValue, match=r"cannot be saved with skops: it uses clean.*'cloudpickle'"):
                mlflow.sklearn.log_model(own, "own", serialization_format=form)


def test_what_is_said_of_a_model(store: Path, fitted: LogisticRegression) -> None:
    """Signature from the example, the example itself, metadata, requirements, run and origin stand beside it."""
    with mlflow.start_run(run_name="first") as run:
        info = mlflow.sklearn.log_model(
            fitted, "m", input_example=X[:2], metadata={"owner": "me"}, extra_pip_requirements=["wheel>=0.1"]
        )
    assert info.signature == infer_signature(X[:2], pd.Series([0, 0]))
    entries = yaml.safe_load(mlflow.artifacts.load_text(f"{info.model_uri}/MLmodel"))
    assert entries["run_id"] == run.info.run_id
    assert entries["metadata"] == {"owner": "me"}
    assert entries["signature"] == info.signature.to_dict()
    assert entries["jupyter_track"]["origin"]["run_name"] == "first"
    assert entries["flavors"]["python_function"]["loader_module"] == "mlflow.sklearn"
    lines = mlflow.artifacts.load_text(f"{info.model_uri}/requirements.txt").splitlines()
    assert [line.partition("==")[0] for line in lines] == ["numpy", "scikit-learn", "scipy", "skops", "wheel>=0.1"]
    conda = mlflow.artifacts.load_dict(f"{info.model_uri}/conda.yaml")
    assert conda["dependencies"][-1] == {"pip": lines}
    assert mlflow.pyfunc.load_model(info.model_uri).input_example.equals(X[:2])
    assert get_model_info(info.model_uri) == info


def test_a_conda_environment_by_file_and_as_a_dict(store: Path, fitted: LogisticRegression) -> None:
    """It is taken as it is, and the requirements are its pip part; a missing file is said at the call."""
    env = {"name": "e", "dependencies": ["python=3.11", {"pip": ["numpy==1.0"]}]}
    (store.parent / "conda.yaml").write_text(yaml.safe_dump(env))
    with mlflow.start_run():
        for given in ("conda.yaml", env):
            info = mlflow.sklearn.log_model(fitted, "m", conda_env=given)
            assert mlflow.artifacts.load_dict(f"{info.model_uri}/conda.yaml") == env
            assert mlflow.artifacts.load_text(f"{info.model_uri}/requirements.txt") == "numpy==1.0\n"
        with pytest.raises(FileNotFoundError, match=r"There is no file 'gone\.yaml' with a conda environment"):
            mlflow.sklearn.log_model(fitted, "m", conda_env="gone.yaml")
        with pytest.raises(InvalidValue, match=r"either conda_env or pip_requirements"):
            mlflow.sklearn.log_model(fitted, "m", conda_env=env, pip_requirements=["numpy"])


def test_code_of_ones_own_travels_with_the_model(store: Path) -> None:
    """A module in code_paths is imported where the model is loaded; without it the error says what to do."""
    package = store.parent / "elsewhere"
    package.mkdir()
    (package / "mine_for_models.py").write_text("def double(frame):\n    return frame * 2\n")
    script = (
        "import sys; sys.path.insert(0, 'elsewhere')\n"
        "import jupyter_track as t, mine_for_models as m\n"
        "from sklearn.preprocessing import FunctionTransformer\n"
        "with t.start_run(run_name='r'):\n"
        "    own = ['elsewhere/mine_for_models.py']\n"
        "    a = t.sklearn.log_model(FunctionTransformer(m.double), 'with', code_paths=own)\n"
        "    b = t.sklearn.log_model(FunctionTransformer(m.double), 'without')\n"
        "print(a.model_uri, b.model_uri)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=store.parent, capture_output=True, text=True, check=True
    )
    with_code, without = answer.stdout.split()
    with pytest.raises(MissingPackage, match=r"needs the module 'mine_for_models', which is not there.*code_paths"):
        mlflow.sklearn.load_model(without)
    assert mlflow.sklearn.load_model(with_code).transform(np.ones((1, 1))).tolist() == [[2.0]]


def test_saving_to_a_folder_and_loading_from_it(store: Path, fitted: LogisticRegression) -> None:
    """A plain folder works without a run, can be moved, and is not written over."""
    mlflow.sklearn.save_model(fitted, "out/m", input_example=X[:1])
    Path("out/m").rename("moved")
    assert np.array_equal(mlflow.sklearn.load_model("moved").coef_, fitted.coef_)
    assert np.array_equal(mlflow.sklearn.load_model(Path("moved").resolve().as_uri()).coef_, fitted.coef_)
    with pytest.raises(AlreadyExists, match=r"moved is there already"):
        mlflow.sklearn.save_model(fitted, "moved")
    assert not store.exists()


# ---- what can be wrong


def test_a_cut_off_changed_or_missing_file(store: Path, fitted: LogisticRegression) -> None:
    """A plain folder is checked before anything is loaded, and the error says what is wrong with which file."""
    mlflow.sklearn.save_model(fitted, "m")
    file = Path("m/model.skops")
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(
        DamagedModel, match=rf"model\.skops is cut off: it has {len(whole) - 100:,} of {len(whole):,} byte"
    ):
        mlflow.sklearn.load_model("m")
    file.write_bytes(whole[:-1] + b"?")
    with pytest.raises(DamagedModel, match=r"is not the file that was saved \(its sha256 differs\); nothing of it was"):
        mlflow.sklearn.load_model("m")
    file.unlink()
    with pytest.raises(DamagedModel, match=r"lacks its file model\.skops") as caught:
        mlflow.sklearn.load_model("m")
    assert caught.value.error_code == "DATA_LOSS"
    Path("m/MLmodel").write_text("flavors:")
    with pytest.raises(DamagedModel, match=r"MLmodel of the model cannot be read"):
        mlflow.sklearn.load_model("m")


def test_a_file_of_a_run_that_was_logged_over_is_refused(store: Path, fitted: LogisticRegression) -> None:
    """The model's hash is looked at first: another file in its place is never loaded."""
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(fitted, "m")
        mlflow.log_text("something else", "m/model.skops")
    with pytest.raises(DamagedModel, match=r"model\.skops of the model 'm' is not the one that was logged with it"):
        mlflow.sklearn.load_model(info.model_uri)


def test_damaged_content_of_the_store_is_refused(store: Path) -> None:
    """A large model's file beside the store whose bytes have changed is found by its hash."""
    forest = RandomForestClassifier(40, random_state=0).fit(
        np.random.default_rng(0).random((300, 5)), np.arange(300) % 3
    )
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(forest, "m")
    mlflow.flush()
    (file,) = (files_folder(store) / "content").glob("??/*")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(CorruptStore, match=r"is damaged: its bytes do not have this sha256"):
        mlflow.sklearn.load_model(info.model_uri)


def test_unknown_addresses(store: Path, fitted: LogisticRegression) -> None:
    """Each says what there is instead, with mlflow's code."""
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(fitted, "m")
        mlflow.log_text("x", "note.txt")
    run_id = run.info.run_id
    for uri, error, words in (
        (f"runs:/{run_id}/n", NotFound, rf"The run {run_id[:8]} has no model 'n'; its models are m\."),
        (f"runs:/{'0' * 32}/m", NotFound, r"There is no run"),
        ("models:/none/1", NotFound, r"There is no registered model 'none'; no model is registered yet\."),
        ("models:/none", InvalidValue, r"names no version"),
        ("http://example.org/m", InvalidValue, r"is no address of a model"),
        ("nowhere", NotFound, r"There is no folder nowhere with a model"),
    ):
        with pytest.raises(error, match=words):
            mlflow.sklearn.load_model(uri)
    with pytest.raises(
        InvalidValue, match=r"^This is no model of PyTorch; it can be loaded as python_function, sklearn"
    ):
        mlflow.pytorch.load_model(f"runs:/{run_id}/m")


def test_a_missing_package_is_named_with_the_command(
    store: Path, fitted: LogisticRegression, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without skops a model is logged with cloudpickle, and one in skops' format says what to install."""
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(fitted, "m")
        monkeypatch.setitem(sys.modules, "skops", None)
        monkeypatch.setitem(sys.modules, "skops.io", None)
        with pytest.raises(MissingPackage, match=r"needs skops: pip install 'jupyter-track\[sklearn\]'") as caught:
            mlflow.sklearn.load_model(info.model_uri)
        assert caught.value.error_code == "MISSING_PACKAGE"
        other = mlflow.sklearn.log_model(fitted, "other")
    assert (other.format, other.why) == (
        "cloudpickle",
        "skops is not installed: pip install 'jupyter-track[sklearn]'",
    )


def test_what_is_no_estimator_is_refused(store: Path) -> None:
    """At the call, with nothing written."""
    with mlflow.start_run() as run:
        with pytest.raises(InvalidValue, match=r"^dict is no estimator of scikit-learn"):
            mlflow.sklearn.log_model({"a": 1}, "m")
        assert run.list_artifacts() == []


@pytest.mark.parametrize("path", ["../outside.pkl", "/tmp/outside.pkl", "a/../../outside.pkl", "link.pkl"])
def test_a_file_outside_of_the_model_is_not_loaded(store: Path, fitted: LogisticRegression, path: str) -> None:
    """A folder whose MLmodel, or a link in it, leads out of it."""
    mlflow.sklearn.save_model(fitted, "m", serialization_format="pickle")
    Path("outside.pkl").write_bytes(Path("m/model.pkl").read_bytes())
    Path("m/link.pkl").symlink_to(Path("outside.pkl").resolve())
    head = Path("m/MLmodel")
    head.write_text(head.read_text().replace("pickled_model: model.pkl", f"pickled_model: {path}"))
    with pytest.raises(DamagedModel, match=r"[Nn]othing was loaded"):
        mlflow.sklearn.load_model("m")


def test_a_hostile_list_of_trusted_types_is_refused(store: Path, fitted: LogisticRegression) -> None:
    """A folder of somebody else's that wants Python's own functions to be trusted is not loaded; nor is one made."""
    mlflow.sklearn.save_model(fitted, "m")
    head = Path("m/MLmodel")
    head.write_text(head.read_text().replace("skops_trusted_types: null", "skops_trusted_types: [posix.system]"))
    with pytest.raises(DamagedModel, match=r"wants posix\.system to be trusted, which no model needs; nothing was"):
        mlflow.sklearn.load_model("m")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(FunctionTransformer(os.getpid), "m")
    assert info.why == "it holds posix.getpid, which no safe format should load"


# ---- the run


def test_a_run_loads_its_model(store: Path, fitted: LogisticRegression) -> None:
    """``run.load_model()`` takes the only one, or the one that is named; open runs and stored ones."""
    with mlflow.start_run() as run:
        with pytest.raises(NotFound, match=r"has no model; log_model adds one"):
            run.load_model()
        mlflow.sklearn.log_model(fitted, "m")
        assert np.array_equal(run.load_model().coef_, fitted.coef_)
        mlflow.sklearn.log_model(fitted, "n")
    stored = mlflow.get_run(run.info.run_id)
    with pytest.raises(InvalidValue, match=r"has several models; name one of 'm', 'n'\."):
        stored.load_model()
    assert np.array_equal(stored.load_model("n").coef_, fitted.coef_)


def test_a_run_of_another_store_loads_from_there(store: Path, fitted: LogisticRegression, tmp_path: Path) -> None:
    """A run knows the store that it was read from."""
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(fitted, "m")
    mlflow.set_tracking_uri(tmp_path / "other.db")
    elsewhere = mlflow.TrackClient(store).get_run(run.info.run_id)
    assert np.array_equal(elsewhere.load_model().coef_, fitted.coef_)


def test_logging_again_replaces_the_model(store: Path, fitted: LogisticRegression) -> None:
    """The same name in the same run is the newest model, whatever files the earlier one had."""
    own = make_pipeline(FunctionTransformer(notebook_function()), LogisticRegression()).fit(X, Y)
    with mlflow.start_run():
        mlflow.sklearn.log_model(own, "m")
        info = mlflow.sklearn.log_model(fitted, "m")
    assert np.array_equal(mlflow.sklearn.load_model(info.model_uri).coef_, fitted.coef_)


def test_log_model_without_a_run_opens_one(store: Path, fitted: LogisticRegression) -> None:
    """As every log call."""
    info = mlflow.sklearn.log_model(fitted, "m")
    mlflow.end_run()
    assert mlflow.get_run(str(info.run_id)).status == "FINISHED"


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_logging_and_loading_do_not_load_torch(tmp_path: Path) -> None:
    """skops looks through all of scikit-learn, whose adapters would import it; they work afterwards."""
    script = (
        "import sys, jupyter_track as track, jupyter_track.sklearn\n"
        "from sklearn.linear_model import LinearRegression\n"
        "with track.start_run():\n"
        "    info = track.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 1]), name='m')\n"
        "print(round(float(track.sklearn.load_model(info.model_uri).coef_[0]), 6), 'torch' in sys.modules)\n"
        "import sklearn.externals.array_api_compat.torch\n"
        "print('torch' in sys.modules)\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["1.0", "False", "True"]
