"""Files of ours outside of the store: whole under their names, or not there."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError, StoreUnavailable


@contextmanager
def appearing(place: Path) -> Iterator[Path]:
    """Give a temporary path; the file goes to its place when the block ends well, over one that is there.

    Raises
    ------
    StoreUnavailable
        Where it cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".part-{os.getpid()}-{uuid.uuid4().hex}{place.suffix}")
        try:
            yield temporary
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except StoreError:
        raise
    except OSError as error:
        raise StoreUnavailable(f"{place} cannot be written ({error.strerror or error}); name another place.") from error
