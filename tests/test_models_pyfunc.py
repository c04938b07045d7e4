"""Models of one's own, and every model as one function of data; and that looking at models runs nothing of them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shell_session import notebook
from sklearn.linear_model import LinearRegression

import jupyter_track as mlflow
from jupyter_track.cli.commands import cli
from jupyter_track.errors import DamagedModel, InvalidValue, MissingPackage
from jupyter_track.models import get_model_info, infer_signature
from jupyter_track.pyfunc import PythonModel, PythonModelContext
from jupyter_track.store.upkeep import clean, export, gc, merge, repair


class Scale(PythonModel):
    """Reads its factor from a file, as mlflow's models with artifacts do."""

    factor = 0.0

    def load_context(self, context: PythonModelContext) -> None:
        """Read the factor."""
        self.factor = json.loads(Path(context.artifacts["factor"]).read_text())

    def predict(self, context: PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """Scale, and shift by a param and by the config."""
        return model_input * self.factor + params["shift"] + context.model_config.get("more", 0)


class Plain(PythonModel):
    """Mlflow 3's short form."""

    def predict(self, model_input: Any) -> Any:
        """Add one."""
        return model_input + 1


def test_a_model_with_artifacts_params_and_config(store: Path) -> None:
    """It finds its files wherever it is loaded, has the signature's defaults, and takes other ones."""
    Path("factor.json").write_text("3")
    signature = infer_signature(np.zeros(2), params={"shift": 1.0})
    with mlflow.start_run() as run:
        mlflow.log_artifact("factor.json")
        for place in ("factor.json", f"runs:/{run.info.run_id}/factor.json"):
            info = mlflow.pyfunc.log_model(
                name="scale", python_model=Scale(), artifacts={"factor": place}, signature=signature,
                model_config={"more": 10},
            )  # fmt: skip
            Path("factor.json").unlink(missing_ok=True)
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert model.predict(np.array([1.0, 2.0])).tolist() == [14.0, 17.0]
    assert model.predict(np.array([1.0]), params={"shift": 0.0}).tolist() == [13.0]
    other = mlflow.pyfunc.load_model(info.model_uri, model_config={"more": 0})
    assert other.predict(np.array([1.0])).tolist() == [4.0]
    assert isinstance(model.unwrap_python_model(), Scale)


def test_a_function_and_an_object_with_predict(store: Path) -> None:
    """Each is a model; the form says whose code travels along."""

    def twice(frame: Any) -> Any:
        return frame * 2

    with mlflow.start_run():
        one = mlflow.pyfunc.log_model(name="twice", python_model=twice, input_example=pd.DataFrame({"a": [1.5]}))
        two = mlflow.pyfunc.log_model("plain", python_model=Plain())
    model = mlflow.pyfunc.load_model(one.model_uri)
    assert model.predict(pd.DataFrame({"a": [2.0]})).to_dict("list") == {"a": [4.0]}
    assert (model.metadata.title, model.unwrap_python_model().__name__) == (
        "pyfunc twice · cloudpickle (the only format for it)",
        "twice",
    )
    assert mlflow.pyfunc.load_model(two.model_uri).predict(1) == 2
    with pytest.raises(InvalidValue, match=r"the data lacks the column 'a'"):
        model.predict(pd.DataFrame({"b": [2.0]}))


def test_every_flavor_as_a_function(store: Path) -> None:
    """scikit-learn's predict, by the method that was named; the raw model is there too."""
    fitted = LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([0.0, 2.0]))
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(fitted, "line", pyfunc_predict_fn="predict")
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert model.predict(np.array([[2.0]])).tolist() == pytest.approx([4.0])
    assert isinstance(model.get_raw_model(), LinearRegression)
    assert repr(model) == f"<PyFuncModel sklearn LinearRegression · skops, {info.model_uri}>"
    with pytest.raises(InvalidValue, match=r"^This model is no PythonModel"):
        model.unwrap_python_model()


def test_a_loader_of_ones_own(store: Path) -> None:
    """A module's ``_load_pyfunc`` loads the data; a module that is not there is named."""
    Path("loads_for_models.py").write_text(
        "import json\n"
        "class M:\n"
        "    def __init__(self, n): self.n = n\n"
        "    def predict(self, data): return data * self.n\n"
        "def _load_pyfunc(path): return M(json.load(open(path)))\n"
    )
    Path("n.json").write_text("5")
    mlflow.pyfunc.save_model(
        "m", loader_module="loads_for_models", data_path="n.json", code_paths=["loads_for_models.py"]
    )
    assert mlflow.pyfunc.load_model("m").predict(2) == 10
    mlflow.pyfunc.save_model("n", loader_module="nowhere_to_be_found")
    with pytest.raises(MissingPackage, match=r"needs the module 'nowhere_to_be_found'"):
        mlflow.pyfunc.load_model("n")


