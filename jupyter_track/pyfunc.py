"""mlflow's ``mlflow.pyfunc``: models of your own, and every model as one function of data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import InvalidValue
from .missing import explained as _explained
from .models import keeping as _keeping
from .models import pyfunc_flavor as _flavor
from .models.finding import opened as _opened
from .models.info import ModelInfo
from .models.pyfunc_flavor import PyFuncModel, PythonModel, PythonModelContext
from .models.signature import ModelSignature

__all__ = ["PyFuncModel", "PythonModel", "PythonModelContext", "load_model", "log_model", "save_model"]

__getattr__ = _explained(__name__)


def log_model(
    artifact_path: str | None = None,
    loader_module: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    code_paths: Sequence[str] | None = None,
    infer_code_paths: bool = False,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | None = None,
    streamable: bool | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    run_id: str | int | None = None,
) -> ModelInfo:
    """Log a model of your own to the active run: a `PythonModel`, an object with ``predict``, or a function.

    Parameters
    ----------
    name, artifact_path : str, default "model"
        The model's folder among the artifacts; two names of one thing.
    python_model : PythonModel, object or function
        Kept with cloudpickle, with the functions and classes of the notebook that it uses.
    artifacts : dict of str to path, optional
        Files that it finds in ``context.artifacts``: paths, or ``runs:/…``.
    loader_module, data_path : str, optional
        In the place of `python_model`: a module whose ``_load_pyfunc(path)`` loads the data.
    model_config : dict, optional
        What it finds in ``context.model_config``.
    code_paths : list of str, optional
        Files and folders of your own that the model imports.
    conda_env : path or dict, optional
        A conda environment, in the place of the one that is found.
    registered_model_name : str, optional
        Also register it, as the next version of this name.
    signature : ModelSignature, optional
        What it takes and gives; read from `input_example` where it is not given. False: none.
    input_example : optional
        Some rows of data, kept beside the model.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        In the place of the requirements that are found, or in addition.
    metadata, params, tags : dict, optional
        Kept in ``MLmodel``.
    run_id : str or int, optional
        Another run than the active one.
    infer_code_paths, await_registration_for, streamable, resources, auth_policy, model_type, step, model_id
        Accepted for mlflow's sake.

    Returns
    -------
    ModelInfo

    Raises
    ------
    InvalidValue
        Where it is no model, or holds something that cannot be pickled.

    Examples
    --------
    >>> import jupyter_track as track
    >>> info = track.pyfunc.log_model(name="shift", python_model=lambda frame: frame + 1)  # doctest: +SKIP
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata),
        *(params, tags),
    )
    saver = _saver(python_model, loader_module, data_path, artifacts, model_config)
    return _keeping.log(saver, _keeping.name_of(name, artifact_path), options, registered_model_name, run_id)


def save_model(
    path: str | Path,
    loader_module: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    code_paths: Sequence[str] | None = None,
    infer_code_paths: bool = False,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    mlflow_model: Any = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | None = None,
    streamable: bool | None = None,
    resources: Any = None,
    auth_policy: Any = None,
) -> None:
    """Save a model of your own as a folder; the parameters are those of `log_model`.

    Raises
    ------
    AlreadyExists
        Where there is something in the folder.
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata)
    )
    _keeping.save(path, _saver(python_model, loader_module, data_path, artifacts, model_config), options)


def _saver(
    python_model: Any,
    loader_module: str | None,
    data_path: str | os.PathLike[str] | None,
    artifacts: Mapping[str, str] | None,
    model_config: Mapping[str, Any] | None,
) -> _keeping.Saver:
    if (python_model is None) == (loader_module is None):
        raise InvalidValue("Give either python_model, or loader_module with data_path.")
    if loader_module is not None:
        return _flavor.loader_saver(loader_module, None if data_path is None else os.fspath(data_path))
    return _flavor.saver(python_model, artifacts, model_config)


def load_model(
    model_uri: str | os.PathLike[str],
    suppress_warnings: bool = False,
    dst_path: str | os.PathLike[str] | None = None,
    model_config: Mapping[str, Any] | None = None,
) -> PyFuncModel:
    """Load a model of any flavor as one function of data.

    Parameters
    ----------
    model_uri : str
        ``runs:/<run>/<name>``, ``models:/<name>/<version>``, ``models:/<name>@<alias>``, or a folder.
    suppress_warnings : bool
        Accepted for mlflow's sake.
    dst_path : path, optional
        A folder that its files are to be copied to.
    model_config : dict, optional
        Settings for a `PythonModel`; ``{"device": "cuda"}`` for a module of torch.

    Returns
    -------
    PyFuncModel
        With one ``predict``, which checks its input against the signature.

    Raises
    ------
    NotFound
        Where there is no such run, model or version.
    InvalidValue
        Where it cannot be called, or there is no such alias.
    CorruptStore, DamagedModel
        Where a file is not the one that was logged; nothing of it is loaded.
    MissingPackage
        Where a package that it needs is not installed; the message has the command.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.pyfunc.load_model("models:/digits@champion")  # doctest: +SKIP
    """
    with _opened(model_uri, dst_path=dst_path, keep=True) as (place, found):
        return _flavor.load(place, found.model, found.uri, model_config)
