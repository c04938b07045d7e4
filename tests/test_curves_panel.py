"""The panel of curves: what a view is sent, what of it is new, what it may ask; the verb and the function."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shell_session import Notebook, notebook

import jupyter_track as track
from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.panels.curves import CurvesPanel
from jupyter_track.panels.panel import Link
from jupyter_track.store.reader import Reader
from jupyter_track.views.curve_choice import Asked


class View:
    """A front end: what it was sent, as JSON, and what it draws of that."""

    def __init__(self, panel: CurvesPanel) -> None:
        self.panel = panel
        self.sent: list[dict[str, Any]] = []
        self.link = Link(lambda message: self.sent.append(json.loads(json.dumps(message, allow_nan=False))))
        panel.attach(self.link)
        panel.received(self.link, {"type": "ready"})

    def act(self, name: str, **more: Any) -> dict[str, Any]:
        """Ask for something, and return the answer."""
        self.panel.received(self.link, {"type": "action", "to": 1, "name": name, **more})
        return self.sent[-1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type."""
        return [message for message in self.sent if message["type"] == kind]

    def curves(self) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
        """The points of each curve, put together as a view does."""
        found: dict[tuple[str, str], list[tuple[float, float | None]]] = {}
        for message in self.sent:
            if message["type"] == "curves-view":
                found.clear()
            for part in message.get("parts", ()):
                kept = found.setdefault((part["chart"], part["run"]), [])
                del kept[part["from"] :]
                kept += zip(part["x"], part["y"], strict=True)
        return found


def told(view: View) -> list[tuple[str, bool]]:
    """The runs that a view knows, and whether each is live."""
    return [(run["name"], run["live"]) for run in view.of("curves-view")[-1]["runs"]]


def refreshed(panel: CurvesPanel) -> None:
    """Write what was logged, and look at the store as the ticker does."""
    track.flush()
    panel.refresh()


def test_a_view_gets_the_runs_and_then_only_what_is_new(store: Path) -> None:
    """New points of a curve come behind those that were sent; where nothing is new, nothing is sent."""
    with track.start_run(run_name="one") as run:
        for step in range(5):
            track.log(loss=float(step), step=step)
        track.flush()
        panel = CurvesPanel(store, Asked(("loss",)))
        view = View(panel)
        (told,) = view.of("curves-view")
        assert [(one["number"], one["name"], one["live"]) for one in told["runs"]] == [("#1", "one", True)]
        assert [(one["key"], one["title"], one["direction"]) for one in told["charts"]] == [("loss", "loss ↓?", "min")]
        view.sent.clear()
        refreshed(panel)
        assert view.sent == []
        track.log(loss=math.nan, step=5)
        track.log(loss=math.inf, step=6)
        refreshed(panel)
        (message,) = view.sent
        assert message["parts"] == [
            {
                "chart": "loss",
                "run": run.run_id,
                "from": 5,
                "x": [5, 6],
                "y": [None, None],
                "odd": [[5, 1, "NaN"], [6, 1, "∞"]],
                "count": 7,
                "whole": True,
            }
        ]


def test_a_curve_that_outgrows_the_chart_is_thinned_and_keeps_its_extremes(store: Path) -> None:
    """At most some two thousand points are drawn, whatever comes; the spike is among them."""
    with track.start_run():
        track.log(loss=0.0, step=0)
        track.flush()
        panel = CurvesPanel(store, Asked(("loss",)))
        view = View(panel)
        for part in range(8):
            for step in range(600):
                track.log_metric("loss", 99.0 if (part, step) == (3, 77) else step / 600, step=1 + part * 600 + step)
            refreshed(panel)
        (points,) = view.curves().values()
        assert len(points) <= 2_000
        assert [place for place, _ in points] == sorted(place for place, _ in points)
        assert points[-1] == (4800, 599 / 600)
        assert (1 + 3 * 600 + 77, 99.0) in points or max(value or 0 for _, value in points) == 99.0


def test_runs_that_come_and_change_are_told(store: Path) -> None:
    """A new run with the metric appears; one that ends is live no longer; a second view knows the same."""
    with track.start_run(run_name="one"):
        track.log(loss=1.0)
    track.flush()
    panel = CurvesPanel(store, Asked(("loss",)))
    view = View(panel)
    with track.start_run(run_name="two"):
        track.log(loss=2.0)
        refreshed(panel)
        assert [(run["name"], run["live"]) for run in view.of("curves-view")[-1]["runs"]] == [
            ("one", False),
            ("two", True),
        ]
    refreshed(panel)
    assert [(run["name"], run["live"]) for run in view.of("curves-view")[-1]["runs"]] == [
        ("one", False),
        ("two", False),
    ]
    late = View(panel)
    assert late.curves() == view.curves()
    assert len(late.curves()) == 2


