"""The settings of a shell: ``%config JupyterTrack``, IPython's config files, the command line of a kernel."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, CaselessStrEnum, TraitError, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import DeferredConfig

from .store.problems import report


class JupyterTrack(Configurable):
    """What ``%%track`` captures, and how it shows itself."""

    store = Unicode("", help="The store: a file or folder; empty for track.db beside the notebook.").tag(config=True)
    card = CaselessStrEnum(
        ["auto", "line", "off"],
        "auto",
        help="The card under a tracked cell: 'auto' (one line for a short run), always one 'line', or 'off'.",
    ).tag(config=True)
    auto_params = Bool(True, help="Take params from the cell: literals, config objects, estimators.").tag(config=True)
    auto_metrics = CaselessStrEnum(
        ["floats", "last", "off"],
        "floats",
        help="Take metrics from the cell: from top-level 'floats' too, from the 'last' expression only, or not at all.",
    ).tag(config=True)
    auto_name = Bool(True, help="Name a run without a name after the model that its cell fitted.").tag(config=True)
    figures = Bool(True, help="Keep the figures that a run's cell shows.").tag(config=True)
    output = Bool(True, help="Keep what a run's cell prints.").tag(config=True)
    source = Bool(True, help="Keep the source of a run's cell.").tag(config=True)
    git = Bool(True, help="Record git's commit, branch, remote, and the uncommitted diff.").tag(config=True)
    system_metrics = Bool(
        False, help="Record processor, memory, disk, network and GPUs while runs are going (%%track --system: of one)."
    ).tag(config=True)
    environment = Bool(True, help="Record Python, the packages imported, and the machine.").tag(config=True)


def make_settings(shell: Any) -> JupyterTrack:
    """Return the settings of a shell; a bad value in its config is dropped with a warning and the default counts."""
    config = getattr(shell, "config", None) or Config()
    try:
        return JupyterTrack(config=config, parent=None)
    except TraitError:
        good = JupyterTrack()
        for name, value in dict(config.get("JupyterTrack", {})).items():
            if isinstance(value, DeferredConfig):  # from a command line: text until the trait is known
                trait = good.traits().get(name)
                value = value if trait is None else value.get_value(trait)
            try:
                setattr(good, name, value)
            except TraitError as error:
                report(f"config-{name}", f"JupyterTrack.{name} = {value!r} in the configuration is not used: {error}")
        return good
