"""Values that a cell's text states itself: literals, arithmetic on numbers, and `dict(key=literal)`.

Nothing is ever run: the text is read, and arithmetic is bounded, so that ``10 ** 10 ** 10`` costs nothing.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from .cellcode import Cell

_MAX_BITS = 1024
_MAX_EXPONENT = 64
_MAX_NESTING = 8


class NotLiteral(Exception):
    """An expression's value cannot be told from its text."""


_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}


def literal(node: ast.expr, nesting: int = 0) -> Any:
    """Return the value that an expression states.

    In a dict, entries whose value is not a literal are left out, and so are keys that are neither text nor
    integers. A list or tuple must be literal as a whole.

    Raises
    ------
    NotLiteral
        For names, calls other than ``dict(key=...)``, sets, bytes, f-strings, and arithmetic on anything but
        numbers or beyond 1,024 bits.

    Examples
    --------
    >>> literal(ast.parse("dict(lr=1e-3, layers=[2 ** 5, 64], model=build())", mode="eval").body)
    {'lr': 0.001, 'layers': [32, 64]}
    """
    if nesting > _MAX_NESTING:
        raise NotLiteral
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, complex, str)):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()) | ast.BinOp():
            return _arithmetic(node, nesting)
        case ast.List(elts=parts):
            return [literal(part, nesting + 1) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(literal(part, nesting + 1) for part in parts)
        case ast.Dict() | ast.Call():
            return {key: value for key, (value, _) in entries(node, nesting).items()}
    raise NotLiteral


def entries(node: ast.expr, nesting: int = 0) -> dict[str | int, tuple[Any, ast.expr]]:
    """Return the literal entries of a dict display or a ``dict(key=...)`` call, each with its expression.

    Raises
    ------
    NotLiteral
        Where the expression is neither.
    """
    pairs: list[tuple[str | int, ast.expr]] = []
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and type(key.value) in (str, int):
                    pairs.append((key.value, value))  # type: ignore[arg-type]
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            pairs = [(keyword.arg, keyword.value) for keyword in keywords if keyword.arg is not None]
        case _:
            raise NotLiteral
    found: dict[str | int, tuple[Any, ast.expr]] = {}
    for name, expression in pairs:
        try:
            found[name] = (literal(expression, nesting + 1), expression)
        except NotLiteral:
            found.pop(name, None)
    return found


def spellings(cell: Cell, node: ast.expr, key: str) -> dict[str, str]:
    """Return how each number of an expression is spelled, where that is not how Python prints it.

    The keys are those of `leaves.flatten`: `key` itself, or ``key.entry``.

    Examples
    --------
    >>> from .cellcode import parse_cell
    >>> cell = parse_cell("p = dict(lr=1e-3, epochs=5)")
    >>> spellings(cell, cell.bindings[0].value, "p")
    {'p.lr': '1e-3'}
    """
    try:
        found: dict[str, str] = {}
        for name, (_, expression) in entries(node).items():
            found |= spellings(cell, expression, f"{key}.{name}")
        return found
    except NotLiteral:
        pass
    number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    if not isinstance(number, ast.Constant) or type(number.value) not in (int, float, complex):
        return {}
    text = cell.text_of(node)
    return {key: text} if text is not None and text != str(literal(node)) else {}


def _arithmetic(node: ast.UnaryOp | ast.BinOp, nesting: int) -> Any:
    try:
        if isinstance(node, ast.UnaryOp):
            operand = _number(node.operand, nesting)
            if isinstance(node.op, ast.Invert):
                return ~operand
            return -operand if isinstance(node.op, ast.USub) else +operand
        left, right = _number(node.left, nesting), _number(node.right, nesting)
        if isinstance(node.op, (ast.Pow, ast.LShift)) and abs(right) > _MAX_EXPONENT:
            raise NotLiteral
        result = _OPERATORS[type(node.op)](left, right)
    except (ArithmeticError, TypeError, ValueError, KeyError):  # 1 / 0, 1.5 << 2, complex % 1, an operator not listed
        raise NotLiteral from None
    if isinstance(result, int) and result.bit_length() > _MAX_BITS:
        raise NotLiteral
    return result


def _number(node: ast.expr, nesting: int) -> Any:
    value = literal(node, nesting + 1)
    if not isinstance(value, (int, float, complex)) or (isinstance(value, int) and value.bit_length() > _MAX_BITS):
        raise NotLiteral
    return value
