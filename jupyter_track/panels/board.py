"""The board: table, curves, comparison and charts of many runs, with one selection and one set of colours.

The parts are the panels themselves. What one of them says to the board's view goes through the board, marked with the
part that it is of, and so does what the view says to a part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, NotFound
from ..store import table_rows
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.board import NO_RUN, query_code
from ..views.colors import Paint, paints
from ..views.curve_choice import Asked
from ..views.curves import MOST_RUNS
from ..views.found import Runs
from ..views.markup import Markup, element
from ..views.measure import measure_of
from .actions import ids_of
from .comparison import ComparisonPanel
from .curves import CurvesPanel
from .many import ManyPanel
from .panel import Link, Message, Panel
from .reporting import write_report
from .standing import Forms, SelectingPanel
from .table import RunTablePanel
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_COMPARED = 8


class BoardPanel(SelectingPanel):
    """All that there is to see of the runs, in one place.

    Parameters
    ----------
    store : Path
    run_ids : sequence of str, optional
        The runs that it is about; by default all, also those to come.
    asked : str, optional
        The filter that gave them, where one did.
    notebook : str, optional
        For which notebook the person's choices are kept: its path relative to the store's folder.
    folder : Path, optional
        Where reports are written: the notebook's; by default the store's.
    edited : callable, optional
        Called after runs were edited here.
    shown : callable, optional
        Shows the panel where it is the value of a cell.
    table_forms : callable, optional
        Gives the static forms of the table, as HTML and text.

    Examples
    --------
    >>> board = %track board  # doctest: +SKIP
    >>> board.selected.best("accuracy")  # doctest: +SKIP
    """

    kind = "board"

    def __init__(
        self,
        store: Path,
        *,
        run_ids: Sequence[str] | None = None,
        asked: str = "",
        notebook: str | None = None,
        folder: Path | None = None,
        edited: Callable[[], object] | None = None,
        shown: Callable[[BoardPanel], object] | None = None,
        table_forms: Callable[[RunTablePanel], Forms] | None = None,
    ) -> None:
        super().__init__(store, shown)
        self._stale = False  # whether the static form is behind what is selected
        self._run_ids = None if run_ids is None else tuple(run_ids)
        self._asked = asked
        self.table = RunTablePanel(
            store, run_ids=run_ids, notebook=notebook, folder=folder, edited=edited, forms=table_forms
        )
        self.curves = CurvesPanel(store, Asked(run_ids=self._curved(())), notebook=notebook)
        self.many = ManyPanel(store, run_ids=run_ids)
        self.comparison: ComparisonPanel | None = None
        self._paints: dict[str, Paint] = {}
        self._views: dict[int, dict[str, Link]] = {}  # by the id of a view's link, its links to the parts

    # ---- what a person asks in Python

    @property
    def runs(self) -> Runs:
        """The runs of the table, filtered and in its order."""
        return self.table.runs

    @property
    def df(self) -> DataFrame:
        """What the table shows as a DataFrame, with the columns of `search_runs`."""
        return self.table.df

    @property
    def code(self) -> str:
        """The code that gives the runs which are selected here, else those that the table shows."""
        runs = self.selected
        if not runs and self._run_ids is not None and not self._asked:  # runs of which no filter is known
            runs = self.runs
            if not runs:
                return NO_RUN
        numbers = [run.number for run in runs if run.number is not None]
        return query_code(numbers, self.table.filter_text, self._asked)

    def __repr__(self) -> str:
        return f"<BoardPanel of {self.store}>"

    def forms(self) -> Forms:
        """Return the static forms of the parts, one below the other, as HTML and text."""
        found = [self.table.forms()]
        if store_exists(self.store):
            found.append(self.curves.forms())
            if self.comparison is not None:
                found.append(self.comparison.forms())
        below = [element("div", Markup(html), style="padding-top:12px") for html, _ in found]
        return element("div", *below), "\n\n".join(text for _, text in found)

    def refresh(self) -> float | None:
        """Show what is selected in the static form too; see `Ticker`."""
        with self._lock:
            if self._stale and self._standing is not None:
                self._stale = False
                self._standing.show()
        return None

    # ---- the parts and their links

    @property
    def _parts(self) -> dict[str, Panel]:
        parts: dict[str, Panel | None] = {
            "table": self.table, "curves": self.curves, "comparison": self.comparison, "many": self.many
        }  # fmt: skip
        return {name: part for name, part in parts.items() if part is not None}

    def _link(self, link: Link, name: str) -> Link:
        """The link of a view to a part; made when it is asked for."""
        links = self._views.setdefault(id(link), {})
        if name not in links:
            part = self._parts.get(name)
            if part is None:
                raise InvalidValue(f"The board has no part {name!r:.40} now.")
            links[name] = Link(
                lambda message: link.send({"type": "part", "part": name, "message": self._painted(message)})
            )
            part.attach(links[name])
        return links[name]

    def detach(self, link: Link) -> None:
        """A front end shows the board no longer, nor its parts."""
        super().detach(link)
        for name, own in self._views.pop(id(link), {}).items():
            if (part := self._parts.get(name)) is not None:
                part.detach(own)

    def received(self, link: Link, message: object) -> None:
        """Take a message from a view; what is for a part goes there, but what is selected concerns all."""
        if not isinstance(message, Mapping) or message.get("type") != "part":
            super().received(link, message)
            return
        name, inner = message.get("part"), message.get("message")
        if not isinstance(name, str) or not isinstance(inner, Mapping) or name not in self._parts:
            return
        if inner.get("type") == "action" and inner.get("name") == "select":
            return  # the board is told itself
        self._parts[name].received(self._link(link, name), inner)

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send which parts there are, and what is selected."""
        with self._lock:
            self._paint()
            link.ready = True
            link.send(self._message())

    def _message(self) -> Message:
        self.rev += 1
        return {
            "type": "board",
            "rev": self.rev,
            "parts": list(self._parts),
            "selected": list(self._selected),
            "paints": [
                [run_id, {"color": paint.color, "dash": list(paint.dash), "opacity": paint.opacity}]
                for run_id, paint in self._paints.items()
            ],
            "compared": self._compared_words(),
        }

    def _compared_words(self) -> str:
        """What stands in the place of the comparison while there is none."""
        if self.comparison is not None:
            return ""
        return "Select runs to compare them." if len(self._selected) < 2 else "These runs cannot be compared."

    def _paint(self) -> None:
        """Find the colours: of the runs that are selected, else of those whose curves are drawn."""
        if self._selected:
            found = [(row.number, row.run_id) for row in self._rows(self._selected)]
        else:
            found = [(run.number or 0, run.run_id) for run in self.curves.choice().runs]
        self._paints = paints({run_id: number for number, run_id in sorted(found)})

    def _painted(self, message: Message) -> Message:
        """Return a message of a part with the board's colours in the place of its own."""
        runs = message.get("runs")
        if message.get("type") not in ("curves-view", "comparison") or not isinstance(runs, list):
            return message
        return {**message, "runs": [self._colored(run) for run in runs]}

    def _colored(self, run: Message) -> Message:
        paint = self._paints.get(run["id"])
        if paint is None:
            return run
        own = {"color": paint.color, "dash": list(paint.dash), "opacity": paint.opacity}
        return {**run, **{key: value for key, value in own.items() if key in run}}

    def changed(self) -> None:
        """Look at the parts soon."""
        for part in self._parts.values():
            part.changed()

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for on the board."""
        if name == "select":
            self._select(ids_of(message))
            return None
        if name == "report":
            return write_report(self.store, self.table.folder, message, lambda: [run.run_id for run in self.runs])
        if name == "continue":
            return {"text": self.code}
        raise InvalidValue(f"A board does not know how to {name!r:.40}.")

    def _rows(self, ids: Sequence[str]) -> list[table_rows.TableRow]:
        if not store_exists(self.store):
            return []
        return table_rows.RowReader(self.store).read(table_rows.numbers_of(self.store, ids)[::-1])

    def _curved(self, ids: Sequence[str]) -> tuple[str, ...] | None:
        """The runs whose curves are drawn: the selected ones, else those that the board is about."""
        chosen = ids or self._run_ids
        return None if chosen is None else tuple(chosen)[:MOST_RUNS]

    def _select(self, ids: Sequence[str]) -> None:
        with self._lock:
            rows = self._rows(ids)
            self._selected = tuple(row.run_id for row in rows)
            self.table.mark(self._selected)
            self.many.mark(self._selected)
            self._paint()
            self.curves.show_runs(self._curved(self._selected), self._selected)
            self._compare(rows)
            message = self._message()
            for link in self.links:
                link.send(message)
            self._stale = True
        ticker.watch(self)  # the static form costs more than a click may, beside a cell that runs

    def _compare(self, rows: Sequence[table_rows.TableRow]) -> None:
        """Compare what is selected: the baseline first, one run with what it is measured against."""
        ids = [row.run_id for row in sorted(rows, key=lambda row: not row.baseline)][:MOST_COMPARED]
        if len(ids) == 1:
            reader = Reader(self.store)
            try:
                ids.insert(0, measure_of(reader, reader.run(ids[0])).run_id)
            except NotFound:
                ids = []
        columns = [(run_id,) for run_id in ids]
        if len(columns) < 2:
            self._drop_comparison()
        elif self.comparison is None:
            self.comparison = ComparisonPanel(self.store, columns, with_curves=False)
        else:
            self.comparison.show_columns(columns)

    def _drop_comparison(self) -> None:
        if self.comparison is not None:
            for links in self._views.values():
                if (own := links.pop("comparison", None)) is not None:
                    own.closed = True
            self.comparison = None
