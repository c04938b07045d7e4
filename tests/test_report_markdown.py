"""A report as Markdown: the same as the page says, pictures beside it, and nothing that a name could do in it."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from cli_session import cli, parsed
from made_reports import PNG, made_report, numbered, report_store
from made_stores import add_runs, made_store
from made_sweep import add_sweep
from markdown_it import MarkdownIt
from markdown_it.token import Token

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, StoreUnavailable
from jupyter_track.reports.folders import LISTED, folder_of
from jupyter_track.store.upkeep.portable import pack
from jupyter_track.views.comparison_markdown import begun

TEXT = """\
# The paper

The best reached **{{ best.metrics.accuracy | round(3) }}**, by {{ best.name }}.

{{ curves("loss") }}

## Outlook

More of *this*.
"""
NOTE = "Diverged at first."
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "a | b | c",
    "`code` *em* _em_ ~~no~~ # head",
    "</svg><script>alert(1)</script>",
    "1. one",
    "- item\n\n# head",
    "| --- | --- |\n```\nfence",
    "<!-- x --> &lt;b&gt; \\",
    "https://example.org/?q=1",
)
TEXTS = ("text", "text_special", "softbreak", "hardbreak")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs that have everything."""
    return report_store(tmp_path_factory.mktemp("markdown"))


