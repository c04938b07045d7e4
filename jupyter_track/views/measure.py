"""What a run is compared with where none is named."""

from __future__ import annotations

from ..errors import NotFound
from ..records import Run
from ..store.reader import Reader
from .words import named


def measure_of(reader: Reader, run: Run) -> Run:
    """Return the baseline of a run's experiment, else the run before it of its cell.

    A deleted baseline, and the run itself as the baseline, do not count.

    Raises
    ------
    NotFound
        Where there is neither.
    """
    if run.baseline_run_id not in (None, run.run_id):
        for baseline in reader.runs_of([str(run.baseline_run_id)]):  # none, where it was deleted for good
            if baseline.lifecycle_stage == "active":
                return baseline
    previous = reader.previous(run)
    if previous is None:
        raise NotFound(
            f"There is nothing to compare {named([run])} with: its experiment has no baseline, and its cell no earlier "
            "run. Name two runs, or set a baseline."
        )
    return previous
