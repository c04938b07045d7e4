"""The kernel's half of a panel as a notebook's cell: it answers from made messages and remembers what it was sent.

It stands in for jupyter_track.panels where only the front end is tested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_SOURCE = """
import json
from IPython.display import display

PANELS = json.loads({panels!r})
sent, comms = [], {{}}

def _open(comm, message):
    panel = message["content"]["data"]["panel"]
    if panel not in PANELS:
        comm.send({{"type": "gone"}})
        comm.close()
        return
    comms.setdefault(panel, []).append(comm)

    @comm.on_msg
    def _receive(message):
        data = message["content"]["data"]
        sent.append(data)
        if data["type"] == "ready":
            for each in PANELS[panel]:
                comm.send(each)
        elif data["to"]:
            comm.send({{"type": "reply", "to": data["to"], "ok": True}})

get_ipython().kernel.comm_manager.register_target("jupyter_track", _open)

def say(panel, message):
    for comm in comms.get(panel, []):
        comm.send(message)

def bundle(panel, kind, final=False):
    return {{
        "application/vnd.jupyter-track+json": {{"version": 1, "panel": panel, "kind": kind, "final": final}},
        "text/html": f"<div class='still'>the HTML of {{panel}}</div>",
        "text/plain": f"the text of {{panel}}",
    }}

def show(panel, kind, final=False):
    return display(bundle(panel, kind, final), raw=True, display_id=f"{{panel}}-{{final}}")
"""


def kernel_cell(panels: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the source of a cell that registers the comm target; each panel answers `ready` with its messages."""
    return _SOURCE.format(panels=json.dumps(panels))


def made_card(**changes: Any) -> dict[str, Any]:
    """Return the message of a running card."""
    metric = {
        "key": "accuracy", "goal": "↑", "value": "0.9641", "full": "0.96412", "best": "best 0.9638 at 11",
        "change": {"text": "+0.0120", "arrow": "▲", "better": True, "versus": "#9"}, "is_best": False, "muted": False,
        "spark": None,
    }  # fmt: skip
    card = {
        "id": "c" * 32, "state": {"glyph": "●", "word": "running", "token": "running"}, "name": "baseline",
        "number": "#12", "color": "#e2791d", "changed": ["C 0.1 → 1"], "time": "0:42", "started": None, "elapsed": 42.0,
        "metrics": [metric], "more": 0, "error": "", "params": [], "more_params": [], "extras": [], "notes": [],
        "short": False, "progress": {"done": 12, "total": 20, "unit": "epoch", "left": "~1 min left"}, "stop": "stop",
        "note": "",
    }  # fmt: skip
    return {"type": "card", "rev": changes.pop("rev", 1), "card": {**card, **changes}}


def made_table(count: int) -> dict[str, Any]:
    """Return the message of a table of `count` finished runs."""
    columns = [
        {
            "id": f"{kind}s.{key}",
            "key": key,
            "title": key,
            "kind": kind,
            "place": place,
            "right": True,
            "goal": goal,
            "main": bool(goal),
            "shown": True,
            "equal": False,
            "decimals": 4,
            "mantissa": 2,
            "best": 1.0 if goal else None,
        }
        for place, (kind, key, goal) in enumerate((("metric", "accuracy", "↑"), ("param", "C", "")))
    ]
    rows = [
        {"id": f"{number:032x}", "number": number, "state": "finished", "name": f"run-{number}",
         "experiment": "digits", "notebook": "digits.ipynb", "cells": [number / count, str(number % 3)], "seconds": 3.2,
         "started": 1_773_000_000_000 - number * 60_000}
        for number in range(1, count + 1)
    ]  # fmt: skip
    return {
        "type": "table", "rev": 1, "columns": columns, "rows": rows, "total": count, "more": False, "empty": "",
        "states": {"finished": {"glyph": "✓", "word": "finished", "token": "better"}}, "colors": ["#1d95fb"],
        "choices": {},
    }  # fmt: skip
