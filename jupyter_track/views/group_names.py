"""What groups of runs are called: the same in a live table, a still one, a comparison and a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ..records import Param, Run
from ..store.table_rows import TableRow
from .format import column_text, middle_cut, one_line, param_text

MOST_PARAMS = 3  # that a name has; more only where fewer do not tell it from another
_LIMIT = 16
_SAME = "same params"
Group = Sequence[Run | TableRow]


def group_names(groups: Sequence[Group], quiet: Callable[[str], bool], *, alone: bool = False) -> list[str]:
    """Return a name for each group: as all of its runs are called and no other is, else the params that tell it apart.

    What two groups differ in is in their names, however many params there are. Those that differ in none are counted,
    from the last one, the oldest.

    Parameters
    ----------
    groups : sequence of sequence of Run or TableRow
        None of them empty.
    quiet : callable
        Whether a param names no group, by its key: a seed.
    alone : bool, default False
        Whether a run that is alone in its group is called by its name too.
    """
    params = [_shared(group, quiet) for group in groups]
    told = _Told(params)
    own = _own_names(groups)
    found: list[str] = []
    for at, group in enumerate(groups):
        label = told.label(at)
        called = own[at] if alone or len(group) > 1 or not told.chosen[at] else ""
        if not told.keys and not called and len({run.name for run in group}) == 1:
            called = one_line(group[0].name)
        found.append(called or label)
    return _counted(found)


def _shared(group: Group, quiet: Callable[[str], bool]) -> dict[str, Param]:
    """The params that all runs of a group have with the same value."""
    first, *others = group
    return {
        key: param
        for key, param in first.params.items()
        if not quiet(key) and all(key in run.params and run.params[key].text == param.text for run in others)
    }


def _own_names(groups: Sequence[Group]) -> list[str]:
    """The name that all runs of a group have and no run of another; nothing where there is none."""
    names = [{one_line(run.name) for run in group} for group in groups]
    among = Counter(name for some in names for name in some)
    return [min(some) if len(some) == 1 and among[min(some)] == 1 else "" for some in names]


class _Told:
    """The params that are in the name of each group: the first that differ, and more where two would be equal."""

    def __init__(self, params: Sequence[Mapping[str, Param]]) -> None:
        self._params = params
        every = dict.fromkeys(key for each in params for key in each)
        self.keys = [key for key in every if len({_value(each, key) for each in params}) > 1]
        self.chosen = [[key for key in self.keys if key in each][:MOST_PARAMS] for each in params]
        self._titles = _apart({key: (middle_cut(one_line(key), _LIMIT), one_line(key)) for key in self.keys})
        self._values = {key: _values(params, key) for key in self.keys}
        while self._told_more():
            pass

    def label(self, at: int) -> str:
        """The params of a group: ``lr 0.1 · model svm``."""
        own = self._params[at]
        words = [f"{self._titles[key]} {self._values[key][own[key].text]}" for key in self.chosen[at]]
        if words or not self.keys:
            return " · ".join(words) or _SAME
        return f"no {', '.join(self._titles[key] for key in self.keys[:MOST_PARAMS])}"

    def _told_more(self) -> bool:
        """Name one param more of those that are called alike and differ; return whether there was one."""
        alike: dict[str, list[int]] = {}
        for at in range(len(self._params)):
            alike.setdefault(self.label(at), []).append(at)
        more = False
        for places in alike.values():
            key = next((key for key in self.keys if self._is_left(key, places)), None) if len(places) > 1 else None
            for at in places:
                if key is not None and key in self._params[at]:
                    self.chosen[at].append(key)
                    more = True
        return more

    def _is_left(self, key: str, places: Sequence[int]) -> bool:
        """Whether a param tells some groups apart, and none of them names it."""
        named = any(key in self.chosen[at] for at in places)
        return not named and len({_value(self._params[at], key) for at in places}) > 1


def _value(params: Mapping[str, Param], key: str) -> str | None:
    return params[key].text if key in params else None


def _values(params: Sequence[Mapping[str, Param]], key: str) -> dict[str, str]:
    """How the values of a param are written in names; a long one loses its middle where that leaves it apart."""
    having = {each[key].text: each[key] for each in params if key in each}
    return _apart({text: (_short(param), param_text(param, None)) for text, param in having.items()})


def _short(param: Param) -> str:
    """A long fraction as in a table, anything else without its middle."""
    return column_text(param) if param.type == "float" else param_text(param, _LIMIT)


def _apart(texts: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Texts in their short form, those whose short form another has too in their long one."""
    often = Counter(short for short, _ in texts.values())
    return {key: short if often[short] == 1 else long for key, (short, long) in texts.items()}


def _counted(labels: Sequence[str]) -> list[str]:
    found = list(labels)
    seen: Counter[str] = Counter()
    for at in reversed(range(len(labels))):
        seen[labels[at]] += 1
        if seen[labels[at]] > 1:
            found[at] = f"{labels[at]} · {seen[labels[at]]}"
    return found
