"""The live table of runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, TrackError
from ..records import Run
from ..store import filter_hints, run_rows, table_rows
from ..store.choices import keep_choices, read_choices
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.details import Details, run_details
from ..views.format import one_line
from ..views.found import Runs
from ..views.live import spark_message
from ..views.live_table import sorted_rows
from ..views.runs import EMPTY, NO_MATCH
from ..views.sparkline import Scale, shared_scale, sparkline
from ..views.tokens import RUN_COLORS, STATES, run_color
from .actions import edit_runs, ids_of
from .followed import FollowedRuns
from .panel import Link, Message
from .reporting import write_report
from .standing import Forms, SelectingPanel
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..store.table_rows import TableRow

FIRST_ROWS, MORE_ROWS = 200, 1_000  # of a message
BUT_SEED = "but-seed"  # the choice of groups by everything but the seed
HTML_KEPT = 10.0  # seconds after which the HTML behind a view is old: it is what is saved with the notebook
REST = 0.25  # seconds between two looks at the store
CURVE_POINTS, MOST_CURVES = 60, 100
SCALE_KEPT = 2.0  # seconds


class RunTablePanel(SelectingPanel):
    """A table of runs that follows the store while somebody looks at it.

    Parameters
    ----------
    store : Path
    run_ids : sequence of str, optional
        The runs that it shows; by default all that are not deleted, also those to come.
    notebook : str, optional
        For which notebook the person's choices are kept: its path relative to the store's folder.
    folder : Path, optional
        Where reports are written: the notebook's; by default the store's.
    edited : callable, optional
        Called after runs were edited here: the recording half follows.
    shown : callable, optional
        Shows the panel where it is the value of a cell.
    forms : callable, optional
        Gives its static forms, as HTML and text.

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
        folder: Path | None = None,
        edited: Callable[[], object] | None = None,
        shown: Callable[[RunTablePanel], object] | None = None,
        forms: Callable[[RunTablePanel], Forms] | None = None,
    ) -> None:
        super().__init__(store, shown)
        self._forms = forms
        self._runs = FollowedRuns(store, run_ids)
        self.run_ids = None if run_ids is None else tuple(run_ids)
        self._notebook = notebook or ""
        self._edited = edited
        self.folder = store.parent if folder is None else folder
        self._html_at = 0.0  # when the HTML on the page was made
        self._chosen: dict[str, Any] | None = None
        self._scales: dict[str, tuple[float, Scale | None]] = {}

    # ---- what a person asks in Python

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

    @property
    def shares_scale(self) -> bool:
        """Whether the curves in the table have one scale."""
        return self._choices().get("shared") is True

    @property
    def groups_seeds(self) -> bool:
        """Whether runs that differ only in the seed share a row."""
        return self._choices().get("group") == BUT_SEED

    def mark(self, ids: Sequence[str]) -> None:
        """Take runs as selected, which were selected elsewhere."""
        self._selected = tuple(ids)

    @property
    def reader(self) -> Reader:
        """The reader of the store."""
        return Reader(self.store)

    def __repr__(self) -> str:
        return f"<RunTablePanel of {self.store}>"

    def forms(self) -> Forms:
        """Return the static forms, as HTML and text."""
        self._html_at = time.monotonic()
        return ("", repr(self)) if self._forms is None else self._forms(self)

    def _shown(self) -> list[str]:
        with self._lock:
            runs, followed = self._runs, bool(self.links)
            if not (followed and runs.whole):
                runs.load()
            rows = runs.active()
            if not followed:
                runs.forget()
        chosen = self._choices()
        text = chosen.get("filter")
        if isinstance(text, str) and text.strip():
            found = set(self._found(text, words=True))
            rows = [row for row in rows if row.run_id in found]
        return [row.run_id for row in sorted_rows(rows, chosen.get("sort"))]

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send the first rows at once, then the others."""
        with self._lock:
            runs = self._runs
            if not runs.whole:
                runs.load(FIRST_ROWS)
            self._send_table(link)
            if not runs.whole:
                runs.load()
                # The first ones again: what changed and what folds is known only now.
                self._send_rows(link, 0, runs.column_messages())
            else:
                self._send_rows(link, FIRST_ROWS)
            link.ready = True
            runs.look_again()
        ticker.watch(self, REST)

    def _send_table(self, link: Link) -> None:
        runs = self._runs
        rows = list(runs.rows.values())[:FIRST_ROWS]
        self.rev += 1
        link.send(
            {
                "type": "table",
                "rev": self.rev,
                "columns": runs.column_messages(),
                "rows": runs.row_messages(rows, runs.maker()),
                "total": len(runs.active()) if runs.whole else runs.total,
                "more": len(runs.rows) > FIRST_ROWS or not runs.whole,
                "states": {name: vars(state).copy() for name, state in STATES.items()},
                "colors": list(RUN_COLORS),
                "empty": NO_MATCH if self.run_ids is not None else EMPTY,
                "choices": self._choices(),
            }
        )

    def _send_rows(self, link: Link, start: int, columns: Sequence[Message] | None = None) -> None:
        runs = self._runs
        rows, maker = list(runs.rows.values()), runs.maker()
        for at in range(start, len(rows), MORE_ROWS):
            part = runs.row_messages(rows[at : at + MORE_ROWS], maker)
            message = {"type": "rows", "rows": part, "more": at + MORE_ROWS < len(rows)}
            link.send(message if columns is None else {**message, "columns": columns})
            columns = None

    def changed(self) -> None:
        """Look at the store at once."""
        self._runs.look_again()
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Send what has changed in the store; see `Ticker`."""
        with self._lock:
            links = self.links
            if not links:
                self._runs.forget()
                return None if self._standing is None else self._standing.refresh()
            if (update := self._runs.update()) is not None:
                columns = self._runs.column_messages() if update.columns else None
                self._send_patch(update.rows, update.removed, columns, links)
            old = time.monotonic() - self._html_at > HTML_KEPT
            if old and self._standing is not None and not any(link.on_html for link in links):
                self._standing.catch_up()
            return REST

    def _send_patch(
        self,
        rows: Sequence[TableRow],
        removed: Sequence[str],
        columns: Sequence[Message] | None,
        links: Sequence[Link],
    ) -> None:
        maker = self._runs.maker()
        for at in range(0, max(len(rows), 1), MORE_ROWS):
            self.rev += 1
            part = self._runs.row_messages(rows[at : at + MORE_ROWS], maker)
            message: Message = {"type": "patch", "rev": self.rev, "rows": part, "removed": list(removed)}
            if columns is not None:
                message["columns"] = list(columns)
            for link in links:
                link.send(message)
            removed, columns = (), None

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for in the table."""
        if name == "filter":
            found = self._found(_text(message))
            return {"found": found} if found else {"found": found, "hints": self._hints(_text(message))}
        if name == "select":
            self._selected = tuple(ids_of(message))
        elif name == "choices":
            self._choose(message.get("choices"))
        elif name == "curves":
            return {"type": "curves", **self._curves(ids_of(message)[:MOST_CURVES], message.get("shared") is True)}
        elif name == "report":
            return write_report(self.store, self.folder, message, self._shown)
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

    def _hints(self, text: str) -> list[str]:
        if not store_exists(self.store):
            return []
        return list(map(one_line, filter_hints.unknown_keys(self.store, text)))

    def _choices(self) -> dict[str, Any]:
        if self._chosen is None:
            self._chosen = read_choices(self.store, self._notebook, self.kind)
        return self._chosen

    def _choose(self, chosen: object) -> None:
        if not isinstance(chosen, Mapping):
            raise InvalidValue("Choices are an object.")
        self._chosen = dict(chosen)
        keep_choices(self.store, self._notebook, self.kind, self._chosen)

    def _curves(self, run_ids: Sequence[str], shared: bool) -> Message:
        """Return the curves of runs, and what their scale is called; the page forgets those of another one."""
        main = next((column for column in self._runs.columns if column.main), None)
        found: dict[str, Message | None] = dict.fromkeys(run_ids)
        if main is None:
            return {"curves": found, "scale": ""}
        rows = [row for row in list(self._runs.rows.values()) if row.metrics.get(main.key, (0,))[0] > 1]
        scale = self._scale(main.key, [row.number for row in rows]) if shared else None
        wanted = set(run_ids)
        for row in rows:
            if row.run_id in wanted:
                points = [(one.step, one.value) for one in self.reader.curve(row.run_id, main.key, CURVE_POINTS)]
                color, goal = run_color(row.number), main.goal.direction
                spark = sparkline(main.key, points, color=color, direction=goal, scale=scale, baseline=row.baseline)
                found[row.run_id] = spark_message(spark)
        return {"curves": found, "scale": "" if scale is None else f"{scale.low!r} {scale.high!r} {scale.log}"}

    def _scale(self, key: str, numbers: Sequence[int]) -> Scale | None:
        """Return the scale that the curves of a metric share; that of many runs is kept for a moment."""
        kept, now = self._scales.get(key), time.monotonic()
        if kept is None or now - kept[0] > SCALE_KEPT:
            kept = self._scales[key] = (now, shared_scale(table_rows.extremes(self.store, numbers, key)))
        return kept[1]


def _text(message: Mapping[str, Any]) -> str:
    text = message.get("text")
    if not isinstance(text, str):
        raise InvalidValue("A filter is text.")
    return text


def details_message(run: Run, details: Details | None = None) -> Message:
    """Return a run in full as the front end gets it; by default what its record alone says."""
    details = details or run_details(run)
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
