"""The live comparison of runs, or of groups of runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, NotFound
from ..store import table_rows
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.cell_diffs import WHOLE
from ..views.compared import Comparison
from ..views.comparison import code_diffs, comparison_of, found_runs
from ..views.comparison_html import stored_comparison_html
from ..views.comparison_parts import Parts, curve_keys, parts_of, run_paints
from ..views.curve_choice import COMPARED, Asked
from ..views.curves import MOST_RUNS
from ..views.found import Runs
from ..views.group_comparison import group_comparison_of
from ..views.live_comparison import code_message, comparison_message, line_message
from .charted import Charted
from .curves import CurvesPanel
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
    with_curves : bool, default True
        Whether the curves are among it; a board has them beside it.

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
        with_curves: bool = True,
    ) -> None:
        super().__init__(store, shown)
        self.grouped = grouped
        self.curves = CurvesPanel(store, Asked(run_ids=())) if with_curves else None
        self._curve_links: dict[int, Link] = {}  # by the id of a view's link, its link to the curves
        self._columns = [tuple(column) for column in columns]
        self._joiner = Joiner(store)
        self._note = ""
        self._comparison: Comparison | None = None
        self._made: Comparison | None = None  # what it was made of, until it is shown
        self._parts = Parts()
        self._sent: Message = {}
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
        ids = [run_id for column in self._columns for run_id in column]
        keys = [one.key for one in curve_keys(self.reader.runs_of(ids))]
        if not keys:
            raise NotFound("These runs have no curves to draw; .to_markdown() is the comparison as text.")
        return CurvesPanel(self.store, Asked(tuple(keys), tuple(ids))).chart

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
        if self.curves is None:
            self._parts = replace(self._parts, curves=())
        else:
            self.curves.show(self._curves_asked(self.curves.asked))
        return comparison_message(self._comparison, self._parts, run_paints(self._comparison))

    def _curves_asked(self, before: Asked) -> Asked:
        """What the curves show: the metrics that are worth a look, of all runs; groups as they are compared."""
        assert self._comparison is not None
        names = [run.long_title for run in self._comparison.runs]
        columns = tuple(zip(names, self._columns, strict=False)) if self.grouped else ()
        ids = tuple(run_id for column in self._columns[: len(names)] for run_id in column)[:MOST_RUNS]
        keys = tuple(one.key for one in self._parts.curves)
        return replace(
            before, metrics=keys, run_ids=ids if keys else (), columns=columns, group=COMPARED if columns else ""
        )

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send all of it."""
        with self._lock:
            self._sent = self._read()
            self.rev += 1
            link.send({"type": "comparison", "rev": self.rev, "grouped": self.grouped, **self._sent})
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
        self._sent = told
        self.rev += 1
        if not changed:
            return
        for link in links:
            link.send({"type": "comparison", "rev": self.rev, **changed})

    # ---- the curves, a panel of their own within this one

    def received(self, link: Link, message: object) -> None:
        """Take a message from a view; what is for the curves goes there."""
        if not isinstance(message, Mapping) or message.get("type") != "part":
            super().received(link, message)
        elif self.curves is not None and message.get("part") == "curves":
            if id(link) not in self._curve_links:
                self._curve_links[id(link)] = own = Link(lambda told: link.send(self._of_curves(told)))
                self.curves.attach(own)
            self.curves.received(self._curve_links[id(link)], message.get("message"))

    def detach(self, link: Link) -> None:
        """A front end shows the comparison no longer, nor its curves."""
        super().detach(link)
        own = self._curve_links.pop(id(link), None)
        if own is not None and self.curves is not None:
            self.curves.detach(own)

    def _of_curves(self, message: Message) -> Message:
        """Wrap a message of the curves: runs look as in the comparison."""
        comparison = self._comparison
        if message.get("type") == "curves-view" and comparison is not None:
            drawn = run_paints(comparison)
            columns = {one: at for at, column in enumerate(self._columns) for one in column}
            runs = []
            for run in message["runs"]:
                at = columns.get(run["id"], -1)
                if 0 <= at < len(comparison.runs):
                    paint = drawn[comparison.runs[at].run_id]
                    run = {**run, "color": paint.color, "dash": list(paint.dash), "opacity": 1}
                    run["baseline"] = comparison.runs[at].baseline
                runs.append(run)
            message = {**message, "runs": runs}
        return {"type": "part", "part": "curves", "message": message}

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
