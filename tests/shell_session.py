"""A notebook without a browser: a real IPython shell with the extension loaded, and a store in a folder of its own."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from jupyter_track.notebook import extension
from jupyter_track.recording import active, context
from jupyter_track.recording.run import ActiveRun
from jupyter_track.recording.session import session
from jupyter_track.records import Run
from jupyter_track.store import pending, problems, writer
from jupyter_track.store.reader import Reader

VARIABLES = ("JUPYTER_TRACK_STORE", "JUPYTER_TRACK_NOTEBOOK", "JPY_SESSION_NAME", "MLFLOW_EXPERIMENT_NAME")


class Page(DisplayPublisher):
    """What a front end would show: every bundle in order, with the printed text before it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bundles: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        self.bundles.append((data, metadata or {}))
        super().publish(data, metadata, *args, **kwargs)


class Stream(io.StringIO):
    """One of the two streams of a cell; both write to the same page."""

    def __init__(self, page: list[str]) -> None:
        super().__init__()
        self._page = page

    def write(self, text: str) -> int:
        self._page.append(text)
        return len(text)


class NotebookShell(InteractiveShell):
    """A shell whose displays go to a `Page`."""

    display_pub_class = Page


class Notebook:
    """A notebook: `run` executes a cell."""

    def __init__(self, folder: Path, shell: NotebookShell) -> None:
        self.folder = folder
        self.shell = shell
        self.printed = ""
        self.bundles: list[tuple[dict[str, Any], dict[str, Any]]] = []

    @property
    def names(self) -> dict[str, Any]:
        """The user's namespace."""
        return self.shell.user_ns

    def run(self, cell: str, cell_id: str | None = None, store_history: bool = True) -> ExecutionResult:
        """Execute a cell; `printed` and `bundles` hold what it showed."""
        page: Any = self.shell.display_pub
        page.bundles = []
        printed: list[str] = []
        with contextlib.redirect_stdout(Stream(printed)), contextlib.redirect_stderr(Stream(printed)):
            result = self.shell.run_cell(cell, store_history=store_history, cell_id=cell_id)
        self.printed, self.bundles = "".join(printed), page.bundles
        return result

    @property
    def cards(self) -> list[str]:
        """The text of what we showed under the last cell."""
        return [data["text/plain"] for data, metadata in self.bundles if "jupyter_track" in metadata]

    @property
    def store(self) -> Path:
        """The store in use."""
        return session.tracker().store

    @property
    def reader(self) -> Reader:
        """The store's reader, with all that was logged on disk."""
        context.settle(5)
        assert pending.flush(self.store, 10)
        return Reader(self.store)

    @property
    def runs(self) -> list[Run]:
        """The runs of the store, the oldest first."""
        return self.reader.runs()[::-1] if self.store.exists() or writer.writer_for(self.store)._changes else []

    @property
    def only(self) -> Run:
        """The one run of the store."""
        (run,) = self.runs
        return run

    def metrics(self, run: Run) -> dict[str, float]:
        """The last value of each metric."""
        return {key: metric.last for key, metric in run.metrics.items()}

    def params(self, run: Run) -> dict[str, Any]:
        """The value of each param."""
        return {key: param.value for key, param in run.params.items()}

    def text(self, run: Run, path: str = "output.txt") -> str | None:
        """The text of an artifact, None where there is none."""
        reader = self.reader
        found = [artifact for artifact in reader.artifacts(run.run_id) if artifact.path == path]
        return reader.content(found[0].sha256).decode() if found else None

    def paths(self, run: Run) -> list[str]:
        """The paths of a run's artifacts."""
        return [artifact.path for artifact in self.reader.artifacts(run.run_id)]

    def sources(self, run: Run) -> list[str]:
        """The sources of a run's cells."""
        return [execution.source for execution in self.reader.executions(run.run_id)]

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        _ = self.reader
        with contextlib.closing(sqlite3.connect(self.store)) as connection:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    @property
    def open(self) -> list[ActiveRun]:
        """The runs that are open."""
        return active.open_runs()

    @property
    def problems(self) -> list[str]:
        """What went wrong and was reported."""
        return [problem.message for problem in problems.current()]

    @property
    def settings(self) -> Any:
        """The settings of the shell."""
        found = extension.loaded(self.shell)
        assert found is not None
        return found.settings

    @property
    def hooks(self) -> Any:
        """The hooks of the shell."""
        found = extension.loaded(self.shell)
        assert found is not None
        return found.hooks


def forget() -> None:
    """Put the process back to before its first run."""
    context.settle(5)
    writer.close_all(5)
    active._reset()
    active._last_ended.clear()
    session.reset()
    problems.forget_all()


@contextlib.contextmanager
def bare_shell(folder: Path, config: Config | None = None) -> Iterator[NotebookShell]:
    """Give a new shell, the only one of this process."""
    InteractiveShell.clear_instance()
    settings = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    settings.merge(config or Config())
    profile = folder / ".ipython"
    profile.mkdir(exist_ok=True)
    try:
        shell = NotebookShell.instance(config=settings, ipython_dir=str(profile))
        yield shell
        extension.unload(shell)
        shell.restore_sys_module_state()
        atexit.unregister(shell.atexit_operations)
    finally:
        NotebookShell.clear_instance()
        InteractiveShell.clear_instance()


@contextlib.contextmanager
def notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch, config: Config | None = None, load: bool = True
) -> Iterator[Notebook]:
    """Give ``demo.ipynb`` in `folder`, with the extension loaded."""
    forget()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "demo.ipynb"))
    monkeypatch.chdir(folder)
    session.reset()
    try:
        with bare_shell(folder, config) as shell:
            made = Notebook(folder, shell)
            if load:
                made.run("%load_ext jupyter_track", store_history=False)
            yield made
    finally:
        forget()


def files_of(folder: Path) -> set[str]:
    """The names of what lies in a folder, the shell's profile left out."""
    return {name for name in os.listdir(folder) if name != ".ipython"}
