"""A notebook with all of our forms, exported by nbconvert and pandoc: all is there, as pictures and text."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter, LatexExporter, MarkdownExporter, SlidesExporter, WebPDFExporter

import jupyter_track
from jupyter_track.panels.panel import MIME

from .harness import CHROMIUM, Page, chromium

pytestmark = pytest.mark.browser

ROOT = Path(jupyter_track.__file__).parent.parent
RUNS = 14
SETUP = """\
%load_ext jupyter_track
import jupyter_track as track
import matplotlib.pyplot as plt"""
SWEEP = f"""\
for number in range({RUNS - 2}):
    with track.start_run(run_name=f"sweep-{{number}}"):
        track.log_params({{"lr": 10.0 ** -(1 + number % 4), "depth": number}})
        for step in range(5):
            track.log(loss=number / (1 + step), accuracy=1 - number / 20)"""
# Each cell, what a person must find below it, and how many pictures.
FORMS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    (
        "%%track baseline -e digits --max accuracy\nC = 0.1\naccuracy = 0.9\n_ = plt.plot([1, 2, 3])",
        ("baseline #1",),
        0,
    ),
    (
        "%%track curve -e digits --min loss\nC = 1\nfor step in range(50):\n"
        "    track.log(loss=1 / (1 + step), accuracy=1 - 1 / (2 + step))",
        ("curve #2", "0.02000", "0.9804"),
        2,
    ),
    ("%track", (*(f"sweep-{number}" for number in range(RUNS - 2)), "curve", "baseline", "14 runs"), 13),
    ("%track curves loss", ("sweep-11", "at step", "8 of 13 runs"), 1),
    ("%track compare baseline curve", ("#1 baseline", "#2 curve", "+0.0804", "code of #2 against #1"), 2),
    ("%track board", ("sweep-11", "sweep-0", "at step"), 15),
    ("%track parallel -m accuracy", ("sweep-0", "depth", "14 runs"), 1),
    ("%track scatter lr accuracy", ("rank correlation", "12 runs"), 1),
    ("%track importance accuracy", ("what mattered for accuracy", "permutation importance"), 4),
    ("track.runs('params.depth > 6')", ("sweep-11", "sweep-7"), 0),
    ("track.compare('baseline', 'last')", ("#14 sweep-11", "accuracy"), 2),
    ("%track show last", ("sweep-11", "code of cell"), 0),
)
OFFLINE = dict.fromkeys(("require_js_url", "mathjax_url", "jquery_url", "mermaid_js_url"), "")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """The executed notebook; as JupyterLab saves it, our own MIME type stands beside HTML and text."""
    folder = tmp_path_factory.mktemp("exports")
    cells = [SETUP, *(cell for cell, _, _ in FORMS)]
    cells.insert(3, SWEEP)
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[nbformat.v4.new_markdown_cell("# Results"), *map(nbformat.v4.new_code_cell, cells)],
    )
    own = {"PYTHONPATH": str(ROOT), "JUPYTER_TRACK_NOTEBOOK": str(folder / "x.ipynb"), "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, **own})
    for output in outputs(notebook):
        output["data"][MIME] = {"version": 1, "panel": "0" * 32, "kind": "table", "final": True}
    nbformat.validate(notebook)
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> list[Any]:
    """The outputs that are ours: those with HTML."""
    every = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [output for output in every if "text/html" in output.get("data", {})]


def plain(text: str) -> str:
    """Text on one line."""
    return " ".join(text.replace("\u00a0", " ").split())


def test_the_notebook_has_one_output_of_ours_a_form(executed: nbformat.NotebookNode) -> None:
    """Neither widgets nor states of widgets, and nothing that is not static."""
    found = outputs(executed)
    assert len(found) == len(FORMS)
    assert {mime for output in found for mime in output["data"]} == {"text/html", "text/plain", MIME}
    assert "widgets" not in executed["metadata"]
    assert not any("<script" in output["data"]["text/html"] for output in found)


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_html_and_slides_show_everything(
    executed: nbformat.NotebookNode, page: Page, tmp_path: Path, exporter: type[HTMLExporter]
) -> None:
    """Below each cell stand its words and its pictures, drawn and described; no box is empty, no noise of a widget."""
    text, _ = exporter(**OFFLINE).from_notebook_node(executed)
    # What slides fetch from a network is left out; without it all of them lie on one page.
    place = tmp_path / "exported.html"
    place.write_text(re.sub(r'<(script|link)[^>]*(src|href)="https?:[^>]*>', "", text), "utf-8")
    page.page.goto(place.as_uri())
    page.errors.clear()  # reveal.js is not there
    found = page.page.locator(".jp-OutputArea-output[data-mime-type='text/html']")
    assert found.count() == len(FORMS)
    for at, (cell, words, pictures) in enumerate(FORMS):
        output = found.nth(at)
        shown = plain(output.evaluate("one => one.textContent"))
        assert [word for word in words if word not in shown] == [], cell
        drawn = output.locator("img").evaluate_all(
            "all => all.map(one => one.complete && one.naturalWidth > 0 && one.alt.length > 3)"
        )
        assert (cell, drawn) == (cell, [True] * pictures)
    assert page.page.locator(".jp-OutputArea-output:empty").count() == 0
    assert "Loading widget" not in text
    assert "Model not found" not in text


def test_a_pdf_of_the_browser_cuts_nothing_off(
    executed: nbformat.NotebookNode, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--to webpdf`: long tables are whole on paper, wide ones are narrower; on a screen they scroll."""
    from playwright.async_api import BrowserType

    launch = BrowserType.launch

    async def system(self: Any, **options: Any) -> Any:
        return await launch(self, executable_path=chromium(), **{**options, "args": list(CHROMIUM)})

    monkeypatch.setattr(BrowserType, "launch", system)
    pdf, _ = WebPDFExporter(**OFFLINE).from_notebook_node(executed)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 4
    assert len(pdf) > 50_000

    html, _ = HTMLExporter(template_name="webpdf", **OFFLINE).from_notebook_node(executed)
    (tmp_path / "paper.html").write_text(html, "utf-8")
    page.page.goto((tmp_path / "paper.html").as_uri())
    wide = page.page.locator(".jt-wide")
    hidden = "all => all.map(one => one.scrollHeight > one.clientHeight + 1).filter(Boolean).length"
    assert wide.evaluate_all(hidden) == 2  # the table, and that of the board
    page.page.set_viewport_size({"width": 739, "height": 979})  # a letter's page within its margins
    page.page.emulate_media(media="print")
    try:
        assert wide.count() > 8
        assert wide.evaluate_all(hidden) == 0
        over = "all => all.map(one => one.firstElementChild.getBoundingClientRect().right).filter(x => x > 739)"
        assert wide.evaluate_all(over) == []
    finally:
        page.page.emulate_media(media="screen")
        page.page.set_viewport_size({"width": 1000, "height": 900})


