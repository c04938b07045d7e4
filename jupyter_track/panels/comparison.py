"""The live comparison of runs, or of groups of runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..charts.specs import made
from ..errors import InvalidValue, NotFound
from ..store import table_rows
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.cell_diffs import WHOLE
from ..views.compared import Comparison
from ..views.comparison import code_diffs, comparison_of, found_runs
from ..views.comparison_html import stored_comparison_html
from ..views.comparison_parts import Parts, column_curve, curve_keys, parts_of, run_paints
from ..views.curve_choice import Asked, choose
from ..views.curves import STEP, series_of
from ..views.found import Runs
from ..views.group_comparison import group_comparison_of
from ..views.live_comparison import code_message, comparison_message, line_message, series_message
from .charted import Charted
from .joining import Joiner
from .panel import Link, Message
from .pictures import picture_message
from .standing import Forms, StandingPanel, file_state
from .table import details_message
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

REST = 0.25  # seconds between two looks at the store
LIVENESS = 5.0  # seconds between two looks at what surrounds the runs: repeats, runs of other kernels that died
CURVE_POINTS = 400
MOST_WHOLE = 5_000  # lines of code that are sent where all of it is asked for
Columns = Sequence[Sequence[str]]


class ComparisonPanel(Charted, StandingPanel):
    """A comparison that follows its runs while somebody looks at it.

    Parameters
    ----------
    store : Path
    columns : sequence of sequence of str
        The ids of each column: one for a run, several for a group.
    grouped : bool, default False
        Whether the columns are groups.
    shown : callable, optional
        Shows the panel where it is the value of a cell.

    Examples
    --------
    >>> panel = %track compare baseline last  # doctest: +SKIP
    >>> panel.df  # doctest: +SKIP
    """

    kind = "comparison"

    def __init__(
        self,
        store: Path,
        columns: Columns,
        *,
        grouped: bool = False,
        shown: Callable[[ComparisonPanel], object] | None = None,
    ) -> None:
        super().__init__(store, shown)
        self.grouped = grouped
        self._columns = [tuple(column) for column in columns]
        self._joiner = Joiner(store)
        self._note = ""
        self._comparison: Comparison | None = None
        self._made: Comparison | None = None  # what it was made of, until it is shown
        self._parts = Parts()
        self._sent: Message = {}
        # The points of each curve that the views have.
        self._counts: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
        self._rev = -1
        self._seen: tuple[int, int] | None = None
        self._looked = 0.0

    @classmethod
    def of(cls, comparison: Comparison, shown: Callable[[ComparisonPanel], object] | None = None) -> ComparisonPanel:
        """Return a panel that shows a comparison, which knows its store."""
        if comparison.store is None:
            raise InvalidValue("This comparison was made by hand and knows no store.")
        grouped = any(run.members for run in comparison.runs)
        columns = [run.members or (run.run_id,) for run in comparison.runs]
        panel = cls(comparison.store, columns, grouped=grouped, shown=shown)
        panel._comparison = panel._made = comparison
        panel._note = comparison.note
        return panel

    # ---- what a person asks in Python

    @property
    def comparison(self) -> Comparison:
        """What differs now."""
        return self._compared()

    @property
    def df(self) -> DataFrame:
        """What differs as a DataFrame; numbers as they are stored."""
        return self._compared().df

    @property
    def runs(self) -> Runs:
        """The runs that are compared."""
        return Runs(self.reader.runs_of([run_id for column in self._columns for run_id in column]), store=self.store)

    @property
    def chart(self) -> Any:
        """The curves of the metrics that are drawn in the comparison, a line a run, as an Altair chart.

        Raises
        ------
        NotFound
            Where the runs have no curves.
        """
        from ..charts.curves import chart

        ids = [run_id for column in self._columns for run_id in column]
        keys = [one.key for one in curve_keys(self.reader.runs_of(ids))]
        if not keys:
            raise NotFound("These runs have no curves to draw; .to_markdown() is the comparison as text.")
        choice = choose(self.store, Asked(tuple(keys), tuple(ids)))
        runs = {run.number: run for run in choice.runs}
        series = [series_of(self.store, curve, runs[curve.number], CURVE_POINTS) for curve in choice.drawn(STEP)]
        return chart(choice, series, x=STEP)

    def to_markdown(self) -> str:
        """Return the comparison as Markdown."""
        return self._compared().to_markdown()

    @property
    def reader(self) -> Reader:
        """The reader of the store."""
        return Reader(self.store)

    def __repr__(self) -> str:
        return f"<ComparisonPanel of {len(self._columns)} {'groups' if self.grouped else 'runs'} of {self.store}>"

    def forms(self) -> Forms:
        """Return the static forms, as HTML and text."""
        comparison, self._made = self._made or self._compared(), None
        self._comparison = comparison
        return str(stored_comparison_html(comparison)), str(comparison)

    # ---- what is read

    def _compared(self) -> Comparison:
        if self.grouped:
            return group_comparison_of(self.reader, self._columns)
        return replace(comparison_of(self.reader, [column[0] for column in self._columns]), note=self._note)

    def _read(self) -> Message:
        self._rev = table_rows.revision(self.store)
        self._looked = time.monotonic()
        self._comparison = self._compared()
        self._parts = parts_of(self.reader, self._comparison)
        return comparison_message(self._comparison, self._parts, run_paints(self._comparison))

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send all of it."""
        with self._lock:
            self._sent = self._read()
            self.rev += 1
            spec = made("curves") if self._parts.curves else None
            link.send({"type": "comparison", "rev": self.rev, "grouped": self.grouped, "spec": spec, **self._sent})
            series = self._series(every=True)
            if series:
                link.send({"type": "comparison-curves", "series": series})
            link.ready = True
            self._seen = None
        ticker.watch(self, REST)

    def changed(self) -> None:
        """Look at the store at once."""
        self._seen = None
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Send what has changed; see `Ticker`."""
        with self._lock:
            links = self.links
            if not links:
                self._joiner.forget()
                return self._standing.refresh() if self._standing is not None and self._goes_on() else None
            if self._has_changed():
                self._send(links)
            return REST

    def _goes_on(self) -> bool:
        """Whether one of the runs, as it was read last, may still change."""
        return self._comparison is None or any(run.state.word == "running" for run in self._comparison.runs)

    def _has_changed(self) -> bool:
        """Whether one of the runs has, or something else did a while ago: repeats count, and runs of dead kernels."""
        seen, now = file_state(self.store), time.monotonic()
        if seen is None:
            return False
        late = now - self._looked >= LIVENESS
        if seen == self._seen:
            return late and any(run["live"] for run in self._sent.get("runs", ()))
        changes = table_rows.changes_since(self.store, self._rev)
        own = {run["number"][1:] for run in self._sent.get("runs", ())}
        if self.grouped or changes.all or late or own & set(map(str, changes.numbers)):
            self._seen = seen
            return True
        return False

    def _send(self, links: Sequence[Link]) -> None:
        try:
            told = self._read()
        except (NotFound, InvalidValue):  # one was deleted for good: what was seen stays
            return
        changed = {part: value for part, value in told.items() if value != self._sent.get(part)}
        had_curves = bool(self._sent.get("curves"))
        self._sent = told
        series = self._series()
        self.rev += 1
        if self._parts.curves and not had_curves:
            changed["spec"] = made("curves")
        for link in links:
            if changed:
                link.send({"type": "comparison", "rev": self.rev, **changed})
            if series:
                link.send({"type": "comparison-curves", "series": series})

    def _series(self, *, every: bool = False) -> list[Message]:
        """The curves that have grown, or all of them."""
        if every:
            self._counts.clear()
        found: list[Message] = []
        if self._comparison is None or not self._parts.curves:
            return found
        reader = self.reader
        columns = {run.run_id: run.members or (run.run_id,) for run in self._comparison.runs}
        known = {run.run_id: run for run in reader.runs_of([one for members in columns.values() for one in members])}
        for column in self._comparison.runs:
            for one in self._parts.curves:
                metrics = [known[member].metrics.get(one.key) for member in columns[column.run_id] if member in known]
                counts = tuple((metric.count, metric.last_step) for metric in metrics if metric is not None)
                if counts and self._counts.get((column.run_id, one.key)) != counts:
                    self._counts[column.run_id, one.key] = counts
                    curve = column_curve(reader, column, one.key, CURVE_POINTS)
                    found.append(series_message(column.run_id, one.key, curve, one.goal))
        return found

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for in the comparison."""
        if name == "first":
            self._put_first(self._column(message))
            return None
        if name == "remove":
            self._remove(self._column(message))
            return None
        if name == "open":
            return {"details": details_message(self.reader.run(self._own(message)))}
        if name == "equal":
            return {"lines": [line_message(line) for line in self._now().same]}
        if name == "diff":
            return {"diff": self._whole_code(self._own(message))}
        if name == "markdown":
            return {"text": self._compared().to_markdown()}
        if name == "picture":
            return picture_message(self.reader, self._own(message), message)
        if name == "rows":
            self._ask_rows(message)
            return None
        raise InvalidValue(f"A comparison does not know how to {name!r:.40}.")

    def _now(self) -> Comparison:
        if self._comparison is None:
            self._comparison = self._compared()
        return self._comparison

    def _own(self, message: Mapping[str, Any]) -> str:
        """The run that is meant, which must be one of those that are compared."""
        run_id = message.get("run")
        if not isinstance(run_id, str) or not any(run_id in column for column in self._columns):
            raise InvalidValue("That run is not compared here.")
        return run_id

    def _column(self, message: Mapping[str, Any]) -> int:
        run_id = self._own(message)
        return next(place for place, column in enumerate(self._columns) if run_id in column)

    def _put_first(self, place: int) -> None:
        with self._lock:
            self._columns.insert(0, self._columns.pop(place))
            self._rearranged()

    def _remove(self, place: int) -> None:
        if len(self._columns) < 3:
            raise InvalidValue("A comparison needs two of them.")
        with self._lock:
            del self._columns[place]
            self._rearranged()

    def show_columns(self, columns: Columns) -> None:
        """Compare other runs."""
        with self._lock:
            wanted = [tuple(column) for column in columns]
            if wanted != self._columns:
                self._columns = wanted
                self._rearranged()

    def _rearranged(self) -> None:
        self._comparison, self._note = None, ""
        self._counts.clear()
        links = self.links
        if links:
            self._send(links)

    def _whole_code(self, run_id: str) -> Message:
        first = self._columns[0][0]
        runs = found_runs(self.reader, [first, run_id])
        cells = self.reader.source_cells([first, run_id])
        found = code_diffs(runs, cells, context=WHOLE, most=MOST_WHOLE)
        if not found:
            raise InvalidValue("The code of the two is equal, or not recorded.")
        return code_message(found[0])

    def _ask_rows(self, message: Mapping[str, Any]) -> None:
        self._now()
        if not self._parts.tables and store_exists(self.store):
            self._sent = self._read()
        slot = next((one for one in self._parts.tables if one.name == message.get("table")), None)
        if slot is None:
            raise InvalidValue("There is no such table.")
        self._joiner.ask(slot, message, self._tell)

    def _tell(self, message: Message) -> None:
        for link in self.links:
            link.send(message)
