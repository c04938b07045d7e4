"""What a card says of other runs: the one before it, the baseline, those that it repeats, its children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..records import Run, RunStatus
from ..store import relatives, run_rows, run_sources
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
    parent : Run or None
        The one that it is a child of, where the store has it.
    """

    previous: Run | None = None
    changed: Difference | None = None
    baseline: Run | None = None
    repeats: Sequence[Run] = ()
    reference_repeats: Sequence[Run] = ()
    children: Children | None = None
    parent: Run | None = None

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


def beside_of(reader: Reader, run: Run, *, typed: str | None = None, previous: Run | None = None) -> Beside:
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

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `Reader` does.
    """
    store = reader.store
    with reading(store) as connection:  # one for all of it: opening the file is what takes the time
        earlier = relatives.before(store, run)
        codes = run_sources.hashes(store, [run.run_id, *(one.run_id for one in earlier)]) if earlier else {}
        if typed is not None:
            codes[run.run_id] = run_sources.hash_of([run_sources.code_of(typed)])
        repeating = run.status == RunStatus.FINISHED and run.run_id in codes
        same = relatives.equal(store, run, earlier, codes) if repeating else []
        last = earlier[0].number if earlier and not (run.cell_id is None and previous is not None) else None
        base = relatives.baseline_number(store, run)
        above = [] if run.parent_run_id is None else run_rows.run_numbers(connection, [run.parent_run_id])
        wanted = {number for number in (last, base, *same, *above) if number is not None}
        loaded = {one.number: one for one in run_rows.load(store, sorted(wanted))}
        before = previous if last is None else loaded.get(last)
        found = Beside(
            previous=before,
            changed=None if before is None else _changed(reader, run, before, typed, codes),
            baseline=loaded.get(base),
            repeats=[run, *(loaded[number] for number in same if number in loaded)] if repeating else (),
            children=relatives.children(store, run.run_id, run.goals),
            parent=loaded.get(above[0]) if above else None,
        )
        reference = found.reference(run)
        if reference is None or run.metrics.keys().isdisjoint(reference.metrics):
            return found  # nothing is measured against anything
        # The later repeats of a baseline count too, but none after this run: its card would tell another story later.
        return replace(found, reference_repeats=relatives.alike(store, reference, until=run.number))


def _changed(reader: Reader, run: Run, before: Run, typed: str | None, codes: Mapping[str, str]) -> Difference:
    code = codes.get(run.run_id)
    if code is not None and code == codes.get(before.run_id):  # equal code need not be read to be compared
        return difference(run, before, "", "")
    texts = reader.source_texts([before.run_id] if typed is not None else [run.run_id, before.run_id])
    if typed is not None:
        texts[run.run_id] = run_sources.code_of(typed)
    return difference(run, before, texts.get(run.run_id), texts.get(before.run_id))
