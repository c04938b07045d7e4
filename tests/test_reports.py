"""Reports as documents and as files: what they say, in which order, the same every time, and what they refuse."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_reports import BUILT, made_report, report_store
from made_stores import add_runs, made_store

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, FilterError, InvalidValue, MissingFile, NotFound, StoreUnavailable
from jupyter_track.records import ViewType
from jupyter_track.reports.document import Compared, Diff, Facts, Figures, Rows, Sentence, Table
from jupyter_track.reports.make import Report, is_report
from jupyter_track.store.edits import delete_runs, set_baseline
from jupyter_track.store.reader import Reader
from jupyter_track.views.format import size
from jupyter_track.views.group_comparison import group_comparison_of


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs that have everything."""
    return report_store(tmp_path_factory.mktemp("report"))


class Outline(HTMLParser):
    """The headings, the pictures without an alternative text, the ids and the links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.silent: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is looked for."""
        found = dict(attrs)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(tag)
        if (tag == "img" and not found.get("alt")) or (tag == "iframe" and not found.get("title")):
            self.silent.append(tag)
        if "id" in found:
            self.ids.append(found["id"] or "")
        if tag == "a":
            self.links.append(found.get("href") or "")
        self.addresses += [found[name] or "" for name in ("src", "href", "data", "action") if name in found]


def names(report: Report) -> list[str]:
    """The sections of a report."""
    return [section.name for section in report.document.sections]


def block(report: Report, section: str, kind: type) -> Any:
    """The first block of a kind in a section."""
    (found,) = [one for one in report.document.sections if one.name == section]
    return next(one for one in found.blocks if isinstance(one, kind))


def test_a_report_of_an_experiment_says_how_many_the_best_and_what_differed(full: Path) -> None:
    """In words and in numbers; the runs are ranked, the pinned one on top."""
    report = made_report(full)
    assert report.document.kind == "experiment"
    assert report.title == "digits"
    assert report.document.lead == "3 runs of digits · 2025-11-03"
    assert names(report) == [
        "summary",
        "table",
        "curves",
        "comparison",
        "parallel",
        "data",
        "environment",
        "git",
        "notes",
    ]
    assert block(report, "summary", Sentence).text == (
        "3 runs of digits. The best is “run 0” #1, with the highest accuracy, 0.8948. "
        "They differ in 2 params: lr, optimizer."
    )
    facts = {fact.label: (fact.value, fact.note) for fact in block(report, "summary", Facts).facts}
    assert facts == {
        "runs": ("3", ""),
        "best accuracy ↑": ("0.8948", "run 0 #1"),
        "accuracy, mean ± sd": ("0.8942 ± 0.0005", "n=3"),
        "recorded": ("2025-11-03", ""),
        "total run time": ("10.5 s", ""),
    }
    assert block(report, "summary", Rows).grid.rows == (
        ("lr", "0.03333 to 0.1", "0.1"),
        ("optimizer", "adam, sgd", "adam"),
    )
    assert [row.number for row in block(report, "table", Table).table.rows] == ["1", "2", "3"]


def test_a_report_of_one_run_has_its_figures_and_its_code(full: Path) -> None:
    """Its kind follows from there being one; who ran it is not said."""
    report = made_report(full, "#2")
    assert (report.document.kind, report.title) == ("run", "run 1 #2")
    assert names(report) == ["summary", "curves", "figures", "code", "data", "environment", "git", "notes"]
    figures = block(report, "figures", Figures).figures
    assert [(one.title, one.mime, one.data is not None, one.note) for one in figures] == [
        ("a walk", "text/html", True, "as it is without its scripts"),
        ("a walk", "image/png", True, ""),
    ]
    assert "print(&#39;code&#39;)" in report.html
    assert ">ada<" not in report.html


