"""Models as functions: own classes and functions, and every other flavor through its ``predict``."""

from __future__ import annotations

import importlib
import inspect
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue, MissingFile
from ..recording import artifacts as run_artifacts
from ..recording.session import session
from . import examples, pickling, pytorch_flavor, sklearn_flavor
from .enforcement import enforce, enforce_params
from .folder import CODE, PYFUNC, Form, Model, Place, inside, pyfunc_entry
from .info import ModelInfo, info_of
from .keeping import Saved
from .signature import ModelSignature

LOADER = "mlflow.pyfunc.model"
FILE, ARTIFACTS, DATA = "python_model.pkl", "artifacts", "data"


class PythonModelContext:
    """What a `PythonModel` finds when it is loaded.

    Attributes
    ----------
    artifacts : mapping of str to str
        The paths of the files that it was logged with, by their names.
    model_config : mapping
        Settings that it was logged or loaded with.
    """

    def __init__(self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None = None) -> None:
        self.artifacts = dict(artifacts)
        self.model_config = dict(model_config or {})


class PythonModel:
    """A model of your own: write a class below it with ``predict``.

    ``predict(self, model_input)``, ``predict(self, model_input, params=None)``, or mlflow's
    ``predict(self, context, model_input, params=None)``. `load_context` is called once when the model is loaded.

    Examples
    --------
    >>> class Shift(PythonModel):
    ...     def predict(self, model_input):
    ...         return model_input + 1
    >>> Shift().predict(1)
    2
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Load what `predict` needs, from ``context.artifacts``."""

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the model makes of its input; a class of your own says how."""
        raise NotImplementedError(f"{type(self).__name__} has no predict of its own.")


class FunctionModel(PythonModel):
    """A function as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Call the function, with params where it takes them."""
        if params and _takes(self.function, "params"):
            return self.function(model_input, params=params)
        return self.function(model_input)


def _takes(function: Callable[..., Any], name: str) -> bool:
    return name in inspect.signature(function).parameters


def call(model: Any, context: PythonModelContext, data: Any, params: Mapping[str, Any]) -> Any:
    """Call the predict of a `PythonModel` in the way in which it is written."""
    given: tuple[Any, ...] = (context, data) if _takes(model.predict, "context") else (data,)
    return model.predict(*given, params=dict(params)) if _takes(model.predict, "params") else model.predict(*given)


def saver(
    python_model: Any, artifacts: Mapping[str, str] | None, model_config: Mapping[str, Any] | None
) -> Callable[[Path], Saved]:
    """Return what saves a `PythonModel` or a function into a folder; see `jupyter_track.pyfunc.log_model`."""
    if isinstance(python_model, (str, Path)):
        raise InvalidValue(
            "python_model is an object or a function here; a script ('models from code') is not run. Import it, and log"
            " the model that it makes."
        )
    if isinstance(python_model, type):
        raise InvalidValue(f"python_model is the class {python_model.__name__}; make one: {python_model.__name__}().")
    model = python_model
    if not callable(getattr(model, "predict", None)):
        if not callable(python_model):
            raise InvalidValue(f"{type(python_model).__name__} is no model: it has no predict and is no function.")
        model = FunctionModel(python_model)
    named = python_model if inspect.isroutine(python_model) else type(python_model)

    def save(folder: Path) -> Saved:
        modules = pickling.write(model, folder / FILE)
        places = _copy_artifacts(folder, artifacts or {})
        own = "" if not modules.notebook else f"it uses {', '.join(modules.notebook[:3])} of the notebook"
        code = CODE if (folder / CODE).is_dir() else None
        entry = pyfunc_entry(
            LOADER, python_model=FILE, artifacts=places, code=code, config=dict(model_config or {}) or None
        )
        context = PythonModelContext({key: str(folder / one["path"]) for key, one in places.items()}, model_config)

        def predict(example: Any) -> Any:
            return call(model, context, example, {})

        return Saved(
            Form(PYFUNC, "cloudpickle", getattr(named, "__name__", "function"), own or "the only format for it"),
            {PYFUNC: {key: value for key, value in entry.items() if value is not None}},
            modules.names,
            ("cloudpickle",),
            predict if not places else None,
        )

    return save


def loader_saver(loader_module: str, data_path: str | Path | None) -> Callable[[Path], Saved]:
    """Return what saves data with the name of a module whose ``_load_pyfunc`` loads it."""

    def save(folder: Path) -> Saved:
        more = {}
        if data_path is not None:
            source = Path(data_path)
            if not source.exists():
                raise MissingFile(f"There is no file or folder {str(data_path)!r} with the model's data.")
            target = folder / DATA / source.name
            target.parent.mkdir()
            shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
            more = {"data": f"{DATA}/{source.name}"}
        if (folder / CODE).is_dir():
            more["code"] = CODE
        form = Form(PYFUNC, "own loader", loader_module)
        return Saved(form, {PYFUNC: pyfunc_entry(loader_module, **more)}, {loader_module})

    return save


def _copy_artifacts(folder: Path, artifacts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Copy the files that a model is to find, from paths and from runs, and say where they lie."""
    found: dict[str, dict[str, str]] = {}
    for name, uri in artifacts.items():
        place = folder / ARTIFACTS / name
        place.mkdir(parents=True)
        text = str(uri)
        if text.startswith("runs:"):
            source = run_artifacts.download(session.tracker(), *run_artifacts.parse_uri(text))
        else:
            source = Path(text.removeprefix("file://").removeprefix("file:"))
        if not source.exists():
            raise MissingFile(f"There is no file or folder {text!r} for the artifact {name!r} of the model.")
        target = place / source.name
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
        found[name] = {"path": target.relative_to(folder).as_posix(), "uri": text}
    return found


