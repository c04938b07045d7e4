"""What changed from one run to another: its params, its code and its data, in full and in a few words.

A number that is changed in the cell changes both a param and a line of code. It is told once, as the param: such a
line does not count among the lines of code that changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..records import Param, Run
from . import datasets
from .diffs import opcodes
from .format import MINUS, column_text, one_line, param_text

OWN_SOURCES = ("explicit", "assign")
SHORT_CHANGES = 2
_VALUE_LIMIT = 16


@dataclass(frozen=True)
class ParamChange:
    """A param with another value, or one that only one of the two runs has: `before` or `after` is None."""

    key: str
    before: Param | None
    after: Param | None

    @property
    def text(self) -> str:
        """``C 0.1 → 1``, ``+dropout 0.1`` or ``−momentum``."""
        key = one_line(self.key)
        if self.after is None:
            return f"{MINUS}{key}"
        if self.before is None:
            return f"+{key} {_value(self.after)}"
        before, after = _value(self.before), _value(self.after)
        if before == after:  # they differ in a digit that a table leaves out
            before, after = param_text(self.before, _VALUE_LIMIT), param_text(self.after, _VALUE_LIMIT)
        return f"{key} {before} → {after}"

    @property
    def own(self) -> bool:
        """Whether the user wrote it."""
        return any(param is not None and param.source in OWN_SOURCES for param in (self.before, self.after))


def _value(param: Param) -> str:
    """A number as a column of a table shows it, other values in at most 16 characters."""
    return column_text(param) if param.type == "float" else param_text(param, _VALUE_LIMIT)


@dataclass(frozen=True)
class CodeChange:
    """How much the code changed: lines that are new, lines that are gone, and changed ones that no param tells."""

    added: int
    removed: int
    lines: int

    @property
    def text(self) -> str:
        """``3 lines of code``; nothing where the params tell it all."""
        return f"{self.lines:,} line{'' if self.lines == 1 else 's'} of code" if self.lines else ""


@dataclass(frozen=True)
class Difference:
    """What changed from an earlier run to a later one.

    Attributes
    ----------
    params : tuple of ParamChange
        Those that the user wrote first.
    code : CodeChange or None
        None where the code is equal, or not known of both.
    code_known : bool
        Whether the code of both is known.
    data : tuple of str
        ``data iris (training): age changed``, a phrase for each dataset that is another one.
    """

    params: tuple[ParamChange, ...] = ()
    code: CodeChange | None = None
    code_known: bool = False
    data: tuple[str, ...] = ()

    @cached_property
    def equal(self) -> bool:
        """Whether both are known to have the same code, the same params and the same data."""
        return self.code_known and self.code is None and not self.params and not self.data

    def short(self, limit: int = SHORT_CHANGES, hidden: Collection[str] = ()) -> tuple[str, ...]:
        """Return the difference in at most `limit` words and a count of the rest.

        Params that the user wrote come first, then data and code, then other params with another value. Of those that
        nobody wrote (inherited, an estimator's) none comes or goes without the code, which tells it.

        Parameters
        ----------
        limit : int, default 2
        hidden : collection of str
            Params that are shown elsewhere and are left out.

        Examples
        --------
        >>> from jupyter_track.records import Param
        >>> before, after = Param("C", 0.1), Param("C", 1)
        >>> Difference((ParamChange("C", before, after),), CodeChange(3, 2, 3)).short()
        ('C 0.1 → 1', '3 lines of code')
        """
        params = [change for change in self.params if change.key not in hidden]
        own = [change.text for change in params if change.own]
        code = [self.code.text] if self.code is not None and self.code.text else []
        code = [*self.data, *code]
        rest = [change.text for change in params if not change.own and change.before and change.after]
        count = len(own) + len(code) + len(rest)
        if count <= limit:
            return (*own, *code, *rest)
        shown = [*own[: max(limit - len(code), 1)], *code, *rest][:limit]
        return (*shown, f"+{count - len(shown)}")


def difference(run: Run, other: Run, source: str | None = None, other_source: str | None = None) -> Difference:
    """Return what changed from `other`, the earlier run, to `run`.

    Parameters
    ----------
    run, other : Run
    source, other_source : str or None, default None
        Their code, as `Reader.source` gives it; None where it is not known.

    Returns
    -------
    Difference
        A param or dataset that a failed run lacks is no change: it may not have come so far.
    """
    changes = [
        ParamChange(key, other.params.get(key), param)
        for key, param in run.params.items()
        if (key not in other.params and other.state != "failed")
        or (key in other.params and other.params[key].text != param.text)
    ]
    if run.state != "failed":
        changes += [ParamChange(key, param, None) for key, param in other.params.items() if key not in run.params]
    params = tuple(sorted(changes, key=lambda change: not change.own))
    data = datasets.changes(run, other)
    if source is None or other_source is None:
        return Difference(params, data=data)
    return Difference(params, code_change(other_source, source, params), code_known=True, data=data)


def code_change(before: str, after: str, params: Sequence[ParamChange] = ()) -> CodeChange | None:
    """Return how much code changed, None where it is equal.

    Parameters
    ----------
    before, after : str
    params : sequence of ParamChange
        What is told already: a line in which nothing else changed does not count.
    """
    if before == after:
        return None
    old, new = before.splitlines(), after.splitlines()
    added = removed = lines = 0
    for tag, a, b, c, d in opcodes(old, new):
        if tag == "equal":
            continue
        removed, added = removed + b - a, added + d - c
        told = 0
        if b - a == d - c:
            pairs = zip(old[a:b], new[c:d], strict=True)
            told = sum(_told(one, another, params) for one, another in pairs)
        elif tag != "replace":
            told = sum(_told_alone(line, tag, params) for line in (*old[a:b], *new[c:d]))
        lines += max(b - a, d - c) - told
    return CodeChange(added, removed, lines)


def _told(before: str, after: str, params: Sequence[ParamChange]) -> bool:
    """Whether a line only has other values of the params that changed."""
    line = before
    for change in params:
        if change.before is None or change.after is None or _last_word(change.key) not in line:
            continue
        for old, new in zip(_forms(change.before), _forms(change.after), strict=True):
            pattern = rf"(\b{re.escape(_last_word(change.key))}\b\W{{1,6}}){re.escape(old)}(?![\w.])"
            line = re.sub(pattern, lambda found, new=new: found[1] + new, line)  # type: ignore[misc]
        if line == after:
            return True
    return line == after


def _told_alone(line: str, tag: str, params: Sequence[ParamChange]) -> bool:
    """Whether a line only assigns a param that is new, or is gone; a blank line is told by nothing."""
    for change in params:
        param = change.after if tag == "insert" else change.before
        alone = (change.before is None) == (tag == "insert") and (change.after is None) == (tag == "delete")
        if param is not None and alone:
            forms = "|".join(re.escape(form) for form in _forms(param))
            if re.fullmatch(rf"\s*{re.escape(_last_word(change.key))}\s*=\s*['\"]?(?:{forms})['\"]?\s*", line):
                return True
    return False


def _last_word(key: str) -> str:
    """``C`` of ``svc.C``: a nested param's name in the code."""
    return re.split(r"[./]|__", key)[-1]


def _forms(param: Param) -> tuple[str, str]:
    return (param.text if param.written is None else param.written, param.text)
