"""Make README's pictures of card, table and report anew: ``python scripts/pictures.py``.

Runs ``notebooks/panels.ipynb`` in JupyterLab in Debian's chromium and takes pictures of what is on the screen.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.harness import Page, browsing, serving, until  # noqa: E402

IMAGES = ROOT / "docs" / "images"
NOTEBOOK = ROOT / "notebooks" / "panels.ipynb"
LARGEST = 150_000  # bytes
SCALE = 2


def main() -> int:
    """Make the pictures and say how large they are."""
    names = [cell["id"] for cell in nbformat.read(NOTEBOOK, as_version=4)["cells"]]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        shutil.copy(NOTEBOOK, work)
        with serving(work, Path(folder) / "home") as server, browsing(1240, 1000, SCALE) as page:
            page.open(server, NOTEBOOK.name)
            made = pictures(page, names, Path(folder))
            made += report(page, work / "track.db", Path(folder))
        sizes = [keep(*each) for each in made]
    return 1 if max(sizes) > LARGEST else 0


def pictures(page: Page, names: list[str], folder: Path) -> list[tuple[Path, str]]:
    """Run the notebook as far as its table; return pictures with the names that they get."""
    page.command("application:toggle-left-area")
    loop, table = names.index("loop-code"), names.index("table-code")
    made = []
    for index, name in enumerate(names[: table + 1]):
        if not name.endswith("-code"):
            continue
        if index == loop:
            page.start(index)
            until(lambda: "epoch 18 / 24" in page.cell(loop).inner_text(), "the eighteenth epoch")
            made.append((page.shot(folder / "card.png", page.cell(loop)), "card.png"))
            page.over(index)
        else:
            page.run(index)
    panel = page.panel(table)
    panel.locator(".jt-row", has_text="sweep").locator(".jt-triangle").click()
    for name in ("eta 0.02", "eta 0.001"):
        panel.locator(".jt-row", has_text=name).first.locator(".jt-mark input").click()
    page.page.mouse.move(0, 0)
    page.page.wait_for_timeout(500)  # the curves of the rows come after the rows
    for theme in ("light", "dark"):
        page.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {theme.title()}"
        )
        page.page.wait_for_timeout(500)
        made.append((page.shot(folder / f"table-{theme}.png", page.panel(table)), f"table-{theme}.png"))
    return made


def report(page: Page, store: Path, folder: Path) -> list[tuple[Path, str]]:
    """Return pictures of a report of the notebook's runs, in both themes."""
    from jupyter_track.reports.make import make_report
    from jupyter_track.reports.options import asked_of
    from jupyter_track.store.reader import Reader

    reader = Reader(store)
    saved = make_report(reader, *asked_of(reader, None)).save(folder / "report.html")
    made = []
    for theme in ("light", "dark"):
        page.page.emulate_media(color_scheme=theme)
        page.page.goto((saved.path or folder).as_uri())
        page.page.locator("[data-panel=table] .jt-row").first.wait_for()
        page.page.locator("[data-panel=curves] canvas").first.wait_for()
        page.page.wait_for_timeout(1_000)  # the curves of the rows, and the charts, come after that
        made.append((page.shot(folder / f"report-{theme}.png"), f"report{'' if theme == 'light' else '-dark'}.png"))
    return made


def keep(picture: Path, name: str) -> int:
    """Keep a picture with a palette, which is seen nowhere and saves a third; return its size."""
    target = IMAGES / name
    with Image.open(picture) as image:
        image.convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE).save(target, optimize=True)
    size = target.stat().st_size
    print(f"{target.relative_to(ROOT)}  {size / 1000:.0f} kB")
    return size


if __name__ == "__main__":
    raise SystemExit(main())
