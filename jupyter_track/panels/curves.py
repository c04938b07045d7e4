"""The live curves: charts of metrics over runs, which follow the store while somebody looks at them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..charts.specs import made
from ..errors import InvalidValue, NotFound
from ..store import curve_feed
from ..store.choices import keep_choices, read_choices
from ..store.curve_feed import StoredCurve
from ..store.curve_rows import CurvePoint
from ..store.place import store_exists
from ..views import curve_choice
from ..views.curve_choice import Asked, Choice
from ..views.curves import AXES, STEP, CurveRun, Series, frame, series_of, x_of
from ..views.found import Runs
from .actions import ids_of
from .charted import Charted
from .panel import Link, Message
from .standing import SelectingPanel, file_state
from .ticker import ticker

if TYPE_CHECKING:
    from pandas import DataFrame

REST = 0.25  # seconds between two looks at the store
LIMITS = ((10, 1_000), (60, 500), (1_000, 200))  # points of one curve, by the number of runs
LONGEST_WINDOW = 4_000  # points of one curve that a view may ask for
MOST_WINDOW = 25_000  # points of all curves of one chart in a stretch, as long as each keeps what `LIMITS` gives


@dataclass
class _Fed:
    """What a view has of one curve: how many points were read, and how many are drawn of them."""

    read: int
    drawn: int


class CurvesPanel(Charted, SelectingPanel):
    """Curves of runs: live while somebody looks at them, and as a chart and a frame in Python.

    Parameters
    ----------
    store : Path
    asked : Asked
        Which metrics and runs, and how they are drawn.
    notebook : str, optional
        For which notebook the person's choices are kept: its path relative to the store's folder.
    shown : callable, optional
        Shows the panel where it is the value of a cell.

    Examples
    --------
    >>> import jupyter_track as track
    >>> curves = track.curves("loss", runs=["best", "baseline"])  # doctest: +SKIP
    >>> curves.df.groupby("run")["value"].min()  # doctest: +SKIP
    >>> curves.save("loss.svg")  # doctest: +SKIP
    """

    kind = "curves"

    def __init__(
        self,
        store: Path,
        asked: Asked,
        *,
        notebook: str | None = None,
        shown: Callable[[CurvesPanel], object] | None = None,
    ) -> None:
        super().__init__(store, shown)
        curve_choice.check(store, asked)
        self.asked = asked
        self._notebook = notebook or ""
        self._chosen: dict[str, Any] | None = None
        self._choice = Choice()
        self._fed: dict[int, _Fed] = {}  # by the curve's number
        self._rev = -1
        self._seen: tuple[int, int] | None = None

    # ---- what a person asks in Python

    @property
    def runs(self) -> Runs:
        """The runs that are drawn."""
        return Runs(self.choice().records, store=self.store)

    @property
    def df(self) -> DataFrame:
        """Every point of the curves, to the last digit: a row each."""
        choice, x = self.choice(), self.x
        curves = [*choice.drawn(x), *(curve for curve in choice.curves if curve.key == x and x not in AXES)]
        return frame(self.store, choice.runs, curves, x=x, smoothing=self.smoothing)

    @property
    def chart(self) -> Any:
        """The curves as an ``altair.VConcatChart`` that has all of its data; it is made anew with each look."""
        from ..charts.curves import chart

        series = self.series()
        if not series:
            raise NotFound("There are no curves to draw yet.")
        return chart(self.choice(), series, x=self.x, smoothing=self.smoothing)

    @property
    def x(self) -> str:
        """What is on the x axis: what a person chose in the panel, else what was asked for."""
        chosen = self._choices().get("x")
        return chosen if isinstance(chosen, str) and chosen else self.asked.x

    @property
    def smoothing(self) -> float:
        """The weight of smoothing, 0 for none."""
        chosen = self._choices().get("smoothing")
        return float(chosen) if isinstance(chosen, (int, float)) and 0 <= chosen <= 0.999 else self.asked.smoothing

    @property
    def group(self) -> str:
        """What the runs are grouped by; empty for nothing."""
        chosen = self._choices().get("group")
        return chosen if isinstance(chosen, str) else self.asked.group

    def choice(self) -> Choice:
        """Return what is shown of the store now."""
        return curve_choice.choose(self.store, replace(self.asked, group=self.group))

    def series(self, limit: int | None = None) -> list[Series]:
        """Return the points that are drawn, as they are in the store now."""
        choice = self.choice()
        return [self._read(choice, curve, limit) for curve in choice.drawn(self.x)]

    def __repr__(self) -> str:
        return f"<CurvesPanel of {', '.join(self.asked.metrics) or 'all metrics'}>"

    def __str__(self) -> str:
        return self.forms()[1]

    def forms(self) -> tuple[str, str]:
        """Return the static forms, as HTML and text."""
        from ..views.curves_html import curves_html, curves_text

        choice = self.choice()
        series = [self._read(choice, curve, 150) for curve in choice.drawn(self.x)]
        return curves_html(choice, series, self.x), curves_text(choice, series, self.x)

    # ---- what is read

    def _limit(self, choice: Choice) -> int:
        return next((limit for most, limit in LIMITS if len(choice.runs) <= most), LIMITS[-1][1])

    def _read(
        self, choice: Choice, curve: StoredCurve, limit: int | None = None, window: tuple[float, float] | None = None
    ) -> Series:
        run = next(run for run in choice.runs if run.number == curve.number)
        over = None
        if self.x not in AXES:
            over = next((one for one in choice.curves if one.number == curve.number and one.key == self.x), None)
        return series_of(self.store, curve, run, limit or self._limit(choice), x=self.x, over=over, window=window)

    # ---- what is sent

    def greet(self, link: Link) -> None:
        """Send a view all that there is; other views get it too, so that all know the same."""
        with self._lock:
            link.ready = True
            self._send_all()
        ticker.watch(self, REST)

    def _send_all(self) -> None:
        self._seen = file_state(self.store)
        self._rev = curve_choice.revision(self.store)
        self._choice = choice = self.choice()
        self._fed = {}
        links = self.links
        self._say(links, self._view_message(choice))
        for chart in choice.charts:  # a chart at a time: the first is on the page while the next is read
            parts = [self._whole_part(choice, curve) for curve in choice.drawn(self.x) if curve.key == chart.key]
            self._say(links, {"type": "curves-points", "rev": self.rev, "window": None, "parts": parts})

    def _whole_part(self, choice: Choice, curve: StoredCurve) -> Message:
        series = self._read(choice, curve)
        self._fed[curve.metric_id] = _Fed(series.count, len(series.xs))
        return part_message(series)

    def _say(self, links: Sequence[Link], message: Message) -> None:
        self.rev += 1
        message["rev"] = self.rev
        for link in links:
            link.send(message)

    def _view_message(self, choice: Choice) -> Message:
        return {
            "type": "curves-view",
            "rev": self.rev,
            "spec": made("curves"),
            "x": self.x,
            "axes": [{"id": axis, "title": title} for axis, title in AXES.items()]
            + [{"id": key, "title": key} for key in choice.metrics if key not in AXES],
            "runs": [run_message(run) for run in choice.runs],
            "charts": [
                {
                    "key": chart.key,
                    "title": chart.title,
                    "goal": chart.goal.words if chart.goal.direction else "",
                    "direction": chart.goal.direction,
                    "target": chart.target,
                    "aim": chart.target_words,
                }
                for chart in choice.charts
            ],
            "groupings": list(choice.groupings),
            "group": self.group,
            "smoothing": self.smoothing,
            "notes": list(choice.notes),
            "empty": choice.empty,
            "choices": self._choices(),
        }

    def show(self, asked: Asked) -> None:
        """Draw what is asked for now."""
        with self._lock:
            if asked != self.asked:
                self.asked = asked
                if self.links:
                    self._send_all()

    def show_runs(self, ids: Sequence[str] | None, selected: Sequence[str]) -> None:
        """Draw other runs; None for the baseline, the pinned and the newest ones."""
        with self._lock:
            self._selected = tuple(selected)
            wanted = None if ids is None else tuple(ids)
            if wanted != self.asked.run_ids:
                self.asked = replace(self.asked, run_ids=wanted)
                if self.links:
                    self._send_all()

    def changed(self) -> None:
        """Look at the store at once."""
        self._seen = None
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Send what has changed in the store; see `Ticker`."""
        with self._lock:
            if not self.links:
                return None if self._standing is None else self._standing.refresh()
            seen = file_state(self.store)
            if seen == self._seen:
                return REST
            self._seen = seen
            if not store_exists(self.store):
                return REST
            news = curve_feed.news(self.store, self._rev)
            if self._anew(news):
                self._send_all()
                return REST
            self._rev = news.rev
            self._send_news(news.curves)
            return REST

    def _anew(self, news: curve_feed.News) -> bool:
        """Whether other runs or charts are to be shown, or the runs look different."""
        if news.rev < self._rev:  # another store in its place
            return True
        numbers = {run.number for run in self._choice.runs}
        keys = {chart.key for chart in self._choice.charts}
        known = {(curve.number, curve.key) for curve in self._choice.curves}
        fresh = any(
            (curve.number, curve.key) not in known
            and (curve.number in numbers or (self.asked.run_ids is None and (not keys or curve.key in keys)))
            for curve in news.curves
        )
        if not (fresh or news.runs):
            return False
        choice = self.choice()
        return (choice.runs, choice.charts, choice.notes) != (
            self._choice.runs,
            self._choice.charts,
            self._choice.notes,
        ) or {(curve.number, curve.key) for curve in choice.curves} != known

    def _send_news(self, curves: Sequence[StoredCurve]) -> None:
        drawn = {curve.metric_id for curve in self._choice.drawn(self.x)}
        if self.x not in AXES:  # where the x axis goes on, all points of its run may have moved
            moved = {curve.number for curve in curves if curve.key == self.x}
            curves = [
                curve for curve in self._choice.drawn(self.x)
                if curve.number in moved or any(curve.metric_id == one.metric_id for one in curves)
            ]  # fmt: skip
            parts = [self._whole_part(self._choice, curve) for curve in curves]
        else:
            fresh = [curve for curve in curves if curve.metric_id in drawn]
            limit = self._limit(self._choice)
            known = {curve.metric_id: self._fed[curve.metric_id].read for curve in fresh}
            tails = curve_feed.tails(self.store, known, limit) if known else {}
            parts = []
            for curve in fresh:
                fed, points = self._fed[curve.metric_id], tails.get(curve.metric_id)
                if points is None or fed.drawn + len(points) > 2 * limit:
                    parts.append(self._whole_part(self._choice, curve))
                elif points:
                    parts.append(self._tail_part(curve, points, fed))
        if parts:
            self._say(self.links, {"type": "curves-points", "rev": 0, "window": None, "parts": parts})

    def _tail_part(self, curve: StoredCurve, points: Sequence[CurvePoint], fed: _Fed) -> Message:
        run = next(run for run in self._choice.runs if run.number == curve.number)
        part = part_message(tail_series(curve, run, points, fed.read, self.x))
        part["from"] = fed.drawn
        fed.read += len(points)
        fed.drawn += len(points)
        return part

    # ---- what a person does

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for in the curves."""
        if name == "window":
            return self._window(message)
        if name == "select":
            self._selected = tuple(ids_of(message))
        elif name == "choices":
            self._choose(message.get("choices"))
        elif name == "code":
            return {"text": self._code(message.get("chart"))}
        else:
            raise InvalidValue(f"Curves do not know how to {name!r:.40}.")
        return None

    def _window(self, message: Mapping[str, Any]) -> Message:
        low, high, width = (message.get(part) for part in ("low", "high", "width"))
        numbers = [value for value in (low, high, width) if isinstance(value, (int, float))]
        if len(numbers) < 3 or not all(map(math.isfinite, numbers)):
            raise InvalidValue("A stretch has two ends and a width.")
        window, asked = (numbers[0], numbers[1]), int(min(max(2 * numbers[2], 100), LONGEST_WINDOW))
        with self._lock:
            choice = self._choice
        limit = min(asked, max(MOST_WINDOW // max(len(choice.runs), 1), self._limit(choice)))
        parts = [part_message(self._read(choice, curve, limit, window)) for curve in choice.drawn(self.x)]
        return {"points": {"type": "curves-points", "rev": self.rev, "window": list(window), "parts": parts}}

    def _choices(self) -> dict[str, Any]:
        if self._chosen is None:
            kept = read_choices(self.store, self._notebook, self.kind) if self._notebook else {}
            said = {"x": self.asked.x != STEP, "smoothing": self.asked.smoothing > 0, "group": bool(self.asked.group)}
            self._chosen = {name: value for name, value in kept.items() if not said.get(name)}  # code goes first
        return self._chosen

    def _choose(self, chosen: object) -> None:
        if not isinstance(chosen, Mapping):
            raise InvalidValue("Choices are an object.")
        before = (self.x, self.group)
        self._chosen = dict(chosen)
        if self._notebook:
            keep_choices(self.store, self._notebook, self.kind, self._chosen)
        if (self.x, self.group) != before:
            with self._lock:
                self._send_all()

    def _code(self, key: object) -> str:
        """A chart as a line of code that gives its Altair chart."""
        words = [repr(chart.key) for chart in self._choice.charts if chart.key == key]
        words.append(f"runs={[run.number for run in self._choice.runs]!r}")
        if self.x != "step":
            words.append(f"x={self.x!r}")
        if self.smoothing:
            words.append(f"smoothing={self.smoothing!r}")
        if self.group:
            words.append(f"group={self.group!r}")
        return f"import jupyter_track as track\n\ntrack.curves({', '.join(words)}).chart\n"


def tail_series(curve: StoredCurve, run: CurveRun, points: Sequence[CurvePoint], known: int, x: str) -> Series:
    """Return new points of a curve as they are drawn."""
    words = {math.inf: "∞", -math.inf: "−∞"}
    return Series(
        run.run_id,
        curve.key,
        tuple(x_of(point, run, x) for point in points),
        tuple(point.value if math.isfinite(point.value) else math.nan for point in points),
        tuple(
            (x_of(point, run, x), 1, words.get(point.value, "NaN"))
            for point in points
            if not math.isfinite(point.value)
        ),
        known + len(points),
    )


def part_message(series: Series) -> Message:
    """Return the points of a curve as the front end gets them: a gap is null."""
    return {
        "chart": series.key,
        "run": series.run_id,
        "from": 0,
        "x": list(series.xs),
        "y": [value if value == value else None for value in series.ys],
        "odd": [list(one) for one in series.odd],
        "count": series.count,
        "whole": series.whole,
    }


def run_message(run: CurveRun) -> Message:
    """Return a run as the front end gets it."""
    return {
        "id": run.run_id,
        "number": f"#{run.number}",
        "name": run.name,
        "live": run.live,
        "baseline": run.baseline,
        "result": run.result,
        "group": run.group,
        "color": run.paint.color,
        "dash": list(run.paint.dash),
        "opacity": run.paint.opacity,
    }
