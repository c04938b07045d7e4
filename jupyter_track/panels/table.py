"""The live table of runs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, TrackError
from ..records import Run
from ..store import run_rows, table_rows
from ..store.choices import keep_choices, read_choices
from ..store.place import store_exists
from ..store.reader import Reader
from ..store.table_rows import TableRow
from ..views.details import run_details
from ..views.found import Runs
from ..views.groups import alike, has_seeds, seedless_sources
from ..views.live import spark_message
from ..views.live_table import (
    Fold,
    LiveColumn,
    RowMaker,
    folds,
    foot,
    live_columns,
    predecessors,
    sorted_rows,
)
from ..views.runs import EMPTY
from ..views.sparkline import sparkline
from ..views.tokens import run_color
from .actions import edit_runs, ids_of
from .display import Display
from .panel import Link, Message, Panel
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

FIRST_ROWS, MORE_ROWS = 200, 1_000  # of a message
HTML_REST = 1.0  # seconds between two looks at the store for the HTML's sake
REST = 0.25  # seconds between two looks at the store
LIVENESS = 5.0  # seconds between two looks whether runs of other kernels still live
FEW, COLUMNS_REST = 2_000, 30.0  # of more runs, the columns are chosen anew only so often (seconds)
CURVE_POINTS, MOST_CURVES = 60, 100


class RunTablePanel(Panel):
    """A table of runs that follows the store while somebody looks at it.

    Parameters
    ----------
    store : Path
    run_ids : sequence of str, optional
        The runs that it shows; by default all that are not deleted, also those to come.
    notebook : str, optional
        For which notebook the person's choices are kept: its path relative to the store's folder.
    edited : callable, optional
        Called after runs were edited here: the recording half follows.
    shown : callable, optional
        Shows the panel where it is the value of a cell.

    Examples
    --------
    >>> panel = %track  # doctest: +SKIP
    >>> panel.selected.tag(keep="yes")  # doctest: +SKIP
    """

    kind = "table"

    def __init__(
        self,
        store: Path,
        *,
        run_ids: Sequence[str] | None = None,
        notebook: str | None = None,
        edited: Callable[[], object] | None = None,
        shown: Callable[[RunTablePanel], object] | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.shown_in: object = None  # the execution in which it was shown last
        self._show = shown
        self._display: Display | None = None
        self._forms: Callable[[], tuple[str, str]] | None = None
        self._run_ids = None if run_ids is None else tuple(run_ids)
        self._notebook = notebook or ""
        self._edited = edited
        self._lock = threading.RLock()
        self._rows: dict[int, TableRow] = {}  # the newest first
        self._columns: tuple[LiveColumn, ...] = ()
        self._folds: dict[str, Fold] = {}
        self._sources: dict[str, str] = {}  # by run, a hash of its code; kept, since code does not change
        self._seedless: dict[str, str] = {}  # the same, in which the numbers of seeds do not count
        self._alike: dict[str, str] = {}  # by run, what it is called with those that differ from it only in the seed
        self._store_rev = -1
        self._seen: tuple[int, int] | None = None  # the file when it was looked at: time of change, and size
        self._whole = False
        self._chosen: dict[str, Any] | None = None
        self._selected: tuple[str, ...] = ()
        self._alive = self._arranged = 0.0

    # ---- what a person asks in Python

    @property
    def selected(self) -> Runs:
        """The runs that are marked in the table, as they are now; edits of it are edits of the store."""
        return Runs(self.reader.runs_of(self._selected) if self._selected else (), store=self.store)

    @property
    def runs(self) -> Runs:
        """The runs that the table shows: filtered and in the order that was chosen there."""
        return Runs(self.reader.runs_of(self._shown()), store=self.store)

    @property
    def df(self) -> DataFrame:
        """What the table shows as a DataFrame, with the columns of `search_runs`."""
        return self.reader.frame_of(self._shown())

    @property
    def filter_text(self) -> str:
        """What stands in the table's search: a filter, or words."""
        text = self._choices().get("filter")
        return text if isinstance(text, str) else ""

    def mark(self, ids: Sequence[str]) -> None:
        """Take runs as selected, which were selected elsewhere."""
        self._selected = tuple(ids)

    @property
    def reader(self) -> Reader:
        """The reader of the store."""
        return Reader(self.store)

    def _ipython_display_(self) -> None:
        if self._show is not None:
            self._show(self)

    def __repr__(self) -> str:
        return f"<RunTablePanel of {self.store}>"

    def stand(self, display: Display, html: str, text: str, forms: Callable[[], tuple[str, str]]) -> None:
        """Show the panel in a place; while no view is there, the newest one is refreshed as HTML.

        Parameters
        ----------
        display : Display
        html, text : str
            What it says now.
        forms : callable
            Gives both anew, in the thread that refreshes.
        """
        global _newest
        with self._lock:
            self._display, self._forms = display, forms
            self._seen = self._file()
            display.show(self.bundle(html, text))
        _newest = self
        ticker.watch(self, HTML_REST)

    def _file(self) -> tuple[int, int] | None:
        try:
            state = os.stat(self.store)
        except OSError:
            return None
        return state.st_mtime_ns, state.st_size

    def _shown(self) -> list[str]:
        with self._lock:
            followed = bool(self.links)
            if not (followed and self._whole):
                self._load()
            rows = self._active()
            if not followed:
                self._forget()
        chosen = self._choices()
        text = chosen.get("filter")
        if isinstance(text, str) and text.strip():
            found = set(self._found(text, words=True))
            rows = [row for row in rows if row.run_id in found]
        return [row.run_id for row in sorted_rows(rows, chosen.get("sort"))]

    # ---- what is read

    def _numbers(self) -> list[int]:
        if not store_exists(self.store):
            return []
        if self._run_ids is None:
            return table_rows.active_numbers(self.store)
        return table_rows.numbers_of(self.store, self._run_ids)

    def _load(self, limit: int | None = None) -> None:
        """Read the runs anew: all of them, or the first of them."""
        if not store_exists(self.store):
            self._rows, self._columns, self._whole = {}, (), True
            return
        rev = table_rows.revision(self.store)
        numbers = self._numbers()
        if limit is None and (gone := self._rows.keys() - set(numbers)):
            # What was deleted while somebody looks stays, so that it can be taken back in its place.
            numbers = sorted({*numbers, *gone}, reverse=True)
        part = numbers if limit is None else numbers[:limit]
        self._rows = {row.number: row for row in table_rows.read_rows(self.store, part)}
        self._store_rev, self._whole = rev, len(part) == len(numbers)
        self._arrange()

    def _active(self) -> list[TableRow]:
        return [row for row in self._rows.values() if row.stage == "active"]

    def _forget(self) -> None:
        """Keep no rows while nobody looks: they grow old, and there may be many."""
        self._rows, self._columns, self._folds, self._whole = {}, (), {}, False

    def _arrange(self) -> None:
        rows = self._active()
        self._columns = live_columns(rows, table_rows.goals(self.store))
        self._folds = folds(rows, self._hashes(rows))
        self._alike = self._alike_of(rows)
        self._arranged = time.monotonic()

    def _hashes(self, rows: Sequence[TableRow]) -> Mapping[str, str]:
        """The hashes of the runs' code, by which repeats are known; of a very long table none."""
        if len(rows) > FEW:
            return {}
        asked = [row.run_id for row in rows if row.state == "finished" and row.run_id not in self._sources]
        if asked:
            self._sources.update(self.reader.sources(asked))
        return self._sources

    def _alike_of(self, rows: Sequence[TableRow]) -> dict[str, str]:
        if len(rows) > FEW or not has_seeds(rows):
            return {}
        if asked := [row.run_id for row in rows if row.run_id not in self._seedless]:
            self._seedless |= {**dict.fromkeys(asked, ""), **seedless_sources(self.reader, asked)}
        return alike(rows, self._seedless)

    def _maker(self) -> Callable[[Sequence[TableRow]], list[Message]]:
        """What makes rows as they are sent: one for all parts of a table, since equal cells are made once."""
        baselines = {row.experiment_id: row for row in self._rows.values() if row.baseline}
        maker = RowMaker(self._columns, time.time_ns() // 1_000_000, baselines)
        before = predecessors(self._rows.values())

        def make(rows: Sequence[TableRow]) -> list[Message]:
            made = []
            for row in rows:
                message = maker.row(row, before.get(row.run_id))
                if (fold := self._folds.get(row.run_id)) is not None:
                    message["fold"] = fold.message()
                if (label := self._alike.get(row.run_id)) is not None:
                    message["alike"] = label
                made.append(message)
            return made

        return make

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send the first rows at once, then the others."""
        with self._lock:
            if not self._whole:
                self._load(FIRST_ROWS)
            self._send_table([link], more=True)
            if not self._whole:
                sent = self._columns
                self._load()
                if self._columns != sent:  # another value is the best, or needs another precision
                    self._send_table([link], more=True)
            self._send_rest([link])
            link.ready = True
            self._seen = None
        ticker.watch(self, REST)

    def _send_table(self, links: Sequence[Link], more: bool) -> None:
        rows = list(self._rows.values())
        self.rev += 1
        message = {
            "type": "table",
            "rev": self.rev,
            "columns": [column.message() for column in self._columns],
            "rows": self._maker()(rows[:FIRST_ROWS]),
            "total": len(self._active()) if self._whole else len(self._numbers()),
            "more": more and (not self._whole or len(rows) > FIRST_ROWS),
            "foot": foot(self._columns),
            "empty": EMPTY,
            "choices": self._choices(),
        }
        for link in links:
            link.send(message)

    def _send_rest(self, links: Sequence[Link]) -> None:
        rows, make = list(self._rows.values()), self._maker()
        for start in range(FIRST_ROWS, len(rows), MORE_ROWS):
            part = rows[start : start + MORE_ROWS]
            message = {"type": "rows", "rows": make(part), "more": start + MORE_ROWS < len(rows)}
            for link in links:
                link.send(message)

    def changed(self) -> None:
        """Look at the store at once."""
        self._seen = None
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Send what has changed in the store; see `Ticker`."""
        with self._lock:
            links = self.links
            if not links:
                self._forget()
                return self._refresh_html()
            numbers = self._to_read()
            if numbers is None:
                self._load()
                self._send_table(links, more=True)
                self._send_rest(links)
            elif numbers:
                self._patch(numbers, links)
            return REST

    def _refresh_html(self) -> float | None:
        """Show the static forms anew, in the newest place only: pages of old tables are not sent again and again."""
        if _newest is not self or self._display is None or self._forms is None:
            return None
        if (seen := self._file()) != self._seen:
            self._seen = seen
            self._display.show(self.bundle(*self._forms()))
        return HTML_REST

    def _to_read(self) -> Sequence[int] | None:
        """The numbers of the runs that may have changed; None for all."""
        seen, now = self._file(), time.monotonic()
        if seen is None:
            return None if self._rows else ()
        numbers: set[int] = set()
        if now - self._alive >= LIVENESS:
            self._alive = now
            numbers.update(number for number, row in self._rows.items() if row.live)
        if seen != self._seen:
            changes = table_rows.changes_since(self.store, self._store_rev)
            if changes.all or changes.rev < self._store_rev:
                return None
            self._store_rev, self._seen = changes.rev, seen
            numbers.update(changes.numbers)
            if self._run_ids is not None:
                numbers &= set(self._numbers())
        return sorted(numbers, reverse=True)

    def _patch(self, numbers: Sequence[int], links: Sequence[Link]) -> None:
        found = {row.number: row for row in table_rows.read_rows(self.store, numbers)}
        removed = [self._rows.pop(number).run_id for number in numbers if number in self._rows and number not in found]
        fresh = {n: row for n, row in found.items() if n not in self._rows and row.stage == "active"}
        changed = {n: row for n, row in found.items() if n in self._rows and row != self._rows[n]}
        if not (removed or fresh or changed):
            return
        self._rows = {**dict(sorted(fresh.items(), reverse=True)), **self._rows, **changed}
        if fresh and list(self._rows)[: len(fresh)] != sorted(self._rows, reverse=True)[: len(fresh)]:
            self._rows = dict(sorted(self._rows.items(), reverse=True))
        earlier, folded, named = self._columns, self._folds, self._alike
        new = self._has_new_column([*fresh.values(), *changed.values()])
        if new or len(self._rows) <= FEW or time.monotonic() - self._arranged > COLUMNS_REST:
            self._arrange()
        if [column.layout for column in earlier] != [column.layout for column in self._columns]:
            self._send_table(links, more=True)
            self._send_rest(links)
            return
        affected = {**fresh, **changed, **self._affected(earlier, folded, named)}
        self.rev += 1
        message = {
            "type": "patch",
            "rev": self.rev,
            "rows": self._maker()(list(affected.values())),
            "removed": removed,
            "foot": foot(self._columns),
        }
        for link in links:
            link.send(message)

    def _has_new_column(self, rows: Sequence[TableRow]) -> bool:
        known = {(column.kind, column.key) for column in self._columns}
        return any(
            (kind, key) not in known
            for row in rows
            for kind, keys in (("metric", row.metrics), ("param", row.params), ("tag", row.tags))
            for key in keys
        )

    def _affected(
        self, earlier: Sequence[LiveColumn], folded: Mapping[str, Fold], named: Mapping[str, str]
    ) -> dict[int, TableRow]:
        """The rows that look different because others have changed: the best of a column, folds, names of groups."""
        values = {
            (one.key, value)
            for one, other in zip(earlier, self._columns, strict=True)
            if one.best != other.best
            for value in (one.best, other.best)
        }
        keys = {key for key, _ in values}
        heads = {head for head in {**folded, **self._folds} if folded.get(head) != self._folds.get(head)}
        heads |= {run_id for run_id in {**named, **self._alike} if named.get(run_id) != self._alike.get(run_id)}
        return {
            number: row
            for number, row in self._rows.items()
            if row.run_id in heads or any(key in row.metrics and (key, row.metrics[key][1]) in values for key in keys)
        }

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for in the table."""
        if name == "filter":
            return {"found": self._found(_text(message))}
        if name == "select":
            self._selected = tuple(ids_of(message))
        elif name == "choices":
            self._choose(message.get("choices"))
        elif name == "curves":
            return {"type": "curves", "curves": self._curves(ids_of(message)[:MOST_CURVES])}
        elif name == "open":
            return {"details": details_message(self._run(message))}
        else:
            answer = edit_runs(self.store, name, message)
            if self._edited is not None:
                self._edited()
            return answer
        return None

    def _run(self, message: Mapping[str, Any]) -> Run:
        run_id = message.get("run")
        if not isinstance(run_id, str):
            raise InvalidValue("Which run is meant is not said.")
        return self.reader.run(run_id)

    def _found(self, text: str, *, words: bool = False) -> list[str]:
        """The ids of the runs that a filter finds; with `words`, what is no filter is looked for as words."""
        if not store_exists(self.store):
            return []
        try:
            wanted = run_rows.search(None, text, (), 1, None, 0)
        except TrackError:
            if not words:
                raise
            wanted = run_rows.search(None, run_rows.words_filter(text.split()), (), 1, None, 0)
        return table_rows.ids_of(self.store, run_rows.find(self.store, wanted))

    def _choices(self) -> dict[str, Any]:
        if self._chosen is None:
            self._chosen = read_choices(self.store, self._notebook, self.kind)
        return self._chosen

    def _choose(self, chosen: object) -> None:
        if not isinstance(chosen, Mapping):
            raise InvalidValue("Choices are an object.")
        self._chosen = dict(chosen)
        keep_choices(self.store, self._notebook, self.kind, self._chosen)

    def _curves(self, run_ids: Sequence[str]) -> dict[str, Message | None]:
        main = next((column for column in self._columns if column.main), None)
        found: dict[str, Message | None] = dict.fromkeys(run_ids)
        if main is None:
            return found
        wanted = set(run_ids)
        for row in list(self._rows.values()):
            last = row.metrics.get(main.key)
            if row.run_id in wanted and last is not None and last[0] > 1:
                points = [(one.step, one.value) for one in self.reader.curve(row.run_id, main.key, CURVE_POINTS)]
                spark = sparkline(main.key, points, color=run_color(row.number), direction=main.goal.direction)
                found[row.run_id] = spark_message(spark)
        return found


def _text(message: Mapping[str, Any]) -> str:
    text = message.get("text")
    if not isinstance(text, str):
        raise InvalidValue("A filter is text.")
    return text


def details_message(run: Run) -> Message:
    """Return a run in full as the front end gets it."""
    details = run_details(run)
    return {
        "name": details.name,
        "number": details.number,
        "state": None if details.state is None else vars(details.state).copy(),
        "facts": [list(fact) for fact in details.facts],
        "problems": list(details.problems),
        "grids": [
            {"header": list(grid.header), "rows": [list(row) for row in grid.rows], "right": list(grid.right)}
            for grid in details.grids
        ],
        "block": details.block,
    }


_newest: RunTablePanel | None = None  # the table that was shown last
