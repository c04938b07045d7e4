"""A notebook whose front end looks while cells run: what is displayed, updated and erased, and comms of ours."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kernel_session import PATIENCE, KernelNotebook, Shown, kernel_notebook

MIME = "application/vnd.jupyter-track+json"


class Gate:
    """Where a cell waits until the test has seen enough, however slow the machine is."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def shut(self) -> str:
        """An expression for the cell: whether it is to wait."""
        return f"not __import__('os').path.exists({str(self.place)!r})"

    @property
    def wait(self) -> str:
        """A line for the cell that waits."""
        return f"while {self.shut}: time.sleep(0.05)"

    def open(self) -> None:
        """Let the cell go on."""
        self.place.touch()


class Page:
    """What stands under the cells, as JupyterLab would show it, and what a comm of ours was told."""

    def __init__(self, notebook: KernelNotebook) -> None:
        self.notebook = notebook
        self.client = notebook.client
        self.messages: list[dict[str, Any]] = []
        self.replies: dict[str, dict[str, Any]] = {}
        self.subshell: str | None = None

    # ---- running

    def send(self, code: str, cell_id: str = "cell-1") -> str:
        """Begin a cell."""
        return self.notebook.send(code, cell_id)

    def take(self, seconds: float = 0.05) -> None:
        """Take what the kernel has sent, for a moment."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(Exception):
                self.messages.append(self.client.get_iopub_msg(timeout=left))
            while self.client.shell_channel.msg_ready():
                reply = self.client.get_shell_msg(timeout=1)
                self.replies[reply["parent_header"]["msg_id"]] = reply["content"]

    def until(self, condition: Callable[[], object], what: str = "it") -> Any:
        """Take messages until a callable gives something true, and return that."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what} did not come; {[m['msg_type'] for m in self.messages][-20:]}"
            self.take()
        return found

    def over(self, message_id: str) -> Shown:
        """Wait for the end of a cell; return what it sent, and the reply."""

        def idle() -> bool:
            return any(
                message["content"].get("execution_state") == "idle"
                for message in self.of(message_id)
                if message["msg_type"] == "status"
            )

        self.until(lambda: idle() and message_id in self.replies, "the end of the cell")
        return Shown(self.of(message_id), self.replies[message_id])

    def run(self, code: str, cell_id: str = "cell-1") -> Shown:
        """Run a cell to its end."""
        return self.over(self.send(code, cell_id))

    def gate(self) -> Gate:
        """A gate that is shut."""
        return Gate(self.notebook.folder / uuid.uuid4().hex)

    def of(self, message_id: str) -> list[dict[str, Any]]:
        """The messages of one cell."""
        return [message for message in self.messages if message["parent_header"].get("msg_id") == message_id]

    # ---- what is seen

    def bundles(self, message_id: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Our displays in order: the kind of message, and the bundle; of one cell or of all."""
        return [
            (message["msg_type"], message["content"]["data"])
            for message in (self.messages if message_id is None else self.of(message_id))
            if message["msg_type"] in ("display_data", "update_display_data")
            and "jupyter_track" in message["content"]["metadata"]
        ]

    def outputs(self, message_id: str) -> list[dict[str, Any]]:
        """The bundles that stand under a cell in the end, ours and others, with updates and erasures applied."""
        standing: list[tuple[str | None, dict[str, Any]]] = []
        waiting = False
        for message in self.messages:
            own = message["parent_header"].get("msg_id") == message_id
            content = message["content"]
            if message["msg_type"] == "clear_output" and own:
                waiting = content["wait"]
                standing = standing if waiting else []
            elif message["msg_type"] == "display_data" and own:
                standing = [] if waiting else standing
                waiting = False
                standing.append((content["transient"].get("display_id"), content["data"]))
            elif message["msg_type"] == "update_display_data":
                shown = content["transient"]["display_id"]
                standing = [(one, content["data"] if one == shown else data) for one, data in standing]
        return [data for _, data in standing]

    @property
    def panel(self) -> str:
        """The id of the panel that was shown last; an earlier one may have been updated since."""
        shown = [data for kind, data in self.bundles() if kind == "display_data" and MIME in data]
        panel: str = shown[-1][MIME]["panel"]
        return panel

    def form(self, panel: str) -> dict[str, Any]:
        """What stands on the page of a panel: its newest bundle, whatever became of others."""
        return [data for _, data in self.bundles() if MIME in data and data[MIME]["panel"] == panel][-1]

    # ---- a comm, as the lab extension opens it

    def open(self, panel: str) -> str:
        """Open a comm to a panel, on a subshell; return its id."""
        if self.subshell is None:
            request = self.client.session.msg("create_subshell_request", {})
            self.client.control_channel.send(request)
            reply = self.client.get_control_msg(timeout=PATIENCE)
            self.subshell = reply["content"].get("subshell_id")
        comm_id = uuid.uuid4().hex
        content = {"comm_id": comm_id, "target_name": "jupyter_track", "data": {"panel": panel}}
        self._beside("comm_open", content)
        return comm_id

    def say(self, comm_id: str, **data: Any) -> None:
        """Send a message through a comm."""
        self._beside("comm_msg", {"comm_id": comm_id, "data": data})

    def close(self, comm_id: str) -> None:
        """Close a comm, as a page that is left does."""
        self._beside("comm_close", {"comm_id": comm_id, "data": {}})

    def _beside(self, kind: str, content: dict[str, Any]) -> None:
        message = self.client.session.msg(kind, content)
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def told(self, comm_id: str) -> list[dict[str, Any]]:
        """What a comm was told, in order."""
        return [
            message["content"]["data"]
            for message in self.messages
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == comm_id
        ]

    def connected(self, panel: str) -> str:
        """Open a comm, say that the view is ready, and wait for the state."""
        comm_id = self.open(panel)
        self.say(comm_id, type="ready")
        self.until(lambda: self.told(comm_id), "the state")
        return comm_id

    def ask(self, comm_id: str, name: str, **more: Any) -> dict[str, Any]:
        """Do an action and wait for the answer."""
        number = sum(message["msg_type"] == "comm_msg" for message in self.messages) + 1
        self.say(comm_id, type="action", to=number, name=name, **more)
        answers = self.until(
            lambda: [one for one in self.told(comm_id) if one["type"] == "reply" and one["to"] == number],
            f"the answer to {name}",
        )
        return answers[0]


@contextlib.contextmanager
def live_page(folder: Path) -> Iterator[Page]:
    """Start a kernel with the extension loaded, and a page that looks at it."""
    with kernel_notebook(folder) as made:
        page = Page(made)
        page.run("%load_ext jupyter_track\nimport jupyter_track as track, time", "head")
        yield page
