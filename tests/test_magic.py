"""``%%track`` in a real shell: the cell runs as if the line were not there, and its run holds what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, files_of, notebook


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


# ---- nothing about the cell changes


def test_result_and_underscore(nb: Notebook) -> None:
    """``Out[n]`` and ``_`` are what they would be, and the last expression is displayed."""
    result = nb.run("%%track\nx = 6\nx * 7")
    assert (result.result, nb.names["_"], nb.names["Out"], result.execution_count) == (42, 42, {1: 42}, 1)
    assert "Out[1]: 42" in nb.printed
    nb.run("_ + 1")
    assert nb.names["_2"] == 43
    assert nb.only.name != ""
