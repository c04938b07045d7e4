"""Small files that a text links go along with the report, out of the folder of the text and out of no other."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from made_reports import PNG, made_report
from made_stores import add_runs, made_store

from jupyter_track.errors import InvalidValue
from jupyter_track.reports import attached

DATA = b"a,b\n1,2\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text in a folder of its own, with a store above it."""
    add_runs(made_store(tmp_path), {"name": "one", "metrics": {"loss": 1.0}})
    (tmp_path / "paper" / "deep").mkdir(parents=True)
    return tmp_path / "paper" / "paper.md"


def report_of(text: Path, markdown: str, **options: object) -> object:
    """The report of a text."""
    text.write_text(markdown, encoding="utf-8")
    return made_report(text.parents[1] / "track.db", text=text, sections=["text"], **options)


def refused(text: Path, markdown: str, **options: object) -> str:
    """Why a text is refused."""
    with pytest.raises(InvalidValue) as error:
        report_of(text, markdown, **options)
    return str(error.value).removeprefix(f"{text}, ")


def test_the_page_holds_the_files_that_its_text_links(text: Path) -> None:
    """A browser saves them under their names, and opens none."""
    (text.parent / "results.csv").write_bytes(DATA)
    (text.parent / "deep" / "ü b.tar").write_bytes(b"tar")
    page = report_of(text, "[data](results.csv 'all \"of\" it'), [more](<deep/ü b.tar>), [there](#summary)").html  # type: ignore[attr-defined]
    links = re.findall(r'<a href="([^"]+)"([^>]*)>(\w+)</a>', page)
    held = [base64.b64decode(href.removeprefix("data:application/octet-stream;base64,")) for href, _, _ in links[:2]]
    assert held == [DATA, b"tar"]
    assert [re.findall(r'download="([^"]*)"', more) for _, more, _ in links] == [["results.csv"], ["ü b.tar"], []]
    assert links[2][0] == "#summary"


def test_a_report_as_markdown_has_the_files_in_its_folder(text: Path, tmp_path: Path) -> None:
    """Each once, also through what links refer to, around pictures, in tables and over the end of a line."""
    for name in ("results.csv", "README", "b.tar.gz"):
        (text.parent / name).write_bytes(name.encode())
    (text.parent / "a.png").write_bytes(PNG)
    report = report_of(
        text,
        "# Title [gone](results.csv)\n\n[*data*](results.csv 'a \"b\"') and [![x](a.png)\nin](b.tar.gz) `[a](b)`\n\n"
        "| a | b |\n|---|---|\n| [r][] | [q][r] |\n\n> [over\n> two](README) [out](https://x.example) <https://y.example>\n\n"
        "[png](a.png)\n\n[r]: results.csv\n",
    )
    place = tmp_path / "out" / "report.md"
    report.save(place)  # type: ignore[attr-defined]
    told = place.read_text("utf-8")
    leads = dict(re.findall(r"\]\((report_files/\d+-([^ )]+))", told))
    assert {(place.parent / unquote(one)).read_bytes() for one in leads} == {
        PNG,
        b"results.csv",
        b"README",
        b"b.tar.gz",
    }
    one, two, three, four = (next(lead for lead in leads if name in lead) for name in ("csv", "a.png", ".gz", "readme"))
    assert told.split("\n\n")[3:7] == [
        f'[*data*]({one} "a \\"b\\"") and [![x]({two})\nin]({three}) `[a](b)`',
        f"| a | b |\n|---|---|\n| [r]({one}) | [q]({one}) |",
        f"> [over\n> two]({four}) [out](https://x.example) <https://y.example>",
        f"[png]({two})",
    ]
    assert len(list((place.parent / "report_files").glob("*.csv"))) == 1


