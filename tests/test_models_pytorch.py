"""Models of PyTorch: safetensors with the architecture as data where that is proved, else the whole, said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

import modules_for_models as own  # noqa: E402

import jupyter_track as mlflow  # noqa: E402
from jupyter_track.errors import DamagedModel, InvalidValue, MissingPackage  # noqa: E402
from jupyter_track.store.reader import Reader  # noqa: E402

nn = torch.nn


def same(one: Any, other: Any) -> bool:
    """Whether two modules have the same tensors by the same names, and the same shape in words."""
    mine, theirs = one.state_dict(), other.state_dict()
    return (
        repr(one) == repr(other)
        and mine.keys() == theirs.keys()
        and all(torch.equal(mine[key], theirs[key]) for key in mine)
    )


CONVOLUTIONS: Callable[[], Any] = lambda: nn.Sequential(  # noqa: E731
    nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
    nn.Flatten(), nn.Linear(64, 3),
)  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        CONVOLUTIONS,
        lambda: nn.Sequential(nn.EmbeddingBag(20, 4, mode="mean"), nn.Linear(4, 2)),
        lambda: nn.LSTM(4, 5, num_layers=2, bidirectional=True, batch_first=True),
        lambda: nn.MultiheadAttention(8, 2),
        lambda: nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.ModuleList([nn.PReLU(), nn.LayerNorm((2, 3))])}),
        lambda: own.Perceptron(3, 5, "tanh"),
        lambda: nn.Sequential(own.Perceptron(3), nn.Softmax(dim=1)),
        own.Tied,
    ],
    ids=["convolutions", "text", "lstm", "attention", "containers", "own", "nested", "tied"],
)
def test_a_module_that_can_be_described_is_safe(store: Path, make: Callable[[], Any]) -> None:
    """Weights as safetensors and the architecture as JSON; no pickle is written, and the module comes back the same."""
    module = make()
    with mlflow.start_run() as run:
        info = mlflow.pytorch.log_model(module, name="net")
    assert (info.format, info.why) == ("safetensors", "")
    mlflow.flush()
    paths = [one.path for one in Reader(store).artifacts(run.run_id, "net")]
    assert "net/data/model.safetensors" in paths
    assert not [path for path in paths if path.endswith((".pth", ".pkl"))]
    assert same(mlflow.pytorch.load_model(info.model_uri), module)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: own.Forgetful(3), "Forgetful does not keep its argument 'width'; give init_args={…}"),
        (lambda: own.Acting(torch.tanh), "attributes of Acting were changed after it was made"),
        (lambda: own.Acting(lambda x: x), "it keeps a function without a name of its own in 'act'"),
        (
            lambda: nn.TransformerEncoderLayer(4, 2, 8, activation=torch.tanh, batch_first=True),
            "TransformerEncoderLayer does not keep its argument 'd_model'; give init_args={…}",
        ),
    ],
    ids=["forgetful", "function", "lambda", "activation"],
)
def test_a_module_that_cannot_be_described_is_kept_whole(store: Path, make: Callable[[], Any], why: str) -> None:
    """It is pickled, the reason is said, and it works as before; asking for the safe format is an error."""
    module = make()
    module.eval()
    data = torch.ones(1, 1, 4) if not hasattr(module, "layer") else torch.ones(1, module.layer.in_features)
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(module, name="net")
        with pytest.raises(InvalidValue, match=r"cannot be saved as safetensors: .*serialization_format='pickle'"):
            mlflow.pytorch.log_model(module, name="strict", serialization_format="safetensors")
    assert info.format == "cloudpickle"
    assert info.why == why
    assert torch.equal(mlflow.pytorch.load_model(info.model_uri)(data), module(data))


def test_arguments_that_are_given(store: Path) -> None:
    """`init_args` says what a module does not keep; wrong ones are found, since what is built from them differs."""
    module = own.Forgetful(3)
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(module, name="net", init_args={"width": 3})
        wrong = mlflow.pytorch.log_model(module, name="wrong", init_args={"width": 4})
    assert info.format == "safetensors"
    assert same(mlflow.pytorch.load_model(info.model_uri), module)
    assert (wrong.format, wrong.why) == ("cloudpickle", "Forgetful differs from what its class makes of its arguments")


def test_hooks_and_changed_attributes_are_no_part_of_a_description(store: Path) -> None:
    """A module that does something else than its class says is kept whole."""
    hooked = nn.Sequential(nn.Linear(2, 2))
    hooked[0].register_forward_hook(lambda module, data, given: given * 2)
    changed = nn.Sequential(nn.BatchNorm1d(2))
    changed[0].eps = 0.5
    with mlflow.start_run():
        assert mlflow.pytorch.log_model(hooked, name="a").why == "0 has hooks, which are functions"
        assert mlflow.pytorch.log_model(changed, name="b").format in ("safetensors", "cloudpickle")
        loaded = mlflow.pytorch.load_model(mlflow.active_run().info.artifact_uri + "/b")
    assert loaded[0].eps == 0.5


def test_what_is_frozen_and_evaluated_stays_so(store: Path) -> None:
    """requires_grad and the mode of each module come back; logging changes neither."""
    module = CONVOLUTIONS()
    module.train()
    module[1].eval()
    module[0].weight.requires_grad_(False)
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(module, name="net", input_example=np.zeros((2, 1, 8, 8), "float32"))
    for one in (module, mlflow.pytorch.load_model(info.model_uri)):
        assert [part.training for part in one] == [True, False, True, True, True, True, True]
        assert [parameter.requires_grad for parameter in one.parameters()] == [False, True, True, True, True]
    assert info.signature_dict == {
        "inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 1, 8, 8]}}]',
        "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]',
        "params": None,
    }


def test_a_class_of_the_notebook_works_in_another_process(store: Path) -> None:
    """It travels with its code, and the reason for the format names it."""
    space: dict[str, Any] = {"__name__": "__main__", "torch": torch}
    exec(
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = torch.nn.Linear(2, 1)\n"
        "    def forward(self, x):\n"
        "        return self.layer(x) + 1\n",
        space,
    )
    module = space["Net"]()
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(module, "net")
    assert info.title == "pytorch Net · cloudpickle (Net is a class of the notebook)"
    code = f"import torch, jupyter_track as t\nprint(t.pytorch.load_model({info.model_uri!r})(torch.ones(1, 2)).item())"
    answer = subprocess.run([sys.executable, "-c", code], cwd=store.parent, capture_output=True, text=True, check=True)
    assert float(answer.stdout) == pytest.approx(module(torch.ones(1, 2)).item())


def test_as_a_function(store: Path) -> None:
    """`pyfunc` gives a frame for a frame and an array for an array, in evaluation mode."""
    module = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5))
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(module, name="net")
    model = mlflow.pyfunc.load_model(info.model_uri)
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]}, index=[7, 8])
    given = model.predict(frame)
    expected = module[0](torch.tensor(frame.to_numpy("float32"))).detach().numpy()
    assert (list(given.index), np.array_equal(given.to_numpy(), expected)) == ([7, 8], True)
    assert np.array_equal(model.predict(frame.to_numpy("float32")), expected)
    with pytest.raises(InvalidValue, match=r"takes a DataFrame or an array, not list"):
        model.predict([1, 2])


def test_requirements_name_what_the_modules_are_of(store: Path) -> None:
    """torch without the label of a local build, and the format's package."""
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(nn.Linear(2, 2), name="net")
    lines = mlflow.artifacts.load_text(f"{info.model_uri}/requirements.txt").splitlines()
    assert [line.partition("==")[0] for line in lines] == ["safetensors", "torch"]
    assert "+" not in "".join(lines)


