"""torch's modules: safetensors with the architecture beside them, from which nothing runs; else the whole, pickled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue
from . import architecture, pickling
from .folder import CODE, PYFUNC, Form, Model, Place, pyfunc_entry
from .keeping import Saved
from .requirements import Modules, need

FLAVOR = "pytorch"
FORMATS = ("safetensors", "pickle")
DATA, WEIGHTS, ARCHITECTURE, WHOLE, PICKLED_BY = (
    "data",
    "model.safetensors",
    "architecture.json",
    "model.pth",
    "pickle_module_info.txt",
)
_EXTRA = "jupyter-track[torch]"


def saver(model: Any, serialization_format: str | None, init_args: Mapping[str, Any] | None) -> Callable[[Path], Saved]:
    """Return what saves a module into a folder; see `jupyter_track.pytorch.log_model`."""
    torch = need("torch", "A model of PyTorch", _EXTRA)
    if not isinstance(model, torch.nn.Module):
        raise InvalidValue(f"{type(model).__name__} is no torch.nn.Module.")
    if serialization_format is not None and serialization_format not in FORMATS:
        raise InvalidValue(f"{serialization_format!r} is no format; there are {', '.join(FORMATS)}.")

    def save(folder: Path) -> Saved:
        data = folder / DATA
        data.mkdir()
        why = "asked for" if serialization_format == "pickle" else _safe(data, model, init_args)
        if why and serialization_format == "safetensors":
            raise InvalidValue(f"The model cannot be saved as safetensors: {why}. Take serialization_format='pickle'.")
        modules = _whole(data, model) if why else _classes(model)
        code = CODE if (folder / CODE).is_dir() else None
        form = "cloudpickle" if why else "safetensors"
        own = {
            "model_data": DATA,
            "pytorch_version": str(torch.__version__),
            "serialization_format": form,
            "code": code,
        }
        return Saved(
            Form(FLAVOR, form, type(model).__name__, why),
            {PYFUNC: pyfunc_entry("mlflow.pytorch", data=DATA), FLAVOR: own},
            modules.names,
            ("torch", "cloudpickle" if why else "safetensors"),
            lambda example: predict(model, example),
        )

    return save


def _safe(data: Path, model: Any, init_args: Mapping[str, Any] | None) -> str:
    """Save weights and architecture; return why that cannot be, empty where it can."""
    try:
        from safetensors.torch import save_file
    except ImportError:
        return f"safetensors is not installed: pip install '{_EXTRA}'"
    try:
        described = architecture.describe(model, init_args)
    except architecture.Unknown as reason:
        return str(reason)
    state = model.state_dict()
    try:
        save_file({key: one.detach().cpu().contiguous().clone() for key, one in state.items()}, data / WEIGHTS)
    except Exception as error:  # noqa: BLE001 - a kind of tensor that the format does not have
        return f"safetensors cannot hold its tensors: {' '.join(str(error).split())[:120]}"
    frozen = [key for key, one in model.named_parameters() if not one.requires_grad]
    evaluating = [key for key, one in model.named_modules() if not one.training]
    about = {"architecture": described, "frozen": frozen, "evaluating": evaluating}
    (data / ARCHITECTURE).write_text(json.dumps(about, indent=1), encoding="utf-8")
    return ""


def _classes(model: Any) -> Modules:
    modules = Modules()
    for one in model.modules():
        modules.see(one)
    return modules


def _whole(data: Path, model: Any) -> Modules:
    """Save the whole module with cloudpickle, as mlflow does; classes of the notebook travel along."""
    import torch

    cloudpickle = need("cloudpickle", "A model with a class of the notebook", "cloudpickle")
    try:
        torch.save(model, data / WHOLE, pickle_module=cloudpickle)
    except Exception as error:
        raise InvalidValue(
            f"{type(model).__name__} cannot be saved: {type(error).__name__}: {error}. It holds something that no file"
            " can hold; take that out before it is logged."
        ) from error
    (data / PICKLED_BY).write_text("cloudpickle", encoding="utf-8")
    modules = _classes(model)
    modules.names.add("torch")
    return modules


def load(place: Place, model: Model, map_location: Any = None, device: Any = None) -> Any:
    """Load a module whose files have been checked.

    Raises
    ------
    MissingPackage, DamagedModel
    """
    own = model.flavor(FLAVOR, "PyTorch")
    torch = need("torch", "The model", f"torch=={str(own.get('pytorch_version', '')).partition('+')[0]}".rstrip("="))
    data = str(own.get("model_data", DATA))
    where = map_location if map_location is not None else device
    if place.file(f"{data}/{ARCHITECTURE}").is_file():
        loaded = _load_safe(place, data, model)
        return loaded if where is None or callable(where) else loaded.to(where)
    if own.get("serialization_format") == "pt2":
        raise InvalidValue("The model was exported by mlflow as 'pt2'; load it with torch.export.load(…).module().")
    need("cloudpickle", "The model", "cloudpickle")
    pickling.say_python(model)

    def loads(file: Path) -> Any:
        import pickle

        return torch.load(file, map_location=where, weights_only=False, pickle_module=pickle)

    return pickling.read(place, f"{data}/{WHOLE}", model, loads)


def _load_safe(place: Place, data: str, model: Model) -> Any:
    io = need("safetensors.torch", "A model in the format safetensors", _EXTRA)
    try:
        about = json.loads(place.file(f"{data}/{ARCHITECTURE}").read_text(encoding="utf-8"))
        built = architecture.build(about["architecture"])
        built.load_state_dict(io.load_file(place.file(f"{data}/{WEIGHTS}")))
    except ImportError as error:
        raise pickling.missing(error, place.folder, model) from error
    except DamagedModel:
        raise
    except Exception as error:
        raise DamagedModel(
            f"The model cannot be built again ({type(error).__name__}: {error}); its class may have changed since."
        ) from error
    for key, one in built.named_parameters():
        one.requires_grad_(key not in set(about["frozen"]))
    for key, one in built.named_modules():
        one.training = key not in set(about["evaluating"])
    return built


def predict(module: Any, data: Any, device: Any = None) -> Any:
    """Return what a module makes of a frame or an array, as mlflow does: a frame of a frame, an array of an array.

    Raises
    ------
    InvalidValue
        For data of another kind, or where the module gives no tensor.
    """
    import torch

    frame = hasattr(data, "columns") and hasattr(data, "to_numpy")
    if frame:
        tensor = torch.from_numpy(data.to_numpy(dtype="float32"))
    elif isinstance(data, torch.Tensor):
        tensor = data
    elif hasattr(data, "__array_interface__"):
        tensor = torch.from_numpy(data)
    else:
        raise InvalidValue(f"A model of PyTorch takes a DataFrame or an array, not {type(data).__name__}.")
    was = [(one, one.training) for one in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            given = module(tensor if device is None else tensor.to(device))
    finally:
        for one, training in was:
            one.training = training
    if not isinstance(given, torch.Tensor):
        raise InvalidValue(f"The model gives {type(given).__name__}, not a tensor; load it with pytorch.load_model.")
    values = given.cpu().numpy()
    if not frame:
        return values
    import pandas

    result = pandas.DataFrame(values)
    result.index = data.index
    return result
