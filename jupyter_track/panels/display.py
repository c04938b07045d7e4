"""One display under a cell, which other threads update.

A kernel shows something under the cell whose message it answers. Which that is, it finds in the context of the thread;
a display keeps the context in which it was made.
"""

from __future__ import annotations

import contextvars
import uuid
from collections.abc import Mapping
from typing import Any

OWN = {"jupyter_track": {"static": True}}  # the metadata by which our displays are told from the user's figures


class Display:
    """A place under the cell that is running now.

    Parameters
    ----------
    publisher : IPython.core.displaypub.DisplayPublisher
        The shell's own; not the stand-in of ``%%capture``.
    """

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._context = contextvars.copy_context()
        self._id: str | None = None

    @property
    def shown(self) -> bool:
        """Whether it is on the page."""
        return self._id is not None

    def erase(self) -> None:
        """Say that it is gone from the page, by ``clear_output``; what comes next is shown anew."""
        self._id = None

    def show(self, bundle: Mapping[str, Any]) -> None:
        """Show a bundle in this place. One caller at a time."""
        update = self._id is not None
        if self._id is None:
            self._id = uuid.uuid4().hex  # a new one each time: a front end may still have the erased one in its books
        self._context.run(
            self._publisher.publish, dict(bundle), metadata=OWN, transient={"display_id": self._id}, update=update
        )