def test_an_empty_panel_fills_itself(store: Path) -> None:
    """It says what it waits for, and no file is made; the first run that logs the metric appears."""
    panel = CurvesPanel(store, Asked(("loss",)))
    view = View(panel)
    assert view.of("curves-view")[0]["empty"] == "No run has logged loss yet. It appears here when one does."
    assert not store.exists()
    with track.start_run():
        track.log(loss=1.0)
    refreshed(panel)
    assert list(view.curves().values()) == [[(0, 1.0)]]


def test_a_view_asks_for_the_points_of_a_stretch(store: Path) -> None:
    """All of them where there are few; a stretch that is none is refused in words."""
    with track.start_run() as run:
        for step in range(5_000):
            track.log_metric("loss", step * 0.5, step=step)
    track.flush()
    view = View(CurvesPanel(store, Asked(("loss",))))
    (overview,) = view.curves().values()
    assert len(overview) <= 1_002
    answer = view.act("window", low=1000.0, high=1010.0, width=400)
    (part,) = answer["points"]["parts"]
    assert (part["run"], part["whole"]) == (run.run_id, True)
    assert list(zip(part["x"], part["y"], strict=True)) == [(step, step * 0.5) for step in range(999, 1012)]
    assert answer["points"]["window"] == [1000.0, 1010.0]
    assert view.act("window", low="a", high=1, width=2)["message"] == "A stretch has two ends and a width."


