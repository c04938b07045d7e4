"""The verbs of ``%track`` that look: tables, single runs, comparisons, the store and its state."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from ..errors import InvalidValue, NotFound
from ..recording.entries import now_ms
from ..recording.session import session
from ..records import ViewType, html_form, text_form
from ..store import curve_feed, filter_hints, registry, run_rows
from ..store.bin import deleted_times
from ..views.board import runs_code
from ..views.curve_choice import Asked
from ..views.curves import MOST_RUNS
from ..views.format import age, one_line
from ..views.html import status_html
from ..views.models import model_details, registry_details, run_numbers
from ..views.text import status_text
from ..views.words import named
from . import showing
from .desk import Desk, refuse_options, split, take_value
from .status import status_items, status_problems

if TYPE_CHECKING:
    from ..panels.comparison import ComparisonPanel
    from ..panels.curves import CurvesPanel
    from ..panels.table import RunTablePanel
    from ..store.reader import Reader

TABLE_RUNS = 50
_DATED = 10  # deleted runs of which it is said when
_EXPERIMENT = re.compile(r"\s*(?:-e|--experiment)[ \t=]+(\"[^\"]*\"|'[^']*'|\S+)\s*")


def table(desk: Desk) -> RunTablePanel:
    """Show the newest runs."""
    return desk.hooks.tables.show()


def runs(desk: Desk, rest: str) -> None:
    """Show the runs that a filter finds, in one experiment or in all of them."""
    found = _EXPERIMENT.match(rest)
    filter_string = rest[found.end() :] if found else rest
    if filter_string.startswith("-"):  # which no filter does
        words = filter_string.split()
        take_value(words, "-e", "--experiment")
        refuse_options(words, "runs")
    experiment = found[1].strip("\"'") if found else None
    if not filter_string.strip() and experiment is None:
        table(desk)
        return
    _show_found(desk, filter_string, experiment, filter_string.strip() or f"experiment {experiment!r}")


def search(desk: Desk, rest: str) -> None:
    """Show the runs in which all words are."""
    words = rest.split()
    if not words:
        raise InvalidValue("%track search WORDS: say what is looked for, in names, notes, tags and code.")
    _show_found(desk, run_rows.words_filter([word.strip("\"'") for word in words]), None, " ".join(words))


def _show_found(desk: Desk, filter_string: str, experiment: str | None, asked: str) -> None:
    ids = None if experiment is None else [desk.reader().experiment_named(experiment).experiment_id]
    reader = desk.reader()
    numbers = run_rows.find(reader.store, run_rows.search(ids, filter_string, (), ViewType.ACTIVE_ONLY, None, 0))
    if not numbers:
        hints = map(one_line, filter_hints.unknown_keys(reader.store, filter_string))
        desk.say("\n".join([f"No run matches {one_line(asked)}; %track shows all runs.", *hints]))
        return
    found = run_rows.load(reader.store, numbers[:TABLE_RUNS])
    every = runs_code(filter_string, experiment)
    showing.show_table(desk.shell, desk.tracker, found, numbers, every)


def show(desk: Desk, rest: str) -> None:
    """Show one run in full."""
    if not rest.strip():
        raise InvalidValue("%track show RUN: name a run: #12, its name, six or more digits of its id, last or best.")
    # Not split: the name of a run may have blanks, and needs no quotes where nothing follows it.
    reader = desk.reader()
    showing.show_run(desk.shell, desk.tracker, reader.run(reader.resolve(rest.strip().strip("\"'"))))


def curves(desk: Desk, rest: str) -> CurvesPanel:
    """Show metrics of runs as charts: words that are metrics, then runs."""
    from .curves import make

    words = split(rest, "curves [METRIC…] [RUN…]")
    reader = desk.found()
    experiment = _experiment_of(reader, words)
    x, smooth, group = take_value(words, "-x"), take_value(words, "--smooth"), take_value(words, "--group")
    try:
        smoothing = 0.0 if smooth is None else float(smooth)
    except ValueError:
        raise InvalidValue(
            f"%track curves --smooth takes a number from 0 to 0.999, not {one_line(smooth or '')!r}."
        ) from None
    keys = curve_feed.metric_keys(reader.store) if reader is not None else []
    metrics = [word for word in words if word in keys or reader is None]
    named = [word for word in words if word not in metrics]
    try:
        runs = None if not named else tuple(run.run_id for run in desk.runs(named))
    except NotFound as error:
        near = difflib.get_close_matches(named[0], keys, n=1)
        there = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(map(one_line, keys[:8]))}."
        hint = f" Nor is there a metric of that name; {there}" if keys else ""
        raise NotFound(f"{error}{hint}") from None
    _refuse_both(experiment, named)
    if reader is not None and experiment is not None:
        runs = tuple(run.run_id for run in reader.runs([experiment], limit=MOST_RUNS))
    panel = make(Asked(tuple(metrics), runs, x or "step", smoothing, group or ""))
    panel._ipython_display_()
    return panel


def compare(desk: Desk, rest: str) -> ComparisonPanel:
    """Show what differs between runs, or groups of them; the first is what the others are measured against."""
    words = split(rest, "compare [RUN…]")
    reader = desk.reader()
    experiment = _experiment_of(reader, words)
    _refuse_both(experiment, words)
    named_runs = desk.runs(words) if words else []
    if len(named_runs) == 1 and len(words) > 1:
        raise InvalidValue(f"All of these are one run ({named(named_runs)}); a comparison needs two or more.")
    found = [run.run_id for run in named_runs] if words else None
    from ..views.group_comparison import comparison_among

    return desk.hooks.comparisons.show(comparison_among(reader, found, experiment=experiment))


def _experiment_of(reader: Reader | None, words: list[str]) -> str | None:
    """Take ``-e EXPERIMENT`` out of the words, and return the experiment's id; None where it is not there."""
    name = take_value(words, "-e", "--experiment")
    if name is None:
        return None
    if reader is None:
        raise NotFound(f"There is no experiment {one_line(name)!r}: there are no runs yet.")
    return reader.experiment_named(name).experiment_id


