"""What tests in a browser share: servers, one browser a module, and pages that have asked no other machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import App, Page, Server, browsing, chromium, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """A page of a browser that the tests of a module share."""
    if chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with browsing() as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """The page; in the end nothing was fetched from another machine, and nothing was thrown."""
    yield browser
    browser.page.goto("about:blank")
    foreign, errors = browser.foreign[:], browser.errors[:]
    browser.foreign.clear()
    browser.errors.clear()
    assert (foreign, errors) == ([], [])


def _served(root: Path, app: App = "lab", *, extension: bool = True) -> Iterator[Server]:
    if chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    (root / "work").mkdir()
    with serving(root / "work", root / "home", app, extension=extension) as server:
        yield server


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab."""
    yield from _served(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Notebook 7."""
    yield from _served(tmp_path_factory.mktemp("notebook"), "notebook")


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab without our lab extension."""
    yield from _served(tmp_path_factory.mktemp("bare"), extension=False)


def _emptied(server: Server) -> Iterator[Server]:
    """The server for one try of one test: it meets no file and no kernel of an earlier one."""
    server.put_aside()
    yield server
    server.end_kernels()


@pytest.fixture
def lab(lab_server: Server) -> Iterator[Server]:
    """JupyterLab with an empty folder, whose kernels end with the test."""
    yield from _emptied(lab_server)


@pytest.fixture(params=["lab", "notebook"])
def either(request: pytest.FixtureRequest) -> Iterator[Server]:
    """JupyterLab, and Notebook 7, with an empty folder."""
    yield from _emptied(request.getfixturevalue(f"{request.param}_server"))


@pytest.fixture
def bare(bare_server: Server) -> Iterator[Server]:
    """JupyterLab without our lab extension, with an empty folder, whose kernels end with the test."""
    yield from _emptied(bare_server)
