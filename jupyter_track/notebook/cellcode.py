"""A cell's code, read once: which names it binds, mutates and calls, and where in the flow.

Everything here is static. `parse_cell` accepts any text and answers None where it is no Python; what is known when
the cell has ended is joined to it in `ending`.

The flow has three places. ``straight`` code runs exactly once if the cell ends well: the cell's top level and the
bodies of its `with` blocks. ``branch`` code (`if`, `try`, `match`) may have run, ``loop`` code any number of times;
a function that declares a name `global` counts as a loop for that name.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from ..context.secret_names import words

Place = Literal["straight", "branch", "loop"]

_CODE_MAGICS = ("time", "capture", "prun")  # they run their body in the user's namespace
_MAGIC_LINE = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
_MAX_SOURCE = 256 * 1024
# Fields that hold no nodes, or only such as say how another one is used.
_PLAIN_FIELDS = words(
    "ctx op ops kind id attr arg name names asname module level conversion type_comment is_async simple rest"
)
_MUTATORS = words("append extend insert add update setdefault pop popitem remove clear sort reverse")


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a name gets a value.

    `value` is the expression, None where there is none of its own (an import, a loop's target). `whole` is False
    where the name takes only a part of it (``a, b = f()``). Lines count from 1, both ends included.
    """

    name: str
    value: ast.expr | None
    line: int
    end_line: int
    place: Place
    whole: bool = True
    augmented: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A change in place of what a name holds: an item, an attribute, or a method such as append.

    `path` holds the constant keys of ``name[k1][k2] = value``, None where they are not known. `value` is what was
    stored, None where that is not one expression.
    """

    name: str
    place: Place
    path: tuple[str | int, ...] | None = None
    value: ast.expr | None = None
    call: ast.Call | None = None


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call, outside of functions and lambdas. `target` is the name that the call's statement assigns, if any."""

    node: ast.Call
    place: Place
    target: str | None = None


@dataclass(frozen=True)
class Cell:
    """A cell's code. `wrapped` says that it is the body of a ``%%time`` or the like."""

    source: str
    tree: ast.Module
    wrapped: bool
    bindings: tuple[Binding, ...]
    changes: tuple[Change, ...]
    calls: tuple[CallSite, ...]
    _lines: list[bytes] = field(default_factory=list, repr=False)

    @cached_property
    def looped(self) -> frozenset[str]:
        """Names that a loop binds, its own variables included."""
        return frozenset(binding.name for binding in self.bindings if binding.place == "loop")

    @cached_property
    def augmented(self) -> frozenset[str]:
        """Names that an augmented assignment such as ``+=`` changes."""
        return frozenset(binding.name for binding in self.bindings if binding.augmented)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names that are read anywhere, functions and classes included."""
        found: set[str] = set()
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            if type(node) is not ast.Name:
                stack += _children(node)
            elif type(node.ctx) is ast.Load:
                found.add(node.id)
        return frozenset(found)

    @property
    def last_expression(self) -> ast.expr | None:
        """The expression whose value the cell shows, None where the cell ends in a statement."""
        last = self.tree.body[-1] if self.tree.body else None
        return last.value if isinstance(last, ast.Expr) else None

    def text_of(self, node: ast.expr) -> str | None:
        """Return the source of an expression that stands on one line."""
        if node.end_lineno != node.lineno or node.end_col_offset is None:
            return None
        if not self._lines:
            self._lines.extend(self.source.encode("utf-8", "surrogatepass").splitlines())
        if node.lineno > len(self._lines):
            return None
        return self._lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode("utf-8", "replace")


@lru_cache(maxsize=16)
def parse_cell(source: str) -> Cell | None:
    """Return what a cell's transformed source binds, changes and calls; None where it cannot be parsed.

    Parameters
    ----------
    source : str
        Python as IPython's transformers leave it. Where the whole of it is ``%%time``, ``%%capture`` or ``%%prun``
        the body of that magic is read.

    Examples
    --------
    >>> [binding.name for binding in parse_cell("a = b = 1").bindings]
    ['a', 'b']
    """
    tree = _parse(source)
    body = _magic_body(tree)
    if body is not None:
        source = _MAGIC_LINE.sub(r"\1pass", body)
        tree = _parse(source)
    if tree is None:
        return None
    collector = _Collector()
    try:
        collector.block(tree.body, "straight")
    except RecursionError:  # an expression nested deeper than Python's own stack: such a cell has no params
        return None
    return Cell(
        source, tree, body is not None, tuple(collector.bindings), tuple(collector.changes), tuple(collector.calls)
    )


def _parse(source: str) -> ast.Module | None:
    if len(source) > _MAX_SOURCE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python has already warned the user when it ran the cell
            return ast.parse(source)
    except _PARSE_ERRORS:
        return None


def _magic_body(tree: ast.Module | None) -> str | None:
    """Return the body of a cell that is one `run_cell_magic` call of a magic that runs code."""
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = tree.body[0].value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or len(call.args) != 3:
        return None
    texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in call.args]
    if call.func.attr != "run_cell_magic" or texts[0] not in _CODE_MAGICS or not isinstance(texts[2], str):
        return None
    return texts[2]


def dotted(node: ast.expr) -> list[str]:
    """Return the parts of ``a.b.c``, empty for any other expression.

    Examples
    --------
    >>> dotted(ast.parse("np.random.rand", mode="eval").body)
    ['np', 'random', 'rand']
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    return [node.id, *reversed(parts)]


