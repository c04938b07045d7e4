"""The charts' specs, and that Altair is where it belongs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from package_tree import MODULES, PACKAGE

from jupyter_track.charts.specs import MADE, made, make, text_of
from jupyter_track.charts.specs import MODULES as SPECS
from jupyter_track.panels.panel import Link
from jupyter_track.panels.table import RunTablePanel


@pytest.mark.parametrize("name", SPECS)
def test_the_made_specs_are_what_altair_makes(name: str) -> None:
    """Whoever changes a chart writes its spec anew: python scripts/specs.py."""
    assert (MADE / f"{name}.json").read_text(encoding="utf-8") == text_of(make(name))


@pytest.mark.parametrize("name", SPECS)
def test_a_made_spec_names_its_data_and_no_address(name: str) -> None:
    """A live chart gets its data from the kernel: none is in the spec, and nothing is fetched."""
    text = text_of(made(name))
    assert "http" not in text
    assert '"url"' not in text
    assert '"values"' not in text


def test_reading_a_spec_does_not_load_altair() -> None:
    """Altair takes seconds; a panel opens at once."""
    code = "import sys; from jupyter_track.charts.specs import made; made('curves'); print('altair' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_only_charts_know_altair() -> None:
    """Nothing else makes a chart by Altair; the notebook half only recognises one that a person made."""
    found = {
        module
        for module in MODULES
        for path in [PACKAGE.joinpath(*module.split("."))]
        for file in [path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"]
        if "import altair" in file.read_text(encoding="utf-8")
    }
    assert {module.split(".")[0] for module in found} == {"charts"}


def test_a_view_is_sent_the_charts_module_where_it_has_no_address_for_it(tmp_path: Path) -> None:
    """A widget has one module only: it asks for the file, and gets no other one."""
    sent: list[dict[str, object]] = []
    panel, link = RunTablePanel(tmp_path / "track.db"), Link(sent.append)
    for number, file in enumerate(("charts.js", "../panel.py"), 1):
        panel.received(link, {"type": "action", "to": number, "name": "asset", "file": file})
    text = (PACKAGE / "panels" / "static" / "charts.js").read_text(encoding="utf-8")
    assert sent == [
        {"type": "reply", "to": 1, "ok": True, "message": "", "text": text},
        {"type": "reply", "to": 2, "ok": False, "message": "There is no file '../panel.py' for a view."},
    ]
