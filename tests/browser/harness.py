"""A Jupyter server on loopback and a page of a real browser, driven through the application and not by keys.

Every request to another machine is recorded, so that a test can show that nothing was fetched.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat

import jupyter_track

PACKAGE = Path(jupyter_track.__file__).parent
BUILT = PACKAGE / "labextension"
App = Literal["lab", "notebook"]
STARTS_WITHIN = 60.0  # seconds
CELL_WITHIN = 120_000  # milliseconds
PATIENCE = 60.0  # seconds that anything on a loaded machine may take
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:", "file:")
QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # every cell is in the page, at its place
}
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}
# Thrown without anything of ours: by Notebook 7.6 while it starts, and by the manager of ipywidgets where a kernel is
# restarted while the page still connects.
NOT_OURS = (
    "Cannot read properties of undefined (reading 'schema')",
    "Error: Canceled future for create_subshell_request message before replies were done",
)
# Thrown by JupyterLab 4.6's splash screen where it hides twice within 200 ms, as it does when a theme is changed soon
# after the start: each hiding takes the same node away. Anybody else who throws this has another stack.
SPLASH = "Failed to execute 'removeChild' on 'Node': The node to be removed is not a child of this node."
SPLASH_STACK = re.compile(r"[^\n]*\n +at http://127\.0\.0\.1:\d+/static/lab/jlab_core\.[^\n]*")
# --no-sandbox: a container's root cannot make the sandbox; only pages of our own server are opened.
CHROMIUM = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


def chromium() -> str | None:
    """The path of the system's Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Server:
    """A running server.

    Attributes
    ----------
    address : str
        ``http://127.0.0.1:<port>``.
    root : Path
        The folder that it serves.
    home : Path
        The folder of its configuration and data.
    """

    address: str
    token: str
    app: App
    root: Path
    home: Path

    def url(self, notebook: str) -> str:
        """The page of a notebook, in a fresh workspace."""
        folder = "lab/tree" if self.app == "lab" else "notebooks"
        reset = "&reset" if self.app == "lab" else ""
        return f"{self.address}/{folder}/{notebook}?token={self.token}{reset}"

    def end_kernels(self) -> None:
        """Stop every kernel and forget the sessions, as a restart of the server does."""
        for session in self._api("GET", "sessions"):
            self._api("DELETE", f"sessions/{session['id']}")

    def put_aside(self) -> None:
        """Stop every kernel and empty the folder that is served; what was in it lies under `home`."""
        self.end_kernels()
        aside = Path(tempfile.mkdtemp(prefix="aside-", dir=self.home))
        for path in self.root.iterdir():
            path.rename(aside / path.name)

    def _api(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.address}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