def test_nothing_is_taken_from_elsewhere(text: Path, tmp_path: Path) -> None:
    """Neither upward, nor by a whole path, nor through a symbolic link; what is hidden stays where it is."""
    (tmp_path / "secret.csv").write_bytes(DATA)
    (tmp_path / "plot.png").write_bytes(PNG)
    os.symlink(tmp_path / "secret.csv", text.parent / "link.csv")
    os.symlink(tmp_path, text.parent / "up")
    os.symlink(tmp_path / "plot.png", text.parent / "link.png")
    (text.parent / ".env").write_bytes(DATA)
    outside = "lies outside of paper; copy it there, or name the folder that has all of it: folder=…, --folder."
    for name in ("../secret.csv", "link.csv", "up/secret.csv", "deep/../../secret.csv"):
        assert refused(text, f"a\n\n[x]({name})") == f"line 3: the file {name!r:.80} {outside}"
    for name in ("../plot.png", "link.png"):
        assert refused(text, f"![x]({name})") == f"line 1: the picture {name!r} {outside}"
    assert refused(text, "[x](.env)") == "line 1: the file '.env' is hidden, and stays where it is."


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/etc/passwd", "/etc/passwd"),
        ("/etc/passwd#L1", "/etc/passwd#L1"),
        ("%2Fetc/passwd", "/etc/passwd"),
        ("%5C%5Cserver%5Cshare%5Cx.png", r"\\server\share\x.png"),
        ("%2F/server/x.png", "//server/x.png"),
        ("C%3A%5Cx.png", r"C:\x.png"),
    ],
)
def test_what_is_told_from_the_root_of_a_disk_is_not_looked_at(
    text: Path, address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is not asked: on Windows a share learns who looks, whether something is there or not."""
    monkeypatch.setattr(attached, "_followed", lambda path: pytest.fail(f"looked at {path}"))
    for what, mark in (("file", ""), ("picture", "!")):
        assert refused(text, f"{mark}[x]({address})") == (
            f"line 1: the {what} {told!r} is told from the root of a disk; tell it from the text's folder."
        )


def test_no_store_goes_along(text: Path, tmp_path: Path) -> None:
    """Neither it, nor a copy, nor what is beside it: a report is cleaned, and these are not."""
    store = tmp_path / "track.db"
    (text.parent / "copy.bin").write_bytes(store.read_bytes())
    (tmp_path / "track.db-files").mkdir(exist_ok=True)
    (tmp_path / "track.db-files" / "x.csv").write_bytes(DATA)
    (tmp_path / "wal.bin").write_bytes(b"\x37\x7f\x06\x82rest")
    (tmp_path / "my-files").mkdir()
    (tmp_path / "my-files" / "x.csv").write_bytes(DATA)
    for name in ("../track.db", "copy.bin", "../wal.bin"):
        assert refused(text, f"[x]({name})", folder=tmp_path) == (
            f"line 1: the file {name!r} is a database, as stores of runs are; link what is meant of it, such as a CSV."
        )
    assert refused(text, "[x](../track.db-files/x.csv)", folder=tmp_path) == (
        "line 1: the file '../track.db-files/x.csv' is of a store of runs, and stays where it is."
    )
    assert "download=" in report_of(text, "[x](../my-files/x.csv)", folder=tmp_path).html  # type: ignore[attr-defined]


def test_a_person_may_name_the_folder_that_has_all_of_it(text: Path, tmp_path: Path) -> None:
    """Of a text in a file, from which addresses go on, and of one that is written down in the call."""
    (tmp_path / "results.csv").write_bytes(DATA)
    os.symlink(tmp_path / "results.csv", text.parent / "link.csv")
    for name in ("../results.csv", "link.csv"):
        assert "download=" in report_of(text, f"[x]({name})", folder=tmp_path).html  # type: ignore[attr-defined]
    assert refused(text, "[x](../results.csv)", folder=text.parent).startswith("line 1: the file '../results.csv' lies")
    options = {"text": "See [x](results.csv).", "sections": ["text"]}
    assert 'download="results.csv"' in made_report(tmp_path / "track.db", folder=tmp_path, **options).html
    assert 'href="results.csv"' in made_report(tmp_path / "track.db", **options).html
    with pytest.raises(InvalidValue, match="There is no folder 'gone' for what the text shows and links"):
        made_report(tmp_path / "track.db", folder="gone", **options)


def test_what_cannot_go_along_is_said_with_its_line(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not there, a folder, what is no plain file, what is large, alone or together, and pages."""
    assert refused(text, "\n[x](gone.csv)") == (
        "line 2: there is no file 'gone.csv' beside the text; a link to what lies elsewhere begins with https://."
    )
    assert refused(text, "[x](deep)") == "line 1: 'deep' is a folder; a report takes files along."
    if hasattr(os, "mkfifo"):
        os.mkfifo(text.parent / "pipe.csv")
        assert refused(text, "[x](pipe.csv)").startswith("line 1: there is no file 'pipe.csv'")
    for name, data in (("x.html", b"hi"), ("x.txt", b"<!doctype html><p>"), ("x.svg", b"<svg/>")):
        (text.parent / name).write_bytes(data)
        assert "may run something where it is opened" in refused(text, f"[x]({name})")
    monkeypatch.setattr(attached, "LARGEST", 1_000_000)
    (text.parent / "large.bin").write_bytes(b"x" * 1_000_001)
    assert refused(text, "[x](large.bin)") == "line 1: the file 'large.bin' is larger than 1 MB."
    monkeypatch.setattr(attached, "ALL_TOGETHER", 2_000_000)
    for at in range(3):
        (text.parent / f"{at}.bin").write_bytes(b"x" * 900_000)
    assert refused(text, "[0](0.bin)\n\n[1](1.bin)\n\n[2](2.bin)\n") == (
        "line 5: the text brings more than 2 MB of pictures and files."
    )
