"""What is wrong with a page: by axe-core in a real browser, and by html-validate for its markup.

Both come with the front end's development packages and work without a network: axe is read from disk and given to the
page, past its content security policy; html-validate reads the file. vnu, the other validator that is well kept,
needs Java; html-validate follows the same standard, and Node is there anyway.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jupyter_track

from .harness import Page, until

FRONT_END = Path(jupyter_track.__file__).parent.parent / "labextension"
SERIOUS = ("serious", "critical")
# The rules of WCAG 2.2 up to AA, and what axe's authors hold to be good practice.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def _axe() -> str:
    place = FRONT_END / "node_modules" / "axe-core" / "axe.min.js"
    assert place.is_file(), "The front end's packages are missing: cd labextension && jlpm install"
    return place.read_text("utf-8")


def axe_findings(page: Any, *, every: bool = False) -> list[str]:
    """Return what axe-core finds on a page: the rule, what it says, and the first elements.

    Parameters
    ----------
    page : playwright's Page
    every : bool, default False
        Whether minor and moderate findings count too.
    """
    page.evaluate(_axe())
    found = page.evaluate(
        """async tags => {
            const result = await axe.run(document, {
                runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'], iframes: false
            });
            return result.violations.map(one => ({
                id: one.id, impact: one.impact, help: one.help,
                nodes: one.nodes.slice(0, 4).map(node => `${node.html.slice(0, 160)} (${node.failureSummary})`)
            }));
        }""",
        list(TAGS),
    )
    return [
        f"{one['impact']} {one['id']}: {one['help']}: {' | '.join(one['nodes'])}"
        for one in found
        if every or one["impact"] in SERIOUS
    ]


def html_findings(*places: Path) -> list[str]:
    """Return what html-validate finds in files: the rule, the place and what it says."""
    node = shutil.which("node")
    assert node is not None, "Node is needed, as to build the front end"
    answer = subprocess.run(
        [node, "scripts/validate.mjs", *map(str, places)],
        cwd=FRONT_END,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return [
        f"{one['rule']} at {Path(one['place']).name}:{one['line']}:{one['column']}: {one['message']} "
        f"{one['selector'] or ''}".strip()
        for one in json.loads(answer.stdout)
    ]


def opened(page: Page, address: str, *, scheme: str = "light") -> Any:
    """Open a report and wait until each of its panels lives."""
    page.page.emulate_media(color_scheme=scheme, media="screen")
    page.page.goto(address)
    for host in page.page.locator("main .jtr-live").all():
        host.evaluate("host => host.nextElementSibling.scrollIntoView()")
        host.locator(".jt-panel > div > *").first.wait_for(state="attached")
        until(lambda host=host: host.evaluate("host => host.nextElementSibling.classList.contains('jtr-covered')"))
    assert page.page.locator(".jtr-live + .jtr-still:visible").count() == 0  # it has given its place away
    page.page.evaluate("scrollTo(0, 0)")
    return page.page