def _refuse_both(experiment: str | None, named: list[str]) -> None:
    if experiment is not None and named:
        raise InvalidValue(f"Name the runs ({one_line(' '.join(named))}), or the experiment with -e, not both.")


def show_bin(desk: Desk, rest: str) -> None:
    """Show the deleted runs."""
    split(rest, "bin", most=0)
    reader = desk.found()
    deleted = reader.runs(view_type=ViewType.DELETED_ONLY) if reader is not None else []
    if not deleted:
        desk.say("The bin is empty.")
        return
    times = deleted_times(desk.tracker.store)
    deleted.sort(key=lambda run: -times.get(run.run_id, 0))
    numbers = [run.number for run in deleted if run.number is not None]
    showing.show_table(desk.shell, desk.tracker, deleted[:TABLE_RUNS], numbers, "track.runs(deleted=True)")
    now = now_ms()
    when = [f"#{run.number} {age(times[run.run_id], now)}" for run in deleted[:_DATED] if run.run_id in times]
    if when:
        desk.say(f"Deleted: {', '.join(when)}{', …' if len(deleted) > _DATED else ''}")
    desk.say("%track restore RUN brings one back, %track undo those that were deleted last.")


def models(desk: Desk, rest: str) -> None:
    """Show the registered models, or one of them with its versions."""
    reader = desk.reader()
    name = rest.strip().strip("\"'")
    if not name:
        found = registry.models(reader.store)
        if not found:
            desk.say("No model is registered yet. log_model(…, registered_model_name='…') or register_model does it.")
            return
        details = registry_details(found, now_ms())
    else:
        model = registry.model(reader.store, name)
        versions = registry.versions_of(reader.store, name)
        details = model_details(model, versions, run_numbers(reader, versions), now_ms())
    showing.show(desk.shell, html_form(details) or "", text_form(details) or "")


def status(desk: Desk, rest: str) -> None:
    """Show the store, versions, what is captured, and what is wrong."""
    split(rest, "status", most=0)
    items, problems = status_items(desk.hooks), status_problems()
    showing.show(desk.shell, status_html(items, problems), status_text(items, problems))


def store(desk: Desk, rest: str) -> None:
    """Show the store's place, or record into another one from now on."""
    if rest:
        # Not split: a path may have blanks and backslashes.
        session.use_checked_store(rest.strip("'\""))
    desk.say(str(desk.tracker.store))
