"""The README's reference is what the code says, and leaves nothing out."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import jupyter_track
from jupyter_track.cli.commands import cli
from jupyter_track.errors import TrackError
from jupyter_track.notebook.options import make_parser
from jupyter_track.notebook.verbs import VERBS
from jupyter_track.settings import JupyterTrack

ROOT = Path(jupyter_track.__file__).parent.parent
SCRIPTS = ROOT / "scripts"


@pytest.fixture(scope="module")
def reference() -> Iterator[ModuleType]:
    """The script as a module."""
    sys.path.insert(0, str(SCRIPTS))
    yield importlib.import_module("reference")
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def text(reference: ModuleType) -> str:
    """The reference as it stands in the README."""
    written = (ROOT / "README.md").read_text(encoding="utf-8")
    return written.partition(reference.BEGIN)[2].partition(reference.END)[0]


def test_the_reference_in_the_readme_is_fresh(reference: ModuleType) -> None:
    """What ``scripts/reference.py`` would write is there already."""
    present = (ROOT / "README.md").read_text(encoding="utf-8")
    assert reference.with_reference(present) == present


def test_check_changes_nothing_and_tells_by_its_exit_status(reference: ModuleType, tmp_path: Path) -> None:
    """--check ends with 1 and one line for a stale README, and leaves it as it is."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("reference.py", "schema_words.py"):
        (scripts / name).write_text((SCRIPTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    readme = tmp_path / "README.md"
    stale = (ROOT / "README.md").read_text(encoding="utf-8").replace("`log_param(key", "`log_parm(key")
    readme.write_text(stale, encoding="utf-8")

    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(scripts / "reference.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)

    checked = call("--check")
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == "The reference in README.md is stale: run 'python scripts/reference.py'.\n"
    assert readme.read_text(encoding="utf-8") == stale
    assert call().returncode == 0
    assert call("--check").returncode == 0
    assert readme.read_text(encoding="utf-8") == reference.with_reference(stale)


@pytest.mark.parametrize("name", jupyter_track.__all__)
def test_every_public_name_is_documented(text: str, name: str) -> None:
    """A name of __all__ has a line of its own."""
    assert re.search(rf"^- (class )?`{name}[`(]", text, re.MULTILINE)


def test_every_option_of_the_magic_and_every_command_is_documented(text: str) -> None:
    """Options stand in a table, the commands of ``%track`` in its help."""
    for action in make_parser()._actions:
        for name in action.option_strings or [str(action.metavar)]:
            assert re.search(rf"`{re.escape(name)}[` ]", text), name
    for command in VERBS:
        assert f"%track {command} " in text


def test_every_command_of_the_terminal_and_each_of_its_options_is_documented(reference: ModuleType, text: str) -> None:
    """A command has a heading, and its options rows below it."""
    for name, command in reference.shown_commands(cli):
        part = re.split(rf"#### `jupyter track {name}[` ]", text)[1].partition("####")[0]
        for option in command.params:
            if isinstance(option, click.Option):
                assert all(f"`{one}" in part for one in option.opts), option.opts


def test_every_setting_is_documented(text: str) -> None:
    """A setting has a row with its default."""
    for name, trait in JupyterTrack.class_own_traits(config=True).items():
        assert f"| `JupyterTrack.{name}` | `{trait.default_value!r}` |" in text


def test_every_error_is_documented_with_its_code(text: str) -> None:
    """Each class of the tree stands there with its error_code."""
    waiting = [TrackError]
    while waiting:
        cls = waiting.pop()
        if cls.__module__ == "jupyter_track.errors":
            assert f"- `{cls.__name__}` · `{cls.error_code}`: " in text
        waiting += cls.__subclasses__()


def test_a_column_without_words_is_refused(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new table or column cannot be forgotten: the script stops and names it."""
    words = dict(reference.TABLES)
    line, columns = words["tags"]
    words["tags"] = (line, {name: meaning for name, meaning in columns.items() if name != "value"})
    monkeypatch.setattr(reference, "TABLES", words)
    with pytest.raises(
        SystemExit, match=r"^scripts/schema_words.py and the schema differ in the columns of tags: value"
    ):
        reference.store_tables()
    monkeypatch.setattr(reference, "TABLES", {name: value for name, value in words.items() if name != "tags"})
    with pytest.raises(SystemExit, match=r"differ in the tables: tags\.$"):
        reference.store_tables()


def test_all_links_within_the_repository_lead_somewhere() -> None:
    """Files and pictures that the README names exist, and each picture is small."""
    written = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", written) if "://" not in link]
    assert [link for link in links if not (ROOT / link).is_file()] == []
    assert [link for link in links if link.endswith(".png") and (ROOT / link).stat().st_size > 150_000] == []
