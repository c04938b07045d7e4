"""The summary of a report: what it counts, what differed, and whether the goal was reached."""

from __future__ import annotations

import re
from pathlib import Path

from made_reports import made_report
from made_stores import add_runs, made_store

from jupyter_track.reports.document import Facts, Rows, Sentence
from jupyter_track.reports.markdown import markdown_of
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.edits import set_baseline


def test_what_differed_is_told_of_results(tmp_path: Path) -> None:
    """What a run that failed tried is no result: its params do not stretch the range."""
    store = made_store(tmp_path)
    add_runs(
        store,
        {"params": {"alpha": 0.1, "penalty": "l1"}, "metrics": {"loss": 0.2}},
        {"params": {"alpha": 0.2, "penalty": "l1"}, "metrics": {"loss": 0.1}},
        {"params": {"alpha": -1, "penalty": "l3"}, "status": "FAILED"},
    )
    sentence, _, table = made_report(store, sections=["summary"]).document.sections[0].blocks
    assert isinstance(sentence, Sentence)
    assert sentence.text.endswith("Those that finished differ in 1 param: alpha.")
    assert isinstance(table, Rows)
    assert table.grid.rows == (("alpha", "0.1 to 0.2", "0.2"),)


def test_the_summary_says_how_many_runs_reached_the_goal(tmp_path: Path) -> None:
    """Of those that have the metric, by the target that `define_metric` keeps as a tag of the experiment."""
    store = made_store(tmp_path)
    add_runs(store, *({"metrics": {"loss": value}} for value in (0.3, 0.2, 0.1)), {"params": {"C": 1}})
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("INSERT INTO metric_goals VALUES (0, 'loss', 'min')")
        connection.execute(
            "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (0, 'track.target.loss', '0.2')"
        )
    files.close()
    facts = made_report(store, sections=["summary"]).document.sections[0].blocks[1]
    assert isinstance(facts, Facts)
    assert [(one.value, one.note) for one in facts.facts if one.label == "goal"] == [("0.2", "reached by 2 of 3 runs")]


def test_the_signs_of_tables_have_a_key(tmp_path: Path) -> None:
    """Only those that stand in a table are told, also in Markdown."""
    store = made_store(tmp_path)
    ids = add_runs(
        store,
        *(
            {"name": f"r{at}", "params": {"C": at}, "metrics": {"accuracy": 0.9 + at / 100, "loss": 1.0 + at}}
            for at in range(3)
        ),
    )
    report = made_report(store, sections=["table", "comparison"])
    keys = re.findall(r'<p class="jt-muted jtr-under">((?:[↑↓▲])[^<]*)</p>', report.html)
    assert keys == [
        "↑ higher is better · ↓ lower is better · ? guessed from the name · ▲ before a value: the best of its column",
        "↑ higher is better · ↓ lower is better · ? guessed from the name · ▲ better, ▼ worse than the reference",
    ]
    set_baseline(store, ids[1])
    against = made_report(store, sections=["table"])
    assert "▲ behind a change: better, ▼ worse than #2" in against.html
    assert "▲ behind a change: better, ▼ worse than #2" in markdown_of(against.document, "x").text.replace("\\", "")
    (tmp_path / "bare").mkdir()
    bare = made_store(tmp_path / "bare")
    add_runs(bare, {"name": "one", "params": {"C": 1}})
    (_, page) = made_report(bare, sections=["table"], kind="experiment").html.split("<main")
    assert "▲" not in page.split("<script")[0]
