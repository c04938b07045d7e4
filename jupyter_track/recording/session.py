"""What this process records into: its store, its experiment, its notebook or script.

The store's place is fixed when it is first needed (or when the extension is loaded): `os.chdir` changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from ..context.place import notebook_path, relative_to_store, script_path
from ..context.prose import redact_prose
from ..errors import NewerStore, RunStateError
from ..store import gate, mlflow_left
from ..store.place import STORE_NAME, find_store, parse_store
from ..store.problems import report
from ..store.schema import DEFAULT_EXPERIMENT
from . import active
from .tracker import Tracker

_SERVERS = ("http://", "https://")


def _is_server(address: str) -> bool:
    return address.lower().startswith(_SERVERS)


def shown(path: Path) -> str:
    """Return a path as a shell takes it, relative where it lies below the working directory."""
    text = str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return f"'{text}'" if " " in text else text


class Session:
    """The state of one process; there is one instance, `session`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracker: Tracker | None = None
        self._experiment: str | None = None
        self.default_experiment = DEFAULT_EXPERIMENT
        self.notebook: Path | None = notebook_path()

    def tracker(self) -> Tracker:
        """Return the tracker of the current store, found at the first call."""
        if self._tracker is None:
            with self._lock:
                if self._tracker is None:
                    self._tracker = Tracker(find_store(self.folder()))
        return self._tracker

    def is_chosen(self) -> bool:
        """Whether the store is fixed already."""
        return self._tracker is not None

    def folder(self) -> Path:
        """Return where work lies: the notebook's folder, else the working directory."""
        return self.notebook.parent if self.notebook is not None else Path.cwd()

    def use_store(self, place: str | os.PathLike[str]) -> Path:
        """Record into another store from now on.

        Raises
        ------
        RunStateError
            Where a run is open: its later points would go to another store than its first.
        InvalidValue
            For an address that is not a path.
        """
        store = parse_store(place, self.folder())
        if self._tracker is not None and self._tracker.store == store:
            return store
        if open_runs := active.open_runs():
            raise RunStateError(
                f"The run {open_runs[-1].name!r} is open in {self.tracker().store}; end it before the store is changed."
            )
        self._tracker = Tracker(store)
        return store

    def use_checked_store(self, place: str | os.PathLike[str]) -> Path:
        """Record into another store from now on, as `use_store`, after a look at what is there.

        Raises
        ------
        NotAStore, CorruptStore
            Where the file is something else, or damaged.
        """
        store = self.parse(place)
        with contextlib.suppress(NewerStore):  # which can be looked at; the first run says that it cannot be changed
            Tracker(store).check_store()
        self.use_store(store)
        left = mlflow_left.left_at(store, self._database(place))
        if left is not None:
            report(
                f"mlflow-left {left}",
                f"{left} holds runs of mlflow's, which are left as they are; new runs go to {store}. To bring them:"
                f" track.import_mlflow({str(left)!r}), or jupyter track --store {shown(store)} import {shown(left)}",
            )
        return store

    def parse(self, place: str | os.PathLike[str]) -> Path:
        """Return the store that is meant by what a person, or a notebook written for mlflow, names.

        A server's address means the store that work here goes to anyway, said once: nothing waits for a network. A
        database of mlflow's means the store beside it.

        Raises
        ------
        InvalidValue
            For an address that is neither.
        """
        text = os.fspath(place)
        if _is_server(text):
            store = find_store(self.folder())
            server = redact_prose(text)
            report(
                f"server {server}",
                f"{server} is a server, and runs are not synced to servers yet; they are recorded in {store}.",
            )
            return store
        database = self._database(place)
        return parse_store(place, self.folder()) if database is None else database.with_name(STORE_NAME)

    def _database(self, place: str | os.PathLike[str]) -> Path | None:
        """The database of mlflow's that is named; None where something else is."""
        if _is_server(os.fspath(place)):
            return None
        named = parse_store(place, self.folder())
        return named if mlflow_left.is_database(named) else None

    def use_found_store(self) -> Path:
        """Record into the store that belongs to the folder, as where none was named."""
        return self.use_store(find_store(self.folder()))

    @property
    def experiment(self) -> str:
        """The experiment that a run goes to where none is named."""
        return self._experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or self.default_experiment

    def use_experiment(self, name: str) -> None:
        """Make `name` the experiment of runs to come."""
        self._experiment = name

    def source(self) -> tuple[str, str]:
        """Return the name and type of what is running (mlflow's source.name and source.type)."""
        store = self.tracker().store
        if self.notebook is not None:
            return relative_to_store(self.notebook, store), "NOTEBOOK"
        script = script_path()
        if script is not None:
            return relative_to_store(script, store), "LOCAL"
        return "", "LOCAL"

    def relative_notebook(self) -> str | None:
        """Return the notebook's path relative to the store's folder."""
        return None if self.notebook is None else relative_to_store(self.notebook, self.tracker().store)

    def reset(self) -> None:
        """Forget store and experiment, as in a new process."""
        self._tracker = None
        self._experiment = None
        self.default_experiment = DEFAULT_EXPERIMENT
        self.notebook = notebook_path()


session = Session()


def _start_clean() -> None:
    """In a forked child: the same store and experiment, none of the parent's runs."""
    session._lock = threading.Lock()
    if session._tracker is not None:
        session._tracker = Tracker(session._tracker.store)


gate.reset_in_child(_start_clean)
