"""The order in which a record names packages: those that the run's code imports, others, those of the notebook itself.

What was imported in an earlier cell is not in the code of a run, so what every kernel imports anyway goes last.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

from ..context.environment import normalised, package_name

_MAGIC_LINE = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
_LONGEST = 256 * 1024  # characters of a cell
# What IPython, ipykernel and our panels import.
_NOTEBOOK = frozenset(
    "anywidget appnope asttokens comm debugpy decorator executing ipykernel ipython ipython-pygments-lexers ipywidgets"
    " jedi jupyter-client jupyter-core jupyter-track jupyterlab-widgets matplotlib-inline mypy-extensions"
    " nest-asyncio nest-asyncio2 packaging parso pexpect platformdirs prompt-toolkit psutil psygnal ptyprocess"
    " pure-eval pygments python-dateutil pyzmq setuptools six sqlite-utils stack-data tornado traitlets"
    " typing-extensions wcwidth widgetsnbextension".split()
)


def imported_first(packages: Iterable[str], cells: Sequence[str]) -> list[str]:
    """Return packages in the order in which they are told; within each part the order stays.

    Parameters
    ----------
    packages : iterable of str
    cells : sequence of str
        The run's code.

    Examples
    --------
    >>> imported_first(["comm", "numpy", "scikit-learn", "torch"], ["import torch", "from sklearn.svm import SVC"])
    ['torch', 'scikit-learn', 'numpy', 'comm']
    """
    named = dict.fromkeys(package_name(module) for cell in cells for module in modules_of(cell))
    places = {name: place for place, name in enumerate(named)}

    def place_of(package: str) -> int:
        name = normalised(package)
        return places.get(name, len(places) + (name in _NOTEBOOK))

    return sorted(packages, key=place_of)


def modules_of(cell: str) -> Iterator[str]:
    r"""Give the outermost modules that a cell imports, in its order; none of code that is no Python.

    Examples
    --------
    >>> list(modules_of("%%time\nimport numpy as np, pandas\nfrom . import own\nfrom PIL.Image import open"))
    ['numpy', 'pandas', 'PIL']
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's own code, which told them when it ran
            tree = ast.parse(_MAGIC_LINE.sub(r"\1pass", cell[:_LONGEST]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(found, key=lambda one: one.lineno):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.Import) or not node.level:
            yield from (name.partition(".")[0] for name in names)
