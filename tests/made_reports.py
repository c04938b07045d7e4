"""Stores for the tests of reports: runs that have everything that a report shows, with texts of the test's choice."""

from __future__ import annotations

import base64
import json
import math
import struct
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_stores import START, add_runs, made_store, write

from jupyter_track.reports.make import Report, make_report
from jupyter_track.reports.options import asked_of
from jupyter_track.store import edits, files, inputs
from jupyter_track.store.batch import Batch
from jupyter_track.store.reader import Reader

BUILT = START // 1000 + 86_400
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAICAYAAADA+m62AAAAFUlEQVR4nGP8z8Dwn4EIwDiqkL4KAV6SEPkzxXyGAAAAAElFTkSuQmCC"
)
Named = Callable[[str], str]


def same(text: str) -> str:
    """The text itself."""
    return text


def numbered(number: int) -> bytes:
    """A picture that is told from others by how many points it has to a metre."""
    own = b"pHYs" + struct.pack(">IIB", number, number, 1)
    return PNG[:33] + struct.pack(">I", 9) + own + struct.pack(">I", zlib.crc32(own)) + PNG[33:]


def report_store(folder: Path, named: Named = same, count: int = 3) -> Path:
    """Return a store of runs that have everything; each text in it goes through `named`."""
    store = made_store(folder)
    runs: list[dict[str, Any]] = []
    for at in range(count):
        curve = [math.exp(-step / 20) * (1 + at / 10) for step in range(60)]
        runs.append(
            {
                "name": named(f"run {at}"),
                "note": named("Diverged at first.") if at == 1 else None,
                "experiment": named("digits"),
                "user_id": "ada",
                "notebook": "work.ipynb",
                "duration": 3.5,
                "params": {named("lr"): 0.1 / (at + 1), named("optimizer"): named(["adam", "sgd"][at % 2]), "same": 1},
                "tags": {named("stage"): named("draft")},
                "metrics": {named("accuracy"): [0.9 - value / 10 for value in curve], named("loss"): curve},
            }
        )
    ids = add_runs(store, *runs)
    batch = Batch(uuid.uuid4().hex, 1)
    batch.add_goal(named("digits"), (named("accuracy"), "max"))
    for at, run_id in enumerate(ids):
        _surround(store, batch, run_id, at, named)
    write(store, batch)
    edits.pin_runs(store, ids[:1])
    return store


def _surround(store: Path, batch: Batch, run_id: str, at: int, named: Named) -> None:
    code = files.keep(store, f"lr = {0.1 / (at + 1)}\nprint({named('code')!r})\nfit(lr)\n".encode())
    row = {"session": "s", "position": at, "source_sha256": code.sha256, "start_time": START, "status": "FINISHED"}
    batch.add_execution(run_id, {**row, "content": (code.size, code.data)})
    page = f"<h1>{named('page')}</h1><script>window.parent.ran = 1; window.ran = 1</script>".encode()
    for path, data, mime in (
        (f"figures/{named('walk').replace('/', '_')}.png", PNG + bytes([at]), "image/png"),
        ("figures/page.html", page, "text/html"),
    ):
        kept = files.keep(store, data)
        row = {"path": path, "sha256": kept.sha256, "size": kept.size, "mime": mime, "kind": "figure"}
        row |= {"title": named("a walk"), "created": START, "content": (kept.size, kept.data)}
        batch.add_artifact(run_id, row)
    described = files.keep(store, inputs.document("{}", '{"num_rows": 3}'))
    dataset = {"name": named("digits data"), "digest": "d" * 32, "context": named("training"), "source_type": "local"}
    source = json.dumps({"uri": f"/mnt/corpus/{named('digits.csv')}"})
    dataset |= {"source": source, "tags": "{}", "position": 1, "sha256": described.sha256}
    batch.add_dataset(run_id, {**dataset, "content": (described.size, described.data)})
    python = {"version": "3.11.7"}
    around: dict[str, Any] = {
        "environment": {"python": python, "packages": {named("numpy"): f"2.{at}"}},
        "hardware": {"cpu": named("EPYC"), "cores": 2},
        "git": {"remote": "https://example.org/ada/digits"},
        "diff": f"--- a/x.py\n+++ b/x.py\n+lr = 1  # {named('changed')}\n",
    }
    for kind, what in around.items():
        kept = files.keep(store, (what if isinstance(what, str) else json.dumps(what)).encode())
        row = {"kind": kind, "sha256": kept.sha256, "created": START, "content": (kept.size, kept.data)}
        batch.add_context(run_id, row)
    batch.add_tags(run_id, {"mlflow.source.git.commit": "0123456789abcdef" * 2})


def made_report(store: Path, runs: Any = None, **options: Any) -> Report:
    """Return a report of a store, made at a fixed moment."""
    reader = Reader(store)
    ids, asked = asked_of(reader, runs, **{"built": BUILT, **options})
    return make_report(reader, ids, asked)


def keep_charts(store: Path, run_id: str, *specs: object) -> None:
    """Give a run figures that are specs."""
    batch = Batch("0" * 32, 1)
    for at, spec in enumerate(specs, 1):
        kept = files.keep(store, json.dumps(spec).encode())
        row = {"path": f"figures/{at}.vl.json", "sha256": kept.sha256, "size": kept.size, "kind": "figure"}
        row |= {"mime": "application/vnd.vegalite.v5+json", "created": START, "content": (kept.size, kept.data)}
        batch.add_artifact(run_id, row)
    write(store, batch)
