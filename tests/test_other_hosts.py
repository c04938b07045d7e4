"""What VS Code and Colab are given, which no test can run: a kernel that believes to be there, and what it sends.

Both show of a bundle what they have a renderer for: a type that they do not know is passed over, and HTML goes before
text. Both put updates into the place of a display. Neither names a cell as Jupyter does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from live_session import MIME, Page, live_page

HOSTS = {
    "VS Code": "get_ipython().user_ns['__vsc_ipynb_file__'] = os.path.abspath('demo.ipynb')",
    "Colab": "import types\nsys.modules['google.colab'] = types.ModuleType('google.colab')",
}
LOOP = """%%track sgd
for step in track.progress(range(4_000), unit="epoch"):
    track.log(loss=1 / (1 + step), step=step)
    time.sleep(0.06)
    if not ({shut}):
        break
"""
# The rules for paper, which a host may drop.
PAPER = re.compile(r"<style scoped>@media print\{[^<]*\}</style>")
# What a page without our scripts and styles cannot show, or would have to fetch.
FOREIGN = re.compile(
    r"<(script|style|link|iframe|svg|object|form|button|input)\b|(src|href)=[\"'](?!data:)|var\(|on\w+=", re.IGNORECASE
)


@pytest.fixture(scope="module", params=HOSTS)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A kernel that neither Jupyter's server nor a cell's id tells anything, with what its host leaves in it."""
    with live_page(tmp_path_factory.mktemp("host")) as made:
        made.run(f"import os, sys\ndel os.environ['JPY_SESSION_NAME']\n{HOSTS[request.param]}", "host")
        yield made


def run(page: Page, code: str) -> str:
    """Run a cell that has no id; return its message."""
    cell = page.notebook.send(code)
    page.over(cell)
    return cell


def test_a_card_is_live_as_html_and_stays(page: Page) -> None:
    """One display from the first second to the last form; every bundle has HTML and text, and no widget."""
    gate = page.gate()
    cell = page.notebook.send(LOOP.format(shut=gate.shut))
    page.until(lambda: len(page.bundles(cell)) > 2, "updates")
    gate.open()
    page.over(cell)
    bundles = page.bundles(cell)
    assert [kind for kind, _ in bundles] == ["display_data", *["update_display_data"] * (len(bundles) - 1)]
    assert {frozenset(bundle) for _, bundle in bundles} == {frozenset({"text/html", "text/plain", MIME})}
    assert [found for _, bundle in bundles for found in FOREIGN.findall(bundle["text/html"])] == []
    assert "<progress" in bundles[0][1]["text/html"]
    (standing,) = page.outputs(cell)
    assert standing["text/plain"].startswith("✓ sgd #1")
    assert all(word in standing["text/html"] for word in ("<table", "loss", "data:image/svg+xml", 'alt="loss: '))


def test_a_table_is_html_that_follows(page: Page) -> None:
    """What is recorded later comes into its place."""
    cell = run(page, "%track")
    run(page, "with track.start_run(run_name='later'):\n    track.log(loss=0.5)")
    page.until(lambda: "later" in page.outputs(cell)[0]["text/html"], "the later run")
    (standing,) = page.outputs(cell)
    assert set(standing) == {"text/html", "text/plain", MIME}
    assert FOREIGN.findall(PAPER.sub("", standing["text/html"])) == []
    assert "later" in standing["text/plain"]
