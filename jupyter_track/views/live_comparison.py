"""A comparison as the front end gets it: texts as they are shown, the same as in the static forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .colors import Paint
from .compared import CodeDiff, Compared, Comparison, Line, Value
from .comparison_parts import Parts, TableSlot
from .format import size
from .joined import Cell, Joined, JoinedRow
from .media import Picture, Slot

Message = dict[str, Any]


def comparison_message(comparison: Comparison, parts: Parts, drawn: Mapping[str, Paint]) -> Message:
    """Return what a comparison says, part by part."""
    return {
        "runs": [_run(run, drawn[run.run_id]) for run in comparison.runs],
        "lines": [line_message(line) for line in comparison.lines],
        "equal": sum(count for _, count in comparison.equal),
        "more": comparison.more,
        "method": comparison.method,
        "note": comparison.note,
        "code": [code_message(diff) for diff in comparison.diffs],
        "media": [_slot(slot) for slot in parts.slots],
        "tables": [_table(slot) for slot in parts.tables],
        "curves": [{"key": one.key, "goal": one.goal.arrow} for one in parts.curves],
    }


def _run(run: Compared, paint: Paint) -> Message:
    return {
        "id": run.run_id,
        "number": run.number,
        "name": run.long_name,
        "full": run.full_name,
        "state": vars(run.state).copy(),
        "color": paint.color,
        "dash": list(paint.dash),
        "repeats": run.repeats,
        "members": list(run.members),
        "baseline": run.baseline,
        "live": run.state.word == "running",
    }


def line_message(line: Line) -> Message:
    """Return one line."""
    return {
        "group": line.group,
        "label": line.label,
        "full": line.key,
        "goal": line.goal.arrow,
        "words": line.goal.words if line.goal.direction else "",
        "right": line.right,
        "values": [_value(value, line) for value in line.values],
    }


def _value(value: Value, line: Line) -> Message:
    """A value with what it has besides its text: short names, since a message has many."""
    found: Message = {"t": value.text}
    if value.full and value.full != value.text:
        found["f"] = value.full
    if value.spread:
        found["s"] = value.spread
    if value.change is not None and value.change.verdict != "same":
        better = None if value.noise else {"better": True, "worse": False}.get(value.change.verdict or "")
        arrow = "" if value.noise or not value.change.arrow else value.change.arrow + line.goal.doubt
        found["c"] = {"text": value.change_text, "arrow": arrow, "better": better}
    found |= {name: text for name, text in (("n", value.noise), ("i", value.interval), ("m", value.method)) if text}
    found |= {
        name: True for name, flag in (("b", value.best), ("r", value.best and value.so_far), ("e", value.same)) if flag
    }
    return found


def code_message(diff: CodeDiff) -> Message:
    """Return the code of a run against that of the first."""
    return {
        "run": diff.run_id,
        "title": diff.title,
        "cut": diff.cut,
        "lines": [{"sign": line.sign, "parts": [list(part) for part in line.parts]} for line in diff.lines],
    }


def _slot(slot: Slot) -> Message:
    return {
        "name": slot.name,
        "title": slot.title,
        "kind": slot.kind,
        "equal": slot.equal,
        "steps": list(slot.steps),
        "pictures": [[_picture(step, one) for step, one in sorted(own.items(), key=_by_step)] for own in slot.pictures],
    }


def _by_step(item: tuple[int | None, Picture]) -> int:
    return -1 if item[0] is None else item[0]


def _picture(step: int | None, picture: Picture) -> Message:
    return {
        "step": step,
        "path": picture.path,
        "hash": picture.sha256,
        "size": picture.size,
        "told": size(picture.size),
        "mime": picture.mime,
        "shown": picture.shown_live,
        "run": picture.run_id,
        "whose": picture.whose,
    }


def _table(slot: TableSlot) -> Message:
    return {
        "name": slot.name,
        "key": slot.key,
        "equal": slot.equal,
        "hash": "".join(one[:16] for one in slot.hashes),
        "size": sum(one.size for one in slot.tables if one is not None),
    }


def rows_message(name: str, joined: Joined, places: Sequence[int], start: int, count: int, equal: bool) -> Message:
    """Return a page of joined tables."""
    return {
        "type": "comparison-rows",
        "table": name,
        "start": start,
        "total": len(joined.keys(equal)),
        "told": joined.told,
        "equal": len(joined.equal),
        "key": joined.key,
        "columns": list(places),
        "shared": list(joined.shared),
        "differing": list(joined.differing),
        "rows": [_row(row) for row in joined.page(start, count, equal=equal)],
    }


def _row(row: JoinedRow) -> Message:
    return {
        "key": row.key,
        "status": row.status,
        "shared": list(row.shared),
        "cells": [[_cell(cell) for cell in column] for column in row.cells],
    }


def _cell(cell: Cell | None) -> Any:
    """Nothing where a run has none, true where it is the first run's, else its text in pieces."""
    if cell is None:
        return None
    return True if cell.same else [list(part) for part in cell.parts]
