"""The specs of the live panels: made by Altair beforehand, read as JSON.

A module of this package that has a spec has a function ``spec()`` that returns it as a dict, with named data and
without ``$schema`` and ``config``, which belong to the page that draws it.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

Spec = dict[str, Any]

MADE = Path(__file__).with_name("made")
MODULES = {"curves": "curves", "parallel": "parallel", "scatter": "scatter"}
"""The specs by name, and the module of this package that makes each."""


def made(name: str) -> Spec:
    """Return the spec of a panel, without Altair.

    Parameters
    ----------
    name : str
        One of `MODULES`.
    """
    spec: Spec = json.loads((MADE / f"{name}.json").read_text(encoding="utf-8"))
    return spec


def make(name: str) -> Spec:
    """Return the same spec, made anew by Altair."""
    spec: Spec = importlib.import_module(f".{MODULES[name]}", __package__).spec()
    return {key: value for key, value in spec.items() if key not in ("$schema", "config")}


def text_of(spec: Spec) -> str:
    """Return a spec as its file holds it."""
    return json.dumps(spec, indent=1, sort_keys=True) + "\n"
