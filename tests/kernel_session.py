"""A notebook in a real kernel: cells with ids, interrupts, restarts, and what the front end gets."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0


@dataclass
class Shown:
    """What the front end got of one cell, and the kernel's reply."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """``ok`` or ``error``."""
        return self.reply["status"]

    @property
    def kinds(self) -> list[str]:
        """The types of the messages that show something, in order; text in a row counts once."""
        kinds = [
            message["msg_type"] for message in self.messages if message["msg_type"] not in ("status", "execute_input")
        ]
        return [kind for index, kind in enumerate(kinds) if kind != "stream" or kinds[index - 1 : index] != ["stream"]]

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(message["content"]["text"] for message in self.messages if message["msg_type"] == "stream")

    @property
    def result(self) -> str | None:
        """The text of ``Out[n]``."""
        found = [message["content"]["data"] for message in self.messages if message["msg_type"] == "execute_result"]
        return found[0]["text/plain"] if found else None

    @property
    def traceback(self) -> str:
        """The traceback without colours."""
        import re

        lines = [
            line
            for message in self.messages
            if message["msg_type"] == "error"
            for line in message["content"]["traceback"]
        ]
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))

    @property
    def cards(self) -> list[str]:
        """The text of what we showed."""
        return [
            message["content"]["data"]["text/plain"]
            for message in self.messages
            if message["msg_type"] == "display_data" and "jupyter_track" in message["content"]["metadata"]
        ]


class KernelNotebook:
    """``demo.ipynb`` in a folder, with a kernel of its own."""

    def __init__(self, folder: Path, manager: KernelManager) -> None:
        self.folder = folder
        self.manager = manager
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def send(self, code: str, cell_id: str | None = None, allow_stdin: bool = False) -> str:
        """Send a cell and return its message's id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": True,
        }
        metadata = {} if cell_id is None else {"cellId": cell_id}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def receive(self, message_id: str, answers: list[str] | None = None) -> Shown:
        """Wait for the end of a cell; `answers` are typed where it asks for input."""
        shown, deadline = Shown(), time.monotonic() + PATIENCE
        waiting = list(answers or [])
        while time.monotonic() < deadline:
            if waiting and self.client.stdin_channel.msg_ready():
                self.client.get_stdin_msg(timeout=1)
                self.client.input(waiting.pop(0))
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except Exception:
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            shown.messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        while (reply := self.client.get_shell_msg(timeout=PATIENCE))["parent_header"].get("msg_id") != message_id:
            pass
        shown.reply = reply["content"]
        return shown

    def run(self, code: str, cell_id: str | None = None, answers: list[str] | None = None) -> Shown:
        """Execute a cell."""
        return self.receive(self.send(code, cell_id, allow_stdin=answers is not None), answers)

    def interrupt(self, code: str, mark: str = "started") -> Shown:
        """Execute a cell and interrupt it once it has printed `mark`."""
        message_id = self.send(code)
        shown = Shown()
        while mark not in shown.text:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == message_id:
                shown.messages.append(message)
        time.sleep(0.1)
        self.manager.interrupt_kernel()
        rest = self.receive(message_id)
        return Shown(shown.messages + rest.messages, rest.reply)

    @property
    def runs(self) -> list[Run]:
        """The runs of the store, the oldest first, once all is written."""
        self.run("import jupyter_track; jupyter_track.flush()")
        return self.stored

    @property
    def stored(self) -> list[Run]:
        """The runs of the store as it lies there, the oldest first."""
        return Reader(self.folder / "track.db").runs()[::-1]


def until(condition: Callable[[], object]) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def kernel_notebook(folder: Path) -> Iterator[KernelNotebook]:
    """Start a kernel in a folder."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment(folder), cwd=str(folder))
    made = KernelNotebook(folder, manager)
    try:
        yield made
    finally:
        made.client.stop_channels()
        manager.shutdown_kernel(now=True)


def environment(folder: Path, notebook: bool = True) -> dict[str, str]:
    """The environment of a kernel or program that works in a folder."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER_TRACK", "JPY_", "MLFLOW"))
    }
    kept.pop("PYTEST_CURRENT_TEST", None)  # ipykernel does not watch file descriptors under pytest
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    kept["PYTHONPATH"] = os.pathsep.join(paths)
    kept["IPYTHONDIR"] = str(folder / ".ipython")
    if notebook:
        kept["JPY_SESSION_NAME"] = str(folder / "demo.ipynb")
    return kept
