"""What this process records into: its store, its experiment, its notebook or script.

The store's place is fixed when it is first needed (or when the extension is loaded): `os.chdir` changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from ..context.place import notebook_path, relative_to_store, script_path
from ..errors import NewerStore, RunStateError
from ..store import gate
from ..store.place import find_store, parse_store
from ..store.schema import DEFAULT_EXPERIMENT
from . import active
from .tracker import Tracker


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
        with contextlib.suppress(NewerStore):  # which can be looked at; the first run says that it cannot be changed
            Tracker(parse_store(place, self.folder())).check_store()
        return self.use_store(place)

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
