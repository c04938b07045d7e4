"""Importing stays light: what a process pays before it has used anything. (How long it takes is benchmarked.)"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from package_tree import MODULES, PACKAGE, top_level, tree_of

HEAVY = (
    "IPython",
    "PIL",
    "altair",
    "anywidget",
    "click",
    "cloudpickle",
    "ipykernel",
    "ipywidgets",
    "jinja2",
    "latex2mathml",
    "markdown_it",
    "matplotlib",
    "mdit_py_plugins",
    "numpy",
    "pandas",
    "plotly",
    "psutil",
    "pyarrow",
    "rich",
    "safetensors",
    "sklearn",
    "skops",
    "sqlite_utils",
    "torch",
    "tqdm",
    "traitlets",
    "yaml",
)
# The magics are a subclass of IPython's and the settings one of traitlets'; both modules are loaded by %load_ext,
# where IPython is there already. The command line stands on click and rich, and on nothing else.
ALLOWED = {
    "notebook.magics": {"IPython"},
    "settings": {"traitlets"},
    # What makes a report is loaded where one is made.
    "reports.narrative": {"jinja2", "markdown_it"},
    "reports.attached": {"markdown_it"},
    "reports.prose": {"markdown_it", "mdit_py_plugins"},
    "reports.sandbox": {"jinja2"},
    "reports.pages": {"jinja2"},
    **{module: {"click", "rich"} for module in MODULES if module.split(".")[0] == "cli"},
}


def loaded_by(code: str) -> set[str]:
    """The outermost packages that a fresh process has loaded after `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    """A bare import loads none of the libraries, and not even sqlite3."""
    bare = loaded_by("")
    assert (loaded_by("import jupyter_track as track") - bare) & {*HEAVY, "sqlite3"} == set()


def test_looking_at_the_names_loads_nothing_heavy() -> None:
    """What a completer does, dir() and reading __all__, loads nothing either."""
    code = "import jupyter_track as track\ndir(track), track.__all__, track.__version__, track.__doc__"
    assert loaded_by(code) & {*HEAVY, "sqlite3"} == set()


def test_recording_a_run_in_a_script_loads_no_data_frames_and_no_front_end(tmp_path: Path) -> None:
    """A script that logs one run pays for SQLite and, once, for the schema's tool; for nothing else."""
    code = (
        "import jupyter_track as track\n"
        f"track.set_tracking_uri({str(tmp_path)!r})\n"
        "with track.start_run(run_name='one') as run:\n"
        "    track.log_param('C', 0.1)\n"
        "    track.log(loss=0.5)\n"
        "    track.log_text('hello', 'note.txt')\n"
        "track.flush()\n"
        "print(track.get_run(run.info.run_id).name)"
    )
    assert loaded_by(code) & set(HEAVY) <= {"sqlite_utils", "click", "rich"}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_a_heavy_library_at_its_top(module: str) -> None:
    """Libraries are imported where they are used, in functions."""
    found = set()
    for node in top_level(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    assert found & set(HEAVY) <= ALLOWED.get(module, set())


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".py", ".js", ".css", ".html", ".json", ".svg")],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_nothing_is_loaded_from_a_network(path: Path) -> None:
    """No source names a host to fetch from; SVG's name spaces and the host reserved for examples are no such hosts.

    Vega's own code names its schema and its documentation, in data and messages; the browser's tests record requests.
    """
    text = path.read_text(encoding="utf-8")
    hosts = re.findall(r"https?://([\w.-]+\.[a-z]{2,})", text)
    in_words = {"github.com", "vega.github.io"} if path.parent.name == "static" and "vega" in text else set()
    assert set(hosts) - {"www.w3.org", "example.org"} - in_words == set()
