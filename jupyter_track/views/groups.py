"""Runs that differ only in the seed: the groups whose mean and spread say what one run alone cannot.

A seed is told by its name (``seed``, ``random_state``, ``model.random_seed``, ``rng``). Runs are of one group where
they have the same experiment, parent, code and other params. A seed that is written in the cell changes its code too,
so the numbers of seeds do not count as code. Runs whose code was not recorded are put together among themselves.
A run without a seed is alone: what two of them differ in is not known, and repeats are told by their code (`repeats`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..records import Param, Run
from ..store import run_sources
from ..store.reader import Reader
from ..store.table_rows import TableRow
from .group_names import group_names

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LAST = ("seed", "seeds", "rng")
_OF = ("torch", "np", "numpy", "python", "random", "global", "data", "split", "cv", "tf")  # seed_torch
# seed = 3, random_state=3, np.random.seed(3), torch.manual_seed(3), default_rng(3)
_SEED_NUMBER = re.compile(
    r"(?P<name>\b\w*(?:seed|random_state|rng)\w*\s*(?:=(?!=)|\()\s*)(?P<number>\d[\d_]*|None\b)", re.IGNORECASE
)


def is_seed(key: str) -> bool:
    """Return whether a param is a seed, by its name.

    Examples
    --------
    >>> [is_seed(key) for key in ("seed", "np_seed", "model__random_state", "randomSeed", "seed_torch", "rng")]
    [True, True, True, True, True, True]
    >>> [is_seed(key) for key in ("seed_words", "n_seeds", "range", "state", "num_rng")]
    [False, False, False, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or words[0] in ("n", "num", "count"):  # how many seeds there are is a choice
        return False
    first = words[0] == "seed" and len(words) == 2 and words[1] in _OF
    return words[-1] in _LAST or first or words[-2:] == ["random", "state"]


def seedless(code: str) -> str:
    """Return code without the numbers of its seeds, for comparing.

    Examples
    --------
    >>> seedless("np.random.seed(3); fit(C=1, random_state=42)")
    'np.random.seed(…); fit(C=1, random_state=…)'
    """
    return _SEED_NUMBER.sub(lambda found: found["name"] + "…", code)


def seedless_sources(reader: Reader, run_ids: Sequence[str]) -> dict[str, str]:
    """Return a hash of the code of each run that has code, in which the numbers of seeds do not count."""
    hashes = reader.sources(run_ids)
    first = {code: run_id for run_id, code in reversed(hashes.items())}
    texts = reader.source_texts(list(first.values()))
    known = {
        code: run_sources.hash_of([seedless(texts[run_id])]) if run_id in texts else code
        for code, run_id in first.items()
    }
    return {run_id: known[code] for run_id, code in hashes.items()}


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ only in the seed.

    Attributes
    ----------
    label : str
        As all of its runs are called, else the params by which it differs from the other groups:
        ``lr 1e-3 · model svm`` (`group_names`).
    run_ids : tuple of str
        In the order in which they were handed in.
    """

    label: str
    run_ids: tuple[str, ...]


def seed_groups(runs: Sequence[Run | TableRow], sources: Mapping[str, str]) -> tuple[SeedGroup, ...]:
    """Return the runs by groups that differ only in the seed, in the order of their first ones.

    Parameters
    ----------
    runs : sequence of Run or TableRow
    sources : mapping of str to str
        A hash of each run's code without its seeds, by run id (`seedless_sources`).

    Returns
    -------
    tuple of SeedGroup
        Every run is in one of them; one that is alone makes a group of its own.
    """
    groups: dict[tuple[object, ...], list[Run | TableRow]] = {}
    for run in runs:
        groups.setdefault(_key(run, sources), []).append(run)
    labels = group_names(list(groups.values()), is_seed)
    return tuple(
        SeedGroup(label, tuple(run.run_id for run in members))
        for label, members in zip(labels, groups.values(), strict=True)
    )


def has_seeds(runs: Sequence[Run | TableRow]) -> bool:
    """Return whether a seed tells two of the runs apart: then it is worth to put the others of a group together."""
    texts: dict[str, str] = {}
    return any(
        texts.setdefault(key, param.text) != param.text
        for run in runs
        for key, param in run.params.items()
        if is_seed(key)
    )


def alike(rows: Sequence[Run | TableRow], sources: Mapping[str, str]) -> dict[str, str]:
    """Return the label of each run's group, by its id; nothing where no seed tells runs apart."""
    if not has_seeds(rows):
        return {}
    return {run_id: group.label for group in seed_groups(rows, sources) for run_id in group.run_ids}


def other_params(run: Run | TableRow) -> dict[str, Param]:
    """Return the params of a run that are no seeds."""
    return {key: param for key, param in run.params.items() if not is_seed(key)}


def _key(run: Run | TableRow, sources: Mapping[str, str]) -> tuple[object, ...]:
    parent = run.parent_run_id if isinstance(run, Run) else run.parent
    others = other_params(run)
    if len(others) == len(run.params):
        return (run.run_id,)
    params = frozenset((key, param.text) for key, param in others.items())
    return str(run.experiment_id), parent, sources.get(run.run_id), params