def tokens_of(text: str) -> list[Token]:
    """What a renderer that lets HTML through makes of Markdown, with the tokens inside of others."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [one for token in parsed for one in (token, *(token.children or ()))]


def pictures_of(text: str) -> list[str]:
    """Where the pictures of a Markdown text lie."""
    return [unquote(str(one.attrs["src"])) for one in tokens_of(text) if one.type == "image"]


def headings_of(text: str) -> list[str]:
    """The headings, with their level."""
    tokens = tokens_of(text)
    return [
        f"{'#' * int(one.tag[1])} {tokens[at + 1].content}"
        for at, one in enumerate(tokens)
        if one.type == "heading_open"
    ]


def test_it_says_what_the_page_says(full: Path, tmp_path: Path) -> None:
    """The sections in their order, the table with its best, what differs, the code, and a text with its values."""
    saved = made_report(full, text=TEXT).save(tmp_path / "out" / "report.md")
    text = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert saved.path == tmp_path / "out" / "report.md"
    assert [one for one in headings_of(text) if one.count("#") < 3] == [
        "# The paper",
        *(f"## {name}" for name in ("Outlook", "Summary", "Runs", "Comparison", "Params and result", "Data")),
        *(f"## {name}" for name in ("Environment", "Git", "Notes")),
    ]
    assert "The best reached **0.895**, by run 0." in text
    assert "| ✓ | 1 | run 0 pinned | ▲ **0.8948** | ▲ **0.05234** | 0.1 | adam | 3.5 s | 2025-11-03 |" in text
    assert "```diff\n-lr = 0.05\n+lr = 0.1\n print('code')\n fit(lr)\n```" in text
    assert "✓ **run 1 \\#2**\n\n> Diverged at first." in text
    assert "More of *this*." in text
    tables = [one for one in tokens_of(text) if one.type == "table_open"]
    assert len(tables) >= 7


def test_pictures_are_files_with_words(full: Path, tmp_path: Path) -> None:
    """Each link leads to a file beside it, each picture of ours is SVG that stands alone, and its lines have names."""
    made_report(full).save(tmp_path / "my report.md")
    text = (tmp_path / "my report.md").read_text("utf-8")
    folder = tmp_path / "my report_files"
    assert sorted(pictures_of(text)) == sorted(
        f"{folder.name}/{path.name}" for path in folder.iterdir() if path.name != LISTED
    )
    assert all(one.content for one in tokens_of(text) if one.type == "image")
    drawn = sorted(folder.glob("*.svg"))
    assert len(drawn) == 5
    for path in drawn:
        assert ElementTree.fromstring(path.read_bytes()).tag == "{http://www.w3.org/2000/svg}svg"
        assert b"currentColor" not in path.read_bytes()
    assert b"run 0 #1" in next(folder.glob("*-accuracy.svg")).read_bytes()
    assert [path.read_bytes()[: len(PNG)] for path in sorted(folder.glob("*.png"))] == [PNG, PNG]


def test_the_same_report_gives_the_same_bytes(full: Path, tmp_path: Path) -> None:
    """The text and every picture; and what an earlier report left in the folder goes."""
    made_report(full).save(tmp_path / "a.md")
    first = {path.name: path.read_bytes() for path in folder_of(tmp_path / "a.md").iterdir()}
    text = (tmp_path / "a.md").read_bytes()
    made_report(full, "1").save(tmp_path / "a.md")
    assert {path.name for path in folder_of(tmp_path / "a.md").iterdir()} != set(first)
    made_report(full).save(tmp_path / "a.md")
    assert {path.name: path.read_bytes() for path in folder_of(tmp_path / "a.md").iterdir()} == first
    assert (tmp_path / "a.md").read_bytes() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "a_files"]


def test_nothing_of_others_is_replaced(full: Path, tmp_path: Path) -> None:
    """Neither a text, nor a folder of that name, unless it is said; what cannot be written is an error of ours."""
    report = made_report(full)
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(AlreadyExists, match=r"README\.md"):
        report.save(tmp_path / "README.md")
    (tmp_path / "b_files").mkdir()
    (tmp_path / "b_files" / "mine.png").write_bytes(PNG)
    with pytest.raises(AlreadyExists, match="b_files"):
        report.save(tmp_path / "b.md")
    assert ((tmp_path / "README.md").read_text(), (tmp_path / "b.md").exists()) == ("mine", False)
    report.save(tmp_path / "README.md", overwrite=True)
    assert (tmp_path / "README.md").read_text("utf-8").startswith("<!-- jupyter-track ")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        report.save(tmp_path / "README.md" / "c.md")


def test_the_pictures_of_a_text_go_along(full: Path, tmp_path: Path) -> None:
    """However they are written, each once; so the file may lie anywhere. Code that looks like one stays."""
    for at, name in enumerate(("a.png", "b c.png")):
        (tmp_path / name).write_bytes(numbered(at))
    source = tmp_path / "paper.md"
    source.write_text(
        "# Title ![none](a.png)\n\nSee `![a](a.png)`: ![one *two*](a.png 'its \"title\"') and\n"
        "![a](<b c.png>), then [![in\na link](a.png)](https://x.example).\n\n"
        "> - ![quoted\n>   over lines][r] after\n>   ![r] end\n\n"
        "| x | y |\n|---|---|\n| ![a](a.png) | ![b](a.png) |\n\n```\n![a](a.png)\n```\n\n"
        "{{ curves('loss') }}\n\n## Later\n\n[see][r] ![{{ best.name }}](a.png)\n\n[r]: a.png\n",
    )
    place = tmp_path / "deep" / "er" / "report.md"
    made_report(full, text=source, sections=["text"]).save(place)
    text = place.read_text("utf-8")
    files = {one: (place.parent / unquote(one)).read_bytes() for one in pictures_of(text)}
    first, second = "report_files/01-a.png", "report_files/02-b-c.png"
    assert {name: data for name, data in files.items() if name.endswith("png")} == {
        first: numbered(0),
        second: numbered(1),
    }
    assert text.split("\n\n")[3:7] == [
        f'See `![a](a.png)`: ![one *two*]({first} "its \\"title\\"") and\n![a]({second}), then '
        f"[![in a link]({first})](https://x.example).",
        f"> - ![quoted over lines]({first}) after\n>   ![r]({first}) end",
        f"| x | y |\n|---|---|\n| ![a]({first}) | ![b]({first}) |",
        "```\n![a](a.png)\n```",
    ]
    assert f"[see]({first}) ![run 0]({first})" in text
    assert "\ue000" not in text


def test_what_links_refer_to_goes_along(full: Path, tmp_path: Path) -> None:
    """Wherever it is written: before what is placed, between headings, at the end."""
    text = (
        "# Title\n\n[a]: https://a.example\n\n{{ table() }}\n\n[b]: https://b.example\n\n## One\n\n"
        "[a] [b] [c] [d]\n\n[c]: https://c.example 'C'\n\n## Two\n\n[a] [d]\n\n{{ table() }}\n\n[d]: https://d.example\n"
    )
    made_report(full, text=text, sections=["text"]).save(tmp_path / "report.md")
    tokens = tokens_of((tmp_path / "report.md").read_text("utf-8"))
    leads = [str(one.attrs["href"]) for one in tokens if one.type == "link_open"]
    assert leads == [f"https://{name}.example" for name in "abcdad"]


def test_only_our_own_files_are_replaced_in_the_folder(full: Path, tmp_path: Path) -> None:
    """What a person put there stays, whatever is said; the folder goes only when it is empty and was made by us."""
    place, folder = tmp_path / "report.md", tmp_path / "report_files"
    made_report(full).save(place)
    ours = {path.name for path in folder.iterdir()}
    (folder / "precious.png").write_bytes(PNG)
    made_report(full, "1").save(place)
    assert (folder / "precious.png").read_bytes() == PNG
    assert not ours <= {path.name for path in folder.iterdir()}
    made_report(full, sections=["summary"]).save(place, overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["precious.png"]
    notes = tmp_path / "notes.md"
    notes.write_text("mine")
    (tmp_path / "notes_files").mkdir()
    (tmp_path / "notes_files" / "keep.txt").write_text("mine too")
    made_report(full).save(notes, overwrite=True)
    assert (tmp_path / "notes_files" / "keep.txt").read_text() == "mine too"
    made_report(full).save(tmp_path / "gone.md")
    made_report(full, sections=["summary"]).save(tmp_path / "gone.md")
    assert not (tmp_path / "gone_files").exists()


def test_a_file_in_the_way_of_a_picture_is_not_replaced_unsaid(full: Path, tmp_path: Path) -> None:
    """And a list that names files elsewhere, which anybody may have written, removes none of them."""
    place, folder = tmp_path / "report.md", tmp_path / "report_files"
    made_report(full, sections=["summary"]).save(place)
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("mine")
    (folder / LISTED).write_text(json.dumps({"report": "report.md", "files": ["../outside.txt", "", "..", 7]}))
    (folder / "01-accuracy.svg").write_text("mine")
    with pytest.raises(AlreadyExists, match=r"01-accuracy\.svg"):
        made_report(full).save(place)
    assert (folder / "01-accuracy.svg").read_text() == "mine"
    made_report(full).save(place, overwrite=True)
    assert (folder / "01-accuracy.svg").read_bytes().startswith(b"<svg")
    assert (tmp_path / "outside.txt").read_text() == "mine"


@pytest.mark.parametrize("failing", range(1, 12, 2))
def test_what_was_there_is_there_after_a_failure(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Whichever of the steps fails: the old text with the old pictures, and nothing besides."""
    place = tmp_path / "report.md"
    made_report(full, "1").save(place)
    (folder_of(place) / "mine.txt").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    replace, count = os.replace, itertools.count(1)

    def failing_once(start: Path, end: Path) -> None:
        if next(count) == failing:
            raise OSError(28, "No space left on device")
        replace(start, end)

    monkeypatch.setattr(os, "replace", failing_once)
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        made_report(full).save(place)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.md", "report_files"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_does_nothing_in_markdown(tmp_path: Path, payload: str) -> None:
    """Whatever a name holds, in every field: no HTML, link, picture, heading or list of its own, no column more.

    A note is Markdown of its own; test_report_prose.py has what it may do.
    """

    def named(before: str) -> Callable[[str], str]:
        return lambda text: text if text == NOTE else f"{before} {text}"

    plain = report_store(_folder(tmp_path / "plain"), named("odd"))
    odd = report_store(_folder(tmp_path / "odd"), named(payload))
    asked = {"text": "{{ best.name }} and {{ best.name }}\n\nEnd.\n"}
    made_report(plain, **asked).save(tmp_path / "plain.md")
    made_report(odd, **asked).save(tmp_path / "odd.md")
    one, other = ((tmp_path / f"{name}.md").read_text("utf-8") for name in ("plain", "odd"))
    kinds = [[(each.type, each.tag) for each in tokens_of(text) if each.type not in TEXTS] for text in (one, other)]
    assert kinds[1] == kinds[0]
    assert [token.content for token in tokens_of(other) if token.type.startswith("html")] == [
        other.partition("\n")[0] + "\n"
    ]
    assert "javascript:alert" not in "".join(str(token.attrs) for token in tokens_of(other))
    for path in folder_of(tmp_path / "odd.md").glob("*.svg"):
        assert not [node for node in ElementTree.fromstring(path.read_bytes()).iter() if "script" in node.tag]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_sweep_and_few_runs(tmp_path: Path) -> None:
    """Importance as a table, a run that failed and one without a name's worth of data."""
    store = made_store(_folder(tmp_path / "sweep"))
    add_sweep(store, 30)
    add_runs(store, {"name": "failed", "status": "FAILED", "metrics": {"accuracy": float("nan")}})
    made_report(store).save(tmp_path / "sweep.md")
    text = (tmp_path / "sweep.md").read_text("utf-8")
    assert "| param | R² lost ± sd |" in text
    assert "✗ failed" in text
    assert re.search(r"\| lr \| \d\.\d+ ± \d\.\d+ \|", text)