def test_an_architecture_names_torch_modules_only(store: Path) -> None:
    """A description of anything else, written by somebody else, calls nothing."""
    mlflow.pytorch.save_model(nn.Linear(2, 2), "net")
    place = Path("net/data/architecture.json")
    about = json.loads(place.read_text())
    head = Path("net/MLmodel")
    entries = head.read_text()
    for name, error, words in (
        ("os:system", DamagedModel, r"os:system is no class of a torch module; nothing of the model was loaded"),
        ("torch.nn:Gone", DamagedModel, r"class Gone is not in torch\.nn any more"),
        ("nowhere_to_be_found:Net", MissingPackage, r"needs the module 'nowhere_to_be_found'"),
    ):
        about["architecture"] = {"class": name, "args": {}}
        place.write_text(json.dumps(about))
        head.write_text(entries.partition("jupyter_track:")[0])  # without hashes, as another program writes it
        with pytest.raises(error, match=words):
            mlflow.pytorch.load_model("net")


def test_what_is_no_module_is_refused(store: Path) -> None:
    """At the call; and so is a module that torch itself cannot save as a whole."""
    with pytest.raises(InvalidValue, match=r"^dict is no torch\.nn\.Module\.$"):
        mlflow.pytorch.save_model({}, "net")
    with pytest.raises(
        InvalidValue, match=r"^ParametrizedLinear cannot be saved: RuntimeError: Serialization of param"
    ):
        mlflow.pytorch.save_model(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), "net")
    assert not Path("net").exists()
