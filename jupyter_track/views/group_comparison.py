"""Groups of runs side by side: each column is a group, and what repeats tell of a metric is mean ± sd (n).

Groups are named by a person, or found: those of runs that differ only in the seed (`groups`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ..errors import InvalidValue
from ..records import Run
from ..store.reader import Reader
from . import compared_around, compared_facts
from .compared import Compared, Comparison
from .compared_facts import both
from .compared_metrics import metrics
from .comparison import MOST_RUNS, Cells, assembled, column_of, comparison_of, found_runs
from .format import one_line, word_cut
from .group_names import group_names
from .groups import has_seeds, is_seed, seed_groups, seedless, seedless_sources
from .measure import last_of, measure_of, reason_of
from .repeats import Repeats
from .surroundings import Surroundings

GROUP_LIMIT = 40  # characters: the name of a group is the params that tell it apart


def comparison_among(
    reader: Reader, run_ids: Sequence[str] | None, groups: bool | None = None, experiment: str | None = None
) -> Comparison:
    """Return the comparison of runs: of groups where they fall into some, else run by run.

    Parameters
    ----------
    reader : Reader
    run_ids : sequence of str or None
        Whole ids, one twice where it was named twice. A single run is measured against its baseline, else against the
        run before it of its cell; None is the last one that tells something (`last_of`). `Comparison.note` says which
        were taken.
    groups : bool or None, default None
        Whether runs that differ only in the seed are taken together; None decides by `groups_in`.
    experiment : str or None, default None
        The id of the experiment whose last run is taken where none is named.

    Raises
    ------
    NotFound
        Where a run is not in the store, or there is nothing to compare with.
    InvalidValue
        For no run, or where groups are asked for and there are none.
    """
    ids = list(dict.fromkeys(run_ids or ()))
    note = ""
    if run_ids is None or len(ids) == 1:
        one = "which each of the names means" if len(run_ids or ()) > 1 else ""
        run, why = (reader.run(ids[0]), one) if ids else last_of(reader, experiment)
        measure = measure_of(reader, run)
        note = f"{_words(run, why)} against {_words(measure, reason_of(run, measure)).rstrip(',')}"
        ids = [measure.run_id, run.run_id]
    found = [] if groups is False else groups_in(reader, found_runs(reader, ids))
    if groups and not found:
        raise InvalidValue("These runs are not two groups or more that differ inside only in the seed.")
    return group_comparison_of(reader, found) if found else replace(comparison_of(reader, ids), note=note)


def _words(run: Run, why: str) -> str:
    return f"#{run.number}, {why}," if why else f"#{run.number}"


def groups_in(reader: Reader, runs: Sequence[Run]) -> list[list[str]]:
    """Return the groups that runs fall into, where that says more than run by run; nothing otherwise.

    That is where there are two groups or more, each with two runs or more that differ only in the seed, and not only
    repeats of each other.
    """
    if len(runs) < 4 or not has_seeds(runs):
        return []
    found = seed_groups(runs, seedless_sources(reader, [run.run_id for run in runs]))
    if len(found) < 2 or any(len(group.run_ids) < 2 for group in found):
        return []
    return [list(group.run_ids) for group in found]


def group_comparison_of(reader: Reader, groups: Sequence[Sequence[str]]) -> Comparison:
    """Read groups of runs and return their comparison.

    Parameters
    ----------
    reader : Reader
    groups : sequence of sequence of str
        Whole ids; the first group is what the others are measured against. Eight are shown.

    Raises
    ------
    InvalidValue
        For fewer than two groups, an empty one, or a run that is in two.
    NotFound
        Where a run is not in the store.
    """
    wanted = [list(dict.fromkeys(group)) for group in groups]
    ids = [run_id for group in wanted for run_id in group]
    if len(set(ids)) < len(ids):
        raise InvalidValue("A run is in two of the groups; a comparison of groups needs each run once.")
    by_id = {run.run_id: run for run in found_runs(reader, ids)}
    runs = [[by_id[run_id] for run_id in group] for group in wanted]
    shown = [run_id for group in wanted[:MOST_RUNS] for run_id in group]
    found = compare_groups(runs, reader.source_cells(shown), reader.surroundings(shown))
    return replace(found, store=reader.store)


def compare_groups(
    groups: Sequence[Sequence[Run]],
    cells: Cells,
    surroundings: Mapping[str, Surroundings] = MappingProxyType({}),
) -> Comparison:
    """Decide what the comparison of groups of runs says.

    Parameters
    ----------
    groups : sequence of sequence of Run
        Two or more, none empty.
    cells : mapping of str to sequence of str
        The code of runs, by run id.
    surroundings : mapping, optional
        What surrounded each run, by its id.

    Raises
    ------
    InvalidValue
        For fewer than two groups, or an empty one.
    """
    if len(groups) < 2:
        raise InvalidValue(f"A comparison needs two groups or more, not {len(groups)}.")
    if not all(groups):
        raise InvalidValue("A group without a run cannot be compared.")
    shown = groups[:MOST_RUNS]
    firsts = [group[0] for group in shown]
    # Of a group with several versions of the code none stands for all.
    known = {
        group[0].run_id: cells[group[0].run_id]
        for group in shown
        if group[0].run_id in cells and len({_code(cells.get(run.run_id, ())) for run in group}) == 1
    }
    return assembled(
        _columns(shown),
        firsts,
        known,
        (
            ("data", compared_around.data(shown)),
            ("params", compared_facts.params(shown)),
            ("metrics", metrics(firsts, [Repeats(tuple(group)) for group in shown], grouped=True)),
            ("tags", compared_facts.tags(shown)),
            ("environment", both(compared_facts.environment(shown), compared_around.around(shown, surroundings))),
            ("run", compared_facts.facts(shown)),
        ),
        more=len(groups) - len(shown),
    )


def _code(cells: Sequence[str]) -> tuple[str, ...]:
    """The code of a run without the numbers of its seeds."""
    return tuple(map(seedless, cells))


def _columns(groups: Sequence[Sequence[Run]]) -> list[Compared]:
    """The headings: a group is called as its runs are, else by the params in which the groups differ."""
    names = group_names(groups, is_seed, alone=True)
    cut = [word_cut(name, GROUP_LIMIT) for name in names]
    shown = cut if len(set(cut)) == len(set(names)) else names
    columns = []
    for group, name, short in zip(groups, names, shown, strict=True):
        column = column_of(group[0], len(group))
        state = next((column_of(run, 1).state for run in group if run.state == "running"), column.state)
        columns.append(
            replace(
                column,
                number="" if len(group) > 1 else column.number,
                name=short,
                long_name=name,
                full_name=f"{name}: {', '.join(_title(run) for run in group)}",
                state=state,
                members=tuple(run.run_id for run in group),
                baseline=column.baseline and len(group) == 1,
            )
        )
    return columns


def _title(run: Run) -> str:
    return f"{'' if run.number is None else f'#{run.number} '}{one_line(run.name)}"
