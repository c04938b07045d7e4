"""Every execution since the extension was loaded, in memory: tracked or not, in order."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

from ..recording.active import Cell
from ..recording.entries import now_ms
from ..records import Execution


class History:
    """The executions of one session of a shell.

    Attributes
    ----------
    session : str
        A random id of the session: 32 hexadecimal digits.
    executions : list of Execution
        In the order in which they began.
    """

    def __init__(self, earlier: Sequence[str] = ()) -> None:
        self.session = uuid.uuid4().hex
        self._earlier = tuple(earlier)  # sources of cells that ran before the extension was loaded
        self.executions: list[Execution] = []
        self._began: dict[int, float] = {}

    def begin(self, source: str, cell_id: str | None, execution_count: int | None) -> tuple[Execution, Cell]:
        """Note that a cell begins."""
        position = len(self.executions) + 1
        execution = Execution(self.session, position, source, cell_id, execution_count, now_ms())
        self.executions.append(execution)
        self._began[position] = time.monotonic()
        digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        return execution, Cell(cell_id or f"source:{digest[:32]}", position, cell_id, execution_count)

    def join(self, source: str, cell_id: str | None, execution_count: int | None) -> tuple[Execution, Cell]:
        """Note a cell that is running already: when it began is not known, and its duration stays None."""
        begun = self.begin(source, cell_id, execution_count)
        del self._began[begun[0].position]
        if self._earlier and self._earlier[-1] == source.rstrip("\n"):  # the shell has it in its own history
            self._earlier = self._earlier[:-1]
        return begun

    def end(self, position: int, status: str) -> Execution:
        """Note how an execution ended, and return it."""
        began = self._began.pop(position, None)
        duration = None if began is None else time.monotonic() - began
        execution = replace(self.executions[position - 1], duration=duration, status=status)
        self.executions[position - 1] = execution
        return execution

    def parameter_cells(self) -> list[str]:
        """Return the sources of the cells that papermill injected: they begin with its comment."""
        sources = (*self._earlier, *(execution.source for execution in self.executions))
        return [source for source in sources if source.lstrip().startswith(("# Parameters\n", "# parameters\n"))]
