"""Which params mattered for a metric: permutation importance of a random forest.

A forest of scikit-learn learns the metric's ranks from the params. What it explains is measured on runs that it has
not seen (R² in five folds); a param's importance is how much of that is lost when the values of this param are shuffled
among them. Ranks, since one diverged run would else be all that counts. Of many runs a sample is learned from. It is
fixed, and folds, forest and shuffles have fixed seeds: the same runs give the same answer.

Sources: L. Breiman, Random Forests, Machine Learning 45, 2001 (the method); C. Strobl et al., Conditional variable
importance for random forests, BMC Bioinformatics 9, 2008 (why correlated params share their importance).
"""

from __future__ import annotations

import hashlib
import importlib.util
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, TrackError
from ..records import Goal as Direction
from ..store.table_rows import TableRow
from .axes import MOST_CATEGORIES, Axis, Known, axis_of, known_of
from .format import middle_cut, one_line
from .goals import Goal, goal_of
from .groups import is_seed
from .parallel import main_metric
from .ranks import rank_correlation, ranks, signed
from .words import counted

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.random import Generator
    from pandas import DataFrame
    from sklearn.ensemble import RandomForestRegressor

LEAST_RUNS = 10
MOST_RUNS = 600  # that the forest learns from: more of them move the bars less than their deviation
CAREFUL = 5  # so many runs a param, or it is said that there are few
FOLDS, ROUNDS, SHUFFLES = 5, 2, 5
TREES, FEWER_TREES = 60, 30  # of a forest; of many runs the fewer move a bar by a small part of its deviation
MANY = 200  # runs
AT_ONCE = 4_000_000  # numbers of shuffled tables that are predicted together
LITTLE = 0.1  # R² below which next to nothing is explained
ALIKE = 0.8  # the rank correlation from which two params are said to move together
NAME_LIMIT = 32
MOST_NAMED = 3  # params that matter although next to nothing is explained


@dataclass(frozen=True)
class Bar:
    """How much one param mattered.

    Attributes
    ----------
    key, title : str
        The param, and its name as shown.
    mean, deviation : float
        The loss of R², and its standard deviation over the shuffles.
    noise : bool
        Whether it is no more than twice its deviation.
    """

    key: str
    title: str
    mean: float
    deviation: float
    noise: bool

    @property
    def text(self) -> str:
        """``0.62 ± 0.04``."""
        return f"{signed(self.mean)} ± {self.deviation:.2f}"


@dataclass(frozen=True)
class Importance:
    """Which params mattered for a metric.

    Attributes
    ----------
    metric : str
    goal : Goal
    bars : tuple of Bar
        The params that differ, the most important one first.
    explained : float
        R² of the forest on runs that it has not seen; from 0 down it explains nothing.
    runs : int
        How many runs it is told from.
    method : str
        How, in words.
    notes : tuple of str
        The limits: what to be careful with, and what was left out.
    """

    metric: str
    goal: Goal
    bars: tuple[Bar, ...]
    explained: float
    runs: int
    method: str
    notes: tuple[str, ...]

    @property
    def df(self) -> DataFrame:
        """The bars as a DataFrame: ``param importance sd within_noise``."""
        import pandas as pd

        rows = [(bar.key, bar.mean, bar.deviation, bar.noise) for bar in self.bars]
        return pd.DataFrame(rows, columns=["param", "importance", "sd", "within_noise"])

    @property
    def head(self) -> str:
        """``what mattered for accuracy · 40 runs · R² 0.83``."""
        name = middle_cut(one_line(self.metric), NAME_LIMIT)
        return f"what mattered for {name} · {counted(self.runs, 'run')} · R² {signed(self.explained)}"


def importance_of(
    rows: Sequence[TableRow],
    goals: Mapping[str, Direction],
    metric: str | None = None,
    *,
    known: Known | None = None,
    going: Callable[[], object] | None = None,
) -> Importance:
    """Return which params mattered for a metric.

    Parameters
    ----------
    rows : sequence of TableRow
    goals : mapping of str to {"min", "max"}
        The declared goals.
    metric : str, optional
        By default the main one.
    known : Known, optional
        Of these rows, where it was read before.
    going : callable, optional
        Called before each forest is grown: of many runs all of them take a second or so.

    Raises
    ------
    NotFound
        Where no run has the metric.
    InvalidValue
        Where there are too few runs, or nothing varies.
    TrackError
        Where scikit-learn is not installed.
    """
    known = known or known_of(rows, goals)
    key = main_metric(known, metric)
    every, left = _used(rows, key, goals)
    used = _sample(every)
    axes, notes = _features(used, known if len(every) == len(rows) else known_of(every, {}))
    _refuse(key, used, axes, rows)
    _need_sklearn()
    target = axis_of(used, key, "metric", goals)
    values = [value for value in target.values if isinstance(value, float)]
    if len(set(values)) < 2:
        raise InvalidValue(f"{one_line(key)!r} has the same value in all of these {len(used)} runs: nothing mattered.")
    explained, drops = _drops(axes, values, going or (lambda: None))
    bars = [
        Bar(axis.key, middle_cut(one_line(axis.key), NAME_LIMIT), *_mean_and_deviation(drops[at]))
        for at, axis in enumerate(axes)
    ]
    bars.sort(key=lambda bar: (-bar.mean, bar.key))
    return Importance(
        key,
        goal_of(key, goals),
        tuple(bars),
        explained,
        len(used),
        _method(len(used), len(every)),
        (*_limits(explained, len(used), axes, bars), *left, *notes),
    )


