"""The metrics that a tracked cell gives of its own accord, in the order in which they are looked for.

1. What the cell logs itself. The caller knows; it then asks with ``mode="off"`` and gets the named ones only.
2. Names on the magic's line (``-m``, ``--max``, ``--min``).
3. The last expression, where it is a number or a flat dict of numbers (IPython hands out none where a `;` ends it).
4. The best score of a search over parameters that the cell fitted, where no name stands on the line, and floats that
   the cell's top level computed with a call.

Printed text is never read. Loop variables, accumulators, ``_names`` and what came from time, len, shape or random
are never taken by 3 and 4: they are numbers, and no measure of anything.
"""

from __future__ import annotations

import ast
import difflib
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ..context.secret_names import words
from ..errors import InvalidValue
from ..values import check_key, metric_value
from .cellcode import Binding, Cell, called_name, dotted, parse_cell
from .ending import After, resolve
from .estimators import best_scores
from .literals import NotLiteral, literal

Mode = Literal["floats", "last", "off"]
MetricSource = Literal["named", "result", "auto"]

MAX_AUTO = 8
_MAX_KEYS = 20

_NEVER: Final = words(
    "time time_ns perf_counter perf_counter_ns process_time process_time_ns monotonic monotonic_ns thread_time",
    "default_timer timeit timer now utcnow today total_seconds timestamp",
    "len shape size ndim nbytes numel nelement getsizeof",
    "random rand randn randint randrange uniform gauss normalvariate random_sample standard_normal randperm",
    "default_rng RandomState getrandbits",
)
_PACKAGE: Final = __name__.partition(".")[0]
_SUGGESTION = re.compile(r"suggest_\w+")  # a search library hands out a param, not a result
_WRAPPERS: Final = words("float int round abs item tolist numpy cpu detach asscalar float32 float64 around")
_AGGREGATES: Final = words("mean median sum std var max min average nanmean nanmedian prod percentile")
_FUNCTIONS: Final = words("sqrt log log2 log10 log1p exp power divide pow")
_THROUGH: Final = _WRAPPERS | _AGGREGATES | _FUNCTIONS

# Where a value came from: a call, something that is never a metric, or neither.
_Origin = Literal["call", "never", "plain"]


@dataclass(frozen=True)
class AutoMetrics:
    """Metrics as (key, value, source), each key once, and one sentence for each name that gave none."""

    metrics: tuple[tuple[str, float, MetricSource], ...] = ()
    warnings: tuple[str, ...] = ()


def auto_metrics(
    source: str,
    user_ns: Mapping[str, object],
    before: Mapping[str, int],
    result: object = None,
    *,
    mode: Mode = "floats",
    named: Iterable[str] = (),
    failed_line: int | None = None,
    computed: bool = False,
    logged: Iterable[str] = (),
) -> AutoMetrics:
    """Return the metrics of a cell that has ended.

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
    mode : {"floats", "last", "off"}, optional
        ``last`` leaves rule 4 out, ``off`` rules 3 and 4.
    named : iterable of str, optional
        The names of rule 2. They are taken whatever `mode` is, also where a loop set them.
    failed_line : int, optional
        Where the cell stopped (`ending.failed_line`). A value that was there before is then not taken for new.
    computed : bool, default False
        Whether rule 3 takes only what the cell computed with a call. Nobody has marked the cells that ``%track on``
        looks at, and one that says ``C`` or ``2 + 2`` is no experiment.
    logged : iterable of str, optional
        The metrics of rule 1, of which a name that gives none may be a misspelling.

    Returns
    -------
    AutoMetrics

    Examples
    --------
    >>> auto_metrics("acc = score(model)", {"acc": 0.93}, {}).metrics
    (('acc', 0.93, 'auto'),)
    """
    cell = parse_cell(source)
    after = After(user_ns, before, failed_line)
    found: dict[str, tuple[float, MetricSource]] = {}
    warnings: list[str] = []
    names = list(dict.fromkeys(named))
    for name in names:
        value = _named(name, cell, after, logged)
        if isinstance(value, str):
            warnings.append(value)
        else:
            found[name] = (value, "named")
    if cell is not None and mode != "off":
        origins = _Origins(cell, after)
        if failed_line is None:
            for key, number in _from_result(cell, origins, result, computed).items():
                found.setdefault(key, (number, "result"))
        if mode == "floats":
            floats = _floats(cell, after, origins)
            known = {*floats.values(), *(number for number, _ in found.values())}
            best = {} if names else _best(cell, after, result, known)
            for key, number in [*floats.items(), *best.items()][-MAX_AUTO:]:
                found.setdefault(key, (number, "auto"))
    return AutoMetrics(tuple((key, value, origin) for key, (value, origin) in found.items()), tuple(warnings))


