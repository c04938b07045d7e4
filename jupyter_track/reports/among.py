"""What `best`, `last` and `baseline` mean of some runs: one of them, whatever else the store holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import NotFound
from ..records import Run
from ..views.found import Runs
from .reading import CleanReader

_WORD = re.compile(r"(?:best(?::(?P<metric>.+))?|last(?:~(?P<back>\d{1,9}))?|baseline)\Z", re.IGNORECASE | re.DOTALL)


def is_word(meant: object) -> bool:
    """Return whether what names a run goes by the runs that it is among."""
    return isinstance(meant, str) and _WORD.match(meant.strip()) is not None


def baseline_of(runs: Sequence[Run], best: Run | None) -> Run | None:
    """Return the baseline among some runs; of several that of the experiment of the best one, else the first."""
    found = [run for run in runs if run.baseline_run_id == run.run_id]
    beside = best.baseline_run_id if best is not None else None
    return next((run for run in found if run.run_id == beside), found[0] if found else None)


def run_among(reader: CleanReader, runs: Sequence[Run], word: str, best: Run | None) -> Run:
    """Return the run of some that a word means.

    Where the baseline of their experiment is none of them, it is meant all the same. Of a single run the words go by
    its experiment.

    Parameters
    ----------
    reader : CleanReader
    runs : sequence of Run
        The first ranked.
    word : str
        One of which `is_word` is true.
    best : Run or None
        The best of them, by the metric that they are ranked by.

    Raises
    ------
    NotFound
        Where there is no such run.
    InvalidValue
        For the best by a metric of which no goal is known.
    """
    found = _WORD.match(word.strip())
    assert found is not None
    if len(runs) == 1:
        return reader.runs_of([reader.resolve(word, int(runs[0].experiment_id))])[0]
    if found["metric"] is not None:
        return Runs(runs).best(reader.metric_meant(found["metric"].strip()))
    kind = found[0].lower()[:4]
    if kind == "last":
        back, newest = int(found["back"] or 0), sorted(runs, key=lambda run: -(run.number or 0))
        if back >= len(newest):
            raise NotFound(f"There is no run {word.strip()!r}: the report has {len(newest):,} runs.")
        return newest[back]
    if kind == "best":
        return best or Runs(runs).best()  # says why there is none
    return _baseline(reader, runs, best)


def _baseline(reader: CleanReader, runs: Sequence[Run], best: Run | None) -> Run:
    called = [run for run in runs if run.name == "baseline"]
    own = baseline_of(runs, best) or max(called, key=lambda run: run.number or 0, default=None)
    if own is not None:
        return own
    known = dict.fromkeys(run.baseline_run_id for run in runs if run.baseline_run_id is not None)
    if len(known) == 1:
        return reader.runs_of([str(next(iter(known)))])[0]
    raise NotFound("None of the runs of the report is a baseline, and they have not one in common; name the run.")
