"""The stores that mlflow itself made (`scripts/mlflow_fixtures.py`), and what its own client reads from them."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "mlflow"
KINDS = ("folder", "database")


def unpacked(kind: str, folder: Path) -> Path:
    """A store of mlflow's in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(DATA / f"{kind}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    if kind == "folder":
        return folder / "mlruns"
    place = folder / "mlflow.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript((folder / "mlflow.sql").read_text(encoding="utf-8"))
    return place


def expected(kind: str) -> dict[str, Any]:
    """What mlflow's client reads."""
    found: dict[str, Any] = json.loads((DATA / f"{kind}.json").read_text(encoding="utf-8"))
    return found
