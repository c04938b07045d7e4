"""What a card says of other runs: the one before it, the baseline, those that it repeats, its children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..records import Run
from ..store import relatives, run_sources
from ..store.database import reading
from ..store.reader import Reader
from ..store.relatives import Children
from .changes import Difference, difference


@dataclass(frozen=True)
class Beside:
    """What is known of other runs when a card is made.

    Attributes
    ----------
    previous : Run or None
        The run before it of the same cell.
    changed : Difference or None
        What changed since `previous`; None compares the params alone.
    baseline : Run or None
        The one that those of the experiment are measured against.
    repeats : sequence of Run
        The finished runs with the same code and params, the newest first, this one among them.
    reference_repeats : sequence of Run
        The same of the run that the metrics are measured against.
    children : Children or None
    """

    previous: Run | None = None
    changed: Difference | None = None
    baseline: Run | None = None
    repeats: Sequence[Run] = ()
    reference_repeats: Sequence[Run] = ()
    children: Children | None = None

    def reference(self, run: Run) -> Run | None:
        """Return the run that the metrics of `run` are measured against: the baseline, else the previous run."""
        if self.baseline is not None:
            return None if self.baseline.run_id == run.run_id else self.baseline
        return None if self.repeated(run) else self.previous

    @property
    def count(self) -> str:
        """How many runs repeat each other, as ``×3``; ``×51+`` where no more were looked at."""
        return f"×{len(self.repeats)}{'+' if len(self.repeats) > relatives.LIMIT else ''}"

    def repeated(self, run: Run) -> bool:
        """Whether `run` repeats the previous run: what differs is noise."""
        return self.previous is not None and any(one.run_id == self.previous.run_id for one in self.repeats)


ALONE = Beside()


def beside_of(
    reader: Reader, run: Run, *, typed: str | None = None, previous: Run | None = None, counted: bool = True
) -> Beside:
    """Read what is known of the runs beside a run; no point of a curve is read.

    Parameters
    ----------
    reader : Reader
    run : Run
        It need not be in the store yet.
    typed : str or None, default None
        Its cell as typed, where the store does not have it yet.
    previous : Run or None, default None
        What to compare with where the run has no cell id, by which the one before it could be found.
    counted : bool, default True
        Whether to look for repeats and children, which a run that is still going may yet get.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `Reader` does.
    """
    with reading(reader.store):  # one for all of it: opening the file is what takes the time
        before = previous if run.cell_id is None and previous is not None else reader.previous(run)
        baseline = relatives.baseline(reader.store, run)
        wanted = [one.run_id for one in (run, before) if one is not None]
        texts = reader.source_texts(wanted)
        if typed is not None:
            texts[run.run_id] = run_sources.code_of(typed)
        changed = None
        if before is not None:
            changed = difference(run, before, texts.get(run.run_id), texts.get(before.run_id))
        if not counted:
            return Beside(previous=before, changed=changed, baseline=baseline)
        code = None if typed is None else run_sources.hash_of([texts[run.run_id]])
        repeats = relatives.alike(reader.store, run, code)
        found = Beside(before, changed, baseline, repeats)
        reference = found.reference(run)
        return replace(
            found,
            reference_repeats=() if reference is None else relatives.alike(reader.store, reference),
            children=relatives.children(reader.store, run.run_id, run.goals),
        )
