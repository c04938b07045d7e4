"""Reports by the rules of others: axe-core finds nothing serious in them, and their markup is HTML's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report, report_store
from made_stores import add_runs, made_store
from made_sweep import add_sweep

from .harness import Page
from .report_checks import axe_findings, html_findings, opened

pytestmark = pytest.mark.browser

TEXT = """\
# What we found

The best run reached **{{ best.metrics.accuracy | round(3) }}**.

{{ curves("loss", caption="Loss", label="loss") }}

See {{ ref("loss") }}.

{{ table(2, columns=["lr", "loss"], caption="The best two") }}

1. first
2. second

| a | b |
|---|--:|
| 1 | 2 |

- [x] of $\\frac{1}{n}\\sum_i x_i^2$ [^1]

$$
\\begin{pmatrix} a & b \\\\ c & \\nosuch \\end{pmatrix}
$$

$$x^2$$

[^1]: Which is $\\|x\\|^2 / n$.
"""
BAD = """\
<!doctype html><html><head><title>x</title></head><body><img src="data:,"><div id="a"></div><p id="a"><div></div></p>
<table><tr><td>1</td></tr></table><button></button><span style="color:#eee;background:#fff">pale</span></body></html>
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of each kind, with all sections, one with a text, and one of a sweep."""
    folder = tmp_path_factory.mktemp("checked")
    (folder / "full").mkdir()
    (folder / "sweep").mkdir()
    full = report_store(folder / "full")
    sweep = made_store(folder / "sweep")
    add_sweep(sweep, 30)
    add_runs(
        sweep,
        {"name": "noted", "note": "# Why\n\n- [ ] $x$\n\n| a |\n|---|\n| 1 |\n\n## And\n\n> so"},
        {"name": "failed", "status": "FAILED", "error_name": "ValueError", "error_message": "no"},
        {"name": "<script>alert(1)</script>" + "long " * 20, "metrics": {"loss": float("nan")}},
    )
    made = {
        "run": made_report(full, "1"),
        "comparison": made_report(full, ["1", "2"]),
        "experiment": made_report(full),
        "text": made_report(full, text=TEXT, author="Ada", lang="en-GB"),
        "sweep": made_report(sweep),
    }
    return {name: report.save(folder / f"{name}.html").path for name, report in made.items()}  # type: ignore[misc]


KINDS = ("run", "comparison", "experiment", "text", "sweep")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(reports: dict[str, Path], page: Page, kind: str, theme: Any) -> None:
    """In both themes, with every panel alive: names, roles, order, contrast."""
    try:
        assert axe_findings(opened(page, reports[kind].as_uri(), scheme=theme)) == []
    finally:
        page.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious_without_scripts(
    reports: dict[str, Path], page: Page, tmp_path: Path, kind: str
) -> None:
    """What is read where no script runs; they are cut out, since axe itself is one."""
    place = tmp_path / "still.html"
    place.write_text(re.sub(r"<script\b.*?</script>", "", reports[kind].read_text("utf-8"), flags=re.DOTALL), "utf-8")
    page.page.goto(place.as_uri())
    assert page.page.evaluate("document.scripts.length") == 0
    assert axe_findings(page.page) == []


def test_the_markup_is_valid(reports: dict[str, Path]) -> None:
    """By the standard, and by what can be told of accessibility from the file alone."""
    assert html_findings(*reports.values()) == []


def test_the_checks_find_what_is_wrong(page: Page, tmp_path: Path) -> None:
    """A page with faults is not passed."""
    place = tmp_path / "bad.html"
    place.write_text(BAD, "utf-8")
    page.page.goto(place.as_uri())
    found = {one.split(":")[0] for one in axe_findings(page.page)}
    assert found >= {"critical image-alt", "critical button-name", "serious color-contrast", "serious html-has-lang"}
    rules = {one.split(" ")[0] for one in html_findings(place)}
    assert rules >= {"wcag/h37", "no-dup-id", "close-order"}
