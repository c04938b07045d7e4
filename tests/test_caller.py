"""Warnings of a user's own call name the line of that call."""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shell_session import notebook

import jupyter_track as track
from jupyter_track.store import caller
from jupyter_track.store.problems import report

DARK = np.array([[0.0, np.nan], [1.0, 0.5]])
ENDLESS = pd.DataFrame({"a": [1.0, float("inf")]})


def lead_out(folder: Path) -> Path:
    """Make a folder with a link that leads out of it, which is not logged."""
    (folder / "logged").mkdir()
    (folder / "logged" / "link").symlink_to("/etc")
    return folder / "logged"


CALLS: dict[str, tuple[Callable[[Any], object], str]] = {
    "log_image": (lambda run: track.log_image(DARK, "a.png"), "1 pixels are NaN"),
    "run.log_image": (lambda run: run.log_image(DARK, "a.png"), "1 pixels are NaN"),
    "log_table": (lambda run: track.log_table(ENDLESS, "a.json"), "JSON has no infinity"),
    "run.log_table": (lambda run: run.log_table(ENDLESS, "a.json"), "JSON has no infinity"),
    "search_runs": (lambda run: track.search_runs(experiment_names=["no"]), "There is no experiment 'no'."),
    "log_artifacts": (lambda run: track.log_artifacts(lead_out(Path.cwd())), "link that leads out"),
    "log_artifact": (lambda run: run.log_artifact(lead_out(Path.cwd())), "link that leads out"),
    "start_run": (lambda run: track.start_run(nested=True, log_system_metrics=True).end(), "System metrics"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_names_the_line_of_the_call(store: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep the way to the warning is."""
    call, says = CALLS[name]
    monkeypatch.setitem(sys.modules, "psutil", None)  # as where it is not installed
    with track.start_run() as run, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        call(run)
    assert [(one.filename, one.lineno, says in str(one.message)) for one in said] == [
        (__file__, call.__code__.co_firstlineno, True)
    ]


def test_a_warning_names_the_line_of_the_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front end shows it with the source of that line."""
    with notebook(tmp_path, monkeypatch) as nb, pytest.warns(UserWarning, match="no experiment 'nobody'") as said:
        nb.run("import jupyter_track as track")
        nb.run("x = 1\ntrack.search_runs(experiment_names=['nobody'])")
    assert [(one.filename[:17], one.lineno) for one in said] == [("<ipython-input-2-", 2)]


def test_a_warning_in_a_thread_of_ours_names_our_line(store: Path) -> None:
    """No line of the user's led there; `threading` has nothing to do with it either."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        thread = threading.Thread(target=report, args=("kind", "in the background"))
        thread.start()
        thread.join()
    assert [(Path(one.filename).name, str(one.message)) for one in said] == [("problems.py", "in the background")]


def test_what_stands_between_two_of_our_frames_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context manager of ours is entered by contextlib, for the user's ``with``."""
    namespace: dict[str, Any] = {"__name__": "jupyter_track.made_up", "warn_caller": caller.warn_caller}
    exec("def enter():\n    warn_caller('inside')\n    yield", namespace)
    opened: Callable[[], contextlib.AbstractContextManager[Iterator[None]]] = contextlib.contextmanager(
        namespace["enter"]
    )
    with pytest.warns(UserWarning, match="inside") as said, opened():
        pass
    assert [one.filename for one in said] == [__file__]


def test_a_warning_that_is_an_error_is_raised_at_the_call(store: Path) -> None:
    """As with `warnings.warn`."""
    with track.start_run(), warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="JSON has no infinity"):
            track.log_table(ENDLESS, "a.json")