def test_markdown_keeps_tables_and_pictures(executed: nbformat.NotebookNode) -> None:
    """`--to markdown`: each form is a block of HTML, which GitHub and others show."""
    text, _ = MarkdownExporter().from_notebook_node(executed)
    shown = plain(re.sub(r"<[^>]*>", "", text)).replace("&#x27;", "'")
    assert [word for _, words, _ in FORMS for word in words if word not in shown] == []
    assert text.count("<img") == sum(pictures for _, _, pictures in FORMS[1:])
    assert "vnd.jupyter" not in text


def test_latex_gets_the_plain_text(executed: nbformat.NotebookNode) -> None:
    """`--to latex`, which knows no HTML: the text form of each, in full."""
    need("pandoc")
    text, _ = LatexExporter().from_notebook_node(executed)
    blocks = plain(" ".join(re.findall(r"\\begin\{Verbatim\}.*?\\end\{Verbatim\}", text, re.DOTALL)))
    for output in outputs(executed):
        first = plain(output["data"]["text/plain"].splitlines()[0])
        assert first.split(" ")[1] in blocks, first
    assert "sweep-0" in blocks
    assert "<div" not in blocks


# ---- pandoc, as Quarto uses it


def need(program: str) -> None:
    """Skip where a program is not installed; in CI it has to be."""
    if shutil.which(program) is None and os.environ.get("CI") != "true":
        pytest.skip(f"{program} is not installed (Debian: apt-get install {program})")


def pandoc(text: str, *arguments: str) -> str:
    """What pandoc makes of a text; it warns of nothing."""
    answer = subprocess.run(
        ["pandoc", *arguments], input=text, capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    assert answer.stderr == ""
    return answer.stdout


def test_quarto_finds_tables_and_pictures(executed: nbformat.NotebookNode, tmp_path: Path) -> None:
    """For a PDF or a document Quarto puts our HTML, where it has a table, through pandoc: tables and pictures stay."""
    need("pandoc")
    tables = [(output, *form) for output, form in zip(outputs(executed), FORMS, strict=True)]
    for output, cell, words, pictures in tables[1:]:
        html = output["data"]["text/html"]
        assert "<table" in html, cell
        latex = pandoc(html, "-f", "html", "-t", "latex", f"--extract-media={tmp_path}")
        assert (cell, latex.count("\\includegraphics")) == (cell, pictures)
        assert latex.count("\\begin{longtable}") >= 1, cell
        shown = plain(pandoc(html, "-f", "html", "-t", "plain", "--wrap=none", "--columns=400"))
        assert [word for word in words if word not in shown] == [], cell


def test_pandoc_reads_the_notebook(executed: nbformat.NotebookNode, tmp_path: Path) -> None:
    """HTML keeps our HTML; a Word document, which knows none, has the text form.

    That is so of a notebook that was executed without a page; of a live one pandoc alone prefers our JSON to the text.
    """
    need("pandoc")
    executed = copy.deepcopy(executed)
    for output in outputs(executed):
        del output["data"][MIME]
    place = tmp_path / "x.ipynb"
    nbformat.write(executed, place)
    html = pandoc("", str(place), "-t", "html")
    assert html.count("<table") >= 15
    assert "sweep-11" in html
    text = pandoc("", str(place), "-t", "plain", "--wrap=none")
    assert "curve #2" in plain(text)
    pandoc("", str(place), "-o", str(tmp_path / "x.docx"))
    again = pandoc("", str(tmp_path / "x.docx"), "-t", "plain", "--wrap=none")
    assert "what mattered for accuracy" in again