def called_name(call: ast.Call) -> str | None:
    """Return the last part of what a call names: ``score`` for ``model.score(...)``."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else None


_fields: dict[type, tuple[str, ...]] = {}  # of each kind of node, the fields that may hold nodes


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes below a node but constants and operators: twice as fast as `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    kind = type(node)
    if kind not in _fields:
        _fields[kind] = tuple(name for name in kind._fields if name not in _PLAIN_FIELDS)
    for name in _fields[kind]:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and type(value) is not ast.Constant:
            found.append(value)
    return found


def _inner(place: Place, nested: Place) -> Place:
    order: tuple[Place, ...] = ("straight", "branch", "loop")
    return max(place, nested, key=order.index)


class _Collector:
    """Walks the statements of one scope in order, without entering functions."""

    def __init__(self) -> None:
        self.bindings: list[Binding] = []
        self.changes: list[Change] = []
        self.calls: list[CallSite] = []

    def block(self, statements: Iterable[ast.stmt], place: Place) -> None:
        for statement in statements:
            self.statement(statement, place)

    def statement(self, node: ast.stmt, place: Place) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                first = targets[0]
                self.expression(value, place, first.id if isinstance(first, ast.Name) else None)
                for target in targets:
                    self.bind(target, value, node, place)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.expression(value, place, target.id if isinstance(target, ast.Name) else None)
                self.bind(target, value, node, place)
            case ast.AugAssign(target=target, value=value):
                self.expression(value, place)
                self.bind(target, value, node, place, augmented=True)
            case ast.For() | ast.AsyncFor():
                self.expression(node.iter, place)
                self.bind(node.target, None, node, "loop")
                self.block(node.body, "loop")
                self.block(node.orelse, _inner(place, "branch"))
            case ast.While():
                self.expression(node.test, "loop")
                self.block(node.body, "loop")
                self.block(node.orelse, _inner(place, "branch"))
            case ast.If():
                self.expression(node.test, place)
                self.block([*node.body, *node.orelse], _inner(place, "branch"))
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.expression(item.context_expr, place)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, None, node, place)
                self.block(node.body, place)
            case ast.Try() | ast.TryStar():
                self.attempt(node, _inner(place, "branch"))
            case ast.Match():
                self.matching(node, _inner(place, "branch"))
            case _:
                self.other(node, place)

    def other(self, node: ast.stmt, place: Place) -> None:
        """Handle statements that hold no statements of this scope."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.name(node.name, None, node, place)
                self.globals_of(node)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    self.name((alias.asname or alias.name).partition(".")[0], None, node, place)
            case ast.Delete():
                for target in node.targets:
                    self.bind(target, None, node, place)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.expression(child, place)

    def attempt(self, node: ast.Try | ast.TryStar, place: Place) -> None:
        self.block(node.body, place)
        for handler in node.handlers:
            self.block(handler.body, place)
        self.block([*node.orelse, *node.finalbody], place)

    def matching(self, node: ast.Match, place: Place) -> None:
        self.expression(node.subject, place)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                captured = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(captured, str):
                    self.name(captured, None, node, place)
            self.block(case.body, place)

    def globals_of(self, node: ast.stmt) -> None:
        """Note the names that a function declares global and binds: it may be called any number of times."""
        declared = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
        if not declared:
            return
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id in declared:
                self.name(part.id, None, node, "loop")

    def name(
        self,
        name: str,
        value: ast.expr | None,
        at: ast.stmt | ast.expr,
        place: Place,
        whole: bool = True,
        augmented: bool = False,
    ) -> None:
        # A `with` or a loop is long: what it binds itself is bound where it starts.
        end = at.lineno if isinstance(at, (ast.With, ast.AsyncWith)) else at.end_lineno or at.lineno
        self.bindings.append(Binding(name, value, at.lineno, end, place, whole, augmented))

    def bind(
        self, target: ast.expr, value: ast.expr | None, at: ast.stmt, place: Place, augmented: bool = False
    ) -> None:
        match target:
            case ast.Name(id=name):
                self.name(name, value, at, place, augmented=augmented)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self.unpack(parts, value, at, place)
            case ast.Starred(value=inner):
                self.bind(inner, None, at, place)
            case ast.Subscript() | ast.Attribute():
                root, path = _path(target)
                if root is not None:
                    self.changes.append(Change(root, place, path, None if augmented else value))

    def unpack(self, parts: list[ast.expr], value: ast.expr | None, at: ast.stmt, place: Place) -> None:
        pairs: Iterator[tuple[ast.expr, ast.expr | None]]
        starred = any(isinstance(part, ast.Starred) for part in parts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(parts) and not starred:
            pairs = zip(parts, value.elts, strict=True)
            for part, own in pairs:
                self.bind(part, own, at, place)
            return
        for part in parts:
            inner = part.value if isinstance(part, ast.Starred) else part
            if isinstance(inner, ast.Name):
                self.name(inner.id, value, at, place, whole=False)
            else:
                self.bind(inner, None, at, place)

    def expression(self, node: ast.expr, place: Place, target: str | None = None) -> None:
        """Note the calls and the walrus bindings of an expression."""
        stack: list[tuple[ast.AST, Place]] = [(node, place)]
        while stack:
            part, at = stack.pop()
            if isinstance(part, ast.Lambda):
                continue
            if isinstance(part, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                at = "loop"
            elif isinstance(part, ast.NamedExpr):
                self.name(part.target.id, part.value, part, at)
            elif isinstance(part, ast.Call):
                self.calls.append(CallSite(part, at, target if part is node else None))
                if isinstance(part.func, ast.Attribute) and isinstance(part.func.value, ast.Name):
                    self.method(part.func.value.id, part, at)
            stack += [(child, at) for child in _children(part) if type(child) is not ast.Name]

    def method(self, name: str, call: ast.Call, place: Place) -> None:
        if called_name(call) in _MUTATORS:
            self.changes.append(Change(name, place, call=call))


def _path(target: ast.expr) -> tuple[str | None, tuple[str | int, ...] | None]:
    """Return the root name of ``name[k1].k2`` and its constant keys."""
    keys: list[str | int] = []
    known = True
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        if isinstance(target, ast.Attribute):
            known = False  # attributes are read from the object itself, keys of dicts only here
        elif isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, (str, int)):
            keys.append(target.slice.value)
        else:
            known = False
        target = target.value
    if not isinstance(target, ast.Name):
        return None, None
    return target.id, tuple(reversed(keys)) if known else None
