"""mlflow's ``mlflow.sklearn``: logging, saving and loading the models of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .models import keeping as _keeping
from .models import sklearn_flavor as _flavor
from .models.finding import opened as _opened
from .models.info import ModelInfo
from .models.signature import ModelSignature
from .recording.mlflow_names import autolog

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def log_model(
    sk_model: Any,
    artifact_path: str | None = None,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    code_paths: Sequence[str] | None = None,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    extra_files: Sequence[str] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    name: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    run_id: str | int | None = None,
) -> ModelInfo:
    """Log a model of scikit-learn to the active run.

    It is kept with skops, from which no code runs when it is loaded; where it uses functions or classes of the
    notebook, with cloudpickle, and `ModelInfo.why` says so.

    Parameters
    ----------
    sk_model : estimator
    name, artifact_path : str, default "model"
        The model's folder among the artifacts; two names of one thing.
    conda_env : path or dict, optional
        A conda environment, in the place of the one that is found.
    code_paths : list of str, optional
        Files and folders of your own that the model imports.
    serialization_format : {"skops", "cloudpickle", "pickle"}, optional
    registered_model_name : str, optional
        Also register it, as the next version of this name.
    signature : ModelSignature, optional
        What it takes and gives; read from `input_example` where it is not given. False: none.
    input_example : optional
        Some rows of data, kept beside the model.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        In the place of the requirements that are found, or in addition.
    pyfunc_predict_fn : str, default "predict"
        The method that `pyfunc` calls.
    metadata, params, tags : dict, optional
        Kept in ``MLmodel``.
    skops_trusted_types : list of str, optional
        Refuse other types than these.
    run_id : str or int, optional
        Another run than the active one.
    extra_files : list of str, optional
        Files to keep beside the model.
    await_registration_for, model_type, step, model_id
        Accepted for mlflow's sake.

    Returns
    -------
    ModelInfo
        With the `model_uri` that `load_model` takes.

    Raises
    ------
    InvalidValue
        For what is no estimator, or cannot be saved.

    Examples
    --------
    >>> import jupyter_track as track
    >>> info = track.sklearn.log_model(model, name="forest", input_example=X[:5])  # doctest: +SKIP
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata),
        *(params, tags, extra_files),
    )
    trusted = None if skops_trusted_types is None else list(skops_trusted_types)
    saver = _flavor.saver(sk_model, serialization_format, trusted, pyfunc_predict_fn)
    return _keeping.log(saver, _keeping.name_of(name, artifact_path), options, registered_model_name, run_id)


def save_model(
    sk_model: Any,
    path: str | Path,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    code_paths: Sequence[str] | None = None,
    mlflow_model: Any = None,
    serialization_format: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    extra_files: Sequence[str] | None = None,
) -> None:
    """Save a model of scikit-learn as a folder; the parameters are those of `log_model`.

    Raises
    ------
    AlreadyExists
        Where there is something in the folder.
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata),
        extra_files=extra_files,
    )
    trusted = None if skops_trusted_types is None else list(skops_trusted_types)
    _keeping.save(path, _flavor.saver(sk_model, serialization_format, trusted, pyfunc_predict_fn), options)


def load_model(model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None) -> Any:
    """Load a model of scikit-learn.

    Parameters
    ----------
    model_uri : str
        ``runs:/<run>/<name>``, ``models:/<name>/<version>``, ``models:/<name>@<alias>``, or a folder.
    dst_path : path, optional
        A folder that its files are to be copied to.

    Returns
    -------
    estimator

    Raises
    ------
    NotFound
        Where there is no such run, model or version.
    InvalidValue
        Where it is no model of scikit-learn, or there is no such alias.
    CorruptStore, DamagedModel
        Where a file is not the one that was logged; nothing of it is loaded.
    MissingPackage
        Where a package that it needs is not installed; the message has the command.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.sklearn.load_model("models:/digits@champion")  # doctest: +SKIP
    """
    with _opened(model_uri, dst_path=dst_path) as (place, found):
        return _flavor.load(place, found.model)
