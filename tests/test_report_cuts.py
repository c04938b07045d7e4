"""What is private is gone from a report before a view cuts it: no piece of it is left, wherever the cut falls."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from made_reports import BUILT, PNG, made_report
from made_stores import START, add_runs, made_store, write

from jupyter_track.reports.document import Compared, Curves, Prose
from jupyter_track.reports.make import Report, make_report
from jupyter_track.reports.markdown import markdown_of
from jupyter_track.reports.options import asked_of
from jupyter_track.reports.pages import asset
from jupyter_track.reports.privacy import Privacy
from jupyter_track.reports.reading import CleanReader
from jupyter_track.store import edits, files, inputs
from jupyter_track.store.batch import Batch
from jupyter_track.store.reader import Reader
from jupyter_track.views.group_comparison import group_comparison_of

PERSON = "QzXvKjWpYbRzHmTq"
SECRET = "ghp_J7kQ2mZx9WvB4tRnL8sYcD3fGhPq6uE5aXoK"
PIECE = 6  # characters of a secret that are too many
_BASE64 = re.compile(r"base64,([A-Za-z0-9+/=]{16,})")
Text = Callable[[str], str]


def pieces(secret: str) -> list[str]:
    """All pieces of a secret that are too long to be chance."""
    return [secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)]


PIECES = [*pieces(PERSON), *pieces(SECRET[4:])]


def texts(first: int, private: Callable[[], str]) -> Text:
    """A maker of texts with something private in them: each time at another place, with another length behind it."""
    count = first

    def text(word: str) -> str:
        nonlocal count
        count += 1
        return f"{word} {'m' * (count * 7 % 41)} {private()}/{'n' * (count * 11 % 67)}.csv"

    return text


def whole_store(folder: Path, text: Text) -> Path:
    """A store in which each text is one of `text`; names that must be the same in all runs are asked for once."""
    store = made_store(folder)
    keys = {name: text(name) for name in ("loss", "acc", "model", "data", "stage", "digits", "key", "said", "table")}
    runs: list[dict[str, Any]] = []
    for at in range(6):
        values = [1.0 / (step + 1 + at) for step in range(12)]
        run: dict[str, Any] = {
            "name": text("run"),
            "note": text("note"),
            "experiment": keys["digits"],
            "user_id": PERSON,
            "notebook": f"../../home/{PERSON}/{text('book')}.ipynb",
            "params": {
                keys["model"]: text("svm") if at % 2 else keys["model"],
                keys["data"]: {"file": [text("in")], text("nested"): 1},
                "kind": keys["data"] if at < 3 else keys["stage"],
                "seed": at % 3,
                "lr": 0.1 * (at + 1),
            },
            "tags": {keys["stage"]: text("draft"), "mlflow.user": PERSON, "api_key": SECRET[4:], "own": text("tag")},
            "metrics": {keys["loss"]: values, keys["acc"]: [1 - value for value in values]},
        }
        run |= {"uuid": "a" * 32} if not at else {"parent_uuid": "a" * 32} if at in (3, 4) else {}
        if at == 5:
            lines = f'Traceback:\n  File "/home/{PERSON}/{text("file")}", line 3\n{text("line")}\n'
            run |= {"status": "FAILED", "error_name": "OSError", "error_message": text("no"), "error_lines": lines}
        runs.append(run)
    ids = add_runs(store, *runs)
    batch = Batch(uuid.uuid4().hex, 1)
    batch.add_goal(keys["digits"], (keys["acc"], "max"))
    for at, run_id in enumerate(ids):
        _left(store, batch, run_id, at, text, keys)
        _around(store, batch, run_id, at, text)
    write(store, batch)
    edits.pin_runs(store, ids[:1])
    return store


def _left(store: Path, batch: Batch, run_id: str, at: int, text: Text, keys: dict[str, str]) -> None:
    """What a run left: code, figures, pages, pictures with steps, tables."""
    code = files.keep(store, f"# {text('cell')}\nx = {at % 3}\nprint('{text('code')}')\n".encode())
    row = {"session": "s", "position": at, "source_sha256": code.sha256, "start_time": START, "status": "FINISHED"}
    batch.add_execution(run_id, {**row, "content": (code.size, code.data)})
    table = {"columns": [keys["key"], keys["said"]], "data": [[text("row"), text("said")], [keys["key"], text("x")]]}
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><!-- {text('glyph')} --><text>{text('label')}</text></svg>"
    page = f"<p title='{text('title')}'>{text('page')}</p>"
    plotly = {"data": [{"type": "bar", "name": text("trace")}], "layout": {"title": {"text": text("chart")}}}
    several: list[tuple[str, bytes, str, str, str | None]] = [
        (f"figures/{text('walk')}.png", PNG + bytes([at]), "image/png", "figure", None),
        ("figures/a.svg", svg.encode(), "image/svg+xml", "figure", None),
        ("figures/a2.svg", svg.encode("utf-16"), "image/png", "figure", None),
        ("figures/b.html", page.encode(), "text/html", "figure", None),
        ("figures/c.json", json.dumps(plotly).encode(), "application/vnd.plotly.v1+json", "figure", None),
        ("figures/d.bin", b"x", text("application/x"), "figure", None),
        (keys["table"] + ".json", json.dumps(table).encode(), "application/json", "table", keys["key"]),
    ]
    for path, data, mime, kind, key in several:
        kept = files.keep(store, data)
        row = {"path": path, "sha256": kept.sha256, "size": kept.size, "mime": mime, "kind": kind, "join_key": key}
        row |= {"title": text("title"), "created": START, "content": (kept.size, kept.data)}
        batch.add_artifact(run_id, row)


def _around(store: Path, batch: Batch, run_id: str, at: int, text: Text) -> None:
    """What surrounded a run: data, packages, machine, git."""
    schema = json.dumps([{"name": text("column"), "type": "double"}])
    described = files.keep(store, inputs.document(schema, json.dumps({"num_rows": 3, "columns": {text("c"): {}}})))
    dataset = {"name": text("data"), "digest": f"d{at}", "context": "training", "source_type": "local"}
    dataset |= {"source": json.dumps({"uri": f"/home/{PERSON}/{text('uri')}"}), "tags": json.dumps({"of": text("of")})}
    batch.add_dataset(
        run_id, {**dataset, "position": 1, "sha256": described.sha256, "content": (described.size, described.data)}
    )
    around: dict[str, Any] = {
        "environment": {
            "python": {"version": text("3.11")},
            "packages": {text("numpy"): text("2."), "shared": f"{at}"},
            "platform": {"system": text("Linux"), "release": text("6"), "machine": text("x")},
        },
        "hardware": {"cpu": text("EPYC"), "cores": 2, "gpus": [{"name": text("gpu")}]},
        "git": {"remote": text("https://example.org/x"), "untracked": {text("new.py"): "0"}},
        "diff": f"--- a/x.py\n+++ b/x.py\n+lr = {at}  # {text('changed')}\n",
    }
    for kind, what in around.items():
        kept = files.keep(store, (what if isinstance(what, str) else json.dumps(what)).encode())
        row = {"kind": kind, "sha256": kept.sha256, "created": START, "content": (kept.size, kept.data)}
        batch.add_context(run_id, row)
    batch.add_tags(run_id, {"mlflow.source.git.commit": "0123456789abcdef" * 2, "jupyter_track.git.branch": text("b")})


def reports(store: Path, **options: Any) -> Iterator[tuple[str, Report]]:
    """A report of each form: of an experiment, a comparison, a run with runs below it, a failed one, groups, a text."""
    reader = Reader(store)
    yield "experiment", made_report(store, **options)
    yield "comparison", made_report(store, ["#1", "#2", "#4"], **options)
    yield "run", made_report(store, "#1", **options)
    yield "failed", made_report(store, "#6", **options)
    members = [[run.run_id for run in reader.runs_meant(names)] for names in (["#1", "#3", "#5"], ["#2", "#4"])]
    groups = group_comparison_of(reader, members)
    ids, asked = asked_of(reader, groups, built=BUILT, **options)
    yield "groups", make_report(reader, ids, asked)
    text = "# {{ run }}\n\n{{ runs[0].note }}\n\n{% for k in run.params %}{{ k }} {{ run.params[k] }}\n{% endfor %}"
    yield "text", made_report(store, "#1", text=text, sections=["text"], **options)


def shown(report: Report) -> Iterator[tuple[str, str]]:
    """All that a report says, in each of its forms, with what is packed in it unpacked."""
    page = report.html
    for script in ("report.js", "report-charts.js", "report.css"):
        page = page.replace(asset(script), "")
    payload = page.partition('id="jtr-data">')[2].partition("</script>")[0]
    told = json.loads(payload) if payload else {}
    markdown = markdown_of(report.document, "report_files")
    yield "page", page
    yield "page, unescaped", html.unescape(html.unescape(unquote(page)))
    yield "payload", unquote(json.dumps(told, ensure_ascii=False).replace("\\", ""))
    for found in _BASE64.findall(page + unquote(page)):
        yield f"packed {found[:20]}", base64.b64decode(found + "==").replace(b"\0", b"").decode("utf-8", "replace")
    yield "markdown", markdown.text.replace("\\", "")
    for name, data in markdown.files.items():
        yield name, name + html.unescape(data.replace(b"\0", b"").decode("utf-8", "replace"))


def leaks(report: Report) -> set[tuple[str, str]]:
    """Where something private is in a report, and which piece of it."""
    texts = dict(shown(report))
    assert "~/" in texts["page, unescaped"] or "<redacted>" in texts["page, unescaped"]
    return {(where, piece) for where, text in texts.items() for piece in PIECES if piece in text}


@pytest.mark.parametrize("first", [0, 13, 26])
@pytest.mark.parametrize("private", ["/home/{person}", "{secret}", "C:\\Users\\{person}"])
def test_no_piece_of_what_is_private_is_in_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: str, first: int
) -> None:
    """In no field of a store, in no form of a report, at no place of a cut."""
    monkeypatch.setenv("HOME", "/home/ada")
    store = whole_store(tmp_path, texts(first, lambda: private.format(person=PERSON, secret=SECRET)))
    found = {name: leaks(report) for name, report in reports(store)}
    assert {name: some for name, some in found.items() if some} == {}


def test_no_piece_of_a_secret_is_in_a_report_that_is_not_private(tmp_path: Path) -> None:
    """Paths are told there, secrets are not."""
    store = whole_store(tmp_path, texts(5, lambda: SECRET))
    secret = set(pieces(SECRET[4:]))
    found = {
        name: {leak for leak in leaks(report) if leak[1] in secret} for name, report in reports(store, private=False)
    }
    assert {name: some for name, some in found.items() if some} == {}


# ---- what is known by a name


def named_store(folder: Path) -> Path:
    """Two people's runs, whose names differ only in what is left out."""
    store = made_store(folder)
    runs = [
        {
            "name": "same",
            "params": {f"/home/{who}/k": at, "data": f"/home/{who}/x.csv", "lr": at},
            "metrics": {f"/home/{who}/loss": [3.0, 2.0, 1.0 + at], "acc": at / 2},
        }
        for at, who in enumerate(("ada", "bob"))
    ]
    add_runs(store, *runs)
    return store