def _named(name: str, cell: Cell | None, after: After, logged: Iterable[str]) -> float | str:
    """Return the value of a name on the magic's line, or the sentence that says why there is none."""
    if name not in after.user_ns:
        return f"No metric {name!r}: the cell ended without that name.{_nearest(name, cell, after, logged)}"
    value = after.user_ns[name]
    if _is_stale(name, value, cell, after):
        nearest = _nearest(name, cell, after, logged)
        return f"No metric {name!r}: this cell did not set it, its value is an earlier one.{nearest}"
    try:
        return metric_value(check_key(name, "metric"), value)
    except InvalidValue as error:
        return f"No metric {name!r}: {error}"
    except Exception as error:  # noqa: BLE001  # a user's __float__ or item() may raise anything
        return f"No metric {name!r}: its value cannot be read ({error!r})."


def _is_stale(name: str, value: object, cell: Cell | None, after: After) -> bool:
    """Whether a value was there before the cell and the cell did not touch it.

    Identity proves that only for floats: small integers are shared, and tensors are added to in place.
    """
    if after.rebound(name):
        return False
    bindings = [binding for binding in cell.bindings if binding.name == name] if cell is not None else []
    if any(binding.place == "straight" and after.happened(binding) for binding in bindings):
        return False
    return not bindings or issubclass(type(value), float)


def _nearest(name: str, cell: Cell | None, after: After, logged: Iterable[str]) -> str:
    """Return a sentence with the names that were probably meant: metrics that were logged, the cell's own, numbers."""
    own = {binding.name for binding in cell.bindings} if cell is not None else set()
    others = {
        key for key, value in after.user_ns.items() if issubclass(type(value), (int, float)) and after.rebound(key)
    }
    candidates = [key for key in sorted(own | others) if key in after.user_ns and not key.startswith("_")]
    candidates = list(dict.fromkeys([*logged, *candidates]))
    close = difflib.get_close_matches(name, [key for key in candidates if key != name], n=3, cutoff=0.5)
    return f" The nearest names: {', '.join(close)}." if close else ""


def _from_result(cell: Cell, origins: _Origins, result: object, computed: bool) -> dict[str, float]:
    """Return what the last expression gives (rule 3)."""
    expression = cell.last_expression
    if expression is None or result is None:
        return {}
    if isinstance(expression, ast.Name) and not origins.may_be_metric(expression.id):
        return {}
    origin = origins.of_entries(expression) if isinstance(expression, ast.Dict) else origins.of(expression)
    if origin == "never" or (computed and origin != "call"):
        return {}
    if type(result) is dict:
        if not 1 <= len(result) <= _MAX_KEYS:
            return {}
        numbers = {key: _number(key, value) for key, value in result.items() if isinstance(key, str)}
        found = {key: number for key, number in numbers.items() if number is not None}
        return found if len(found) == len(result) else {}
    key = _result_name(expression, origins.after.user_ns)
    number = _number(key, result)
    return {} if number is None else {key: number}


def _result_name(expression: ast.expr, user_ns: Mapping[str, object]) -> str:
    """Return what a number is called after: the call that made it, else the name that held it.

    ``round(accuracy_score(y, p), 3)`` is accuracy_score; ``scores.mean()`` is scores.mean, since a mean of
    something is no name by itself.
    """
    match expression:
        case ast.Name(id=name):
            return "result" if name.startswith("_") else name
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))) if name:
            return name
        case ast.Subscript(value=ast.Attribute(value=value, attr="iloc" | "loc" | "iat" | "at" | "values")):
            return _result_name(value, user_ns)
        case ast.Subscript(value=value) | ast.Await(value=value):
            return _result_name(value, user_ns)
        case ast.UnaryOp(operand=ast.Call() as call):
            return _result_name(call, user_ns)
        case ast.BinOp(left=ast.Call() as call, right=ast.Constant()):
            return _result_name(call, user_ns)
        case ast.BinOp(left=ast.Constant(), right=ast.Call() as call):
            return _result_name(call, user_ns)
        case ast.Call():
            return _call_name(expression, user_ns)
    return "result"


def _call_name(call: ast.Call, user_ns: Mapping[str, object]) -> str:
    name = called_name(call) or "result"
    if name not in _WRAPPERS | _AGGREGATES:
        return name
    handed = _operands(call, user_ns)
    base = _result_name(handed[0], user_ns) if handed else "result"
    if name in _AGGREGATES and (base == "result" or not isinstance(handed[0], ast.Call)):
        return name if base == "result" else f"{base}.{name}"
    return base


def _operands(call: ast.Call, user_ns: Mapping[str, object]) -> list[ast.expr]:
    """Return what a call works on: the receiver of a method first, then the arguments."""
    if not isinstance(call.func, ast.Attribute):
        return call.args
    if isinstance(resolve(dotted(call.func)[:-1], user_ns), types.ModuleType):
        return call.args  # np.mean(scores)
    return [call.func.value, *call.args]


