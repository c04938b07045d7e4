"""Programs in processes of their own, for faults that no process survives, and what they left in the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from jupyter_track.store.database import reading
from jupyter_track.store.reader import Reader

REPOSITORY = Path(__file__).parents[2]


def environment(folder: Path) -> dict[str, str]:
    """What a program runs with: this package, and side files below `folder`."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    mine = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER_TRACK", "MLFLOW", "JPY_"))
    }
    places = {"XDG_STATE_HOME": str(elsewhere), "TMPDIR": str(elsewhere)}
    return {**mine, **places, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


def start(script: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start a program in `folder`; its store is ``track.db`` there."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment(folder), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def said(process: subprocess.Popen[str], seconds: float = 60.0) -> str:
    """Wait for the end of a program that ends well, and return what it printed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, f"exit status {process.returncode}\n{out}\n{err}"
    return out


def run(script: str, folder: Path, *arguments: object) -> str:
    """Run a program that ends well and return what it printed."""
    return said(start(script, folder, *arguments))


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a program prints; empty when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def killed(process: subprocess.Popen[str]) -> str:
    """Kill a program with SIGKILL, and return what it had printed and nobody had read."""
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    return out


def values(store: Path, key: str = "loss", run_id: str | None = None) -> list[float]:
    """The points of a curve in their order; of the newest run where none is named."""
    reader = Reader(store)
    return [point.value for point in reader.history(run_id or reader.runs(limit=1)[0].run_id, key)]


def torn(store: Path) -> list[str]:
    """What does not agree in a store: counts against rows, gaps of seq, runs that are not there, SQLite's own check."""
    checks = {
        "count": "SELECT count(*) FROM metrics m"
        " WHERE count <> (SELECT count(*) FROM metric_points WHERE metric_id = m.id)",
        "gaps": "SELECT count(*) FROM (SELECT 1 FROM metric_points GROUP BY metric_id HAVING max(seq) + 1 <> count(*))",
        "orphans": "SELECT count(*) FROM metrics WHERE run_id NOT IN (SELECT id FROM runs)",
        "last": "SELECT count(*) FROM metrics JOIN metric_points p ON p.metric_id = metrics.id AND p.seq = count - 1"
        " WHERE p.value IS NOT last_value OR p.step <> last_step",
        "buckets": "SELECT count(*) FROM metrics WHERE count / 64 <>"
        " (SELECT count(*) FROM metric_buckets WHERE metric_id = id AND level = 64)",
    }
    with reading(store) as connection:
        found = [name for name, check in checks.items() if connection.execute(check).fetchone()[0]]
        with closing(connection.execute("PRAGMA integrity_check")) as cursor:
            return found + [text for (text,) in cursor if text != "ok"]
