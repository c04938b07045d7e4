"""Charts of a store that are kept as their spec: drawn in a process of their own, whatever the spec asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_reports import keep_charts
from made_stores import add_runs, made_store

from jupyter_track.charts import drawn
from jupyter_track.charts.drawn import Drawing
from jupyter_track.errors import InvalidValue
from jupyter_track.panels.pictures import picture_message
from jupyter_track.store.reader import Reader

LITE = "application/vnd.vegalite.v5+json"
SPEC = {
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}
VEGA = {"width": 9, "height": 9, "marks": [{"type": "rect", "encode": {"enter": {"width": {"value": 9}}}}]}


def endless(rows: float) -> bytes:
    """A short spec that makes rows of itself."""
    return json.dumps({"data": {"sequence": {"start": 0, "stop": rows}}, "mark": "point"}).encode()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine have more time for a chart than people would wait."""
    monkeypatch.setattr(Drawing.__init__, "__defaults__", (600.0, 200.0))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started for drawing."""
    found: list[subprocess.Popen[bytes]] = []
    start = Drawing._start

    def counted(self: Drawing, folder: Path) -> subprocess.Popen[bytes]:
        found.append(start(self, folder))
        return found[-1]

    monkeypatch.setattr(Drawing, "_start", counted)
    return found


def test_all_charts_of_a_report_are_drawn_in_one_process(started: list[subprocess.Popen[bytes]]) -> None:
    """Both kinds, in either spelling of their type; one that Vega refuses ends nothing; the process goes at the end."""
    asked = [
        (LITE, SPEC),
        (LITE.replace("+", "."), SPEC),
        ("application/vnd.vega.v5+json", VEGA),
        (LITE, {"mark": "no such mark"}),
        (LITE, SPEC),
    ]
    with Drawing() as drawing:
        answers = [drawing.svg(mime, json.dumps(spec).encode()) for mime, spec in asked]
    assert [isinstance(one, bytes) and one.startswith(b"<svg") for one in answers] == [True, True, True, False, True]
    assert str(answers[3]).startswith("a chart that could not be drawn: ")
    assert [process.poll() is not None for process in started] == [True]


def test_a_chart_that_takes_all_memory_is_said_and_the_next_one_drawn(started: list[subprocess.Popen[bytes]]) -> None:
    """V8 aborts its process, which is not ours."""
    with Drawing() as drawing:
        answers = [drawing.svg(LITE, endless(6e7)), drawing.svg(LITE, json.dumps(SPEC).encode())]
    assert answers[0] == drawn.BROKE_OFF
    assert isinstance(answers[1], bytes)
    assert [process.poll() is not None for process in started] == [True, True]


def test_a_chart_that_does_not_end_is_ended(started: list[subprocess.Popen[bytes]]) -> None:
    """Each has its time, and all of them together have one: what comes after that is not tried."""
    answers = []
    for seconds, each in ((600, 0.3), (0.3, 600)):
        with Drawing(seconds, each) as drawing:
            answers.append([drawing.svg(LITE, endless(1e9)) for _ in range(2)])
    assert answers == [[drawn.TOO_LONG, drawn.TOO_LONG], [drawn.TOO_LONG, drawn.NO_TIME]]
    assert [process.poll() is not None for process in started] == [True, True, True]


def test_a_process_whose_parent_is_gone_ends_by_itself() -> None:
    """It does not draw on forever; the time that it is given ends it."""
    import vl_convert

    script, folder = Path(drawn.__file__).with_name("drawing.py"), Path(vl_convert.__file__).parent.parent
    asked = {"kind": "vegalite", "version": "5", "spec": json.loads(endless(1e9))}
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(folder), "0.5"],
        input=json.dumps(asked).encode() + b"\n",
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode != 0, done.stdout) == (True, b"")


def test_what_cannot_be_a_chart_starts_no_process(started: list[subprocess.Popen[bytes]]) -> None:
    """A spec nested without end, one with an address, no spec at all, one that is too large."""
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    asked = [deep, b"[]", b"{", b'{"data":{"url":"x.csv"}}', b" " * (drawn.LARGEST + 1)]
    with Drawing() as drawing:
        answers = [drawing.svg(LITE, one) for one in asked]
    assert answers == [
        drawn.UNREADABLE,
        drawn.UNREADABLE,
        drawn.UNREADABLE,
        drawn.ADDRESS,
        "a chart with more data than are drawn",
    ]
    assert started == []


def test_modules_in_the_working_directory_do_not_stand_for_those_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ``json.py`` beside a notebook, or on PYTHONPATH, is not run."""
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path))
    with Drawing() as drawing:
        assert isinstance(drawing.svg(LITE, json.dumps(SPEC).encode()), bytes)


def test_a_panel_says_why_a_chart_is_not_shown(tmp_path: Path) -> None:
    """The kernel stands: what breaks off, and what names an address."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one"})
    keep_charts(store, run_id, json.loads(endless(6e7)), {**SPEC, "data": {"url": "x.csv"}}, SPEC)
    reader = Reader(store)
    for at, why in ((1, f"{drawn.BROKE_OFF}|{drawn.TOO_LONG}"), (2, drawn.ADDRESS)):
        with pytest.raises(InvalidValue, match=f"Not shown: ({why})"):
            picture_message(reader, run_id, {"path": f"figures/{at}.vl.json"})
    shown = picture_message(reader, run_id, {"path": "figures/3.vl.json"})
    assert str(shown["uri"]).startswith("data:image/svg+xml;base64,")