def _method(used: int, every: int) -> str:
    import sklearn

    sampled = f"; of a sample of {used:,} of the {every:,} runs, the same each time" if used < every else ""
    return (
        f"permutation importance of a random forest (scikit-learn {sklearn.__version__}): the R² that is lost, on runs "
        f"held out, when a param is shuffled; of the metric's ranks{sampled}"
    )


def _mean_and_deviation(drops: Sequence[float]) -> tuple[float, float, bool]:
    mean, deviation = statistics.fmean(drops), statistics.stdev(drops)
    return mean, deviation, mean <= 2 * deviation or mean < 0.005


# ---- what is learned from


def _used(rows: Sequence[TableRow], key: str, goals: Mapping[str, Direction]) -> tuple[list[TableRow], list[str]]:
    """Return the finished runs with a finite value, in the order of their numbers, and what was left out."""
    having = [row for row in rows if key in row.metrics]
    finished = [row for row in having if row.state == "finished"]
    axis = axis_of(finished, key, "metric", goals)
    finite = [row for row, value in zip(finished, axis.values, strict=True) if value is not None]
    told = (
        (len(having) - len(finished), "that did not finish"),
        (len(finished) - len(finite), "with NaN or ∞"),
        (len(rows) - len(having), f"without {one_line(key)}"),
    )
    notes = [f"{counted(count, 'run')} {why} left out" for count, why in told if count]
    return sorted(finite, key=lambda row: row.number), notes


def _sample(rows: Sequence[TableRow]) -> list[TableRow]:
    """Return what is learned from: all of few runs, of many some, in the order of their numbers.

    By a hash of their ids, which are random: a run that is added changes at most one of the sample, so that bars stay
    where they are while a sweep goes on.
    """
    if len(rows) <= MOST_RUNS:
        return list(rows)
    drawn = sorted(rows, key=lambda row: hashlib.sha256(row.run_id.encode()).digest())[:MOST_RUNS]
    return sorted(drawn, key=lambda row: row.number)


def _features(used: Sequence[TableRow], known: Known) -> tuple[list[Axis], list[str]]:
    """Return the params that differ among all runs, as the sample has them, and what was left out of them."""
    seeds = [key for key in known.params_that_differ if is_seed(key)]
    axes = [axis_of(used, key, "param", {}) for key in known.params_that_differ if key not in seeds]
    wide = [axis.key for axis in axes if len(axis.categories) > MOST_CATEGORIES]
    constant = len(known.params) - len(known.params_that_differ)
    notes = [f"seeds left out: {', '.join(map(one_line, seeds))}"] if seeds else []
    notes += [f"left out: {', '.join(map(one_line, wide))} (more than {MOST_CATEGORIES} names)"] if wide else []
    notes += [f"{counted(constant, 'param')} equal in all runs"] if constant else []
    return [axis for axis in axes if axis.key not in wide], notes


def _refuse(key: str, used: Sequence[TableRow], axes: Sequence[Axis], rows: Sequence[TableRow]) -> None:
    if len(used) < LEAST_RUNS:
        raise InvalidValue(
            f"Which params mattered for {one_line(key)!r} takes at least {LEAST_RUNS} finished runs with a value; "
            f"of these {counted(len(rows), 'run')} {'is' if len(used) == 1 else 'are'} {len(used)}."
        )
    if not axes:
        raise InvalidValue(f"No param differs among these {len(used)} runs, so none of them mattered.")


def _need_sklearn() -> None:
    if importlib.util.find_spec("sklearn") is None:
        raise TrackError(
            "What mattered is told by scikit-learn, which is not installed: pip install 'jupyter-track[sklearn]'"
        )


