"""What was set on an estimator, and which model a cell fitted.

An estimator is any object whose class has `get_params` (scikit-learn's own, xgboost's, lightgbm's, one of the user's
making); a module is a torch-like one (`parameters`, `forward`) or a keras-like one (`fit`, `predict`). No library is
imported, and nothing that these objects raise reaches the cell: what cannot be read is skipped and reported.
"""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..context.secret_names import words
from ..records import Param
from .cellcode import CallSite, Cell, called_name, dotted, parse_cell
from .ending import After, resolve
from .leaves import NOTHING, flatten, make_param, same

_FIT = words("fit fit_transform fit_predict partial_fit fit_resample")
_TRAIN = _FIT | words("train train_on_batch")
_BEST_SCORE = "best_cv_score"  # mlflow's name for it
_MAX_NESTING = 6
_MAX_ESTIMATORS = 20
_BUDGET = 0.25  # seconds for all estimators of a cell; one that is slow by itself cannot be interrupted


@dataclass(frozen=True)
class EstimatorParams:
    """The params of a cell's estimators, and what could not be read: one sentence each."""

    params: tuple[Param, ...] = ()
    problems: tuple[str, ...] = ()


def estimator_params(
    source: str,
    user_ns: Mapping[str, object],
    before: Mapping[str, int],
    *,
    taken: Sequence[Param] = (),
    result: object = None,
    failed_line: int | None = None,
) -> EstimatorParams:
    """Return what differs from the defaults of the estimators that a cell made or fitted.

    Parameters
    ----------
    source, user_ns, before, result, failed_line
        As in `params.automatic_params`.
    taken : sequence of Param, optional
        Params that the cell assigned. One of the same key and value wins over the estimator's; where the values
        differ, the estimator's key gets the variable's name in front.

    Returns
    -------
    EstimatorParams
        Keys are the parameter's name (``C``), ``step__C`` for what is nested, and ``model.C`` where two estimators
        of the cell share a key. What a search has found best is called ``best_C``, as mlflow calls it. Estimators
        that are a part of another one are reported as that part only.

    Examples
    --------
    >>> class Ridge:
    ...     def __init__(self, alpha=1.0, solver="auto"):
    ...         self.alpha, self.solver = alpha, solver
    ...     def get_params(self, deep=True):
    ...         return {"alpha": self.alpha, "solver": self.solver}
    >>> found = estimator_params("model = Ridge(alpha=2)", {"model": Ridge(2)}, {}).params
    >>> [(param.key, param.value, param.source) for param in found]
    [('alpha', 2, 'estimator')]
    """
    cell = parse_cell(source)
    if cell is None:
        return EstimatorParams()
    after = After(user_ns, before, failed_line)
    found = _estimators(cell, after, result)
    problems: list[str] = []
    settings: dict[str, list[tuple[str, Any]]] = {}
    inside: set[int] = set()
    deadline = time.monotonic() + _BUDGET
    for name, estimator in found.items():
        if time.monotonic() > deadline:
            problems.append(f"The estimator {name!r} was not read: the ones before it took over {_BUDGET} s.")
            continue
        try:
            settings[name] = list(_settings(estimator, "", inside, 0))
            if _was_fitted(name, cell, after):
                settings[name] += _best_params(estimator)
        except Exception as error:  # noqa: BLE001  # the user's own class: it is skipped, and the caller says so
            problems.append(f"The params of {name!r} ({type(estimator).__name__}) cannot be read: {error!r}.")
    whole = {name: pairs for name, pairs in settings.items() if id(found[name]) not in inside}
    return EstimatorParams(tuple(_named(whole, taken)), tuple(problems))


def fitted_name(
    source: str,
    user_ns: Mapping[str, object],
    before: Mapping[str, int],
    *,
    result: object = None,
    failed_line: int | None = None,
) -> str | None:
    """Return the class name of the model that a cell fitted or trained, None where there is none.

    The last one counts, one that can predict before one that only transforms. Of a pipeline it is the final step's
    class; of a trainer (``trainer.fit(model)``) its model's.

    Parameters
    ----------
    source, user_ns, before, result, failed_line
        As in `params.automatic_params`.

    Examples
    --------
    >>> class Ridge:
    ...     def fit(self, X, y): return self
    ...     def predict(self, X): return X
    >>> fitted_name("model.fit(X, y)", {"model": Ridge()}, {})
    'Ridge'
    """
    cell = parse_cell(source)
    if cell is None:
        return None
    last: str | None = None
    last_transformer: str | None = None
    for site in cell.calls:
        if called_name(site.node) not in _TRAIN or not _reached(site, failed_line):
            continue
        try:
            model = _model(site, cell, After(user_ns, before, failed_line), result)
            name = _class_name(model) if model is not None else None
            predicts = model is not None and (hasattr(model, "predict") or _is_module(model))
        except Exception:  # noqa: BLE001  # a user's object that raises when looked at names no run
            continue
        if predicts:
            last = name or last
        else:
            last_transformer = name or last_transformer
    return last or last_transformer


