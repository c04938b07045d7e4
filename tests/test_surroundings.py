"""What surrounds a run: Python, packages, the machine, git's remote and the code that the commit does not have."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from made_records import made_run
from shell_session import VARIABLES, notebook

import jupyter_track as track
from jupyter_track.context import environment, git, git_code, hardware
from jupyter_track.recording import context
from jupyter_track.store.reader import Reader
from jupyter_track.views import surroundings as views
from jupyter_track.views.comparison import compare
from jupyter_track.views.details import run_details

IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


# ---- packages


def test_packages_are_those_that_were_imported() -> None:
    """With the names and versions of their packages, not of their modules; nothing of Python or of the user's own."""
    import PIL
    import yaml

    found = environment.packages()
    assert (found["pillow"], found["pyyaml"]) == (PIL.__version__, yaml.__version__)
    assert not {"PIL", "yaml", "json", "made_records", "conftest"} & found.keys()
    assert list(found) == sorted(found, key=str.lower)


def test_a_package_that_is_not_imported_is_not_told() -> None:
    """A fresh process tells what it has, and importing more tells more; plain Python tells next to nothing."""
    code = (
        "from jupyter_track.context.environment import packages\n"
        "before = packages()\nimport yaml\nafter = packages()\n"
        "import json; print(json.dumps([before, after]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = json.loads(answer.stdout)
    assert "pandas" not in before
    assert after.keys() - before.keys() == {"pyyaml"}


@pytest.mark.parametrize(
    ("files", "module"),
    [
        ({"Odd_Name-1.5.dist-info/RECORD": "oddmod/__init__.py,,\nOdd_Name-1.5.dist-info/RECORD,,\n"}, "oddmod"),
        ({"Odd_Name-1.5.dist-info/top_level.txt": "oddmod\n"}, "oddmod"),
        ({"Odd_Name-1.5.dist-info/RECORD": "oddmod.py,,\n"}, "oddmod"),
        ({"odd.name-1.5-py3.11.egg-info/top_level.txt": "oddmod\n"}, "oddmod"),
        ({"odd_name-1.5.dist-info/METADATA": ""}, "odd_name"),
    ],
)
def test_how_a_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], module: str
) -> None:
    """By its name, by the modules that it says it has, or by the list of its files."""
    folder = tmp_path / "site-packages"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / f"{module}.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    __import__(module)
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, module, type(sys)(module))
    sys.modules[module].__file__ = str(folder / f"{module}.py")
    found = environment.packages()
    assert {version for name, version in found.items() if environment.normalised(name) == "odd-name"} == {"1.5"}


def test_the_machine() -> None:
    """Processor, cores and memory, as plain data."""
    found = hardware.hardware()
    assert found["cores"] >= 1
    assert found["memory"] > 2**27
    assert json.loads(json.dumps(found)) == found


