"""The floors of the package: a module imports from its own floor or below, and the two halves meet at the store."""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import jupyter_track

PACKAGE = Path(jupyter_track.__file__).parent
NAME = "jupyter_track"

# The first part of a name counts. The public modules with mlflow's names (tracking, artifacts) stand on recording, and
# the package's own __init__ on everything: it loads on first use. settings reports a bad value where every fault is
# reported, in store.problems, and so stands above the store.
FLOORS = {
    "_version": 0,
    "errors": 0,
    "records": 1,
    "values": 1,
    "store": 3,
    "settings": 4,
    "context": 4,
    "views": 5,
    "recording": 6,
    "exceptions": 6,
    "entities": 6,
    "tracking": 6,
    "artifacts": 6,
    "notebook": 7,
    "charts": 6,
    "panels": 7,
    "report": 7,
    "server": 7,
    "cli": 8,
    "__main__": 9,
    "": 9,
}
LOOKING = ("views", "charts", "panels", "report", "server", "cli")
RECORDING = ("recording", "notebook")


def module_names() -> list[str]:
    """Every module of the package, without the package's name; the package itself is the empty name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


MODULES = module_names()


def tree_of(module: str) -> ast.Module:
    """The syntax tree of a module."""
    path = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports_of(module: str, *, top_level_only: bool = False) -> set[str]:
    """The modules of the package that a module imports, in functions and under TYPE_CHECKING too."""
    is_package = (PACKAGE.joinpath(*module.split(".")) if module else PACKAGE).is_dir()
    parts = module.split(".") if module else []
    home = parts if is_package else parts[:-1]
    nodes = top_level(tree_of(module)) if top_level_only else ast.walk(tree_of(module))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix(NAME).strip(".") for alias in node.names if is_ours(alias.name)}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = home[: len(home) - node.level + 1] + (node.module.split(".") if node.module else [])
            elif is_ours(node.module or ""):
                base = (node.module or "").split(".")[1:]
            else:
                continue
            prefix = ".".join(base)
            for alias in node.names:
                name = f"{prefix}.{alias.name}".strip(".")
                found.add(name if name in MODULES else prefix)
    return found - {module}


def is_ours(name: str) -> bool:
    """Whether a module's full name is the package's or one below it."""
    return name == NAME or name.startswith(f"{NAME}.")


def top_level(tree: ast.Module) -> list[ast.stmt]:
    """The statements that run when a module is imported: not in functions, not under TYPE_CHECKING."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.stmt):
            found.append(node)
        waiting += ast.iter_child_nodes(node)
    return found


def floor_of(module: str) -> int:
    """The floor of a module, by the first part of its name."""
    return FLOORS[module.split(".")[0]]


def test_every_part_of_the_package_has_a_floor() -> None:
    """A new module or subpackage is given a floor in this file before it is used."""
    assert {module.split(".")[0] for module in MODULES} - set(FLOORS) == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module])
def test_a_module_imports_only_from_its_own_floor_or_below(module: str) -> None:
    """Nothing reaches upward, lazily neither."""
    assert {other for other in imports_of(module) if floor_of(other) > floor_of(module)} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module.split(".")[0] in LOOKING])
def test_what_looks_never_imports_what_records(module: str) -> None:
    """Views, charts, panels, report, server and the command line meet the write side at the file only."""
    assert {other for other in imports_of(module) if other.split(".")[0] in RECORDING} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module])
def test_no_module_imports_the_root_of_the_package(module: str) -> None:
    """Importing the root from inside ties every module into one knot; its version lies in ``_version``."""
    assert "" not in imports_of(module)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """The order in which modules are loaded is free: no cycle at module level, none among subpackages' modules."""
    graph = {module: imports_of(module, top_level_only=True) - {""} for module in MODULES if module}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def test_an_upward_import_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of imports sees relative, absolute, lazy and TYPE_CHECKING imports, and tells which run at import."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "__init__.py").write_text("")
    (store / "reader.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from ..errors import NotFound\n"
        "import jupyter_track.views.card\n"
        "from jupyter_track.recording import run\n"
        "if TYPE_CHECKING:\n    from ..notebook.hooks import CellHooks\n"
        "def read():\n    from . import schema\n"
    )
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "PACKAGE", tmp_path)
    monkeypatch.setattr(
        here,
        "MODULES",
        ["errors", "views.card", "recording.run", "notebook.hooks", "store", "store.reader", "store.schema"],
    )
    lazy = {"notebook.hooks", "store.schema"}
    assert imports_of("store.reader") == {"errors", "views.card", "recording.run"} | lazy
    assert imports_of("store.reader", top_level_only=True) == {"errors", "views.card", "recording.run"}