def best_scores(cell: Cell, after: After, result: object = None) -> dict[str, float]:
    """Return the best score of each search over parameters that a cell fitted (`GridSearchCV` and its like).

    Parameters
    ----------
    cell : cellcode.Cell
    after : ending.After
        The namespace when the cell has ended.
    result : object, optional
        The value of the cell's last expression.

    Returns
    -------
    dict
        ``best_cv_score``, mlflow's name; with several searches ``grid.best_cv_score``. A search whose score is no
        number, or cannot be read, is left out.

    Examples
    --------
    >>> class Search:
    ...     best_params_, best_score_ = {"C": 0.1}, 0.97
    ...     def fit(self, X, y): return self
    ...     def get_params(self, deep=True): return {}
    >>> best_scores(parse_cell("grid = Search().fit(X, y)"), After({"grid": Search()}, {}, None))
    {'best_cv_score': 0.97}
    """
    scores: dict[str, float] = {}
    for name, estimator in _estimators(cell, after, result).items():
        try:
            if _is_search(estimator) and _was_fitted(name, cell, after):
                scores[name] = float(estimator.best_score_)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001  # a user's object that raises when looked at has no score
            continue
    alone = len(scores) == 1
    return {_BEST_SCORE if alone else f"{name}.{_BEST_SCORE}": score for name, score in scores.items()}


def _best_params(estimator: object) -> list[tuple[str, Any]]:
    """Return what a search over parameters has chosen; of a part that it chose, the class."""
    if not _is_search(estimator):
        return []
    found: list[tuple[str, Any]] = []
    for key, value in estimator.best_params_.items():  # type: ignore[attr-defined]
        found += flatten(f"best_{key}", type(value).__name__ if is_estimator(value) else value)
    return found


def _is_search(estimator: object) -> bool:
    """Whether an estimator has searched parameters by a score; without a refit it may have found none."""
    score = getattr(estimator, "best_score_", None)
    return (
        isinstance(score, (int, float))
        and not isinstance(score, bool)
        and isinstance(getattr(estimator, "best_params_", None), Mapping)
    )


def _was_fitted(name: str, cell: Cell, after: After) -> bool:
    """Whether what a fit leaves behind is of this cell: a fit that failed leaves that of an earlier one."""
    return (
        after.failed_line is None
        or after.rebound(name)
        or any(
            called_name(site.node) in _FIT
            and dotted(site.node.func)[:-1] == [name]
            and site.node.lineno < after.failed_line
            for site in cell.calls
        )
    )


def is_estimator(value: object) -> bool:
    """Whether `value` is an instance of a class with `get_params`."""
    kind = type(value)  # isinstance would ask the object itself, which may raise
    return not issubclass(kind, type) and callable(getattr(kind, "get_params", None))


def _estimators(cell: Cell, after: After, result: object) -> dict[str, object]:
    """Return the estimators that were made or fitted, by the name under which the cell knows them."""
    names: dict[str, None] = {}
    for binding in cell.bindings:
        made = isinstance(binding.value, (ast.Call, ast.Await, ast.IfExp))
        if made and binding.place != "loop" and after.happened(binding):
            names[binding.name] = None
    for site in cell.calls:
        if called_name(site.node) in _FIT and isinstance(site.node.func, ast.Attribute):
            receiver = site.node.func.value
            if isinstance(receiver, ast.Name) and _reached(site, after.failed_line):
                names[receiver.id] = None
    found: dict[str, object] = {}
    known: set[int] = set()
    for name in names:
        value = after.user_ns.get(name)
        if name.startswith("_") or name in cell.looped or id(value) in known or not is_estimator(value):
            continue
        known.add(id(value))
        found[name] = value
        if len(found) == _MAX_ESTIMATORS:
            break
    last = cell.last_expression
    if isinstance(last, ast.Call) and result is not None and id(result) not in known and is_estimator(result):
        found[type(result).__name__] = result
    return found


def _reached(site: CallSite, failed_line: int | None) -> bool:
    return failed_line is None or site.node.lineno <= failed_line


def _settings(estimator: Any, prefix: str, inside: set[int], nesting: int) -> Iterator[tuple[str, Any]]:
    """Yield what differs from the defaults, nested estimators flattened as scikit-learn spells it."""
    values = estimator.get_params(deep=False)
    defaults = _defaults(type(estimator))
    for key, value in values.items():
        parts = _parts(str(key), value)
        if parts:
            for name, part in parts:
                inside.add(id(part))
                if nesting < _MAX_NESTING:
                    yield from _settings(part, f"{prefix}{name}__", inside, nesting + 1)
            continue
        default = defaults.get(str(key), NOTHING)
        # A key that no signature names (**kwargs) is unset where it is None.
        unset = value is None if default is NOTHING else value is default or same(value, default)
        if not unset:
            yield from flatten(prefix + str(key), value)


