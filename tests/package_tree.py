"""The package's modules and what they import, read from their source."""

from __future__ import annotations

import ast
from pathlib import Path

import jupyter_track

PACKAGE = Path(jupyter_track.__file__).parent
NAME = "jupyter_track"


def module_names() -> list[str]:
    """Every module of the package, without the package's name; the package itself is the empty name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


MODULES = module_names()


def tree_of(module: str) -> ast.Module:
    """The syntax tree of a module."""
    path = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports_of(module: str, *, top_level_only: bool = False) -> set[str]:
    """The modules of the package that a module imports, in functions and under TYPE_CHECKING too."""
    is_package = (PACKAGE.joinpath(*module.split(".")) if module else PACKAGE).is_dir()
    parts = module.split(".") if module else []
    home = parts if is_package else parts[:-1]
    nodes = top_level(tree_of(module)) if top_level_only else ast.walk(tree_of(module))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix(NAME).strip(".") for alias in node.names if is_ours(alias.name)}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = home[: len(home) - node.level + 1] + (node.module.split(".") if node.module else [])
            elif is_ours(node.module or ""):
                base = (node.module or "").split(".")[1:]
            else:
                continue
            prefix = ".".join(base)
            for alias in node.names:
                name = f"{prefix}.{alias.name}".strip(".")
                found.add(name if name in MODULES else prefix)
    return found - {module}


def is_ours(name: str) -> bool:
    """Whether a module's full name is the package's or one below it."""
    return name == NAME or name.startswith(f"{NAME}.")


def top_level(tree: ast.Module) -> list[ast.stmt]:
    """The statements that run when a module is imported: not in functions, not under TYPE_CHECKING."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.stmt):
            found.append(node)
        waiting += ast.iter_child_nodes(node)
    return found