def _limits(explained: float, count: int, axes: Sequence[Axis], bars: Sequence[Bar]) -> list[str]:
    notes = []
    if explained >= LITTLE and any(bar.mean > 1 for bar in bars):
        notes.append("more can be lost than there is: with that param shuffled the forest does worse than a mere mean")
    if explained < LITTLE:
        notes.append(_little([bar.title for bar in bars if not bar.noise]))
    if count < CAREFUL * len(axes):
        notes.append(f"few runs for {counted(len(axes), 'param')}: more of them may change the order")
    notes += [f"{one} and {other} move together: they share their importance" for one, other in _alike(axes)]
    return notes


def _little(telling: Sequence[str]) -> str:
    """What it means that next to nothing is explained: nothing of the params whose loss is more than noise."""
    if not telling:
        return "the params explain next to nothing of it here: the order of the bars means little"
    names = ", ".join([*telling[:MOST_NAMED], *(["…"] if len(telling) > MOST_NAMED else [])])
    return (
        f"all params together hardly predict a run held out, and without {names} still less: that may be chance, or "
        "runs of another kind hide what matters; a filter to those of one kind tells more"
    )


def _alike(axes: Sequence[Axis]) -> list[tuple[str, str]]:
    """Return pairs of params that cannot be told apart: strongly correlated ranks, or each a name of the other."""
    places = [[-1.0 if share is None else share for share in axis.shares] for axis in axes]
    found = []
    for at, one in enumerate(axes):
        for other_at in range(at):
            other = axes[other_at]
            pairs = len(set(zip(one.values, other.values, strict=True)))
            kinds = len(set(one.values)), len(set(other.values))
            same = pairs == kinds[0] == kinds[1] and pairs <= len(one.values) / 2
            ordered = not one.categories and not other.categories
            if same or (ordered and abs(rank_correlation(places[at], places[other_at]) or 0.0) >= ALIKE):
                found.append((one_line(other.key), one_line(one.key)))
    return found


# ---- the forest


def _columns(axis: Axis) -> ndarray[Any, Any]:
    """Return a param as columns: a number, or one column a category. What is missing has a place of its own."""
    import numpy as np

    if axis.categories:
        names = [*axis.categories, *([None] if None in axis.values else [])]
        return np.array([[value == name for name in names] for value in axis.values], dtype=float)
    # Trees see only the order of numbers, so their places do as well as they do: and those are never too large.
    return np.array([[-1.0 if share is None else share] for share in axis.shares])


def _drops(
    axes: Sequence[Axis], values: Sequence[float], going: Callable[[], object]
) -> tuple[float, list[list[float]]]:
    """Return R² on runs held out, and by param what each shuffle of it takes away."""
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    blocks = [_columns(axis) for axis in axes]
    table = np.hstack(blocks)
    ends = np.cumsum([block.shape[1] for block in blocks])
    spans = [slice(end - block.shape[1], end) for end, block in zip(ends, blocks, strict=True)]
    target = np.array(ranks(values))
    total = float(((target - target.mean()) ** 2).sum())
    source = np.random.default_rng(0)
    scores: list[float] = []
    drops: list[list[float]] = [[] for _ in axes]
    trees = FEWER_TREES if len(values) > MANY else TREES
    for turn in range(ROUNDS):
        missed = 0.0
        shuffled = np.zeros((len(axes), SHUFFLES))
        for learned, held in KFold(FOLDS, shuffle=True, random_state=turn).split(table):
            going()
            forest = RandomForestRegressor(trees, min_samples_leaf=2, random_state=turn, n_jobs=1)
            forest.fit(table[learned], target[learned])
            missed += float(((forest.predict(table[held]) - target[held]) ** 2).sum())
            shuffled += _missed(forest, table[held], target[held], spans, source)
        scores.append(1 - missed / total)
        for at in range(len(axes)):
            drops[at] += [float(one - missed) / total for one in shuffled[at]]
    return statistics.fmean(scores), drops


def _missed(
    forest: RandomForestRegressor,
    table: ndarray[Any, Any],
    target: ndarray[Any, Any],
    spans: Sequence[slice],
    source: Generator,
) -> ndarray[Any, Any]:
    """Return by param and shuffle the squares that a forest misses; several params at once, since each call costs."""
    import numpy as np

    together = max(AT_ONCE // (SHUFFLES * table.size), 1)
    missed = []
    for begin in range(0, len(spans), together):
        some = spans[begin : begin + together]
        copies = np.tile(table, (len(some), SHUFFLES, 1, 1))
        for at, span in enumerate(some):
            for turn in range(SHUFFLES):
                copies[at, turn, :, span] = table[source.permutation(len(table)), span]
        found = forest.predict(copies.reshape(-1, table.shape[1])).reshape(len(some), SHUFFLES, -1)
        missed.append(((found - target) ** 2).sum(axis=2))
    return np.concatenate(missed)
