"""mlflow's ``mlflow.pytorch``: logging, saving and loading the modules of torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .models import keeping as _keeping
from .models import pytorch_flavor as _flavor
from .models.finding import opened as _opened
from .models.info import ModelInfo
from .models.signature import ModelSignature
from .recording.mlflow_names import autolog

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def log_model(
    pytorch_model: Any,
    artifact_path: str | None = None,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    code_paths: Sequence[str] | None = None,
    pickle_module: Any = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    extra_files: Sequence[str] | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    serialization_format: str | None = None,
    init_args: Mapping[str, Any] | None = None,
    run_id: str | int | None = None,
) -> ModelInfo:
    """Log a module of torch to the active run.

    Its weights are kept as safetensors, with the architecture as plain data, where the module can be built again from
    its class and arguments; else the whole module is pickled, and `ModelInfo.why` says why.

    Parameters
    ----------
    pytorch_model : torch.nn.Module
    name, artifact_path : str, default "model"
        The model's folder among the artifacts; two names of one thing.
    conda_env : path or dict, optional
        A conda environment, in the place of the one that is found.
    code_paths : list of str, optional
        Files and folders of your own that the model imports.
    registered_model_name : str, optional
        Also register it, as the next version of this name.
    signature : ModelSignature, optional
        What it takes and gives; read from `input_example` where it is not given. False: none.
    input_example : array or frame, optional
        Some rows of data, kept beside the model.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        In the place of the requirements that are found, or in addition.
    metadata, params, tags : dict, optional
        Kept in ``MLmodel``.
    extra_files : list of str, optional
        Files to keep beside the model.
    serialization_format : {"safetensors", "pickle"}, optional
    init_args : dict, optional
        The arguments that the module was made with, where it does not keep them as attributes of the same names.
    run_id : str or int, optional
        Another run than the active one.
    pickle_module, await_registration_for, model_type, step, model_id
        Accepted for mlflow's sake.

    Returns
    -------
    ModelInfo
        With the `model_uri` that `load_model` takes.

    Raises
    ------
    InvalidValue
        For what is no module, or cannot be saved.

    Examples
    --------
    >>> import jupyter_track as track
    >>> info = track.pytorch.log_model(net, name="net", input_example=images[:2].numpy())  # doctest: +SKIP
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata),
        *(params, tags, extra_files),
    )
    saver = _flavor.saver(pytorch_model, serialization_format, init_args)
    return _keeping.log(saver, _keeping.name_of(name, artifact_path), options, registered_model_name, run_id)


def save_model(
    pytorch_model: Any,
    path: str | Path,
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    mlflow_model: Any = None,
    code_paths: Sequence[str] | None = None,
    pickle_module: Any = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    extra_files: Sequence[str] | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    serialization_format: str | None = None,
    init_args: Mapping[str, Any] | None = None,
) -> None:
    """Save a module of torch as a folder; the parameters are those of `log_model`.

    Raises
    ------
    AlreadyExists
        Where there is something in the folder.
    """
    options = _keeping.Options(
        *(conda_env, code_paths, signature, input_example, pip_requirements, extra_pip_requirements, metadata),
        extra_files=extra_files,
    )
    _keeping.save(path, _flavor.saver(pytorch_model, serialization_format, init_args), options)


def load_model(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    map_location: Any = None,
    device: Any = None,
) -> Any:
    """Load a module of torch.

    Parameters
    ----------
    model_uri : str
        ``runs:/<run>/<name>``, ``models:/<name>/<version>``, ``models:/<name>@<alias>``, or a folder.
    dst_path : path, optional
        A folder that its files are to be copied to.
    map_location, device : optional
        Where its tensors go; where they were by default.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    NotFound
        Where there is no such run, model or version.
    InvalidValue
        Where it is no module of torch, or there is no such alias.
    CorruptStore, DamagedModel
        Where a file is not the one that was logged; nothing of it is loaded.
    MissingPackage
        Where a package that it needs is not installed; the message has the command.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.pytorch.load_model("models:/net/1")  # doctest: +SKIP
    """
    with _opened(model_uri, dst_path=dst_path) as (place, found):
        return _flavor.load(place, found.model, map_location, device)
