"""The panels' style sheet takes its colours from where the static forms take theirs."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import jupyter_track
from jupyter_track.views.tokens import TOKENS

ROOT = Path(jupyter_track.__file__).parent.parent
STYLE = ROOT / "labextension" / "style"
COLOR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    """The script that writes the tokens, as a module."""
    sys.path.insert(0, str(ROOT / "scripts"))
    yield importlib.import_module("tokens_css")
    sys.path.remove(str(ROOT / "scripts"))


def test_the_file_is_what_the_tokens_say(script: ModuleType) -> None:
    """Whoever changes a token writes the file anew."""
    assert (STYLE / "tokens.css").read_text(encoding="utf-8") == script.tokens_css()


def test_every_token_has_a_light_and_a_dark_value_and_the_hosts_word_goes_first(script: ModuleType) -> None:
    """The host's variables stand outermost, in their order, and our own colour is what is left."""
    lines = script.tokens_css().splitlines()
    for name, token in TOKENS.items():
        for color in (token.light, token.dark):
            value = color
            for variable in reversed(token.host):
                value = f"var({variable}, {value})"
            found = [line.strip() for line in lines if line.strip() == f"--jt-{name}: {value};"]
            assert len(found) == 2  # where the host says so, and where only the system does


@pytest.mark.parametrize("name", ["panel.css", "card.css", "table.css", "grid.css", "curves.css"])
def test_no_other_style_sheet_names_a_colour(name: str) -> None:
    """A colour outside the tokens would be wrong in one of the themes."""
    assert COLOR.findall((STYLE / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["tokens.css", "panel.css", "card.css", "table.css", "grid.css", "curves.css"])
def test_nothing_is_fetched(name: str) -> None:
    """A style sheet loads nothing, neither fonts nor pictures."""
    assert not re.search(r"url\(|@import|https?:", (STYLE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(path.name for path in STYLE.glob("*.css")))
def test_a_style_sheet_is_short_and_reaches_a_page(name: str) -> None:
    """Each is imported where the panels' sheet or the reports' is put together."""
    whole = ("index.css", "report.css")
    imported = "".join((STYLE / one).read_text(encoding="utf-8") for one in whole)
    assert name in whole or f"@import './{name}';" in imported
    assert len((STYLE / name).read_text(encoding="utf-8").splitlines()) <= 500
