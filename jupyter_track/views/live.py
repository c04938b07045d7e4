"""The card while its run goes on: the same words as the static card, with progress, and what the button does.

`live_card` decides what is said. `live_html` and `live_text` set it for hosts without our front end; `card_message` is
what the front end gets, texts as they are shown, so that its numbers are those of the static form to the digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from ..records import Run
from .beside import ALONE, Beside
from .card import Card, MetricLine, run_card
from .format import Change, duration, middle_cut, one_line
from .html import card_html
from .markup import Markup, element, join, muted
from .sparkline import Point, Sparkline
from .text import card_text

Stop = Literal["", "stop", "stopping", "interrupt"]
LABEL_LIMIT = 24
_STOP_WORDS: dict[Stop, str] = {
    "stopping": "asked to stop",
    "interrupt": "asked to stop; interrupt the kernel to end it now",
}


@dataclass(frozen=True)
class Progress:
    """How far a loop is.

    Attributes
    ----------
    done : int
    total : int or None
    label : str
        What it counts or does: ``epoch``.
    seconds_left : float or None
        None where it cannot be told.
    """

    done: int
    total: int | None = None
    label: str = ""
    seconds_left: float | None = None

    @property
    def text(self) -> str:
        """``epoch 12 / 20``."""
        count = f"{self.done:,}" if self.total is None else f"{self.done:,} / {self.total:,}"
        return f"{middle_cut(one_line(self.label), LABEL_LIMIT)} {count}".strip()

    @property
    def left(self) -> str:
        """``~1 min left``; empty where it cannot be told."""
        return "" if self.seconds_left is None else left_text(self.seconds_left)


def left_text(seconds: float) -> str:
    """Return an estimate of the time left, with one or two digits: ``~40 s left``, ``~1 min left``, ``~2 h 05 m left``.

    Examples
    --------
    >>> left_text(3.2), left_text(43), left_text(64), left_text(7500)
    ('~4 s left', '~45 s left', '~1 min left', '~2 h 05 m left')
    """
    if seconds < 10:
        return f"~{max(1, -int(-seconds // 1))} s left"
    if seconds < 57.5:
        return f"~{round(seconds / 5) * 5} s left"
    if seconds < 3570:
        return f"~{max(1, round(seconds / 60))} min left"
    return f"~{duration(seconds)} left"


@dataclass(frozen=True)
class LiveCard:
    """What the card of a run says while it goes on, and right after.

    Attributes
    ----------
    card : Card
    run_id : str
    started : int
        In milliseconds since the epoch.
    elapsed : float or None
        Seconds that the run has been going; None once it has ended.
    progress : Progress or None
    stop : {"", "stop", "stopping", "interrupt"}
        What the button does: ask the run to stop; nothing, since it was asked; interrupt the kernel. Empty for none.
    note : str
        The run's note.
    deleted : bool
        Whether the run is in the bin.
    """

    card: Card
    run_id: str
    started: int
    elapsed: float | None = None
    progress: Progress | None = None
    stop: Stop = ""
    note: str = ""
    deleted: bool = False


def live_card(
    run: Run,
    *,
    now_ms: int,
    beside: Beside = ALONE,
    curves: Mapping[str, Sequence[Point]] = MappingProxyType({}),
    progress: Progress | None = None,
    stop: Stop = "",
    notes: Sequence[str] = (),
    one_line: bool = False,
) -> LiveCard:
    """Decide what the card of a run that goes on says; the parameters are those of `run_card`.

    Parameters
    ----------
    run : Run
    now_ms : int
        Milliseconds since the epoch.
    beside, curves, notes
        As in `run_card`.
    progress : Progress or None, default None
    stop : {"", "stop", "stopping", "interrupt"}, default ""
    one_line : bool, default False
        Leave the curves out.
    """
    card = run_card(run, beside=beside, curves={} if one_line else curves, notes=notes, now_ms=now_ms)
    going = run.duration is None and run.state == "running"
    return LiveCard(
        card=card,
        run_id=run.run_id,
        started=run.start_time,
        elapsed=max(0.0, (now_ms - run.start_time) / 1000) if going else None,
        progress=progress if going else None,
        stop=stop if going else "",
        note=run.note or "",
    )


def static_card(live: LiveCard) -> Card:
    """Return the card of a run that has ended for where nothing can be pressed: a deleted one says the way back."""
    if not live.deleted:
        return live.card
    back = way_back(live.card.number.removeprefix("#") or live.run_id[:8])
    return replace(live.card, notes=(*live.card.notes, back))


def way_back(reference: str | int) -> str:
    """Return what the card of a deleted run says."""
    return f"deleted; %track restore {reference} brings it back"


def live_html(live: LiveCard) -> Markup:
    """Return a card that is refreshed as HTML; it has no button, so it says in words what was asked."""
    parts: list[str] = [card_html(live.card)]
    if line := _progress_html(live):
        parts.append(element("div", line, style="font-size:13px;line-height:20px;padding-left:20px"))
    return element("div", *parts)


def _progress_html(live: LiveCard) -> Markup:
    parts: list[str] = []
    progress = live.progress
    if progress is not None:
        parts.append(progress.text)
        if progress.total:
            style, done = "width:120px;height:8px;vertical-align:middle", min(progress.done, progress.total)
            parts.append(element("progress", style=style, value=done, max=progress.total))
        parts += [muted(progress.left)] if progress.left else []
    if words := _STOP_WORDS.get(live.stop):
        parts.append(muted(words))
    return join(parts) if parts else Markup("")


def live_text(live: LiveCard) -> str:
    """Return a card that is refreshed as text."""
    progress = live.progress
    parts = [progress.text, progress.left] if progress is not None else []
    parts.append(_STOP_WORDS.get(live.stop, ""))
    line = " · ".join(part for part in parts if part)
    return card_text(live.card) + (f"\n  {line}" if line else "")


# ---- for the front end


def card_message(live: LiveCard) -> dict[str, Any]:
    """Return a card as the front end gets it; the names of its parts are those of the front end's types."""
    card = live.card
    return {
        "state": vars(card.state).copy(),
        "name": card.name,
        "number": card.number,
        "color": card.color,
        "changed": list(card.changed),
        "time": card.time,
        "started": live.started if live.elapsed is not None else None,
        "elapsed": live.elapsed,
        "metrics": [_metric_message(line) for line in card.metrics],
        "more": card.more,
        "error": card.error,
        "params": [vars(param).copy() for param in card.params],
        "more_params": list(card.more_params),
        "extras": list(card.extras),
        "notes": list(card.notes),
        "short": card.short,
        "progress": _progress_message(live.progress),
        "stop": live.stop,
        "note": live.note,
        "deleted": live.deleted,
        "id": live.run_id,
    }


def _progress_message(progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    label = middle_cut(one_line(progress.label), LABEL_LIMIT)
    return {"done": progress.done, "total": progress.total, "unit": label, "text": progress.text, "left": progress.left}


def _metric_message(line: MetricLine) -> dict[str, Any]:
    change = line.change
    return {
        "key": line.key,
        "goal": line.goal.arrow,
        "value": line.value,
        "full": line.full,
        "change": None if change is None else change_message(change, line.versus),
        "best": line.best,
        "is_best": line.is_best,
        "muted": line.muted,
        "spark": spark_message(line.spark),
    }


def change_message(change: Change, versus: str) -> dict[str, Any]:
    """Return a change as the front end gets it."""
    better = {"better": True, "worse": False}.get(change.verdict or "")
    return {"text": change.text, "arrow": change.arrow, "better": better, "versus": versus}


def spark_message(spark: Sparkline | None) -> dict[str, Any] | None:
    """Return a small curve as the front end gets it."""
    return None if spark is None else {**vars(spark)}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two cards of the front end say the same; the time that a run has been going does not count."""
    return all(one[part] == other[part] for part in one if part not in ("elapsed", "time"))
