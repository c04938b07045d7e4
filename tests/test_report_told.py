"""What a report tells besides its charts: groups of seeds, tables, why runs failed, and which runs have what."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import START, add_run, add_runs, made_store, write
from test_report_ranking import blocks, figures, live, summary

import jupyter_track as track
from jupyter_track.errors import InvalidValue
from jupyter_track.reports.document import Compared, Prose, Rows, Sentence, Table
from jupyter_track.reports.make import Report
from jupyter_track.store import files
from jupyter_track.store.batch import Batch


@pytest.fixture
def store(store: Path) -> Path:
    """An empty store."""
    return made_store(store.parent)


@pytest.fixture
def seeds(store: Path) -> Path:
    """Two settings with three seeds each, and a run that is alone."""
    add_runs(
        store,
        *(
            {"name": f"mlp-{width}", "params": {"width": width, "seed": seed}, "metrics": {"loss": loss + seed / 100}}
            for width, loss in ((8, 0.4), (64, 0.1))
            for seed in range(3)
        ),
        {"name": "alone", "params": {"width": 1}, "metrics": {"loss": 0.9}},
    )
    return store


def grid(report: Report, title: str) -> Any:
    """The small table with a title."""
    (found,) = [block.grid for block in blocks(report, Rows) if block.title == title]
    return found


def text(store: Path, markdown: str) -> str:
    """A text as HTML."""
    return "".join(block.html.strip() for block in blocks(made_report(store, text=markdown, sections=["text"]), Prose))


def test_runs_that_differ_only_in_the_seed_are_shown_as_groups_too(seeds: Path) -> None:
    """Mean ± sd with how many, the best first and marked; their runs stand below, one a row."""
    report = made_report(seeds)
    found = grid(report, "Over the seeds, mean ± sd")
    assert found.header == ("group", "runs", "loss ↓?")
    assert found.rows == (("mlp-64", "3", "▲ 0.110 ± 0.010 (n=3)"), ("mlp-8", "3", "0.410 ± 0.010 (n=3)"))
    assert len(blocks(report, Table)[0].table.rows) == 7


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("{{ groups['mlp-64'].metrics.loss }}", "0.110 ± 0.010 (n=3)"),
        ("{{ groups['mlp-64'].metrics.loss.mean | round(3) }}", "0.11"),
        ("{{ groups['mlp-64'].metrics.loss.sd }} of {{ groups['mlp-64'].count }}", "0.01000 of 3"),
        ("{{ groups['mlp-8'].metrics.loss - groups['mlp-64'].metrics.loss }}", "0.3000"),
        ("{% for group in groups %}{{ group }} {{ group.runs | length }} {% endfor %}", "mlp-64 3 mlp-8 3"),
        ("{{ best.metrics.loss * 100 / 3 }}", "3.333"),
        ("{{ 100 * best.metrics.loss }} {{ -best.metrics.loss }}", "10 −0.1000"),
        ("{{ best.params.width * 0.1 }} {{ best.params.width + 1 }}", "6.4 65"),
        ("{{ (best.metrics.loss / 3) | round(6) }}", "0.033333"),
        ("{{ best.metrics.loss.max * 3 }}", "0.3000"),
    ],
)
def test_a_text_has_groups_and_computes_with_numbers(seeds: Path, markdown: str, html: str) -> None:
    """What is computed is written as numbers are; `round` gives other digits."""
    assert text(seeds, markdown) == f"<p>{html}</p>"


def test_a_group_that_there_is_not_is_told_with_those_that_there_are(seeds: Path) -> None:
    """By name, as everything is."""
    with pytest.raises(InvalidValue, match=r"line 1: There is no group 'mlp-9'; there is 'mlp-64', 'mlp-8'\."):
        text(seeds, "{{ groups['mlp-9'] }}")
    with pytest.raises(InvalidValue, match=r"line 1: groups\[2\] is none of the 2 groups: groups\[0\] is the best\."):
        text(seeds, "{{ groups[2] }}")


def test_of_a_failed_run_it_is_told_why(store: Path) -> None:
    """In its row, also of the table that sorts; what changed since a run before it is no news where runs are ranked."""
    add_run(store, name="fine", params={"lr": 1}, metrics={"loss": 1.0})
    add_run(store, name="fine", params={"lr": 2}, metrics={"loss": 2.0})
    why = {"error_name": "ValueError", "error_message": "no data in /home/ada/lab/x.csv"}
    add_run(store, name="broken", params={"lr": 3}, metrics={"loss": 3.0}, status="FAILED", **why)
    report = made_report(store)
    told = [row.changed for row in blocks(report, Table)[0].table.rows]
    assert [row.get("changed", []) for row in live(report)["rows"]] == [list(one) for one in told]
    assert told == [(), (), ("ValueError: no data in ~/lab/x.csv",)]


def test_params_say_how_many_runs_have_them(store: Path) -> None:
    """Those that more have come first, and what is no finite number is told too."""
    add_runs(
        store,
        {"params": {"rare": 1, "a": 1.0}, "metrics": {"loss": 1.0}},
        {"params": {"a": 2.0}, "metrics": {"loss": 2.0}},
        {"params": {"a": float("inf")}, "metrics": {"loss": 3.0}},
    )
    report = made_report(store)
    assert summary(report).endswith("They differ in 2 params: a, rare.")
    assert grid(report, "What differed").rows == (("a", "1 to 2, inf", "1.0"), ("rare", "1 (in 1 of 3 runs)", "1"))


def test_a_comparison_that_nobody_asked_for_says_why(store: Path) -> None:
    """Which of them is the reference, and what the others are."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": one}} for at, one in enumerate((0.3, 0.1, 0.2))))
    (section,) = [one for one in made_report(store).document.sections if one.name == "comparison"]
    assert section.blocks[0] == Sentence("r1 #2 (the best) is measured against r2 #3 (the second best).")
    (section,) = [one for one in made_report(store, compare=["#1", "#2"]).document.sections if one.name == "comparison"]
    assert isinstance(section.blocks[0], Compared)


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ((0.1, 0.1, 0.2), "r1 #2 (one of the best) is measured against r0 #1 (one of the best)."),
        ((0.1, math.nan, math.inf), "r0 #1 (the best) is measured against r2 #3 (without a result)."),
    ],
)
def test_the_second_run_is_called_the_second_best_where_it_is(
    store: Path, losses: tuple[float, ...], told: str
) -> None:
    """And not where it shares the best value, or has none."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": one}} for at, one in enumerate(losses)))
    (section,) = [one for one in made_report(store).document.sections if one.name == "comparison"]
    assert section.blocks[0] == Sentence(told)


def test_a_table_of_groups_leaves_out_what_none_of_them_has(store: Path) -> None:
    """A metric of other runs is no column of it."""
    seeded = [{"name": "mlp", "params": {"w": w, "seed": at}, "metrics": {"loss": w}} for w in (1, 2) for at in (0, 1)]
    add_runs(store, *seeded, {"name": "else", "metrics": {"loss": 3.0, "accuracy": 0.5}})
    assert grid(made_report(store), "Over the seeds, mean ± sd").header == ("group", "runs", "loss ↓?")


def test_the_report_of_a_run_shows_its_tables_and_how_it_is_found(store: Path) -> None:
    """The first rows of each, with how many there are; its id in full, and its notebook without its folder."""
    run_id = add_run(store, name="one", notebook="work/fit.ipynb", metrics={"loss": 1.0})
    table = json.dumps({"columns": ["word", "count"], "data": [[f"w{at}", at] for at in range(12)]}).encode()
    kept = files.keep(store, table)
    batch = Batch("0" * 32, 1)
    row = {"path": "words.json", "sha256": kept.sha256, "size": kept.size, "kind": "table", "mime": "application/json"}
    batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    report = made_report(store, "#1")
    found = grid(report, "words.json, table of 12 rows × 2, the first 10")
    assert (found.header, found.rows[0], found.rows[-1]) == (("word", "count"), ("w0", "0"), ("w9", "9"))
    assert grid(report, "Record").rows == (("run id", run_id), ("notebook", "fit.ipynb"))
    assert figures(report)["loss"] == ("1", "")


def test_packages_name_the_runs_that_imported_them(store: Path) -> None:
    """Where not all of them did."""
    ids = add_runs(store, *({"metrics": {"loss": float(at)}} for at in range(3)))
    batch = Batch("0" * 32, 1)
    for at, run_id in enumerate(ids):
        packages = {"numpy": "2.1", **({"torch": "2.9"} if at == 1 else {})}
        kept = files.keep(store, json.dumps({"python": {"version": "3.11.7"}, "packages": packages}).encode())
        row = {"kind": "environment", "sha256": kept.sha256, "created": START, "content": (kept.size, kept.data)}
        batch.add_context(run_id, row)
    write(store, batch)
    assert grid(made_report(store), "Packages").rows == (("numpy", "2.1"), ("torch", "2.9 (#2)"))


def test_the_frame_of_a_search_names_runs(store: Path) -> None:
    """As the list of them does; one without ids is refused in words."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": float(at)}} for at in range(3)))
    frame = track.runs("metrics.loss < 2").df
    assert made_report(store, frame).document.lead.startswith("2 runs of Default")
    with pytest.raises(InvalidValue, match="has a column 'run_id'"):
        made_report(store, frame[["status"]])


def test_the_table_that_sorts_shows_the_columns_of_the_one_that_does_not(store: Path) -> None:
    """In their order, though runs have more params than find room."""
    add_runs(
        store,
        *({"params": {f"p{at}": at, f"q{at}": at, "lr": at}, "metrics": {"loss": float(at)}} for at in range(4)),
    )
    report = made_report(store)
    still = [f"{column.kind}s.{column.key}" for column in blocks(report, Table)[0].table.columns]
    assert len(still) == 5
    assert [column["id"] for column in live(report)["columns"] if column["shown"]] == still
