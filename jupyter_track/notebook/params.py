"""What a cell sets: the params that a tracked run gets of its own accord.

Four sources, in the order in which they win: ``assign`` (a top-level ``NAME = literal``), ``config`` (a config object
made in the cell), ``estimator`` (what differs from an estimator's defaults, see `estimators`) and ``inherited`` (a
literal of an earlier cell, read by this one). The text says which names are params; the namespace says their values.

Secrets are redacted here, so that no caller can forget it.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..context.secret_names import words
from ..records import Param
from .cellcode import Binding, Cell, Change, called_name, dotted, parse_cell
from .ending import After, resolve
from .estimators import estimator_params
from .leaves import flatten, is_config, is_styling, make_param, same
from .literals import NotLiteral, entries, literal, spellings

_CONFIG_WORDS = words(
    "config cfg conf args arguments settings options opts hparams hyperparams hyperparameters params parse cli",
    "replace copy deepcopy evolve",
)
_MAX_FUNCTIONS = 50


@dataclass(frozen=True)
class AutoParams:
    """The automatic params of a run, and what could not be read: one sentence each."""

    params: tuple[Param, ...] = ()
    problems: tuple[str, ...] = ()


def automatic_params(
    source: str,
    user_ns: Mapping[str, object],
    before: Mapping[str, int],
    *,
    result: object = None,
    failed_line: int | None = None,
    parameter_sources: Iterable[str] = (),
) -> AutoParams:
    """Return every param that a cell gives without being asked, each key once.

    Parameters
    ----------
    source : str
        The cell's source after IPython's transformers.
    user_ns : mapping of str to object
        The namespace when the cell has ended.
    before : mapping of str to int
        ``id()`` of each value of the namespace before the cell ran: an `ending.Snapshot`.
    result : object, optional
        The value of the cell's last expression.
    failed_line : int, optional
        Where the cell stopped (`ending.failed_line`); statements from there on give nothing.
    parameter_sources : iterable of str, optional
        Sources of earlier cells whose literals count where the cell reads them: papermill's parameters, and the
        cells of the run's slice. A later one wins.

    Returns
    -------
    AutoParams
        In the order assign, config, estimator, inherited. A source that is no Python gives none.

    Examples
    --------
    >>> [(param.key, param.value) for param in automatic_params("lr = 1e-3", {"lr": 0.001}, {}).params]
    [('lr', 0.001)]
    """
    own = cell_params(source, user_ns, before, failed_line)
    fitted = estimator_params(source, user_ns, before, taken=own, result=result, failed_line=failed_line)
    found = {param.key: param for param in own}
    for param in fitted.params:
        found.setdefault(param.key, param)
    earlier: dict[str, Param] = {}
    for parameter_source in parameter_sources:
        earlier |= {param.key: param for param in inherited_params(parameter_source, source, user_ns)}
    for key, param in earlier.items():
        found.setdefault(key, param)
    return AutoParams(tuple(found.values()), fitted.problems)


def cell_params(
    source: str, user_ns: Mapping[str, object], before: Mapping[str, int], failed_line: int | None = None
) -> list[Param]:
    """Return the params that a cell assigns and those of the config objects that it makes.

    The parameters are those of `automatic_params`.

    Notes
    -----
    Not taken: names with an underscore in front, names that a loop or an augmented assignment changes anywhere in
    the cell, names whose last binding is no literal, empty containers, plot styling, and what exceeds the limits.
    Where a branch may have bound the name again, the value tells whether it did.

    Examples
    --------
    >>> cell_params("C = 0.1; n = len(X)", {"C": 0.1, "n": 5}, {})[0].key
    'C'
    """
    cell = parse_cell(source)
    if cell is None:
        return []
    after = After(user_ns, before, failed_line)
    found: list[Param] = []
    for name, bindings in _candidates(cell, after).items():
        found += _assigned(cell, name, bindings, after) or _configured(name, bindings[-1], after)
    return found


def inherited_params(parameter_source: str, cell_source: str, user_ns: Mapping[str, object]) -> list[Param]:
    """Return the params of an earlier cell that the tracked cell reads.

    Read means: loaded by name in the cell, or by a function of the notebook that the cell names, at any depth of
    such calls. A name that the tracked cell binds itself is not inherited.

    Parameters
    ----------
    parameter_source : str
        The earlier cell, such as papermill's parameters cell.
    cell_source : str
        The tracked cell.
    user_ns : mapping of str to object
        The namespace when the tracked cell has ended.

    Examples
    --------
    >>> [param.key for param in inherited_params("C = 0.1; k = 5", "fit(C)", {"C": 0.1, "k": 5})]
    ['C']
    """
    earlier, cell = parse_cell(parameter_source), parse_cell(cell_source)
    if earlier is None or cell is None:
        return []
    read = _read_names(cell, user_ns) - {binding.name for binding in cell.bindings}
    after = After(user_ns, {})
    found: list[Param] = []
    for name, bindings in _candidates(earlier, after).items():
        if name in read:
            found += _assigned(earlier, name, bindings, after, source="inherited")
    return found


def _candidates(cell: Cell, after: After) -> dict[str, list[Binding]]:
    """Return the bindings that may have happened, by name: the last straight one, and branches after it."""
    accumulated = {change.name for change in cell.changes if change.place == "loop"}
    barred = cell.looped | cell.augmented | accumulated
    found: dict[str, list[Binding]] = {}
    for binding in cell.bindings:
        name = binding.name
        if name.startswith("_") or name in barred or is_styling(name):
            continue
        if binding.place == "straight" and after.happened(binding):
            found[name] = [binding]
        elif binding.place == "branch" and name in found and after.reached(binding):
            found[name].append(binding)  # it may have run: the value tells
    return found


def _assigned(cell: Cell, name: str, bindings: list[Binding], after: After, source: str = "assign") -> list[Param]:
    """Return the params of a name that was bound to a literal, with the values that it holds now."""
    stated = [_stated(cell, binding) for binding in bindings]
    if stated[0] is None:
        return []
    now = dict(_leaves(name, after.user_ns[name]))
    last = None
    for candidate in reversed(stated):
        if candidate is not None and _agree(now, dict(flatten(name, candidate.value))):
            last = candidate
            break
    if last is None:
        if any(candidate is None for candidate in stated):
            return []  # a branch bound it to something else
        last = stated[-1] or stated[0]
    params = []
    expected = dict(flatten(name, last.value))
    for key, value in now.items():
        if key not in expected or (last.doubtful and not same(value, expected[key])):
            continue
        written = last.written.get(key) if same(value, expected[key]) else None
        param = make_param(key, value, source, written)
        if param is not None:
            params.append(param)
    return params


@dataclass(frozen=True)
class _Stated:
    """What the text says a name holds. `doubtful`: something that is no literal was stored in it later."""

    value: Any
    written: dict[str, str]
    doubtful: bool


def _stated(cell: Cell, binding: Binding) -> _Stated | None:
    if binding.value is None or not binding.whole:
        return None
    try:
        value = literal(binding.value)
        written = spellings(cell, binding.value, binding.name)
    except (NotLiteral, RecursionError):
        return None
    at_first = dict(flatten(binding.name, value))
    doubtful = False
    for change in cell.changes:
        if change.name == binding.name:
            doubtful |= not _apply(value, change)
    at_last = dict(flatten(binding.name, value))
    kept = {key: text for key, text in written.items() if key in at_last and same(at_first.get(key), at_last[key])}
    return _Stated(value, kept, doubtful)


def _apply(value: Any, change: Change) -> bool:
    """Follow a change in the stated value; False where what was stored is not known."""
    try:
        if change.call is not None:
            return _apply_call(value, change.call)
        if change.value is None or not change.path:
            return False
        stored = literal(change.value)
    except NotLiteral:
        return False
    for key in change.path[:-1]:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value[change.path[-1]] = stored
        return True
    return isinstance(value, list)


def _apply_call(value: Any, call: ast.Call) -> bool:
    stored = [literal(argument) for argument in call.args]
    keywords = {keyword.arg: literal(keyword.value) for keyword in call.keywords if keyword.arg is not None}
    if called_name(call) == "update" and isinstance(value, dict):
        for argument in call.args:
            value.update({key: item for key, (item, _) in entries(argument).items()})
        value.update(keywords)
    elif called_name(call) == "setdefault" and isinstance(value, dict) and len(stored) == 2:
        value.setdefault(stored[0], stored[1])
    return len(keywords) == len(call.keywords)


def _agree(now: dict[str, Any], stated: dict[str, Any]) -> bool:
    return bool(stated) and all(key in now and same(now[key], value) for key, value in stated.items())


def _leaves(name: str, value: object) -> list[tuple[str, Any]]:
    try:
        return flatten(name, value)
    except Exception:  # noqa: BLE001  # a user's object may raise on any look at it: it is no param then
        return []


def _configured(name: str, binding: Binding, after: After) -> list[Param]:
    """Return the fields of a config object that the cell made."""
    value = after.user_ns[name]
    try:
        if not is_config(value) or not _made_here(name, binding, value, after.user_ns):
            return []
    except Exception:  # noqa: BLE001  # see _leaves
        return []
    made = (make_param(key, item, "config") for key, item in _leaves(name, value))
    return [param for param in made if param is not None]


def _made_here(name: str, binding: Binding, value: object, user_ns: Mapping[str, object]) -> bool:
    """Whether a config object was stated by the cell rather than computed.

    A dataclass may as well be a result (``fit = train(model)``). It counts where its own class is called, or a
    method of its class, or where the function or the name says what it is: parse_args, load_config, replace.
    """
    if not isinstance(binding.value, ast.Call):
        return False
    parts = dotted(binding.value.func)
    words = {word for text in (name, *parts[-1:], called_name(binding.value) or "") for word in text.lower().split("_")}
    if words & _CONFIG_WORDS:
        return True
    return any(
        isinstance(found, type) and isinstance(value, found)
        for found in (resolve(parts, user_ns), resolve(parts[:-1], user_ns))
    )


def _read_names(cell: Cell, user_ns: Mapping[str, object]) -> set[str]:
    """Return the names that a cell reads, itself or through the notebook's functions that it names."""
    read = set(cell.reads)
    waiting = list(cell.reads)
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_FUNCTIONS:
        function = user_ns.get(waiting.pop())
        if type(function) is not types.FunctionType or function.__name__ in seen:
            continue
        if function.__globals__ is not user_ns:
            continue  # a library's function reads its own module's names
        seen.add(function.__name__)
        found = _global_names(function.__code__) - read
        read |= found
        waiting += found
    return read


def _global_names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names