def test_names_that_read_alike_stay_two(tmp_path: Path) -> None:
    """A metric is not drawn as another one, and a param is not compared with another one."""
    document = made_report(named_store(tmp_path), metric="acc").document
    curves = next(block for section in document.sections for block in section.blocks if isinstance(block, Curves))
    assert [(chart.chart.key, [one.ys for one in chart.series]) for chart in curves.charts] == [
        ("~/loss (2)", [(3.0, 2.0, 1.0)]),
        ("~/loss", [(3.0, 2.0, 2.0)]),
    ]
    compared = next(block for section in document.sections for block in section.blocks if isinstance(block, Compared))
    lines = {line.label: [value.text for value in line.values] for line in compared.comparison.lines}
    assert (lines["~/k"], lines["~/k (2)"], lines["lr"]) == (["", "1"], ["0", ""], ["0", "1"])


def test_values_that_differ_only_in_what_is_left_out_are_equal(tmp_path: Path) -> None:
    """A report says of two values what its reader sees; told with their paths, they differ."""
    store = named_store(tmp_path)
    for private, differing in ((True, False), (False, True)):
        document = made_report(store, ["#1", "#2"], private=private).document
        found = next(block for section in document.sections for block in section.blocks if isinstance(block, Compared))
        assert ("data" in {line.label for line in found.comparison.lines}) is differing


