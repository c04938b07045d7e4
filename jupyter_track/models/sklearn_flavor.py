"""scikit-learn's estimators: skops, from which nothing runs; cloudpickle where the notebook's own code is in them."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue
from ..store.problems import report
from . import pickling
from .folder import CODE, PYFUNC, Form, Model, Place, pyfunc_entry
from .keeping import Saved
from .requirements import need

FLAVOR = "sklearn"
FORMATS = ("skops", "cloudpickle", "pickle")
_EXTRA = "jupyter-track[sklearn]"
_ADAPTERS = tuple(f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "cupy", "dask"))
_SAFE = ("sklearn.", "numpy.", "scipy.")  # what skops reads again of these is not tried
# Of Python's own modules nothing else is trusted in a model: a file that names os.system would run it.
_PLAIN = frozenset("collections datetime decimal fractions math re uuid".split())


def saver(model: Any, serialization_format: str | None, trusted: list[str] | None, predict: str) -> Any:
    """Return what saves an estimator into a folder.

    Parameters
    ----------
    model : estimator
    serialization_format : {"skops", "cloudpickle", "pickle"} or None
        None takes skops where that can hold the model.
    trusted : list of str or None
        Types to trust in skops; by default those that skops reports of this very model.
    predict : str
        The method that `pyfunc` calls.
    """
    if serialization_format is not None and serialization_format not in FORMATS:
        raise InvalidValue(f"{serialization_format!r} is no format; there are {', '.join(FORMATS)}.")
    if not hasattr(model, "get_params") and not hasattr(model, "predict") and not hasattr(model, "fit"):
        raise InvalidValue(f"{type(model).__name__} is no estimator of scikit-learn: it has neither fit nor predict.")

    def save(folder: Path) -> Saved:
        return _save(folder, model, serialization_format, trusted, predict)

    return save


def _save(folder: Path, model: Any, wanted: str | None, trusted: list[str] | None, predict: str) -> Saved:
    why = ""
    types: list[str] | None = None
    modules: set[str] = set()
    if wanted in (None, "skops"):
        why, types, modules = _skops(folder / "model.skops", model, trusted, insisted=wanted == "skops")
    safe = wanted in (None, "skops") and not why
    form = "skops" if safe else wanted or "cloudpickle"
    file = f"model.{'skops' if safe else 'pkl'}"
    if not safe:
        modules = pickling.write(model, folder / file, plain=form == "pickle").names
        (folder / "model.skops").unlink(missing_ok=True)
    code = CODE if (folder / CODE).is_dir() else None
    own = {"pickled_model": file, "sklearn_version": need("sklearn", "Such a model", "scikit-learn").__version__,
           "serialization_format": form, "code": code, "skops_trusted_types": types}  # fmt: skip
    method = getattr(model, predict, None)
    function = {PYFUNC: pyfunc_entry("mlflow.sklearn", model_path=file, predict_fn=predict)} if method else {}
    return Saved(
        Form(FLAVOR, form, type(model).__name__, why),
        {**function, FLAVOR: own},
        modules | {type(model).__module__},
        ("scikit-learn", "skops" if safe else "cloudpickle"),
        method,
    )


def _skops(file: Path, model: Any, trusted: list[str] | None, insisted: bool) -> tuple[str, list[str] | None, set[str]]:
    """Write with skops; return why that cannot be used (empty where it can), the types to trust, and the modules."""
    try:
        with _without_adapters():
            import skops.io
    except ImportError:
        if insisted:
            need("skops", "The format skops", _EXTRA)
        return f"skops is not installed: pip install '{_EXTRA}'", None, set()
    try:
        skops.io.dump(model, file)
        types = skops.io.get_untrusted_types(file=file)
    except Exception as error:  # noqa: BLE001 - whatever skops cannot hold, cloudpickle may
        why = f"skops cannot hold it: {' '.join(str(error).split())[:120] or type(error).__name__}"
        return _insist(why, insisted), None, set()
    if own := [name for name in types if _of_the_notebook(name)]:
        names = ", ".join(dict.fromkeys(_short(name) for name in own))
        return _insist(f"it uses {names} of the notebook", insisted), None, set()
    if powerful := _powerful(types):
        return _insist(f"it holds {powerful[0]}, which no safe format should load", insisted), None, set()
    if trusted is not None and (more := sorted(set(types) - set(trusted))):
        raise InvalidValue(f"The model holds types that are not among skops_trusted_types: {', '.join(more)}.")
    if any(not name.startswith(_SAFE) for name in types):
        try:
            skops.io.load(file, trusted=types)
        except Exception as error:  # noqa: BLE001 - it would be lost
            return _insist(f"skops cannot read it again: {' '.join(str(error).split())[:120]}", insisted), None, set()
    return "", types or None, _modules(file)


@contextmanager
def _without_adapters() -> Iterator[None]:
    """Keep the import of skops, which looks through all of scikit-learn, from loading torch, CuPy and dask on the way.

    scikit-learn's adapters to them stand among its packages; torch alone takes some seconds. An adapter that is in use
    is left alone.
    """
    left_out = [name for name in _ADAPTERS if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own sign for "cannot be imported"
    try:
        yield
    finally:
        for name in left_out:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


def _insist(why: str, insisted: bool) -> str:
    if insisted:
        raise InvalidValue(f"The model cannot be saved with skops: {why}. Take serialization_format='cloudpickle'.")
    return why


def _of_the_notebook(name: str) -> bool:
    return name.startswith("__main__.") or "<lambda>" in name or "<locals>" in name


def _powerful(names: Sequence[str]) -> list[str]:
    """Return the types that are of Python's own modules and no plain data."""
    tops = {name: name.partition(".")[0] for name in names}
    return [name for name, top in tops.items() if top in sys.stdlib_module_names and top not in _PLAIN]


