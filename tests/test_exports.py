"""The public names: `__all__`, what resolves, and what `dir` shows are one and the same."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_track

ROOT = Path(jupyter_track.__file__).parent.parent
PUBLIC_MODULES = ("artifacts", "data", "entities", "exceptions", "models", "pyfunc", "pytorch", "sklearn", "tracking")


@pytest.mark.parametrize("name", jupyter_track.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """Each name of __all__ can be had, and is in dir()."""
    assert hasattr(jupyter_track, name)
    assert name in dir(jupyter_track)


def test_all_is_sorted_and_has_no_name_twice() -> None:
    """The list is kept in order, so that two branches that add a name do not collide in silence."""
    assert list(jupyter_track.__all__) == sorted(set(jupyter_track.__all__))


def test_the_namespace_has_no_other_public_name() -> None:
    """After every name was used, a fresh process has the public names, submodules of the package, and nothing else."""
    code = (
        "import jupyter_track as track, json, types\n"
        "for name in track.__all__: getattr(track, name)\n"
        "names = [n for n, v in vars(track).items() if not n.startswith('_') and not isinstance(v, types.ModuleType)]\n"
        "print(json.dumps(names))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ignored = {"annotations", "TYPE_CHECKING", "Any"}
    # `current` is asked anew each time and never kept.
    assert set(json.loads(answer.stdout)) - ignored == {
        name for name in jupyter_track.__all__ if name not in (*PUBLIC_MODULES, "current") and not name.startswith("_")
    }


def test_type_checkers_see_the_same_names() -> None:
    """What mypy reads under TYPE_CHECKING is what is there at run time."""
    tree = ast.parse(Path(jupyter_track.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    seen |= {ast.unparse(node.target) for node in block.body if isinstance(node, ast.AnnAssign)}
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}
    assert seen | functions | {"__version__"} == set(jupyter_track.__all__)


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match=r"^module 'jupyter_track' has no attribute 'log_metrik'$"):
        jupyter_track.log_metrik  # noqa: B018


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_the_modules_with_mlflows_names_export_what_they_say(module: str) -> None:
    """Each re-exporting module has an __all__ that resolves."""
    found = importlib.import_module(f"jupyter_track.{module}")
    assert [name for name in found.__all__ if not hasattr(found, name)] == []


def test_star_import_brings_all_and_nothing_else() -> None:
    """``from jupyter_track import *`` works and gives __all__."""
    namespace: dict[str, object] = {}
    exec("from jupyter_track import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(jupyter_track.__all__)


def test_the_version_is_the_front_ends_version_too() -> None:
    """The package, and each package.json of the repository where there is one, have one version."""
    found = {
        str(path.relative_to(ROOT)): json.loads(path.read_text(encoding="utf-8"))["version"]
        for path in ROOT.glob("labextension/package.json")
    }
    assert found == dict.fromkeys(found, jupyter_track.__version__)
