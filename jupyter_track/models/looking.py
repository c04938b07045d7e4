"""Looking at a logged model, and loading the model of a run, whatever it was made with."""

from __future__ import annotations

import os
from typing import Any

from ..errors import InvalidValue, NotFound
from ..recording.tracker import Tracker
from . import pyfunc_flavor, pytorch_flavor, sklearn_flavor
from .finding import find, models_of, opened
from .folder import MLMODEL
from .info import ModelInfo, info_of


def get_model_info(model_uri: str | os.PathLike[str]) -> ModelInfo:
    """Return what is told of a model: run, signature, format, metadata; nothing of it is loaded.

    Raises
    ------
    NotFound
        Where there is no such run, model or version.
    """
    found = find(model_uri)
    return info_of(found.model, found.uri, found.version)


def load_of_run(tracker: Tracker, run_id: str, name: str | None = None) -> Any:
    """Load a model of a run by its own flavor.

    Parameters
    ----------
    tracker : Tracker
    run_id : str
    name : str, optional
        Which one, where the run has several.

    Raises
    ------
    NotFound
        Where the run has no model of the name, or none at all.
    InvalidValue
        Where it has several and none is named.
    """
    if name is None:
        names = [one.path.removesuffix(f"/{MLMODEL}") for one in models_of(tracker, run_id)]
        if not names:
            raise NotFound(f"The run {run_id[:8]} has no model; log_model adds one.")
        if len(names) > 1:
            raise InvalidValue(f"The run {run_id[:8]} has several models; name one of {', '.join(map(repr, names))}.")
        (name,) = names
    with opened(f"runs:/{run_id}/{name}", tracker, keep=True) as (place, found):
        for flavor in (sklearn_flavor, pytorch_flavor):
            if flavor.FLAVOR in found.model.flavors:
                return flavor.load(place, found.model)
        return pyfunc_flavor.load(place, found.model, found.uri)
