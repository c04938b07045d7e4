"""A real IPython shell, its cells run with the snapshots that the hooks take: for tests of what a cell sets."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_track.notebook.autometrics import AutoMetrics, Mode, auto_metrics
from jupyter_track.notebook.ending import Snapshot, failed_line
from jupyter_track.notebook.estimators import EstimatorParams, estimator_params, fitted_name
from jupyter_track.notebook.params import AutoParams, automatic_params


@dataclass
class Ended:
    """A cell that has run: its transformed source and what a hook would know of it."""

    source: str
    user_ns: dict[str, Any]
    before: dict[str, int]
    result: Any
    failed_line: int | None

    def params(self, parameter_sources: Iterable[str] = ()) -> AutoParams:
        return automatic_params(
            self.source,
            self.user_ns,
            self.before,
            result=self.result,
            failed_line=self.failed_line,
            parameter_sources=parameter_sources,
        )

    def values(self, parameter_sources: Iterable[str] = ()) -> dict[str, Any]:
        return {param.key: param.value for param in self.params(parameter_sources).params}

    def estimators(self) -> EstimatorParams:
        return estimator_params(
            self.source, self.user_ns, self.before, result=self.result, failed_line=self.failed_line
        )

    def fitted(self) -> str | None:
        return fitted_name(self.source, self.user_ns, self.before, result=self.result, failed_line=self.failed_line)

    def metrics(self, mode: Mode = "floats", named: Iterable[str] = ()) -> AutoMetrics:
        return auto_metrics(
            self.source, self.user_ns, self.before, self.result, mode=mode, named=named, failed_line=self.failed_line
        )

    def taken(self, mode: Mode = "floats", named: Iterable[str] = ()) -> dict[str, tuple[float, str]]:
        return {key: (value, source) for key, value, source in self.metrics(mode, named).metrics}


class CellSession:
    """One shell; `run` executes a cell in it."""

    def __init__(self) -> None:
        self.shell = InteractiveShell.instance()
        self.shell.reset(new_session=False)

    def run(self, cell: str) -> Ended:
        shell = self.shell
        source = shell.transform_cell(cell)
        before = Snapshot(shell.user_ns)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            outcome = shell.run_cell(cell, store_history=True)
        error = outcome.error_before_exec or outcome.error_in_exec
        line = failed_line(error, source, shell.user_ns)
        return Ended(source, shell.user_ns, before, outcome.result, line)
