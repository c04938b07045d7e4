"""Loading and leaving: nothing printed, no name, no file; and everything put back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shell_session import Notebook, NotebookShell, files_of, notebook
from traitlets.config import Config

import jupyter_track
from jupyter_track.notebook import extension
from jupyter_track.recording import active
from jupyter_track.recording.session import session
from jupyter_track.store.problems import TrackWarning

pytestmark = pytest.mark.filterwarnings("ignore::jupyter_track.store.problems.TrackWarning")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook without the extension."""
    with notebook(tmp_path, monkeypatch, load=False) as made:
        yield made


def matchers(shell: NotebookShell) -> list[Any]:
    """What gives Tab its words, apart from the completer itself."""
    return [*shell.Completer.custom_matchers, *getattr(shell.Completer, "magic_arg_matchers", [])]


def state(shell: NotebookShell) -> dict[str, Any]:
    """Everything of a shell that an extension may change."""
    return {
        "names": {name for name in shell.user_ns if not name.startswith("_")},
        "transformers": list(shell.input_transformers_cleanup),
        "line": dict(shell.magics_manager.magics["line"]),
        "cell": dict(shell.magics_manager.magics["cell"]),
        "registry": set(shell.magics_manager.registry),
        "events": {name: list(hooks) for name, hooks in shell.events.callbacks.items()},
        "matchers": matchers(shell),
        "configurables": list(shell.configurables),
        "publisher": dict(vars(shell.display_pub)),
        "displayhook": set(vars(shell.displayhook)),
        "attributes": set(vars(shell)) - {"_last_input_line", "execution_count", "last_execution_result"},
        "observers": list(active.observers),
        "ast": list(shell.ast_transformers),
        "config": copy.deepcopy(dict(shell.config)),
    }


def test_loading_is_silent(bare: Notebook) -> None:
    """``%load_ext`` prints nothing, shows nothing, adds no name, writes no file and warns of nothing."""
    names = set(bare.names)
    bare.run("%load_ext jupyter_track", store_history=False)
    assert (bare.printed, bare.bundles, set(bare.names) - names, files_of(bare.folder)) == ("", [], set(), set())
    assert bare.problems == []


def test_unload_puts_everything_back(bare: Notebook) -> None:
    """After load, use and unload the shell is what it was; a tracked cell is then an unknown magic."""
    bare.run("%load_ext storemagic\n%unload_ext storemagic")  # IPython loads its own magics when they are first used
    before = state(bare.shell)
    bare.run("%load_ext jupyter_track", store_history=False)
    changed = state(bare.shell)
    assert {name for name in before if before[name] != changed[name]} == {
        "transformers", "line", "cell", "registry", "events", "matchers", "configurables", "publisher", "displayhook",
        "attributes", "observers",
    }  # fmt: skip
    bare.run("%%track base\nprint(1)", store_history=True)
    bare.run("%unload_ext jupyter_track", store_history=False)
    after = state(bare.shell)
    after["publisher"] = {name: value for name, value in after["publisher"].items() if name != "bundles"}
    before["publisher"] = {name: value for name, value in before["publisher"].items() if name != "bundles"}
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    bare.run("%%track base\n1")
    assert "UsageError: Cell magic `%%track` not found." in bare.printed
    assert [run.name for run in bare.runs] == ["base"]


def test_a_magic_of_the_same_name_comes_back(bare: Notebook) -> None:
    """A ``%track`` that somebody else registered before is there again."""
    bare.shell.register_magic_function(lambda line: 42, "line", "track")
    bare.run("%load_ext jupyter_track")
    bare.run("%unload_ext jupyter_track")
    assert bare.run("%track x").result == 42


def test_loading_twice(bare: Notebook) -> None:
    """A second load, a reload, load after unload: one transformer, one pair of hooks, one matcher, one run a cell."""
    for line in ("%load_ext jupyter_track", "%load_ext jupyter_track", "%reload_ext jupyter_track"):
        bare.run(line, store_history=False)
    extension.load(bare.shell)
    bare.run("%unload_ext jupyter_track", store_history=False)
    extension.unload(bare.shell)
    bare.run("%load_ext jupyter_track", store_history=False)
    ours = [one for one in bare.shell.input_transformers_cleanup if getattr(one, "of_jupyter_track", False)]
    hooks = [hook for hook in bare.shell.events.callbacks["post_run_cell"] if "CellHooks" in str(hook)]
    words = [one for one in matchers(bare.shell) if one.__name__ == "track_line"]
    assert (len(ours), len(hooks), len(words)) == (1, 1, 1)
    assert len([one for one in bare.shell.configurables if type(one).__name__ == "JupyterTrack"]) == 1
    bare.run("%%track base\n1")
    assert (bare.only.name, len(bare.cards)) == ("base", 1)