def test_what_is_no_model(store: Path) -> None:
    """Classes, scripts, and things that no file can hold are refused, with the reason."""
    for model, words in (
        (Plain, r"python_model is the class Plain; make one: Plain\(\)\."),
        ("model.py", r"a script \('models from code'\) is not run"),
        (3, r"int is no model: it has no predict and is no function"),
    ):
        with pytest.raises(InvalidValue, match=words):
            mlflow.pyfunc.save_model("m", python_model=model)
    file = open("held.txt", "w")  # noqa: SIM115 - held open by the model
    with file, pytest.raises(InvalidValue, match=r"cannot be saved: PicklingError: .*an open file, a lock or a"):
        mlflow.pyfunc.save_model("m", python_model=lambda data: file.write(data))
    with pytest.raises(InvalidValue, match=r"^Give either python_model, or loader_module"):
        mlflow.pyfunc.save_model("m")
    assert not Path("m").exists()


# ---- nothing is unpickled but in the user's own call


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return Path.write_text, (self.place, "ran")


def logged_canary(place: Path) -> mlflow.models.ModelInfo:
    """A run with a model whose pickle writes a file, registered; written as a hostile program would."""
    with mlflow.start_run(run_name="canary"):
        info = mlflow.sklearn.log_model(
            LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), "m", serialization_format="pickle"
        )
        mlflow.log_text("x", "note.txt")
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri, dst_path="hostile"))
    (folder / "model.pkl").write_bytes(pickle.dumps(Canary(place)))
    head = folder / "MLmodel"
    head.write_text(head.read_text().partition("jupyter_track:")[0])
    with mlflow.start_run(run_name="hostile"):
        mlflow.log_artifacts(folder, "m")
        uri = mlflow.get_artifact_uri("m")
    mlflow.register_model(uri, "hostile")
    return get_model_info(uri)


def test_a_pickle_runs_in_load_model_and_nowhere_else(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing, showing, searching, registering, card, table, terminal, and every kind of upkeep run nothing of it."""
    place = tmp_path / "ran.txt"
    logged_canary(place)
    client = mlflow.MlflowClient()
    hostile, run = mlflow.search_runs(output_format="list")
    assert (hostile.name, run.name) == ("hostile", "canary")
    client.list_artifacts(hostile.run_id, "m")
    client.set_registered_model_alias("hostile", "champion", 1)
    client.search_model_versions("name = 'hostile'")
    mlflow.register_model(f"runs:/{hostile.run_id}/m", "hostile")
    mlflow.register_model("hostile/m", "hostile")
    get_model_info("models:/hostile@champion")
    mlflow.artifacts.download_artifacts("runs:/" + hostile.run_id + "/m", dst_path="again")
    assert run._repr_html_() is None or "m" in (run._repr_html_() or "")
    for command in (
        ["runs"],
        ["show", hostile.run_id],
        ["models"],
        ["models", "hostile"],
        ["compare", run.run_id, hostile.run_id],
    ):
        assert CliRunner().invoke(cli, ["--store", str(store), *command]).exit_code == 0
    copy = export.copy_store(store, tmp_path / "copy" / "track.db").target
    export.tables(store, tmp_path / "out.json", "json")
    merge.merge(copy, [store])
    repair.examine(store)
    repair.repair(store)
    clean.candidates(store)
    gc.collect(store, older_than_days=0)
    (tmp_path / "nb").mkdir()
    with notebook(tmp_path / "nb", monkeypatch) as nb:
        nb.run(f"%track store {store}")
        for line in ("", f"show {hostile.run_id}", "models", "models hostile", "runs", "search canary"):
            nb.run(f"%track {line}")
        nb.run(f"%%track\nimport jupyter_track as t\nt.log_artifacts({str(tmp_path / 'hostile' / 'm')!r}, 'm')")
    assert not place.exists()
    mlflow.set_tracking_uri(store)
    with pytest.raises((DamagedModel, AttributeError, TypeError)):
        mlflow.pyfunc.load_model("models:/hostile/1").predict([[1.0]])
    assert place.read_text() == "ran"  # so it would have been seen
