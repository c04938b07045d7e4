"""Loading into an IPython shell and leaving it again. Loading prints nothing, adds no name and writes no file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from ..context.place import notebook_path
from ..errors import TrackError
from ..recording import context, system
from ..recording.session import session
from ..settings import JupyterTrack, make_settings
from ..store.problems import report
from .completion import remove_completion, set_up_completion
from .desk import Desk
from .hooks import CellHooks
from .magics import TrackMagics
from .transformer import make_transformer


@dataclass
class Loaded:
    """What a shell has from us."""

    settings: JupyterTrack
    hooks: CellHooks
    transformer: Any = None
    magics: Any = None
    completer: Any = None
    earlier: dict[str, Any] = field(default_factory=dict)  # magics of the same name that were there before


_ATTRIBUTE = "_jupyter_track"


def loaded(shell: Any) -> Loaded | None:
    """Return what a shell has from us, None where it has nothing."""
    found: Loaded | None = getattr(shell, _ATTRIBUTE, None)
    return found


def look_at_cells(shell: Any) -> Loaded:
    """Look at the cells of a shell from now on, without magics; does nothing a second time."""
    present = loaded(shell)
    if present is not None:
        return present
    settings = make_settings(shell)
    found = Loaded(settings, CellHooks(shell, settings))
    setattr(shell, _ATTRIBUTE, found)
    session.notebook = notebook_path(os.environ, shell.user_ns)
    _use_context(settings)
    _use_store(settings)
    settings.observe(lambda change: _use_context(settings), ["git", "environment"])
    settings.observe(lambda change: _use_system(settings), "system_metrics")
    if settings.system_metrics:
        _use_system(settings)
    settings.observe(lambda change: _use_store(settings) if settings.store else session.use_found_store(), "store")
    shell.configurables.append(settings)
    found.hooks.install()
    return found


def load(shell: Any) -> None:
    """Bring magics and hooks to a shell; a second call does nothing.

    The place of the store is fixed here: `os.chdir` changes nothing later.
    """
    found = look_at_cells(shell)
    if found.transformer is not None:
        return
    found.transformer = make_transformer()
    shell.input_transformers_cleanup.append(found.transformer)
    found.earlier = {kind: names["track"] for kind, names in shell.magics_manager.magics.items() if "track" in names}
    desk = Desk(shell, found.hooks)
    found.magics = TrackMagics(shell, desk)
    shell.register_magics(found.magics)
    found.completer = set_up_completion(shell, desk)
    if session.notebook is not None:
        session.default_experiment = session.notebook.stem
    _ = session.tracker()


def unload(shell: Any) -> None:
    """Take magics and hooks away; runs that are open stay open."""
    found = loaded(shell)
    if found is None:
        return
    if found.transformer is not None:
        shell.input_transformers_cleanup.remove(found.transformer)
        for kind, names in shell.magics_manager.magics.items():
            names.pop("track", None)
            if kind in found.earlier:
                names["track"] = found.earlier[kind]
        shell.magics_manager.registry.pop(TrackMagics.__name__, None)
        remove_completion(shell, found.completer)
    found.hooks.uninstall()
    for configurable in (found.settings, found.magics):
        if configurable in shell.configurables:
            shell.configurables.remove(configurable)
    delattr(shell, _ATTRIBUTE)


def _use_context(settings: JupyterTrack) -> None:
    context.enabled = settings.git
    context.environment_enabled = settings.environment


def _use_system(settings: JupyterTrack) -> None:
    system.settings.enabled = settings.system_metrics


def _use_store(settings: JupyterTrack) -> None:
    if settings.store:
        try:
            session.use_store(settings.store)
        except TrackError as error:
            report("config-store", f"JupyterTrack.store = {settings.store!r} is not used: {error}")
