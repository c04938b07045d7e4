"""mlflow's ``mlflow.models``: what all kinds of models share. `jupyter_track.sklearn` and the like log them.

::

    signature     what a model takes and gives        enforcement   data held against it
    examples      the input example                   requirements  what a model needs
    environment   conda.yaml, requirements.txt        folder        MLmodel, and the hashes of the files
    keeping       saving to a folder, and to a run    finding       addresses, and the way from there to a folder
    info          what log_model returns              registry      versions of a name
    sklearn_flavor · pytorch_flavor · pyfunc_flavor   architecture  torch modules as plain data
    pickling      cloudpickle: the one place where something is unpickled

Each name is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..missing import explained

__all__ = ["Model", "ModelInfo", "ModelSignature", "get_model_info", "infer_signature"]

_HOMES = {
    "Model": "folder",
    "ModelInfo": "info",
    "ModelSignature": "signature",
    "get_model_info": "looking",
    "infer_signature": "signature",
}


_absent = explained(__name__)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        return _absent(name)
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


if TYPE_CHECKING:
    from .folder import Model
    from .info import ModelInfo
    from .looking import get_model_info
    from .signature import ModelSignature, infer_signature
