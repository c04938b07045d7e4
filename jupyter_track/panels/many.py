"""The live panel of many runs: parallel coordinates, a scatter plot, and which params mattered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InvalidValue, TrackError
from ..records import Goal
from ..store import pending, run_rows, table_rows
from ..store.database import reading
from ..store.place import store_exists
from ..store.reader import Reader
from ..store.table_rows import Changes, RowReader, TableRow
from ..views import many_forms as forms
from ..views.axes import Known, known_of
from ..views.found import Runs
from ..views.importance import Importance, importance_of
from ..views.many_live import chart_message, importance_message
from ..views.parallel import Parallel, main_metric, parallel_of
from ..views.runs import EMPTY, NO_MATCH
from ..views.scatter import Scatter, scatter_of
from ..views.tokens import RUN_COLORS
from .actions import ids_of
from .charted import Charted
from .panel import Link, Message
from .standing import SelectingPanel, file_state
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

Tab = Literal["parallel", "scatter", "importance"]
TABS: tuple[Tab, ...] = ("parallel", "scatter", "importance")
REST = 1.0  # seconds between two looks at the store
COSTS = 100.0  # times as long as a chart took is rested before it is made anew: half of what all panels may cost
LONGEST_REST = 120.0  # seconds
MOST_NAMES = 40  # axes that a message may ask for


@dataclass(frozen=True)
class Asked:
    """What a panel shows.

    Attributes
    ----------
    tab : {"parallel", "scatter", "importance"}
    names : tuple of str or None
        The axes before the metric; None for the params that differ.
    metric : str or None
        The metric of all three; None for the main one.
    x : str or None
        What stands against it in the scatter plot.
    """

    tab: Tab = "parallel"
    names: tuple[str, ...] | None = None
    metric: str | None = None
    x: str | None = None


@dataclass
class _Read:
    """What was read of the store, and when."""

    rows: list[TableRow] = field(default_factory=list)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    rev: int = -1

    @cached_property
    def known(self) -> Known:
        """The params and metrics of the runs, found once for the forms and for the page."""
        return known_of(self.rows, self.goals)


class ManyPanel(Charted, SelectingPanel):
    """Many runs at once, following the store while somebody looks at them.

    Parameters
    ----------
    store : Path
    asked : Asked, optional
    run_ids : sequence of str, optional
        The runs that it shows; by default those that `filter_string` and `experiment` find, also those to come.
    filter_string : str, optional
    experiment : str, optional
        The id of an experiment.
    shown : callable, optional
        Shows the panel where it is the value of a cell.

    Raises
    ------
    FilterError

    Examples
    --------
    >>> import jupyter_track as track
    >>> panel = track.parallel("lr", "dropout", metric="val_loss")  # doctest: +SKIP
    >>> panel.selected.tag(keep="yes")  # doctest: +SKIP
    """

    kind = "many"

    def __init__(
        self,
        store: Path,
        asked: Asked | None = None,
        *,
        run_ids: Sequence[str] | None = None,
        filter_string: str = "",
        experiment: str | None = None,
        shown: Callable[[ManyPanel], object] | None = None,
    ) -> None:
        super().__init__(store, shown)
        self.asked = asked or Asked()
        self._run_ids = None if run_ids is None else tuple(run_ids)
        self._is_filtered = bool(filter_string) or experiment is not None or run_ids is not None
        experiments = None if experiment is None else [experiment]
        self._wanted = run_rows.search(experiments, filter_string, (), 1, None, 0)
        self._seen: tuple[int, int] | None = None
        self._stale = False  # whether the static form is behind what is chosen
        self._read = _Read()
        self._row_reader = RowReader(store)
        self._mattered: tuple[tuple[object, ...], Importance] | None = None
        self._paid = 0.0  # when what was made last has been rested for: not before is it made anew unasked

    # ---- what a person asks in Python

    @property
    def runs(self) -> Runs:
        """The runs that the panel is about."""
        pending.flush(self.store)
        return Runs(Reader(self.store).runs_of([row.run_id for row in self._rows().rows]), store=self.store)

    @property
    def chart(self) -> Any:
        """What is shown as an Altair chart with its data."""
        pending.flush(self.store)
        if self.asked.tab == "importance":
            from ..charts.importance import importance_chart

            return importance_chart(self.importance())
        if self.asked.tab == "scatter":
            from ..charts.scatter import scatter_chart

            return scatter_chart(self.scatter(), self._selected)
        from ..charts.parallel import parallel_chart

        return parallel_chart(self.parallel(), self._selected)

    @property
    def df(self) -> DataFrame:
        """The data of what is shown: a row for each run, or for each param in ``param importance sd within_noise``."""
        import pandas as pd

        pending.flush(self.store)
        if self.asked.tab == "importance":
            return self.importance().df
        chart = self.scatter() if self.asked.tab == "scatter" else self.parallel()
        own = {
            "run_id": [run.run_id for run in chart.runs],
            "number": [run.number for run in chart.runs],
            "name": [run.name for run in chart.runs],
        }
        return pd.DataFrame({**own, **{axis.id: list(axis.values) for axis in chart.axes}})

    def parallel(self) -> Parallel:
        """Return the parallel coordinates as plain data.

        Raises
        ------
        TrackError
            Where there is nothing to show, in words for the person.
        """
        read = self._rows()
        return parallel_of(read.rows, read.goals, self.asked.names, self.asked.metric, known=read.known)

    def scatter(self) -> Scatter:
        """Return the scatter plot as plain data; raises TrackError as `parallel` does."""
        read = self._rows()
        return scatter_of(read.rows, read.goals, self.asked.x, self.asked.metric, known=read.known)

    def importance(self) -> Importance:
        """Return which params mattered; raises TrackError where that cannot be said."""
        return self._importance()

    def _importance(self, *, fresh: bool = True) -> Importance:
        """The same; unless it has to be `fresh`, that of some runs ago is taken while its making is rested for."""
        known = self._mattered
        if not fresh and known is not None and known[0][0] == self.asked.metric and time.monotonic() < self._paid:
            return known[1]
        read = self._rows()
        state = self.asked.metric, read.rev, len(read.rows)
        if self._mattered is None or self._mattered[0] != state:
            self._mattered = state, importance_of(read.rows, read.goals, self.asked.metric, known=read.known)
        return self._mattered[1]

    def mark(self, ids: Sequence[str]) -> None:
        """Take runs as selected, which were selected elsewhere."""
        self._select(ids)

    def __repr__(self) -> str:
        return self.forms()[1]

    def forms(self) -> tuple[str, str]:
        """Return what is shown as HTML and as text; a sentence where there is nothing to show."""
        with self._lock:  # what was read is not forgotten meanwhile
            try:
                return self._whole_forms()
            except TrackError as error:
                text = self._nothing(error)
                return forms.sentence_html(text), text

    def _whole_forms(self) -> tuple[str, str]:
        if self.asked.tab == "importance":
            found = self._importance(fresh=False)
            return forms.importance_html(found), forms.importance_text(found)
        if self.asked.tab == "scatter":
            points = self.scatter()
            return forms.scatter_html(points, self._selected), forms.scatter_text(points, self._selected)
        lines = self.parallel()
        return forms.parallel_html(lines, self._selected), forms.parallel_text(lines, self._selected)

    # ---- what is read

    def _nothing(self, error: TrackError) -> str:
        return str(error) if self._read.rows else EMPTY if not self._is_filtered else NO_MATCH

    def _rows(self) -> _Read:
        """The runs as they are now; what has not changed is not read again."""
        with self._lock:
            if not store_exists(self.store):
                self._read = _Read()
                return self._read
            known = {row.number: row for row in self._read.rows}
            with reading(self.store):  # opened once
                rev = table_rows.revision(self.store)
                if rev == self._read.rev:
                    return self._read
                numbers, goals = self._numbers(), table_rows.goals(self.store)
                changes = table_rows.changes_since(self.store, self._read.rev) if known else Changes(rev, all=True)
            again = set(numbers) if changes.all else {*changes.numbers, *(set(numbers) - known.keys())}
            again |= {number for number, row in known.items() if row.live}  # their process may be gone
            wanted = [number for number in numbers if number in again]
            fresh = {row.number: row for row in self._row_reader.read(wanted)}
            rows = [fresh.get(number) or known.get(number) for number in numbers]
            found = [row for row in rows if row is not None and row.stage == "active"]
            self._read = _Read(found, goals, rev)
            return self._read

    def _numbers(self) -> list[int]:
        if self._run_ids is not None:
            return table_rows.numbers_of(self.store, self._run_ids)
        if not self._is_filtered:
            return table_rows.active_numbers(self.store)
        return run_rows.find(self.store, self._wanted)

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send all that is shown."""
        with self._lock:
            self._seen = file_state(self.store)
            began = time.thread_time()
            self.rev += 1
            link.send(self._message())
            link.ready = True
            self._pay(began)
        ticker.watch(self, REST)

    def _message(self) -> Message:
        message: Message = {"type": "many", "rev": self.rev, "tab": self.asked.tab, "tabs": list(TABS), "problem": ""}
        try:
            message["shown"] = self._shown()
        except TrackError as error:
            message["problem"] = self._nothing(error)
            message["metric"] = self._asked_metric()
        message["known"] = _known_message(self._read.known)
        message["selected"] = list(self._selected)
        message["colors"] = list(RUN_COLORS)
        return message

    def _asked_metric(self) -> str:
        """The id of the metric that is meant, where there is nothing to show; as it was named, where no run has it."""
        try:
            return f"metrics.{main_metric(self._read.known, self.asked.metric)}"
        except TrackError:
            return self.asked.metric or ""

    def _shown(self) -> Message:
        if self.asked.tab == "importance":
            found = self._importance(fresh=False)
            return {"kind": "importance", "metric": f"metrics.{found.metric}", **importance_message(found)}
        chart = self.scatter() if self.asked.tab == "scatter" else self.parallel()
        metric = chart.axes[-1]
        spec = _spec(self.asked.tab)
        return {"kind": self.asked.tab, "metric": metric.id, "spec": spec, **chart_message(chart, metric)}

    def changed(self) -> None:
        """Look at the store at once."""
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Send what has changed in the store; see `Ticker`."""
        with self._lock:
            if self._stale and self._standing is not None:
                self._stale = False
                self._standing.show()
            links = self.links
            if not links:  # nothing is kept while nobody looks: there may be many runs, and many panels
                self._read, self._mattered, self._row_reader = _Read(), None, RowReader(self.store)
                self._paid = 0.0
                return None
            if time.monotonic() >= self._paid and (seen := file_state(self.store)) != self._seen:
                self._seen = seen
                before = self._read
                if self._rows() is not before:
                    self._send(links)
        return REST

    def _send(self, links: Sequence[Link]) -> None:
        began = time.thread_time()
        self.rev += 1
        message = self._message()
        for link in links:
            link.send(message)
        self._pay(began)

    def _pay(self, began: float) -> None:
        """Rest for what has been made since."""
        self._paid = time.monotonic() + min((time.thread_time() - began) * COSTS, LONGEST_REST)

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for in the panel."""
        if name == "select":
            self._select(ids_of(message))
        elif name == "many":
            with self._lock:
                self.asked = _asked_of(message, self.asked)
                self._stale = True
                self._send(self.links)
        else:
            raise InvalidValue(f"A panel of many runs does not know how to {name!r:.40}.")
        return None

    def _select(self, ids: Sequence[str]) -> None:
        self._selected = tuple(ids)
        self._stale = True


def _known_message(known: Known) -> Message:
    return {
        "metrics": [{"id": f"metrics.{key}", "title": key} for key in known.metrics],
        "params": [
            {"id": f"params.{key}", "title": key, "differs": f"params.{key}" in known.differing} for key in known.params
        ],
    }


def _spec(tab: str) -> Message:
    from ..charts.specs import made

    return made(tab)


def _asked_of(message: Mapping[str, Any], before: Asked) -> Asked:
    """Return what a front end asks for; what it does not name stays.

    Raises
    ------
    InvalidValue
        For what is not of the form that is agreed.
    """
    tab = message.get("tab", before.tab)
    names = message.get("names", before.names)
    if tab not in TABS:
        raise InvalidValue("There is no such chart.")
    if names is not None:
        if not isinstance(names, Sequence) or isinstance(names, str) or len(names) > MOST_NAMES:
            raise InvalidValue("Axes are a list of names.")
        names = tuple(_name(name) for name in names)
    chosen = {key: _name(message[key]) for key in ("metric", "x") if message.get(key)}
    return replace(before, tab=tab, names=names, **chosen)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise InvalidValue("The name of a param or a metric is text.")
    return name
