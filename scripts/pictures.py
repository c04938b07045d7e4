"""Make README's pictures anew: ``python scripts/pictures.py [panels] [report] [charts] [compare]``, all by default.

Runs ``notebooks/panels.ipynb``, ``notebooks/compare.ipynb`` and the cells below in JupyterLab in Debian's chromium, and
takes pictures of what is on the screen.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.harness import Page, browsing, serving, until, write_notebook  # noqa: E402
from made_stores import made_store  # noqa: E402
from made_sweep import add_sweep  # noqa: E402

IMAGES = ROOT / "docs" / "images"
NOTEBOOK = ROOT / "notebooks" / "panels.ipynb"
COMPARE = ROOT / "notebooks" / "compare.ipynb"
LARGEST = 150_000  # bytes
SCALE = 2
TALL = 2400  # pixels: a panel that does not fit is cut off


CURVES = """import math, random
for number, name in enumerate(["baseline", "sgd", "adam with a warmup", "cosine", "big"]):
    random.seed(number)
    with track.start_run(run_name=name) as run:
        track.log_params({"lr": 0.1 / (number + 1), "optimizer": name})
        for step in range(400):
            fall = math.exp(-step / (60 + 25 * number))
            noise = random.gauss(0, 0.02)
            odd = math.nan if number == 2 and 100 <= step < 109 else math.inf if number == 3 and step == 50 else 0.0
            track.log(loss=0.1 + fall + noise + odd, accuracy=0.95 - fall / 2 - noise / 4 - odd)
track.define_metric("accuracy", "max", target=0.9)
track.flush()
%track baseline baseline
"""
HEAD = "%load_ext jupyter_track\nimport jupyter_track as track"


def main() -> int:
    """Make the pictures and say how large they are."""
    makers = {"panels": panels, "report": report, "charts": charts, "compare": compare}
    sizes: list[int] = []
    for name in sys.argv[1:] or makers:
        with tempfile.TemporaryDirectory() as folder:
            sizes += [keep(*each) for each in makers[name](Path(folder))]
    return 1 if max(sizes) > LARGEST else 0


def panels(folder: Path) -> list[tuple[Path, str]]:
    """Card and table."""
    names = [cell["id"] for cell in nbformat.read(NOTEBOOK, as_version=4)["cells"]]
    work = folder / "work"
    work.mkdir()
    shutil.copy(NOTEBOOK, work)
    with serving(work, folder / "home") as server, browsing(1240, 1000, SCALE) as page:
        page.open(server, NOTEBOOK.name)
        return pictures(page, names, folder)


def charts(folder: Path) -> list[tuple[Path, str]]:
    """Curves, parallel coordinates, and the board."""
    work = folder / "work"
    write_notebook(work / "curves" / "runs.ipynb", [HEAD, CURVES + "curves = %track curves loss accuracy"])
    write_notebook(work / "board" / "runs.ipynb", [HEAD, CURVES + "board = %track board"])
    write_notebook(work / "many" / "runs.ipynb", [HEAD, "many = %track parallel"])
    add_sweep(made_store(work / "many"), 60)
    made = []
    with serving(work, folder / "home") as server, browsing(1080, TALL, SCALE) as page:
        for name, act in (("curves", point), ("many", brush), ("board", mark)):
            page.open(server, f"{name}/runs.ipynb")
            page.page.evaluate("() => jupyterapp.shell.collapseLeft()")
            page.run(0)
            page.run(1)
            act(page, page.panel(1))
            page.page.evaluate("() => document.activeElement?.blur()")
            picture = "parallel.png" if name == "many" else f"{name}.png"
            made.append((page.shot(folder / picture, page.panel(1)), picture))
            server.end_kernels()
    return made


def point(page: Page, panel: Any) -> None:
    """Smooth the curves, and point at one."""
    panel.locator(".jt-chart canvas").nth(1).wait_for()
    panel.locator("input[type=range]").fill("0.6")
    panel.locator(".jt-chart", has=page.page.locator("canvas")).first.wait_for()
    page.page.wait_for_timeout(1500)  # the charts are drawn with the frames that follow
    box = panel.locator(".jt-plot").first.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 0.31, box["y"] + box["height"] * 0.46)
    panel.locator(".jt-values").wait_for()
    page.page.wait_for_timeout(500)


def brush(page: Page, panel: Any) -> None:
    """Brush two axes."""
    panel.locator(".jt-axis").first.wait_for()
    box = panel.locator(".jt-axis").first.bounding_box()
    x = box["x"] + box["width"] / 2
    page.page.mouse.move(x, box["y"] + box["height"] * 0.3)
    page.page.mouse.down()
    page.page.mouse.move(x, box["y"] + box["height"] * 0.62, steps=4)
    page.page.mouse.up()
    second = panel.locator(".jt-axis").nth(1)
    second.focus()
    second.press("ArrowUp")
    panel.locator(".jt-many-note", has_text="selected").wait_for()
    page.page.mouse.move(0, 0)
    page.page.wait_for_timeout(500)


def mark(page: Page, panel: Any) -> None:
    """Mark two runs in the table, and point at one of them."""
    rows = panel.locator(".jt-board-table .jt-row[aria-level]")
    rows.nth(0).locator("input").click()
    rows.nth(2).locator("input").click()
    panel.locator(".jt-board-comparison .jt-lines").first.wait_for()
    rows.nth(2).hover()
    page.page.wait_for_timeout(1500)


def compare(folder: Path) -> list[tuple[Path, str]]:
    """Two runs side by side."""
    names = [cell["id"] for cell in nbformat.read(COMPARE, as_version=4)["cells"]]
    work = folder / "work"
    work.mkdir()
    shutil.copy(COMPARE, work)
    with serving(work, folder / "home") as server, browsing(1280, TALL) as page:
        page.open(server, COMPARE.name)
        page.command("application:toggle-left-area")
        last = names.index("pair-code")
        for index, name in enumerate(names[: last + 1]):
            if name.endswith("-code"):
                page.run(index)
        panel = page.panel(last)
        panel.locator(".jt-joined-rows tbody tr").first.wait_for()
        panel.locator(".jt-overlaid canvas").first.wait_for(state="attached")
        for picture in panel.locator(".jt-slot").all():
            picture.scroll_into_view_if_needed()
            picture.locator("img").nth(1).wait_for()
        page.page.wait_for_timeout(1000)
        return [(page.shot(folder / "compare.png", panel), "compare.png")]


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


def report(folder: Path) -> list[tuple[Path, str]]:
    """Return pictures of a report of the notebook's runs, in both themes."""
    from jupyter_track.reports.make import make_report
    from jupyter_track.reports.options import asked_of
    from jupyter_track.store.reader import Reader

    nbclient.execute(nbformat.read(NOTEBOOK, as_version=4), cwd=str(folder))
    reader = Reader(folder / "track.db")
    saved = make_report(reader, *asked_of(reader, None)).save(folder / "report.html")
    made = []
    with browsing(1240, 1000, SCALE) as page:
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