def _floats(cell: Cell, after: After, origins: _Origins) -> dict[str, float]:
    """Return the floats that the top level computed (rule 4); of more than eight the last eight."""
    found: dict[str, float] = {}
    for name in origins.last:
        if not origins.may_be_metric(name) or origins.names.get(name) != "call":
            continue
        number = _number(name, after.user_ns.get(name), floats_only=True)
        if number is not None:
            found[name] = number
    return dict(list(found.items())[-MAX_AUTO:])


def _best(cell: Cell, after: After, result: object, known: set[float]) -> dict[str, float]:
    """Return the best scores of searches, without those that the cell took under a name of its own."""
    return {key: score for key, score in best_scores(cell, after, result).items() if score not in known}


def _number(key: object, value: object, floats_only: bool = False) -> float | None:
    """Return a scalar as a float, None for bools, text, arrays and whatever cannot be read."""
    try:
        key = check_key(key, "metric")
        if not isinstance(value, (int, float)):
            shape = getattr(value, "shape", None)
            item = getattr(value, "item", None)
            if shape is None or tuple(shape) != () or not callable(item):
                return None
            value = item()
        if isinstance(value, bool) or not isinstance(value, float if floats_only else (int, float)):
            return None
        return metric_value(key, value)
    except Exception:  # noqa: BLE001  # not a key, not a number, or an object that raises: no metric by itself
        return None


class _Origins:
    """Where the values of a cell's top-level names came from, followed in the order of the code."""

    def __init__(self, cell: Cell, after: After) -> None:
        self.cell = cell
        self.after = after
        self.names: dict[str, _Origin] = {}
        self.last: dict[str, Binding] = {}
        for binding in cell.bindings:
            if not after.happened(binding):
                continue
            origin: _Origin = "plain" if binding.value is None else self.of(binding.value)
            # An accumulator is no metric, and what is computed from it may be: accuracy = correct / total.
            earlier = self.names.get(binding.name, "plain") if binding.augmented else "plain"
            self.names[binding.name] = _strongest([origin, earlier])
            self.last.pop(binding.name, None)  # to the end: the order is that of the last binding
            self.last[binding.name] = binding

    def may_be_metric(self, name: str) -> bool:
        """Whether a bare name can be taken: no underscore, no loop variable, no accumulator, no param."""
        if name.startswith("_") or name in self.cell.looped or name in self.cell.augmented:
            return False
        binding = self.last.get(name)
        if binding is None or binding.value is None or not binding.whole:
            return True
        try:
            stated = literal(binding.value)
        except NotLiteral:
            return True
        keys = binding.value.keys if isinstance(binding.value, ast.Dict) else getattr(binding.value, "keywords", [])
        return isinstance(stated, dict) and len(stated) < len(keys)  # a dict of results has entries that are computed

    def of_entries(self, node: ast.Dict) -> _Origin:
        """Return the origin of what a dict display holds, as far as it is no constant."""
        origin = self._join(node.values)
        return "plain" if origin == "never" else origin

    def of(self, node: ast.expr) -> _Origin:
        """Return the origin of an expression."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name, "plain")
            case ast.Call():
                return self._of_call(node)
            case ast.Attribute(value=value, attr=attr):
                return "never" if attr in _NEVER else self.of(value)
            case ast.Subscript(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self.of(value)
            case ast.UnaryOp(operand=value) | ast.NamedExpr(value=value):
                return self.of(value)
            case ast.BinOp(left=left, right=right):
                return self._join([left, right])
            case ast.IfExp(body=body, orelse=orelse):
                return self._join([body, orelse])
        return "plain"

    def _of_call(self, call: ast.Call) -> _Origin:
        name = called_name(call)
        if name is None:
            return "call"
        parts = dotted(call.func)
        if name in _NEVER or "random" in parts or _SUGGESTION.fullmatch(name) or self._is_ours(parts):
            return "never"
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is not None and self.of(receiver) == "never":
            return "never"  # a generator's method, or .item() of a time
        if name not in _THROUGH:
            return "call"
        operands = _operands(call, self.after.user_ns)
        joined = self._join(operands)
        if joined == "plain" and any(not isinstance(operand, ast.Constant) for operand in operands):
            return "call"  # float(loss) of an earlier cell's loss
        return joined

    def _is_ours(self, parts: list[str]) -> bool:
        """Whether a call is one of this package's: what was recorded earlier is no result of the cell."""
        found = self.after.user_ns.get(parts[0]) if parts else None
        if issubclass(type(found), types.ModuleType):
            module = vars(found).get("__name__")
        elif issubclass(type(found), types.FunctionType):
            module = getattr(found, "__module__", None)
        else:
            module = type(found).__module__
        return str(module).partition(".")[0] == _PACKAGE

    def _join(self, nodes: list[ast.expr]) -> _Origin:
        return _strongest([self.of(node) for node in nodes])


def _strongest(origins: list[_Origin]) -> _Origin:
    if "call" in origins:
        return "call"
    return "never" if "never" in origins else "plain"