def test_where_a_line_may_not_begin_a_list() -> None:
    """Marks at the start of a line are escaped, numbers are not."""
    lines = ["- a", "+ b", "1. c", "2) d", "1.5 s", "-1.5", "--- x", "== y", "12", "e"]
    assert [begun(one) for one in lines] == [
        *("\\- a", "\\+ b", "1\\. c", "2\\) d", "1.5 s", "-1.5", "\\--- x", "\\== y", "12", "e")
    ]


def test_report_writes_markdown_by_its_name(store: Path, tmp_path: Path) -> None:
    """`track.report(to="report.md")`."""
    with track.start_run(run_name="one"):
        track.log_param("C", 1)
        for step in range(5):
            track.log(loss=1 / (1 + step))
    report = track.report(to=tmp_path / "report.md", built=0)
    assert report.path == tmp_path / "report.md"
    assert pictures_of(report.path.read_text("utf-8")) == ["report_files/01-loss.svg"]
    assert str(report).startswith(str(report.path))


def test_the_command_writes_markdown_of_a_zip(store: Path, tmp_path: Path) -> None:
    """`jupyter track --store theirs.zip report -o report.md`: nothing is unpacked by hand, and nothing is left."""
    report_store(_folder(tmp_path / "theirs"))
    pack(tmp_path / "theirs" / "track.db", tmp_path / "theirs.zip")
    answer = cli(tmp_path / "theirs.zip", "report", "1", "-o", str(tmp_path / "one.md"), "--json")
    place = tmp_path / "one.md"
    assert parsed(answer) == {
        "store": str(tmp_path / "theirs.zip"),
        "path": str(place),
        "size": place.stat().st_size,
        "runs": 1,
        "title": "run 0 #1",
    }
    assert "a walk" in place.read_text("utf-8")
    assert len(list(folder_of(place).glob("*.png"))) == 1
