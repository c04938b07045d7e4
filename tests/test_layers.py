"""The floors of the package: a module imports from its own floor or below, and the two halves meet at the store."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import package_tree
import pytest
from package_tree import MODULES, imports_of

# The first part of a name counts. The public modules with mlflow's names (tracking, artifacts, sklearn) stand on
# recording, beside the models, and the package's own __init__ on everything: it loads on first use. settings reports a
# bad value where every fault is reported, in store.problems, and so stands above the store.
FLOORS = {
    "_version": 0,
    "errors": 0,
    "missing": 0,
    "inputs": 1,
    "labels": 1,
    "records": 1,
    "values": 1,
    "store": 3,
    "settings": 4,
    "context": 4,
    "from_mlflow": 5,
    "views": 5,
    "recording": 6,
    "exceptions": 6,
    "entities": 6,
    "tracking": 6,
    "artifacts": 6,
    "data": 6,
    "models": 6,
    "pyfunc": 6,
    "pytorch": 6,
    "sklearn": 6,
    "notebook": 7,
    "charts": 6,
    "panels": 7,
    "reports": 7,
    "server": 7,
    "cli": 8,
    "__main__": 9,
    "": 9,
}
LOOKING = ("views", "charts", "panels", "reports", "server", "cli")
RECORDING = ("recording", "notebook")


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
    """Views, charts, panels, reports, server and the command line meet the write side at the file only."""
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
    monkeypatch.setattr(package_tree, "PACKAGE", tmp_path)
    monkeypatch.setattr(
        package_tree,
        "MODULES",
        ["errors", "views.card", "recording.run", "notebook.hooks", "store", "store.reader", "store.schema"],
    )
    lazy = {"notebook.hooks", "store.schema"}
    assert imports_of("store.reader") == {"errors", "views.card", "recording.run"} | lazy
    assert imports_of("store.reader", top_level_only=True) == {"errors", "views.card", "recording.run"}
