"""Many runs at once: the static form of parallel coordinates of 1,000 runs, and what a view of them gets."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path

from jupyter_track.panels.many import ManyPanel
from jupyter_track.panels.panel import Link
from jupyter_track.store.table_rows import RowReader, active_numbers

from .measure import REPOSITORY, Row, best, cpu, folder, in_time

RUNS = 1_000


def many(times: int) -> list[Row]:
    """CPU time of the form, of the same with reading, and of a view that opens."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from made_stores import made_store
    from made_sweep import add_sweep

    with folder() as place:
        store = made_store(place)
        add_sweep(store, RUNS)
        panel = ManyPanel(store)
        panel.forms()  # imports, too, and what is read is kept
        numbers = active_numbers(store)
        form = best(lambda: cpu(panel.forms), times)
        read = best(lambda: cpu(lambda: RowReader(store).read(numbers)), times)
        whole = best(lambda: _new(store, ManyPanel.forms), times)
        view = best(lambda: _new(store, lambda one: one.greet(Link(lambda message: json.dumps(message)))), times)
    name = f"parallel coordinates of {RUNS:,} runs"
    return [
        in_time(f"{name}: the static form", form, 0.020),
        in_time(f"… with reading ({read * 1e3:.1f} ms)", whole, 0.020),
        in_time(f"{name}: a view opens", view, 1.0),
    ]


def _new(store: Path, act: Callable[[ManyPanel], object]) -> float:
    """The CPU seconds of what a new panel does, which then lets go of what it read."""
    panel = ManyPanel(store)
    seconds = cpu(lambda: act(panel))
    panel.refresh()
    gc.collect()
    return seconds
