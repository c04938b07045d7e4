"""Registers what records do beyond holding values: showing themselves, and loading their models.

The views are loaded where somebody can look: under IPython. A script does not load them.
"""

import sys
from typing import Any

from ..records import Run, model_of

if "IPython" in sys.modules:
    from ..views import html, text  # noqa: F401 - importing registers the forms


@model_of.register
def _(record: Run, name: str | None) -> Any:
    from ..models.looking import load_of_run
    from .session import session
    from .tracker import Tracker

    own = session.tracker()
    tracker = own if record.store in (None, own.store) else Tracker(record.store)
    return load_of_run(tracker, record.run_id, name)
