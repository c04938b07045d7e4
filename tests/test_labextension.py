"""The front end is of this version, is built from what is here, and says numbers as the kernel does."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import jupyter_track
from jupyter_track.views.format import Precision, change, duration, middle_cut, number, spread

ROOT = Path(jupyter_track.__file__).parent.parent
FRONT_END = ROOT / "labextension"


@pytest.fixture(scope="module")
def environment() -> Iterator[ModuleType]:
    """The script that installs, as a module."""
    sys.path.insert(0, str(ROOT / "scripts"))
    yield importlib.import_module("environment")
    sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the hash of an installation reads, as a copy that can be changed."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    leave = shutil.ignore_patterns("node_modules", ".yarn", "lib")
    shutil.copytree(FRONT_END, tmp_path / "labextension", ignore=leave)
    return tmp_path


def test_the_version_is_the_same_on_both_sides() -> None:
    """package.json is released with the package."""
    package = json.loads((FRONT_END / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == jupyter_track.__version__


def test_numbers_and_times_read_the_same_in_the_browser_and_here() -> None:
    """The rows of a table become texts in the browser: vitest reads the same file."""
    cases = json.loads((FRONT_END / "tests" / "format.json").read_text(encoding="utf-8"))
    precise = [(value, None if d is None else Precision(d, m)) for value, d, m, _ in cases["number"]]
    changes = [(*each, {"↑": "max", "↓?": "min", "": None}[goal], d) for *each, goal, d, _, _ in cases["change"]]
    told = [change(value, other, goal, Precision(d)) for value, other, goal, d in changes]
    better = {"better": True, "worse": False}
    found = {
        "number": [number(value, precision) for value, precision in precise],
        "repr": [repr(float(value)) for value, _ in cases["repr"]],
        "change": [None if each is None else (each.text, better.get(each.verdict or "")) for each in told],
        "duration": [duration(seconds) for seconds, _ in cases["duration"]],
        "cut": [middle_cut(text, limit) for text, limit, _ in cases["cut"]],
        "spread": [spread(case["values"]) for case in cases["spread"]],
    }
    assert found == {
        **{kind: [each[-1] for each in cases[kind]] for kind in ("number", "repr", "duration", "cut")},
        "change": [None if text is None else (text, verdict) for *_, text, verdict in cases["change"]],
        "spread": [case["text"] for case in cases["spread"]],
    }
    assert all(len(each) > 5 for each in found.values())


@pytest.mark.parametrize("name", ["src/index.ts", "src/table/view.ts", "style/card.css", "package.json", "yarn.lock"])
def test_a_change_of_the_front_end_is_installed_again(environment: ModuleType, copy: Path, name: str) -> None:
    """An editable install copies what was built, so the sources belong to its hash."""
    before = environment.project_hash(copy)
    assert before == environment.project_hash(ROOT)
    path = copy / "labextension" / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert environment.project_hash(copy) != before


def test_a_change_of_a_front_end_test_is_not_installed_again(environment: ModuleType, copy: Path) -> None:
    """Only what is built from counts: a build takes half a minute."""
    before = environment.project_hash(copy)
    (copy / "labextension" / "tests" / "more.test.ts").write_text("\n", encoding="utf-8")
    assert environment.project_hash(copy) == before


@pytest.mark.parametrize(("answer", "said"), [(None, "there is none on the PATH"), ("v18.1.0", "this is v18.1.0")])
def test_without_node_it_is_said_what_to_install(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str | None, said: str
) -> None:
    """The message names Node, its version and where it comes from."""
    if answer is not None:
        program = tmp_path / "node"
        program.write_text(f"#!/bin/sh\necho {answer}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=said) as raised:
        environment._check_node()
    assert "Node.js 20 or later is needed" in str(raised.value)
    assert "nodejs" in str(raised.value)