def _short(name: str) -> str:
    last = name.rpartition(".")[2]
    return "a lambda" if last == "<lambda>" else last


def _modules(file: Path) -> set[str]:
    """The modules that a file of skops names."""
    with zipfile.ZipFile(file) as archive:
        waiting: list[Any] = [json.loads(archive.read("schema.json"))]
    found = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__module__"), str):
                found.add(node["__module__"])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found - {"builtins"}


def load(place: Place, model: Model) -> Any:
    """Load an estimator whose files have been checked.

    Raises
    ------
    MissingPackage, DamagedModel
    """
    own = model.flavor(FLAVOR, "scikit-learn")
    name = str(own.get("pickled_model", "model.pkl"))
    file = place.file(name)
    form = own.get("serialization_format", "cloudpickle")
    sklearn = need("sklearn", "The model", f"scikit-learn=={own.get('sklearn_version', '')}".rstrip("="))
    saved, here = str(own.get("sklearn_version", "")), sklearn.__version__
    if saved and saved.split(".")[:2] != here.split(".")[:2]:
        report(
            "model-sklearn", f"The model was saved with scikit-learn {saved}, and this is {here}; see that it agrees."
        )
    if form != "skops":
        if form == "cloudpickle":
            need("cloudpickle", "The model", "cloudpickle")
            pickling.say_python(model)
        return pickling.read(place, name, model)
    trusted = [str(name) for name in own.get("skops_trusted_types") or ()]
    if powerful := _powerful(trusted):
        raise DamagedModel(f"The model wants {powerful[0]} to be trusted, which no model needs; nothing was loaded.")
    with _without_adapters():
        io = need("skops.io", "A model in the format skops", _EXTRA)
    try:
        return io.load(file, trusted=trusted)
    except ImportError as error:
        raise pickling.missing(error, place.folder, model) from error
    except Exception as error:
        raise DamagedModel(f"{name} of the model cannot be loaded ({type(error).__name__}: {error}).") from error