def test_runs_that_are_named_are_compared_in_their_order(full: Path) -> None:
    """The first one is what the others are measured against; the code is told as a diff."""
    report = made_report(full, ["#3", "#1"])
    assert (report.document.kind, report.title) == ("comparison", "run 2 #3 and run 0 #1")
    assert names(report) == ["summary", "table", "comparison", "data", "environment", "git"]
    assert re.findall(r'<th scope="col"[^>]*>(?:(?!</th>).)*reference', report.html)
    assert [
        one.diff.title for section in report.document.sections for one in section.blocks if isinstance(one, Diff)
    ] == ["code of #1 against #3: 1 line added, 1 removed"]


@pytest.mark.parametrize("runs", [9, 10])
def test_a_comparison_of_many_runs_keeps_the_best_and_the_baseline(tmp_path: Path, runs: int) -> None:
    """Eight stand side by side; it is said how many do not, and the title and the lead count the same runs."""
    store = made_store(tmp_path)
    ids = add_runs(
        store,
        *({"name": f"r{at}", "params": {"lr": at}, "metrics": {"accuracy": at / 100}} for at in range(1, runs + 1)),
    )
    set_baseline(store, ids[-2])
    report = made_report(store, [f"#{at}" for at in range(1, runs + 1)], kind="comparison")
    assert (report.title, report.document.lead[:7]) == (f"Comparison of {runs} runs", f"{runs} runs "[:7])
    found = block(report, "comparison", Compared).comparison
    numbers = [1, 2, 3, 4, 5, 6, runs - 1, runs]
    assert sorted(int(one.number.strip("#")) for one in found.runs) == numbers
    sentence = "1 more run is not shown." if runs == 9 else "2 more runs are not shown."
    assert block(report, "comparison", Sentence).text == sentence
    assert sentence in report.html
    asked = made_report(store, compare=[f"#{at}" for at in range(1, runs + 1)], sections=["comparison"])
    found = block(asked, "comparison", Compared).comparison
    assert sorted(int(one.number.strip("#")) for one in found.runs) == numbers
    assert block(asked, "comparison", Sentence).text == sentence


def test_sections_are_chosen_by_name_and_order(full: Path) -> None:
    """One that has nothing to show says so, since it was asked for."""
    report = made_report(full, sections=["notes", "table", "importance"])
    assert names(report) == ["notes", "table", "importance"]
    assert (
        block(report, "importance", Sentence).text
        == "That needs ten runs or more with a metric, and params that differ."
    )
    assert made_report(full, sections="table, notes").document.sections[1].name == "notes"


def test_the_runs_are_those_of_a_filter_or_of_names(full: Path) -> None:
    """A text is a filter, or else names runs; a metric by which they are ranked may be named."""
    assert made_report(full, "params.optimizer = 'adam'").document.lead.startswith("2 runs")
    assert made_report(full, "#1..#3").document.kind == "comparison"
    assert made_report(full, "best").title == "run 0 #1"
    ranked = block(made_report(full, metric="loss"), "summary", Sentence).text
    assert "with the lowest loss" in ranked


