"""The key below a table: what its signs say, for who has never seen one of ours; those that stand in it are told."""

from __future__ import annotations

from collections.abc import Iterable

from ..views.compared import Comparison
from ..views.goals import Goal
from ..views.runs import RunTable

NOISE = "within noise: no larger than between repeats of a run"


def table_key(table: RunTable) -> str:
    """Return the key of a table of runs; empty where it needs none."""
    cells = [cell for row in table.rows for cell in row.cells]
    parts = [*_goals(column.goal for column in table.columns)]
    if any(cell.best for cell in cells):
        parts.append("▲ before a value: the best of its column")
    changes = {cell.change.arrow for cell in cells if cell.change is not None and not cell.noise}
    parts += _changes(changes, table.versus.removeprefix("vs ").replace("baseline", "the baseline"), " behind a change")
    return " · ".join([*parts, *([NOISE] if any(cell.noise for cell in cells) else [])])


def comparison_key(comparison: Comparison) -> str:
    """Return the key of a comparison; empty where it needs none."""
    values = [value for line in comparison.lines for value in line.values]
    changes = {value.change.arrow for value in values if value.change is not None and not value.noise}
    parts = [*_goals(line.goal for line in comparison.lines), *_changes(changes, "the reference")]
    return " · ".join([*parts, *([NOISE] if any(value.noise for value in values) else [])])


def _goals(goals: Iterable[Goal]) -> list[str]:
    """What the arrows behind names say."""
    known = [goal for goal in goals if goal.direction is not None]
    signs = (("max", "↑ higher is better"), ("min", "↓ lower is better"))
    parts = [told for direction, told in signs if any(goal.direction == direction for goal in known)]
    return [*parts, *(["? guessed from the name"] if any(goal.doubt for goal in known) else [])]


def _changes(arrows: set[str], what: str, where: str = "") -> list[str]:
    words = [f"{sign} {word}" for sign, word in (("▲", "better"), ("▼", "worse")) if sign in arrows]
    if not words:
        return []
    first, *rest = words
    return [f"{', '.join([f'{first[0]}{where}: {first[2:]}' if where else first, *rest])} than {what}"]
