"""The damaged file, kept beside the store that takes its place."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path


def keep_damaged(store: Path) -> Path:
    """Keep the damaged file, and a journal that could not be rolled back, under a name of their own."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    number = 0
    while (kept := store.with_name(f"{store.name}.damaged-{stamp}{f'-{number}' if number else ''}")).exists():
        number += 1
    journal = store.with_name(store.name + "-journal")
    with suppress(FileNotFoundError):  # left where it is, it would be applied to the new store
        os.replace(journal, kept.with_name(kept.name + "-journal"))
    try:
        os.link(store, kept)  # so that there is a store in its place at every moment
    except OSError:  # a file system without hard links
        shutil.copy2(store, kept)
    return kept
