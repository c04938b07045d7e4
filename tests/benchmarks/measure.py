"""What the benchmarks share: repeated measurement, a ratio against a floor measured in the same run, a table."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    """One line of the table: ours against the floor of the same run; `bar` is the largest (or least) ratio allowed."""

    what: str
    ours: str
    floor: str
    ratio: float
    bar: float
    more_is_better: bool = False

    @property
    def met(self) -> bool:
        """Whether the bar of DESIGN.md is met."""
        return self.ratio >= self.bar if self.more_is_better else self.ratio <= self.bar


def in_time(what: str, seconds: float, bar: float) -> Row:
    """Return the row of something that has a bar in seconds and no floor."""
    return Row(what, f"{seconds * 1e3:.2f} ms", f"{bar * 1e3:g} ms", seconds / bar, 1)


def best(measure: Callable[[], float], times: int) -> float:
    """Return the least of several measurements: what the work costs where nothing else disturbs it."""
    return min(measure() for _ in range(times))


def interleaved(measures: dict[str, Callable[[], float]], times: int) -> dict[str, float]:
    """Return the least of each measurement, taken in turns so that all meet the same machine."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(times):
        for name, measure in measures.items():
            gc.collect()
            found[name].append(measure())
    return {name: min(values) for name, values in found.items()}


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new folder on the disk of the repository, or of the temporary files; it is removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="track-benchmark-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def process(code: str, where: Path, *, times: int) -> float:
    """Return the least CPU time in seconds of a fresh interpreter that runs `code` in a folder, bytecode cached."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ = {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONPYCACHEPREFIX": str(where / "pycache")}
    script = where / "script.py"
    script.write_text(code)

    def measure() -> float:
        before = os.times()
        subprocess.run([sys.executable, str(script)], cwd=where, env=environ, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    measure()
    return best(measure, times)


def wall(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def cpu(work: Callable[[], object]) -> float:
    """Return the seconds of CPU that some work takes in all threads of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | ours | floor | ratio | bar | |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        sign = "≥" if row.more_is_better else "≤"
        met = "met" if row.met else "**missed**"
        lines.append(f"| {row.what} | {row.ours} | {row.floor} | {row.ratio:.2f} | {sign} {row.bar:g} | {met} |")
    return "\n".join(lines)