class PyFuncModel:
    """A loaded model with one `predict`, whatever it was made with.

    Data is held against the model's signature first: a missing column or a wrong type is an error that names it.

    Examples
    --------
    >>> import jupyter_track as track
    >>> model = track.pyfunc.load_model("models:/digits@champion")  # doctest: +SKIP
    >>> model.predict(frame)  # doctest: +SKIP
    """

    def __init__(self, model: Model, uri: str, raw: Any, function: Callable[[Any, Mapping[str, Any]], Any]) -> None:
        self._model = model
        self._uri = uri
        self._raw = raw
        self._function = function
        self._example: Any = None

    @property
    def metadata(self) -> ModelInfo:
        """What the model says of itself: run, signature, format, the user's own metadata."""
        return info_of(self._model, self._uri)

    @property
    def signature(self) -> ModelSignature | None:
        """What the model takes and gives; None where nothing was said."""
        return self._model.signature

    @property
    def loader_module(self) -> str:
        """The module that loads it, by mlflow's name."""
        return str(self._model.flavors[PYFUNC]["loader_module"])

    @property
    def input_example(self) -> Any:
        """The rows that the model was logged with; None where there are none."""
        return self._example

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return what the model makes of data.

        Parameters
        ----------
        data : frame, array, dict or list
        params : mapping, optional
            Further arguments, which the signature has to have.

        Raises
        ------
        InvalidValue
            Where data or params do not fit the signature; the message names the column and both types.
        """
        fitted = enforce(data, self._model.signature)
        return self._function(fitted, enforce_params(params, self._model.signature))

    def get_raw_model(self) -> Any:
        """Return the model itself: the estimator, the torch module, the `PythonModel`."""
        return self._raw

    def unwrap_python_model(self) -> Any:
        """Return the `PythonModel` or the function that was logged.

        Raises
        ------
        InvalidValue
            Where it is none.
        """
        if self.loader_module != LOADER:
            raise InvalidValue(f"This model is no PythonModel; it is {self._model.title}. get_raw_model() returns it.")
        return self._raw.function if isinstance(self._raw, FunctionModel) else self._raw

    def __repr__(self) -> str:
        return f"<PyFuncModel {self._model.title}, {self._uri}>"


def load(place: Place, model: Model, uri: str, config: Mapping[str, Any] | None = None) -> PyFuncModel:
    """Load any model as a function, whose files have been checked.

    Raises
    ------
    InvalidValue
        Where it cannot be called.
    MissingPackage, DamagedModel
    """
    entry = model.flavors.get(PYFUNC)
    if entry is None:
        raise InvalidValue(f"The model cannot be called: {model.title} has no predict. Load it with its own flavor.")
    loader = str(entry.get("loader_module", ""))
    raw, function = _loaded(loader, place, model, entry, config)
    found = PyFuncModel(model, uri, raw, function)
    found._example = examples.read_example(place, model.saved_input_example_info)
    return found


def _loaded(
    loader: str, place: Place, model: Model, entry: Mapping[str, Any], config: Mapping[str, Any] | None
) -> tuple[Any, Callable[[Any, Mapping[str, Any]], Any]]:
    if loader == "mlflow.sklearn":
        estimator = sklearn_flavor.load(place, model)
        method = getattr(estimator, str(entry.get("predict_fn", "predict")))
        return estimator, lambda data, params: method(data, **params)
    if loader == "mlflow.pytorch":
        device = (config or {}).get("device")
        module = pytorch_flavor.load(place, model, device=device)
        return module, lambda data, params: pytorch_flavor.predict(module, data, device)
    if loader == LOADER:
        return _python_model(place, model, entry, config)
    try:
        module = importlib.import_module(loader)
    except ImportError as error:
        raise pickling.missing(error, place.folder, model) from error
    if not hasattr(module, "_load_pyfunc"):
        raise DamagedModel(f"The module {loader!r} cannot load the model: it has no _load_pyfunc.")
    data = inside(place.folder, entry["data"]) if entry.get("data") else place.folder
    other = module._load_pyfunc(str(data))
    return other, lambda data, params: other.predict(data, **({"params": dict(params)} if params else {}))


def _python_model(
    place: Place, model: Model, entry: Mapping[str, Any], config: Mapping[str, Any] | None
) -> tuple[Any, Callable[[Any, Mapping[str, Any]], Any]]:
    pickling.say_python(model)
    loaded = pickling.read(place, str(entry.get("python_model", FILE)), model)
    places = entry.get("artifacts") or {}
    context = PythonModelContext(
        {name: str(inside(place.folder, one["path"])) for name, one in places.items()},
        {**(entry.get("config") or {}), **(config or {})},
    )
    if hasattr(loaded, "load_context"):
        loaded.load_context(context)
    return loaded, lambda data, params: call(loaded, context, data, params)