def _parts(key: str, value: object) -> list[tuple[str, object]]:
    """Return the estimators that a parameter holds: itself, or the steps of a pipeline, union or ensemble."""
    if is_estimator(value):
        return [(key, value)]
    if not isinstance(value, (list, tuple)):
        return []
    steps = [step for step in value if isinstance(step, tuple) and len(step) >= 2 and isinstance(step[0], str)]
    return [(step[0], step[1]) for step in steps if is_estimator(step[1])] if len(steps) == len(value) else []


def _defaults(kind: type) -> dict[str, Any]:
    """Return the defaults of a class's parameters, its base classes' for what ``**kwargs`` hands on."""
    found: dict[str, Any] = {}
    for base in kind.__mro__:
        if base is object or "__init__" not in vars(base):
            continue
        try:
            parameters = inspect.signature(vars(base)["__init__"]).parameters
        except (TypeError, ValueError):  # an extension type without a signature
            continue
        for parameter in parameters.values():
            if parameter.default is not parameter.empty:
                found.setdefault(parameter.name, parameter.default)
    return found


def _named(settings: Mapping[str, list[tuple[str, Any]]], taken: Sequence[Param]) -> Iterator[Param]:
    """Yield the params under keys that do not collide."""
    assigned = {param.key: param for param in taken}
    keys = [key for pairs in settings.values() for key, _ in pairs]
    shared = {key for key in keys if keys.count(key) > 1}
    for name, pairs in settings.items():
        for key, value in pairs:
            own = make_param(key, value, "estimator")
            if own is None:
                continue
            earlier = assigned.get(key)
            if earlier is not None and same(earlier.value, own.value):
                continue
            if key in shared or earlier is not None:
                own = make_param(f"{name}.{key}", value, "estimator")
            if own is not None:
                yield own


def _model(site: CallSite, cell: Cell, after: After, result: object) -> object | None:
    """Return the object that a call of fit or train worked on; a class where only that is known."""
    if not isinstance(site.node.func, ast.Attribute):
        return None
    receiver = site.node.func.value
    handed = _handed(site.node, after)
    if handed is not None:
        return handed
    if isinstance(receiver, ast.Name):
        if receiver.id in cell.looped:
            return None
        model = after.user_ns.get(receiver.id)
        if model is None or isinstance(model, type):
            return None
        return _trained(model, site.node)
    if isinstance(receiver, ast.Call):
        made = after.user_ns.get(site.target) if site.target is not None and _assigned(site, cell, after) else None
        if made is None and cell.last_expression is site.node:
            made = result
        return made if _can_fit(made) else _class_called(receiver, after)
    return None


def _assigned(site: CallSite, cell: Cell, after: After) -> bool:
    """Whether a call's statement came to assign its target: until then the name holds what an earlier cell made."""
    line = site.node.lineno
    return any(
        binding.name == site.target and binding.line <= line <= binding.end_line and after.happened(binding)
        for binding in cell.bindings
    )


def _handed(call: ast.Call, after: After) -> object | None:
    """Return the module that a trainer's fit was given: ``trainer.fit(model, loader)``."""
    if called_name(call) != "fit" or not call.args or not isinstance(call.args[0], ast.Name):
        return None
    handed = after.user_ns.get(call.args[0].id)
    return handed if handed is not None and _is_module(handed) else None


def _trained(model: object, call: ast.Call) -> object | None:
    """Return the object itself where it is a model, the model of a trainer, else None."""
    if _is_module(model) or (called_name(call) in _FIT and _can_fit(model)):
        return model
    inner = getattr(model, "model", None)  # a trainer that was given its model when it was made
    return inner if called_name(call) == "train" and inner is not None and _is_module(inner) else None


def _class_called(call: ast.Call, after: After) -> type | None:
    found = resolve(dotted(call.func), after.user_ns)
    return found if isinstance(found, type) and callable(getattr(found, "fit", None)) else None


def _can_fit(value: object) -> bool:
    return value is not None and callable(getattr(type(value), "fit", None))


def _is_module(value: object) -> bool:
    kind = type(value)
    return not isinstance(value, type) and all(
        callable(getattr(kind, name, None)) for name in ("parameters", "forward")
    )


def _class_name(model: object) -> str | None:
    for _ in range(_MAX_NESTING):
        steps = None if isinstance(model, type) else getattr(model, "steps", None)
        if not isinstance(steps, list) or not steps or not isinstance(steps[-1], tuple) or len(steps[-1]) != 2:
            break
        if isinstance(steps[-1][1], str) or steps[-1][1] is None:
            break  # "passthrough"
        model = steps[-1][1]
    return model.__name__ if isinstance(model, type) else type(model).__name__