def test_what_a_person_chooses_is_kept_and_followed(store: Path) -> None:
    """Another axis sends the points anew; another panel of the notebook has it too, unless its code says otherwise."""
    with track.start_run():
        for step in range(4):
            track.log(loss=float(step), epoch=step // 2, step=step)
    track.flush()
    panel = CurvesPanel(store, Asked(("loss",)), notebook="a.ipynb")
    view = View(panel)
    view.act("choices", choices={"x": "epoch", "smoothing": 0.5})
    assert list(view.curves().values()) == [[(0.0, 0.0), (0.0, 1.0), (1.0, 2.0), (1.0, 3.0)]]
    again = CurvesPanel(store, Asked(("loss",)), notebook="a.ipynb")
    assert (again.x, again.smoothing) == ("epoch", 0.5)
    assert CurvesPanel(store, Asked(("loss",), x="time"), notebook="a.ipynb").x == "time"
    assert CurvesPanel(store, Asked(("loss",)), notebook="b.ipynb").x == "step"
    assert "smoothed" in again.df


def test_selected_runs_are_those_of_the_view(store: Path) -> None:
    """What is picked in the browser is `.selected` in Python; code for a chart names the runs."""
    with track.start_run() as run:
        track.log(loss=1.0)
    track.flush()
    panel = CurvesPanel(store, Asked(("loss",)))
    view = View(panel)
    view.act("select", runs=[run.run_id])
    assert [one.run_id for one in panel.selected] == [run.run_id]
    code = view.act("code", chart="loss")["text"]
    assert code == "import jupyter_track as track\n\ntrack.curves('loss', runs=[1]).chart\n"
    spaces: dict[str, Any] = {}
    exec(code.replace("\ntrack.curves", "\nfound = track.curves"), spaces)
    assert spaces["found"].to_dict()["vconcat"][0]["title"] == "loss ↓?"


# ---- the function and the verb


def test_the_function_in_a_script(store: Path) -> None:
    """Runs are named in every way; the object has the frame and the chart, and prints its numbers."""
    for number in range(3):
        with track.start_run(run_name=f"r{number}"):
            track.log_param("lr", number)
            track.log(loss=1.0 - number / 4, step=0)
    for runs, expected in (
        (None, [1, 2, 3]),
        ("r1", [2]),
        (["#1..#2"], [1, 2]),
        ([3, "best:loss"], [3]),
        (track.runs("params.lr >= 1"), [3, 2]),
    ):
        assert [run.number for run in track.curves("loss", runs=runs).runs] == expected
    found = track.curves("loss", runs=[1, 2])
    assert found.df["value"].tolist() == [1.0, 0.75]
    assert str(found).splitlines()[0] == "loss ↓? over step"
    for call, words in (
        (lambda: track.curves("los"), "did you mean 'loss'?"),
        (lambda: track.curves(["loss"]), "A metric is named by text, not list"),  # type: ignore[arg-type]
        (lambda: track.curves("loss", smoothing=2), "smoothing is a number"),
        (lambda: track.curves("loss", x=3), "x and group are named by text"),  # type: ignore[arg-type]
    ):
        with pytest.raises((NotFound, InvalidValue), match=words.replace("?", r"\?")):
            call()


def test_neither_altair_nor_vl_convert_is_loaded_for_a_view(store: Path) -> None:
    """The static forms and all that a view is sent come without them."""
    with track.start_run():
        track.log(loss=1.0)
    track.flush()
    code = (
        "import sys; from pathlib import Path; from jupyter_track.panels.curves import CurvesPanel\n"
        "from jupyter_track.panels.panel import Link; from jupyter_track.views.curve_choice import Asked\n"
        "panel = CurvesPanel(Path('track.db').resolve(), Asked()); link = Link(lambda message: None)\n"
        "panel.attach(link); panel.received(link, {'type': 'ready'}); panel.forms()\n"
        "print(sorted({'altair', 'vl_convert', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=store.parent)
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with two runs."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("import jupyter_track as track\n")
        for name in ("alpha", "beta"):
            made.run(f"%%track {name} -q\nfor i in range(3):\n    track.log(loss=1 / (i + 1), acc=i / 4)\n")
        yield made


def test_the_verb(nb: Notebook) -> None:
    """Words that are metrics, then runs; the line's value is the panel, and it is shown once."""
    nb.run("panel = %track curves loss alpha\nlen(panel.df)")
    assert nb.cards[-1].splitlines() == ["loss ↓? over step", "  alpha #1  0.3333  best 0.3333 at 2  3 points"]
    panel = nb.shell.user_ns["panel"]
    assert [run.name for run in panel.runs] == ["alpha"]
    nb.run("%track curves loss acc -x elapsed --smooth 0.5")
    assert [line for line in nb.cards[-1].splitlines() if "over" in line] == [
        "loss ↓? over seconds since the start",
        "acc ↑? over seconds since the start",
    ]
    nb.run("%track curves los")
    assert "did you mean 'loss'?" in nb.printed
    nb.run("%track curves loss --smooth much")
    assert "takes a number from 0 to 0.999, not 'much'" in nb.printed
    assert Reader(nb.folder / "track.db").info().runs == 2


def test_an_experiment_is_named_where_runs_are_shown(nb: Notebook) -> None:
    """``-e`` means its runs on the board and in curves, and its last run in a comparison; Tab completes it."""
    from jupyter_track.notebook.completion import completions

    for name in ("gamma", "delta"):
        nb.run(f"%%track {name} -e digits -q\nfor i in range(3):\n    track.log(loss=2 / (i + 1))\n", cell_id="digits")
    nb.run("%%track omega -q\ntrack.log(loss=3.0)\n")
    nb.run("board = %track board -e digits\nfew = %track board --experiment=digits run_name = 'gamma'")
    nb.run("curves = %track curves loss -e digits\ncompared = %track compare -e digits")
    found = nb.shell.user_ns
    assert [sorted(run.name for run in found[one].runs) for one in ("board", "few", "curves", "compared")] == [
        ["delta", "gamma"],
        ["gamma"],
        ["delta", "gamma"],
        ["delta", "gamma"],
    ]
    for line, said in {
        "board -e nothing": "There is no experiment",
        "board -e digits -m loss": "%track board takes no metric",
        "curves loss alpha -e digits": "Name the runs (alpha), or the experiment with -e, not both.",
        "compare alpha -e digits": "Name the runs (alpha), or the experiment with -e, not both.",
    }.items():
        nb.run(f"%track {line}")
        assert said in nb.printed, line
    desk = nb.shell.magics_manager.registry["TrackMagics"]._desk
    assert "digits" in [word for word, _ in completions(desk, "%track board -e ")]


def test_tab_completes_metrics_runs_and_axes(nb: Notebook) -> None:
    """Behind the verb both, behind ``-x`` what may be the axis."""
    from jupyter_track.notebook.completion import completions

    desk = nb.shell.magics_manager.registry["TrackMagics"]._desk
    words = [word for word, _ in completions(desk, "%track curves ")]
    assert words[:2] == ["loss", "acc"]
    assert "alpha" in words
    assert [word for word, _ in completions(desk, "%track curves loss -x ")][:3] == ["step", "time", "elapsed"]
    assert [word for word, _ in completions(desk, "%track curves --s")] == ["--smooth"]