@contextmanager
def serving(
    root: Path,
    home: Path,
    app: App = "lab",
    settings: dict[str, Any] | None = None,
    *,
    extension: bool = True,
    disabled: Sequence[str] = (),
) -> Iterator[Server]:
    """Serve a folder on loopback with configuration, data and settings of its own under `home`.

    The lab extension is the one that was built in this tree, whichever is installed. Without `extension` it is
    disabled; `disabled` names others.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(12)
    for plugin, values in {**QUIET, **(settings or {})}.items():
        package, name = plugin.split(":")
        folder = home / "settings" / package
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    if extension:
        shutil.copytree(BUILT, home / "data" / "labextensions" / "jupyter-track", dirs_exist_ok=True)
    page_config = home / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True, exist_ok=True)
    off = dict.fromkeys((*disabled, *(() if extension else ("jupyter-track",))), True)
    page_config.write_text(json.dumps({"disabledExtensions": off}))
    log = home / "server.log"
    command = [sys.executable, "-m", "jupyterlab" if app == "lab" else "notebook"]
    command += ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    command += [f"--{'LabApp' if app == 'lab' else 'JupyterNotebookApp'}.expose_app_in_browser=True"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=_environ(home), cwd=root)
    try:
        server = Server(f"http://127.0.0.1:{port}", token, app, root, home)
        _await(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def _environ(home: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "MPLCONFIGDIR": "matplotlib",
    }
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    own = {name: str(home / folder) for name, folder in folders.items()}
    own["JUPYTER_PREFER_ENV_PATH"] = "0"  # else the installed lab extension hides that of this tree
    return {**os.environ, **threads, **own, "PYTHONPATH": os.pathsep.join(paths)}


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended:\n{log.read_text()}")
        try:
            server._api("GET", "status")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The server did not answer within {STARTS_WITHIN:.0f} s:\n{log.read_text()}")


@dataclass
class Page:
    """A notebook in a browser.

    Attributes
    ----------
    foreign : list of str
        Requests that went to another machine.
    errors : list of str
        What the page threw.
    """

    page: Any
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, server: Server, notebook: str, *, kernel: bool = True, idle: bool = True) -> None:
        """Open a notebook and wait until its cells stand and, unless told otherwise, its kernel answers.

        A kernel that runs a cell (not `idle`) answers when that is over.
        """
        self.page.goto(server.url(notebook))
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=STARTS_WITHIN * 1000)
        self.page.evaluate(
            """async ([kernel, idle]) => {
                await jupyterapp.restored;
                const panel = jupyterapp.shell.currentWidget;
                await panel.context.ready; await panel.revealed;
                if (!kernel) { return; }
                await panel.sessionContext.ready;
                if (idle) { await panel.sessionContext.session.kernel.info; }
            }""",
            [kernel, idle],
        )

    def cell(self, index: int) -> Any:
        """A cell by its place among all cells of the notebook."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def panel(self, index: int) -> Any:
        """The live view of ours below a cell."""
        return self.cell(index).locator(".jt-output .jt-panel:not(.jt-panel .jt-panel):visible")

    def html(self, index: int) -> Any:
        """The HTML of ours below a cell, where it is what is seen."""
        return self.cell(index).locator(".jt-output .jp-RenderedHTMLCommon:visible")

    def run(self, index: int) -> Any:
        """Run a code cell through the application, wait until it is done, and return it."""
        self.start(index)
        return self.over(index)

    def start(self, index: int) -> None:
        """Start a code cell without waiting for its end."""
        self.page.evaluate(
            """index => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                notebook.deselectAll();
                void jupyterapp.commands.execute("notebook:run-cell");
            }""",
            index,
        )

    def over(self, index: int) -> Any:
        """Wait for the end of a cell, and return it."""
        self.page.wait_for_function(
            """index => {
                const model = jupyterapp.shell.currentWidget.content.widgets[index].model;
                return model.executionState === "idle" && model.executionCount !== null;
            }""",
            arg=index,
            timeout=CELL_WITHIN,
        )
        cell = self.cell(index)
        cell.scroll_into_view_if_needed()
        return cell

    def is_busy(self, index: int) -> bool:
        """Whether a cell is running."""
        return bool(
            self.page.evaluate(
                "index => jupyterapp.shell.currentWidget.content.widgets[index].model.executionState === 'running'",
                index,
            )
        )

    def restart(self) -> None:
        """Restart the kernel of the notebook, and wait for the new one."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")

    def command(self, name: str) -> None:
        """Execute a command of the application without waiting for its end."""
        self.page.evaluate("name => { void jupyterapp.commands.execute(name); }", name)

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")

    def shot(self, target: Path, locator: Any = None) -> Path:
        """Take a picture of the page or of a part of it."""
        (locator or self.page).screenshot(path=str(target))
        return target


@contextmanager
def browsing(width: int = 1000, height: int = 900, scale: float = 1) -> Iterator[Page]:
    """Open a page of the system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=list(CHROMIUM))
        context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page = Page(context.new_page())
        page.page.on("request", lambda request: _note(page, request.url))
        page.page.on("pageerror", lambda error: _note_error(page, error))
        try:
            yield page
        finally:
            browser.close()


def _note(page: Page, url: str) -> None:
    if not url.startswith(LOCAL):
        page.foreign.append(url)


def _note_error(page: Page, error: Any) -> None:
    """Keep what the page threw, with its stack: who threw it is the first question."""
    stack = error.stack or str(error)
    splash = str(error) == SPLASH and SPLASH_STACK.fullmatch(stack)
    if not splash and str(error) not in NOT_OURS:
        page.errors.append(stack)


def words(locator: Any) -> str:
    """The text that a person reads, on one line."""
    return " ".join(locator.inner_text().split())


def until(condition: Callable[[], Any], what: str = "it") -> Any:
    """Wait until a callable gives something true, and return that."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE:.0f} s"
        time.sleep(0.05)
    return found


def add_kernel(home: Path, name: str, environ: Mapping[str, str]) -> None:
    """Add a kernel of this environment with variables of its own, to the server at `home`."""
    folder = home / "data" / "kernels" / name
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python", "env": dict(environ)}
    (folder / "kernel.json").write_text(json.dumps(spec))


def write_notebook(path: Path, cells: Sequence[str], kernel: str = "python3") -> Path:
    """Write a notebook of code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    )
    for number, source in enumerate(cells):
        cell = nbformat.v4.new_code_cell(source)
        cell["id"] = f"cell-{number}"
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path