def test_the_same_store_and_options_give_the_same_bytes(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apart from the moment that it says it was made at, which SOURCE_DATE_EPOCH fixes as `built` does."""
    one, other = made_report(full), made_report(full, built=BUILT + 3600)
    assert one.html == made_report(full).html
    assert one.html.replace("14:26", "15:26") == other.html.replace("14:26", "15:26")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(BUILT))
    assert made_report(full, built=None).html == one.html
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(InvalidValue, match="SOURCE_DATE_EPOCH is a number of seconds"):
        made_report(full, built=None)


def test_the_page_is_in_order_and_loads_nothing(full: Path) -> None:
    """Headings go down a step at a time, ids are unique, links lead into the page, every picture says what it shows."""
    for runs in (None, "#1", ["#1", "#2"]):
        page = Outline(made_report(full, runs).html)
        levels = [int(heading[1]) for heading in page.headings]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        assert page.silent == []
        assert len(page.ids) == len(set(page.ids))
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
        assert [one[:40] for one in page.addresses if not one.startswith(("data:image/", "#"))] == []


def test_the_policy_names_exactly_the_scripts_of_the_page(full: Path) -> None:
    """By their hashes; the data stands in a script that is none, and cannot end it."""
    html = made_report(full).html
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    allowed = " ".join(f"&#39;sha256-{one}&#39;" for one in hashes)
    assert len(scripts) == 2
    assert policy == (
        f"default-src &#39;none&#39;; script-src {allowed}; style-src &#39;unsafe-inline&#39;; img-src data:; "
        "base-uri &#39;none&#39;; form-action &#39;none&#39;"
    )
    (data,) = re.findall(r'<script type="application/json" id="jtr-data">(.*?)</script>', html, re.DOTALL)
    assert not set("<>&") & set(data)
    assert sorted(json.loads(data)["panels"]) == ["comparison", "curves", "parallel", "table"]


def test_a_report_without_charts_carries_no_library(full: Path) -> None:
    """And one without panels no script at all."""
    assert made_report(full, sections=["table"]).html.count("<script>") == 1
    bare = made_report(full, sections=["summary", "notes"]).html
    assert "<script" not in bare
    assert "script-src &#39;none&#39;" in bare


def test_runs_that_go_on_or_are_in_the_bin_are_marked(store: Path) -> None:
    """And nothing in the report goes on: a live table would count its time for good."""
    for name in ("going", "gone"):
        with track.start_run(run_name=name):
            track.log_metrics({"loss": 1.0})
    going = track.start_run(run_name="still")
    track.log_metrics({"loss": 0.5})
    track.flush()
    delete_runs(store, [track.runs("attributes.run_name = 'gone'")[0].run_id])
    report = made_report(store, [*track.runs(), *Reader(store).runs(view_type=ViewType.DELETED_ONLY)])
    going.end()
    assert report.document.marks == (
        "#3 was still running when this was made, and is the best so far: numbers may have changed since.",
        "#2: in the bin of the store.",
    )
    rows = [row for message in report.document.panels["table"] for row in message.get("rows", ())]
    assert [(row["name"], row["state"], "live" in row) for row in rows] == [
        ("still", "running", False),
        ("gone", "finished", False),
        ("going", "finished", False),
    ]


def test_the_public_function_writes_the_file_and_links_it(store: Path, tmp_path: Path) -> None:
    """Relative to the working directory; what was logged just before is in it; without a place it is not written."""
    with track.start_run(run_name="one"):
        track.log_metrics({"loss": 1.0})
    report = track.report(built=BUILT)
    assert (report.path, is_report(tmp_path / "report.html")) == (Path("report.html"), True)
    assert str(report) == f"report.html · {size(len(report.html.encode()))} · one #1"
    assert '<a href="report.html" target="_blank">report.html</a>' in report._repr_html_()
    assert track.report("one", to=None, built=datetime.fromtimestamp(BUILT, UTC)).html == report.html
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["report.html"]


def test_groups_of_runs_are_compared_as_groups(full: Path) -> None:
    """As mean and spread, as the comparison that was handed in has them."""
    reader = Reader(full)
    ids = [run.run_id for run in reader.runs()]
    comparison = group_comparison_of(reader, [ids[:2], ids[2:]])
    report = made_report(full, comparison)
    shown = block(report, "comparison", Compared).comparison
    assert [len(run.members) for run in shown.runs] == [2, 1]
    assert report.title == " and ".join(run.name for run in comparison.runs)
    assert "(n=2)" in report.html


def test_a_file_that_is_no_report_is_never_replaced(full: Path, tmp_path: Path) -> None:
    """A report is; the folder is made where there is none."""
    report = made_report(full, sections=["summary"])
    saved = report.save(tmp_path / "new" / "report.html")
    assert saved.path is not None
    assert saved.path.read_text(encoding="utf-8") == report.html
    assert is_report(saved.path)
    made_report(full, title="Again", sections=["summary"]).save(saved.path)
    assert "<h1>Again</h1>" in saved.path.read_text(encoding="utf-8")
    notes = tmp_path / "notes.html"
    notes.write_text("mine")
    with pytest.raises(AlreadyExists, match=r"notes\.html is there and is no report"):
        report.save(notes)
    assert notes.read_text() == "mine"
    report.save(notes, overwrite=True)
    assert is_report(notes)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["notes.html", "report.html"]


@pytest.mark.parametrize("ending", ["html", "md"])
def test_a_place_that_cannot_be_written_is_an_error_in_words(full: Path, tmp_path: Path, ending: str) -> None:
    """A folder that cannot be made, a file in the way, a name that is too long or is none."""
    report = made_report(full, sections=["table", "curves"])
    (tmp_path / "file").write_text("mine")
    for place in (Path("/proc/nothing"), tmp_path / "file", tmp_path / ("x" * 300)):
        with pytest.raises(StoreUnavailable, match="cannot be written"):
            report.save(place / f"report.{ending}")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        report.save(tmp_path / f"{'x' * 300}.{ending}")
    for name in ("a\0b", "~nobody-of-that-name/report"):
        with pytest.raises(InvalidValue, match="names no file"):
            report.save(f"{name}.{ending}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("epoch", ["99999999999999", "-99999999999999", "1e400", "9" * 5_000, "soon"])
def test_a_moment_that_is_none_is_an_error_in_words(full: Path, monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    """Of the environment as of the option."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(InvalidValue, match="SOURCE_DATE_EPOCH is a number of seconds since 1970, not"):
        made_report(full, built=None)
    with pytest.raises(InvalidValue, match="built is a datetime or seconds since 1970, not"):
        made_report(full, built=epoch)


@pytest.mark.parametrize(
    ("runs", "options", "error", "message"),
    [
        ("nobody", {}, NotFound, "nobody"),
        ("metrics.loss <", {}, FilterError, "position"),
        ("metrics.accuracy > 5", {}, NotFound, "No run matches 'metrics.accuracy > 5'"),
        (None, {"sections": ["sumary"]}, InvalidValue, "no section 'sumary'; did you mean 'summary'"),
        (None, {"sections": ["table", "table"]}, InvalidValue, "'table' is named twice"),
        (None, {"sections": []}, InvalidValue, "without sections says nothing"),
        (None, {"kind": "poster"}, InvalidValue, "of the kind run, comparison, experiment, not 'poster'"),
        (None, {"kind": "run"}, InvalidValue, "of one run, not 3"),
        ("#1", {"kind": "comparison"}, InvalidValue, "needs two runs or more"),
        (None, {"metric": "acuracy"}, NotFound, "did you mean 'accuracy'"),
        (None, {"compare": ["#1"]}, InvalidValue, "needs two runs or more"),
        (None, {"template": "nowhere.html"}, MissingFile, "There is no template 'nowhere.html'"),
        (None, {"text": "nowhere.md"}, MissingFile, "There is no text 'nowhere.md'"),
        (None, {"text": "paper.mdd"}, InvalidValue, "'paper.mdd' looks like a file's name; a text's ends in .md"),
        (None, {"built": "yesterday"}, InvalidValue, "built is a datetime or seconds since 1970"),
        (3.5, {}, InvalidValue, "not float"),
    ],
)
def test_what_there_is_not_is_refused_with_the_remedy(
    full: Path, runs: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """In one sentence that names it."""
    with pytest.raises(error, match=re.escape(message)):
        made_report(full, runs, **options)


def test_an_empty_store_has_nothing_to_report(tmp_path: Path) -> None:
    """And says how a run is made."""
    with pytest.raises(NotFound, match="Put %%track above a cell"):
        made_report(made_store(tmp_path))


def test_a_template_of_ones_own_extends_ours(full: Path, tmp_path: Path) -> None:
    """Its blocks stand in the place of ours; its text is escaped, what is wrong in it is told with its line."""
    template = tmp_path / "lab.html"
    template.write_text(
        '{% extends "report.html" %}\n{% block header %}{{ super() }}<p>Lab {{ "<b>" }} '
        "{{ report.sections | length }}</p>{% endblock %}\n{% block footer %}<p>Internal</p>{% endblock %}"
    )
    html = made_report(full, template=template, sections=["summary", "notes"]).html
    assert "<h1>digits</h1><p>Lab &lt;b&gt; 2</p>" in html
    assert "<p>Internal</p>" in html
    assert "Made on" not in html
    template.write_text('{% extends "report.html" %}\n\n{% block header %}{{ nothing.here }}{% endblock %}')
    with pytest.raises(InvalidValue, match=r"lab\.html, line 3: 'nothing' is undefined"):
        made_report(full, template=template)
    template.write_text('{% extends "report.html" %}\n{% block header %}{{ report.__class__.__mro__ }}{% endblock %}')
    with pytest.raises(InvalidValue, match=r"lab\.html, line 2: .*unsafe"):
        made_report(full, template=template)
    template.write_text("hi")  # it would replace a report by two letters
    with pytest.raises(InvalidValue, match=r"lab\.html makes no report: it has to begin with"):
        made_report(full, template=template)


def test_a_report_of_a_run_says_which_it_is(full: Path) -> None:
    """Its name, number and the beginning of its id, whatever the title and the sections are."""
    run = Reader(full).runs()[0]
    document = made_report(full, run.run_id, title="The model we ship", sections=["summary"]).document
    assert document.title == "The model we ship"
    assert document.lead.startswith(f"{run.name} #{run.number} · run {run.run_id[:8]} of digits · ")
    assert made_report(full, run.run_id).document.lead.startswith(f"run {run.run_id[:8]} of digits · ")


def test_figures_of_pages_stand_in_frames_that_may_nothing(full: Path) -> None:
    """Their HTML is an attribute, and never a part of the page."""
    html = made_report(full, "#1", sections=["figures"]).html
    assert len(re.findall(r'<iframe sandbox title="[^"]+" srcdoc="', html)) == 1
    assert "<h1>page</h1>" not in html


def test_the_bytes_do_not_depend_on_the_order_of_sets(full: Path, tmp_path: Path) -> None:
    """The same store and options give the same file in processes that hash strings in other ways."""
    made = "import sys; from made_reports import made_report; print(made_report(Path(sys.argv[1])).html)"
    digests = set()
    for seed in ("1", "2", "3"):
        found = subprocess.run(
            [sys.executable, "-c", f"from pathlib import Path; {made}", str(full)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
            capture_output=True,
            check=True,
        )
        digests.add(hashlib.sha256(found.stdout).hexdigest())
    assert len(digests) == 1


def test_an_author_and_a_language_are_told(full: Path, tmp_path: Path) -> None:
    """Below the title, and of what the author wrote; the words of the report itself are English."""
    plain = made_report(full, text="## Ergebnis\n\nx", sections=["text"])
    assert re.findall(r' lang="[^"]*"|class="jtr-author"|name="author"', plain.html) == [' lang="en"']
    asked = {"title": "Bericht", "author": "Ada <L>", "lang": "de", "text": "## Ergebnis\n\nx"}
    report = made_report(full, sections=["text", "notes"], **asked)
    assert '<meta name="author" content="Ada &lt;L&gt;">' in report.html
    assert '<h1 lang="de">Bericht</h1>\n<p class="jtr-author">Ada &lt;L&gt;</p>' in report.html
    assert re.findall(r'<(\w+)[^>]* lang="(\w+)"', report.html) == [
        ("html", "en"),
        ("h1", "de"),
        ("h2", "de"),
        ("div", "de"),
    ]
    report.save(tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text("utf-8").split("\n\n")[1:3] == ["# Bericht", "Ada \\<L\\>"]
    template = tmp_path / "lab.html"
    template.write_text('{% extends "report.html" %}{% block lang %}de{% endblock %}')
    assert '<html lang="de">' in made_report(full, template=template).html
    with pytest.raises(InvalidValue, match="A language is told by its code, such as de or pt-BR, not 'German!'"):
        made_report(full, lang="German!")