@pytest.mark.parametrize("name", ["/home/ada/loss", "~/loss (2)"])
def test_a_person_names_a_metric_as_it_is_stored_or_as_it_is_told(tmp_path: Path, name: str) -> None:
    """In what a report is ranked by, in its text and in the charts that this places."""
    text = f'{{{{ runs["#1"].metrics["{name}"] }}}} and {{{{ "{name}" in runs["#2"].metrics }}}}'
    text += f'\n\n{{{{ curves("{name}") }}}}'
    document = made_report(named_store(tmp_path), metric=name, text=text, sections=["text"]).document
    prose, curves = document.sections[0].blocks
    assert isinstance(prose, Prose)
    assert isinstance(curves, Curves)
    assert prose.markdown == "1 and False"
    assert [chart.chart.key for chart in curves.charts] == ["~/loss (2)"]


def test_what_a_secret_is_called_hides_its_value(tmp_path: Path) -> None:
    """A store that another tool wrote may hold a value that only its name gives away; numbers that are none stay."""
    store = made_store(tmp_path)
    params = {"api_key": "plainword", "max_tokens": 512, "pin": 1234, "conf": {"password": "plainword", "lr": 0.5}}
    add_runs(store, {"params": params, "tags": {"password": "plainword"}, "note": "login: password=plainword"})
    reader = CleanReader(store, Privacy(store, private=False))
    (run,) = reader.runs()
    assert {key: param.value for key, param in run.params.items()} == {
        "api_key": "<redacted>",
        "max_tokens": 512,
        "pin": "<redacted>",
        "conf": {"password": "<redacted>", "lr": 0.5},
    }
    assert (run.own_tags, run.note) == ({"password": "<redacted>"}, "login: password=<redacted>")
    assert "plainword" not in repr(vars(run))


TEXTLESS = {"count_named", "info", "resolve", "sources", "content", "copy_content"}  # numbers, ids, hashes, bytes
INHERITED = {"previous", "experiment", "experiment_by_name", "experiment_named", "experiments"}  # made of others
OF_A_PERSON = {"frame", "frame_of"}  # tables that a person asks for, and no report


def test_the_reader_of_reports_cleans_all_that_a_reader_reads() -> None:
    """Who gives `Reader` another method says here whether it gives texts of the store."""
    methods = {name for name in vars(Reader) if not name.startswith("_")}
    assert methods - set(vars(CleanReader)) == TEXTLESS | INHERITED | OF_A_PERSON
