"""Which run is compared where none is named, and with which one; and why."""

from __future__ import annotations

from ..errors import NotFound
from ..records import Run
from ..store.reader import Reader
from .words import named


def last_of(reader: Reader, experiment: str | None = None) -> tuple[Run, str]:
    """Return the last run that tells something, and why it is that one: it finished, or runs and has logged metrics.

    Where no run has, it is the last of all.

    Parameters
    ----------
    reader : Reader
    experiment : str, optional
        The id of the experiment that it is of; by default of any.

    Raises
    ------
    NotFound
        Where there is no run.
    """
    within = None if experiment is None else [experiment]
    newest = reader.runs_meant(["last"]) if within is None else reader.runs(within, limit=1)
    if not newest:
        raise NotFound("This experiment has no runs to compare.")
    last = newest[0]
    if _tells(last):
        return last, "the last run"
    found = [*reader.runs(within, "attributes.status = 'FINISHED'", limit=1)]
    found += [run for run in reader.runs(within, "attributes.status = 'RUNNING'", limit=_LIVE) if _tells(run)]
    telling = max(found, key=lambda run: run.number or 0, default=None)
    if telling is None:
        return last, f"the last run, which {_became(last)}"
    kind = "finished" if telling.state == "finished" else "has metrics"
    return telling, f"the last run that {kind} (#{last.number} {_became(last)})"


_LIVE = 20


def _tells(run: Run) -> bool:
    return run.state == "finished" or (run.state == "running" and bool(run.metrics))


def _became(run: Run) -> str:
    return {"failed": "failed", "lost": "was lost", "running": "has no metric yet"}.get(run.state, f"is {run.state}")


def reason_of(run: Run, measure: Run) -> str:
    """Return why a run is measured against the other, which `measure_of` gave."""
    return "the baseline" if measure.run_id == run.baseline_run_id else "the run before it of its cell"


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