def test_importing_looks_at_cells_only(bare: Notebook) -> None:
    """Without ``%load_ext`` the first use brings the hooks, no magic; ``start_run`` has its cell's output then."""
    vars(jupyter_track).pop("start_run", None)  # as in a new process: each name is loaded on first use
    bare.run("import jupyter_track as track")
    assert extension.loaded(bare.shell) is None
    bare.run("track.start_run")
    bare.run("with track.start_run(run_name='plain'):\n    print('printed')")
    assert (bare.text(bare.only), "track" in bare.shell.magics_manager.magics["cell"]) == ("printed\n", False)
    bare.run("%load_ext jupyter_track")
    assert "track" in bare.shell.magics_manager.magics["cell"]


FIRST_USE = {
    "start_run": "with track.start_run(run_name='first'):\n    print('printed')",
    "log": "track.log_metric('loss', 1.0)",
    "worker": "import threading\nt = threading.Thread(target=lambda: track.log_param('a', 1))\nt.start(); t.join()",
    "await": "import asyncio\nawait asyncio.sleep(0)\nwith track.start_run(): pass",
    "nested": "get_ipython().run_cell('track.log_param(\"a\", 1)')",
    "load": "%load_ext jupyter_track\nwith track.start_run(): pass",
}


@pytest.mark.parametrize("use", FIRST_USE)
def test_the_run_of_the_first_cell_has_its_source(bare: Notebook, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    """Hooks come in the middle of that cell: its run gets source, cell and count as any other, but no duration."""
    for name in ("start_run", "log_metric", "log_param"):  # as in a new process: each name is loaded on first use
        vars(jupyter_track).pop(name, None)
    bare.run("# Parameters\nx = 1")
    cell = f"import jupyter_track as track\n{FIRST_USE[use]}\n"
    assert bare.run(cell, cell_id="first").success
    run = bare.only
    (execution,) = bare.reader.executions(run.run_id)
    assert (run.cell_id, run.execution_count, run.status, bare.open) == ("first", 2, "FINISHED", [])
    assert (execution.source, execution.cell_id, execution.execution_count) == (cell, "first", 2)
    assert (execution.status, execution.duration, execution.position) == ("FINISHED", None, 1)
    assert (bare.text(run), bare.problems) == ("printed\n" if use == "start_run" else None, [])
    assert bare.hooks.history.parameter_cells() == ["# Parameters\nx = 1"]


def test_a_first_cell_of_parameters_counts_once(bare: Notebook) -> None:
    """The shell has it in its own history by then."""
    cell = "# Parameters\nC = 1\n%load_ext jupyter_track"
    bare.run(cell)
    assert bare.hooks.history.parameter_cells() == [cell]


def test_the_first_cell_run_again_ends_the_run_that_it_left_open(bare: Notebook) -> None:
    """It is known by its id, as any other."""
    vars(jupyter_track).pop("start_run", None)
    for _ in range(2):
        bare.run("import jupyter_track as track\nrun = track.start_run()", cell_id="first")
    assert [run.status for run in bare.runs] == ["KILLED", "RUNNING"]


def test_between_two_cells_there_is_none_to_join(bare: Notebook) -> None:
    """A call of the front end's, or of a timer, belongs to no cell."""
    bare.run("x = 1")
    extension.look_at_cells(bare.shell)
    assert bare.hooks.history.executions == []


def test_unload_leaves_runs_open(bare: Notebook) -> None:
    """A run of the user's goes on without hooks."""
    bare.run("%load_ext jupyter_track\nimport jupyter_track as track\nrun = track.start_run(run_name='open')")
    bare.run("%unload_ext jupyter_track")
    bare.run("run.log_metric('loss', 1.0)\nrun.end()")
    assert (bare.only.status, bare.metrics(bare.only)) == ("FINISHED", {"loss": 1.0})


# ---- settings


def test_config_lists_the_settings(bare: Notebook, caplog: pytest.LogCaptureFixture) -> None:
    """``%config JupyterTrack`` prints them with their help; a bad value is IPython's error and changes nothing."""
    bare.run("%load_ext jupyter_track")
    bare.run("%config JupyterTrack")
    assert all(name in bare.printed for name in ("JupyterTrack.auto_metrics", "JupyterTrack.card", "Current: "))
    bare.run("%config JupyterTrack.auto_metrics = 'everything'")
    assert bare.settings.auto_metrics == "floats"
    assert "expected any of ['floats', 'last', 'off']" in caplog.text
    assert bare.run("%%track base\n6 * 7").result == 42


def test_a_bad_value_from_config_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is warned of, the default counts, and the good values beside it hold."""
    config = Config({"JupyterTrack": {"card": "huge", "auto_params": False, "git": "maybe"}})
    with notebook(tmp_path, monkeypatch, config, load=False) as nb:
        with pytest.warns(TrackWarning) as caught:
            nb.run("%load_ext jupyter_track")
        messages = [str(warning.message) for warning in caught if warning.category is TrackWarning]
        assert [message.split(" in the configuration")[0] for message in messages] == [
            "JupyterTrack.card = 'huge'",
            "JupyterTrack.git = 'maybe'",
        ]
        assert (nb.settings.card, nb.settings.git, nb.settings.auto_params) == ("auto", True, False)
        nb.run("%%track base\nC = 0.1")
        assert nb.params(nb.only) == {}


def test_a_bad_value_that_config_left_does_not_break_a_reload(bare: Notebook) -> None:
    """``%config`` merges a bad value into the shell's configuration; loading again works all the same."""
    bare.run("%load_ext jupyter_track")
    bare.run("%config JupyterTrack.card = 'huge'")
    bare.run("%unload_ext jupyter_track")
    bare.run("%load_ext jupyter_track")
    assert (bare.settings.card, bare.run("%%track base\n6 * 7").result) == ("auto", 42)


def test_values_from_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--JupyterTrack.git=False`` comes as text that waits for its type, also beside a bad value."""
    from traitlets.config.loader import DeferredConfigString

    for other in ({}, {"card": DeferredConfigString("huge")}):
        config = Config({"JupyterTrack": {"auto_params": DeferredConfigString("False"), **other}})
        with notebook(tmp_path, monkeypatch, config, load=False) as nb:
            nb.run("%load_ext jupyter_track")
            assert nb.settings.auto_params is False


def test_config_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``JupyterTrack.store`` from a config file, relative to the notebook, and later by ``%config``."""
    with notebook(tmp_path, monkeypatch, Config({"JupyterTrack": {"store": "out/runs.db"}})) as nb:
        assert nb.store == tmp_path / "out" / "runs.db"
        assert files_of(tmp_path) == set()
        nb.run("%config JupyterTrack.store = 'more.db'")
        nb.run("%%track base\n1")
        assert (nb.store, nb.only.name) == (tmp_path / "more.db", "base")


def test_a_store_that_cannot_be_one(bare: Notebook) -> None:
    """An address is refused with one warning; the notebook goes on with its own store."""
    bare.shell.config.JupyterTrack.store = "http://example.org/mlflow"
    with pytest.warns(TrackWarning, match="JupyterTrack.store = 'http://example.org/mlflow' is not used"):
        bare.run("%load_ext jupyter_track")
    bare.run("%%track base\n1")
    assert bare.only.name == "base"


def test_the_environment_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Notebook) -> None:
    """``JUPYTER_TRACK_STORE``, ``JUPYTER_TRACK_NOTEBOOK`` and VS Code's name are heard, in this order."""
    monkeypatch.setenv("JUPYTER_TRACK_STORE", "elsewhere.db")
    monkeypatch.delenv("JPY_SESSION_NAME")
    bare.names["__vsc_ipynb_file__"] = str(tmp_path / "sub" / "code.ipynb")
    bare.run("%load_ext jupyter_track")
    assert (bare.store, session.notebook, session.experiment) == (
        tmp_path / "sub" / "elsewhere.db",
        tmp_path / "sub" / "code.ipynb",
        "code",
    )