def test_graphics_processors_without_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's own files name them."""
    for at in range(2):
        (tmp_path / f"0000:0{at}:00.0").mkdir()
        (tmp_path / f"0000:0{at}:00.0" / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   1\n")
    monkeypatch.setattr(hardware, "_NVIDIA", tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    found = hardware.hardware()
    assert found["gpus"] == [{"name": "NVIDIA H200"}, {"name": "NVIDIA H200"}]
    assert views.gpus({"hardware": found}) == "2 × NVIDIA H200"


# ---- code that a commit does not have


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a module and a notebook."""
    if shutil.which("git") is None:
        pytest.skip("no git")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "model.py").write_text("lr = 0.1\n")
    (folder / "a.ipynb").write_text(notebook_of("x = 1", 1))
    for command in (("init", "-q"), ("add", "."), (*IDENTITY, "commit", "-qm", "a")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run(["git", "remote", "add", "origin", "https://ann:s3cret@example.org/c.git"], cwd=folder, check=True)
    return folder


def notebook_of(source: str, count: int) -> str:
    """A notebook of one cell that has run."""
    cell = {"cell_type": "code", "source": source, "execution_count": count, "metadata": {}, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def code_of(folder: Path) -> git_code.UncommittedCode:
    """What its commit does not have."""
    state = git.git_state(folder, timeout=30)
    assert state is not None
    return git_code.uncommitted_code(state, timeout=30)


def test_a_clean_repository_has_nothing(repository: Path) -> None:
    """Running a notebook changes no code; our own files, data and what git ignores are none."""
    (repository / "a.ipynb").write_text(notebook_of("x = 1", 7))
    for name in ("track.db", "data.csv", "ignored.py"):
        (repository / name).write_text("x")
    (repository / ".git" / "info" / "exclude").write_text("ignored.py\n")
    assert code_of(repository) == git_code.UncommittedCode()


def test_the_diff_tells_modules_and_the_cells_of_notebooks(repository: Path) -> None:
    """As a person reads it, without the outputs of a notebook; secrets are masked."""
    (repository / "model.py").write_text('lr = 0.2\npassword = "hunter22"\n')
    (repository / "a.ipynb").write_text(notebook_of("x = 2", 7))
    diff = code_of(repository).diff
    assert {"-lr = 0.1", "+lr = 0.2", "--- a/a.ipynb", "-x = 1", "+x = 2"} <= set(diff.splitlines())
    assert "hunter22" not in diff
    assert "execution_count" not in diff


def test_untracked_code_is_told_by_its_hash(repository: Path) -> None:
    """A notebook by the sources of its cells; a link and a large file not at all."""
    (repository / "deep").mkdir()
    (repository / "deep" / "new.py").write_text("x = 1\n")
    (repository / "new.ipynb").write_text(notebook_of("y", 1))
    (repository / "link.py").symlink_to("/etc/passwd")
    (repository / "large.py").write_text("#" * 1_000_001)
    first = code_of(repository).untracked
    (repository / "new.ipynb").write_text(notebook_of("y", 2))
    assert first.keys() == {"deep/new.py", "new.ipynb"}
    assert code_of(repository).untracked == first
    (repository / "new.ipynb").write_text(notebook_of("z", 2))
    assert code_of(repository).untracked["new.ipynb"] != first["new.ipynb"]


def test_a_long_diff_is_cut_at_a_line(repository: Path) -> None:
    """And how much is missing is told."""
    (repository / "model.py").write_text("".join(f"x{at} = 'ü'\n" for at in range(10_000)))
    found = code_of(repository)
    assert len(found.diff.encode()) <= git_code.MOST_DIFF
    assert found.diff.endswith("\n")
    assert found.cut > 10_000


# ---- of a run


def around(store: Path, run_id: str) -> dict[str, Any]:
    """What surrounded a run, once it has been found out."""
    context.settle(20)
    track.flush()
    return Reader(store).surroundings([run_id])[run_id]


def test_a_run_has_what_surrounded_it(store: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, machine, and of git the remote without its password and the diff; one document for equal ones."""
    monkeypatch.chdir(repository)
    monkeypatch.setattr(context, "_answers", {})
    (repository / "model.py").write_text("lr = 0.3\n")
    runs = []
    for _ in range(2):
        with track.start_run() as run:
            track.log_metric("x", 1.0)
        runs.append(run.run_id)
    found = around(store, runs[0])
    assert found["environment"]["python"]["version"] == sys.version.split()[0]
    assert found["environment"]["packages"]["pytest"] == pytest.__version__
    assert found["hardware"]["cores"] >= 1
    assert (found["git"]["remote"], found["git"]["dirty"]) == ("https://example.org/c.git", True)
    assert "+lr = 0.3" in found["diff"].splitlines()
    assert around(store, runs[1]) == found
    assert b"s3cret" not in store.read_bytes()
    assert track.get_run(runs[0]).data.tags["mlflow.source.git.commit"] == found["git"]["commit"]
    facts = dict(run_details(track.get_run(runs[0]), surroundings=found).facts)
    assert facts["uncommitted"] == "diff of 2 lines"
    assert facts["python"].startswith(sys.version.split()[0])
    assert facts["remote"] == "https://example.org/c.git"


def test_what_a_run_imports_is_told_at_its_end(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages of the end count."""
    folder = tmp_path / "site-packages"
    (folder / "later_one-2.0.dist-info").mkdir(parents=True)
    (folder / "later_one.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    with track.start_run() as run:
        assert "later-one" not in around(store, run.run_id)["environment"]["packages"]
        __import__("later_one")
    assert around(store, run.run_id)["environment"]["packages"]["later-one"] == "2.0"
    sys.modules.pop("later_one")


def test_it_can_be_switched_off(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is found out."""
    monkeypatch.setattr(context, "environment_enabled", False)
    monkeypatch.setattr(context, "enabled", False)
    with track.start_run() as run:
        pass
    context.settle(20)
    track.flush()
    assert Reader(store).surroundings([run.run_id]) == {}


def test_a_short_script_has_its_environment(tmp_path: Path) -> None:
    """Its end waits for what is being found out, and what was left open is told too."""
    (tmp_path / "script.py").write_text("import jupyter_track as track\ntrack.log_metric('x', 1.0)\n")
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
    (run,) = Reader(tmp_path / "track.db").runs()
    found = Reader(tmp_path / "track.db").surroundings([run.run_id])[run.run_id]
    assert found["environment"]["packages"]["jupyter-track"]
    assert found.keys() == {"environment", "hardware"}


# ---- of a run that another process goes on with

FIRST = """
import yaml, jupyter_track as track
with track.start_run(run_name="long"):
    track.log_metric("loss", 0.5)
"""
NOTE = """
import PIL, jupyter_track as track
with track.start_run(run_id="long", description="looks good"):
    track.log_metric("late", 1.0)
"""


def script(folder: Path, name: str, code: str) -> None:
    """Run a script that is written for it, in a process of its own."""
    (folder / name).write_text(code)
    env = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    subprocess.run([sys.executable, name], cwd=folder, env=env, check=True, timeout=120)


def test_a_run_that_another_process_goes_on_with_keeps_what_surrounded_it(repository: Path) -> None:
    """Packages, git and source stay those of the first; what the second ran in is told beside them, everywhere."""
    (repository / "model.py").write_text("lr = 0.5\n")
    script(repository, "train.py", FIRST)
    reader = Reader(repository / "track.db")
    (before,) = reader.runs()
    first = reader.surroundings([before.run_id])[before.run_id]
    for command in (("add", "."), (*IDENTITY, "commit", "-qm", "b")):
        subprocess.run(["git", *command], cwd=repository, check=True)
    script(repository, "note.py", NOTE)
    script(repository, "note.py", NOTE.replace("1.0", "2.0"))
    (after,) = reader.runs()
    told = reader.surroundings([after.run_id])[after.run_id]
    later = told.pop("later")
    assert told == first
    assert "+lr = 0.5" in first["diff"].splitlines()
    assert (after.data.metrics, after.note) == ({"loss": 0.5, "late": 2.0}, "looks good")
    assert after.own_tags == before.own_tags
    assert after.own_tags["mlflow.source.name"] == "train.py"
    assert [part["process"]["source"] for part in later] == ["note.py", "note.py"]
    assert {"pillow" in part["environment"]["packages"] for part in later} == {True}
    assert "pillow" not in first["environment"]["packages"]
    commit = later[0]["git"]["commit"]
    assert commit != first["git"]["commit"] == after.data.tags["mlflow.source.git.commit"]
    words = [
        line.partition(" · ")[0] + line[line.index(" · commit ") :] for line in views.resumed(told | {"later": later})
    ]
    assert words[0] == f"note.py · commit {commit[:10]} · 1 untracked file of code"
    shown = subprocess.run(
        [sys.executable, "-m", "jupyter_track", "show", "long"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert [commit[:10] in shown, first["git"]["commit"] in shown] == [True, True]
    subprocess.run([sys.executable, "-m", "jupyter_track", "report", "long"], cwd=repository, check=True)
    page = (repository / "report.html").read_text()
    assert [text in page for text in (commit[:10], first["git"]["commit"][:10], "pyyaml", "pillow")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_run_of_a_notebook_keeps_its_code_and_the_cells_of_another_are_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script adds no code to it, and no difference to a comparison; a notebook adds the cell that it ran."""
    tell = "import PIL\nimport jupyter_track as track\nwith track.start_run(run_id='{}') as run:\n    run.log(x=2)"
    with notebook(tmp_path, monkeypatch) as nb:
        for name in ("alpha", "beta"):
            nb.run(f"%%track {name} -q\naccuracy = float('0.5')", cell_id=name)
        first = nb.reader.surroundings([run.run_id for run in nb.runs])
        script(tmp_path, "note.py", tell.format("alpha"))
        alpha, beta = nb.runs
        after = nb.reader.surroundings([alpha.run_id, beta.run_id])
        assert [part["process"]["source"] for part in after[alpha.run_id].pop("later")] == ["note.py"]
        assert after == first
        assert nb.reader.source(alpha.run_id) == nb.reader.source(beta.run_id) == "accuracy = float('0.5')"
        compared = nb.reader.surroundings([alpha.run_id, beta.run_id])
        assert not [line for line in compare([alpha, beta], surroundings=compared).lines if line.group == "environment"]
        nb.run("%track show alpha")
        assert "note.py · " in nb.cards[0]
        script(tmp_path, "train.py", FIRST)
        cell = tell.format("long")
        nb.run(cell, cell_id="more")
        run = nb.runs[-1]
        assert [one.source for one in nb.reader.executions(run.run_id)] == [cell]
        found = nb.reader.surroundings([run.run_id])[run.run_id]
        assert (run.own_tags["mlflow.source.name"], run.notebook, len(found["later"])) == ("train.py", None, 1)
        assert "pytest" not in found["environment"]["packages"]
        assert found["later"][0]["environment"]["packages"]["pytest"] == pytest.__version__


def test_going_on_in_the_same_process_tells_what_was_imported_since(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same Python: a cell that resumes the run of another cell adds its packages."""
    folder = tmp_path / "site-packages"
    (folder / "later_two-2.0.dist-info").mkdir(parents=True)
    (folder / "later_two.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    with track.start_run() as run:
        pass
    context.settle(20)
    __import__("later_two")
    with track.start_run(run_id=run.run_id):
        pass
    found = around(store, run.run_id)
    assert found["environment"]["packages"]["later-two"] == "2.0"
    assert "later" not in found
    sys.modules.pop("later_two")


def test_a_run_that_a_client_made_has_what_runs_in_it_first(tmp_path: Path) -> None:
    """As nothing surrounded it before."""
    script(tmp_path, "make.py", "import jupyter_track as t\nt.TrackClient().create_run('0', run_name='long')\n")
    script(tmp_path, "note.py", NOTE)
    reader = Reader(tmp_path / "track.db")
    (run,) = reader.runs()
    found = reader.surroundings([run.run_id])[run.run_id]
    assert found.keys() == {"environment", "hardware"}
    script(tmp_path, "again.py", NOTE)
    again = reader.surroundings([run.run_id])[run.run_id]
    assert [part["process"]["source"] for part in again.pop("later")] == ["again.py"]
    assert again == found


# ---- side by side


def made(version: str, **packages: str) -> dict[str, Any]:
    """What surrounded a run."""
    platform = {"system": "Linux", "release": "6.1", "machine": "x86_64"}
    told = {"python": {"version": version}, "platform": platform, "packages": packages}
    return {"environment": told, "hardware": {"cpu": "A", "cores": 2, "memory": 8_000_000_000}}


def test_a_comparison_names_the_packages_that_differ() -> None:
    """In the environment's group, by name; what is equal has no line."""
    one, other = made_run(1, "a"), made_run(2, "b")
    found = {
        one.run_id: made("3.11.7", numpy="2.0", pandas="3.0"),
        other.run_id: made("3.12.1", numpy="2.1", torch="3"),
    }
    found[other.run_id]["environment"]["packages"]["pandas"] = "3.0"
    lines = {
        line.label: [value.text for value in line.values] for line in compare([one, other], surroundings=found).lines
    }
    assert lines["numpy"] == ["2.0", "2.1"]
    assert lines["imported by one only"] == ["", "1 package: torch"]
    assert lines["python"] == ["3.11.7 on Linux 6.1 (x86_64)", "3.12.1 on Linux 6.1 (x86_64)"]
    assert not {"pandas", "machine", "uncommitted"} & lines.keys()


def test_packages_that_one_side_did_not_import_share_a_line() -> None:
    """A script imports less than a notebook: how many, and the first by name; all of them in full."""
    script, notebook = made_run(1, "a"), made_run(2, "b")
    more = {f"package{at:02}": "1" for at in range(13)}
    found = {script.run_id: made("3", numpy="2.0"), notebook.run_id: made("3", numpy="2.0", **more)}
    lines = [line for line in compare([script, notebook], surroundings=found).lines if line.group == "environment"]
    assert [(line.label, [value.text for value in line.values]) for line in lines] == [
        ("imported by one only", ["", "13 packages: package00, package01, package02, package03, …"])
    ]
    assert lines[0].values[1].full == f"13 packages: {', '.join(more)}"
    several = views.compared([*found.values(), made("3", numpy="2.0", zlib="1")])
    assert several["imported by some only"][::2] == ["", "1 package: zlib"]


def test_many_packages_are_counted() -> None:
    """Twelve have a line, the others are counted; where one run's are not known nothing is said."""
    several = [made("3", **{f"p{at:02}": str(version) for at in range(15)}) for version in (1, 2)]
    rows = views.compared(several)
    assert rows["p11"] == ["1", "2"]
    assert "p12" not in rows
    assert rows["other packages"] == ["", "3 differ"]
    assert set(views.compared([several[0], {}])) == {"python", "machine", "uncommitted"}


def test_a_record_names_the_packages_first_that_its_code_imports() -> None:
    """In the order of the imports; then the others, and last what every kernel has; versions stay with their names."""
    names = ("Pillow", "asttokens", "comm", "debugpy", "ipykernel", "numpy", "pyzmq", "scikit-learn", "six", "torch")
    found = made("3", **dict.fromkeys(names, "1"), pandas="2")
    cell = "%%track\n%matplotlib inline\nfrom sklearn.svm import SVC\ndef load():\n    import pandas as pd, PIL.Image\n"

    def named(*cells: str) -> str:
        return dict(run_details(made_run(1, "a"), surroundings=found, cells=cells).facts)["packages"]

    rest = "asttokens 1, comm 1, debugpy 1"
    assert named(cell) == f"scikit-learn 1, pandas 2, Pillow 1, numpy 1, torch 1, {rest}, +3"
    assert named("from . import own\nimport ipykernel", "import numpy") == (
        "ipykernel 1, numpy 1, Pillow 1, scikit-learn 1, torch 1, pandas 2, asttokens 1, comm 1, +3"
    )
    assert (
        named()
        == named("files = !ls\nimport torch")
        == f"Pillow 1, numpy 1, scikit-learn 1, torch 1, pandas 2, {rest}, +3"
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"environment": 3, "hardware": [], "git": "x", "diff": 4},
        {"environment": {"packages": {"a\n": 3}, "python": {"version": ["x"]}, "platform": None}},
        {"hardware": {"gpus": [1, {"name": 2}], "memory": -1, "cores": "x"}, "git": {"untracked": 3}},
    ],
)
def test_odd_documents_are_shown_as_nothing(odd: dict[str, Any]) -> None:
    """A store may be somebody else's."""
    assert all(isinstance(text, str) and "\n" not in text for _, text in views.facts(odd))
    assert views.compared([odd, odd])


def test_what_went_on_with_a_run_is_told_in_short() -> None:
    """What was as at first is left out; of many processes the newest are named."""
    first = made("3.11.7", numpy="2.0")
    parts = [{"process": {"source": f"{at}.py"}, "started": 0, **made("3.11.7", numpy="2.0")} for at in range(7)]
    lines = views.resumed({**first, "later": parts}, UTC)
    assert lines == ["2 times before", *(f"{at}.py · 1970-01-01 00:00+00:00" for at in range(2, 7))]
    other = {"process": {}, "started": 0, **made("3.12.1", numpy="2.1")}
    assert views.resumed({**first, "later": [other, 3]}, UTC) == [
        "without a file · 1970-01-01 00:00+00:00 · 3.12.1 on Linux 6.1 (x86_64) · numpy 2.1"
    ]
    one, two = made_run(1, "a"), made_run(2, "b")
    assert not [
        line
        for line in compare([one, two], surroundings={one.run_id: {**first, "later": parts}, two.run_id: first}).lines
        if line.group == "environment"
    ]
