"""What is cleaned out of a report is cleaned before it is cut, drawn or escaped, and leaves texts that are right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import add_runs, made_store

from jupyter_track.reports.markdown import markdown_of
from jupyter_track.reports.privacy import Privacy

KEY = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
LONG = 1_000_000


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working folder, of a person whose home is ``/home/ada_l``."""
    monkeypatch.setenv("HOME", "/home/ada_l")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def path_store(folder: Path, home: str, names: tuple[str, ...] = ("a", "b", "c", "d")) -> Path:
    """A store of runs with short paths in their names, their params and the keys of these."""
    store = made_store(folder)
    curve = [1.0 / (step + 1) for step in range(30)]
    runs: list[dict[str, Any]] = [
        {
            "name": f"{home}/{name}",
            "experiment": "digits",
            "params": {f"{home}/k": at, "data": f"{home}/{name}.csv", "lr": 0.1 * (at + 1)},
            "metrics": {"loss": [value + at / 10 for value in curve]},
        }
        for at, name in enumerate(names)
    ]
    add_runs(store, *runs)
    return store


# ---- pictures


@pytest.mark.parametrize("runs", [None, ["#1", "#2", "#3"]])
def test_no_path_of_a_person_is_in_a_picture(at_home: Path, runs: list[str] | None) -> None:
    """Neither on the axes of parallel coordinates nor in the key of an overlay, nor in what panels hold."""
    store = path_store(at_home, "/home/ada_l")
    report = made_report(store, runs)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", report.html)
    assert any(text.startswith("#1 ~/") or text.startswith("~/k") for text in texts)
    assert [text for text in texts if "ada" in text or "home" in text] == []
    assert "ada_l" not in report.html
    made = markdown_of(report.document, "report")
    assert [name for name, data in made.files.items() if b"ada" in data or b"home" in data] == []
    assert "ada_l" not in made.text


def test_a_name_is_cleaned_before_it_is_cut(at_home: Path) -> None:
    """What is left of a path, or of a secret, when its middle is cut out is not known any more."""
    store = path_store(at_home, "/home/ada_l", (f"one {KEY}", f"two {KEY}", "x" * 40, "y" * 40))
    for runs in (None, ["#1", "#2", "#3"]):
        html = made_report(store, runs).html
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", html)
        assert [text for text in texts if KEY[-3:] in text or "ghp" in text or "home" in text] == []


def test_a_report_that_is_not_private_has_no_secret_in_its_pictures(at_home: Path) -> None:
    """A store that another tool wrote may have some; paths are told there."""
    store = path_store(at_home, "/home/ada_l", ("a", "b", "AKIAIOSFODNN7EXAMPLE"))
    html = made_report(store, ["#1", "#2", "#3"], private=False).html
    assert "#1 /home/ada_l/a" in re.findall(r"<text[^>]*>([^<]*)</text>", html)
    assert "AKIAI" not in html


# ---- texts


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("open('{work}/train.csv')", "open('train.csv')"),
        ("/backup{work}/train.csv", "/backup{work}/train.csv"),
        ("https://host{work}/x", "https://host{work}/x"),
        ("{work}", "."),
        ("{work}/", "./"),
        ("cd {work} && ls", "cd . && ls"),
        ("It is in {work}.", "It is in ./."),
        ("{work}//x", "x"),
        ("{work}.bak/x", "{work}.bak/x"),
        ("{work}2/x", "{work}2/x"),
        ("a:{work}/x", "a:x"),
        ("file://{work}/x", "file://./x"),
        ("gcc -I{work}/include", "gcc -Iinclude"),
        ("/home/ada_l", "~"),
        ("/home/ada_l/x", "~/x"),
        ("/home/ada_lx/q", "~/q"),
        ("/home/ada_l.old/q", "~/q"),
        ("/backup/home/ada_l/x", "/backup/home/…/x"),
        ("https://host/home/ada_l/x", "https://host/home/…/x"),
        ("https://home/page/x", "https://home/page/x"),
        ("file:///home/ada_l/x", "file://~/x"),
        ("params./home/bob/x", "params.~/x"),
        ("/home/bob smith/x", "~/x"),
        ("/home/bob smith", "~"),
        ("open('/Users/Bob Smith')", "open('~')"),
        (r"C:\Users\Bob Smith\x.csv", r"~\x.csv"),
        (r"C:\\Users\\Bob Smith\\x.csv", r"~\\x.csv"),
        ("/mnt/c/Users/Bob/x", "~/x"),
        (r"cd /home/bob\ smith/x", "cd ~/x"),
        (r"/home/bob\_smith/x", "~/x"),
        ("from /home/bob to data/x", "from ~ to data/x"),
        ("cp /home/bob/x /data/y", "cp ~/x /data/y"),
        ("/home/bob and /home/eve smith/x", "~ and ~/x"),
        ("/root-x and /root/x", "/root-x and ~/x"),
        ("home/ada_l/x", "~/x"),
        ("params.home/ada_lx and a/home/ada_l", "params.home/ada_lx and a/home/…"),
        ("vscode://file%2Fhome%2Fbob%2Fx", "vscode://file~%2Fx"),
        (r'{{"p": "\/home\/bob\/x"}}', r'{{"p": "~\/x"}}'),
        ("/var/home/bob/x /c/Users/bob/x /cygdrive/d/Users/bob", "~/x ~/x ~"),
        ("/Volumes/disk/Users/bob/x", "~/x"),
        (r"\\wsl$\Ubuntu\home\bob\x and \\server\Users\bob", r"~\x and ~"),
        ("\x1b[32m/home/bob/x\x1b[0m", "~/x"),
    ],
)
def test_only_whole_paths_are_told_otherwise(at_home: Path, text: str, clean: str) -> None:
    """Within a longer path or an address a folder stays; what is cleaned twice is as what is cleaned once."""
    text, clean = text.format(work=at_home), clean.format(work=at_home)
    privacy = Privacy(at_home / "track.db")
    assert privacy.text(text) == clean
    assert privacy.text(clean) == clean


def test_a_home_elsewhere_is_a_whole_part_of_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose name begins alike is another."""
    monkeypatch.setenv("HOME", "/srv/people/ada")
    privacy = Privacy(None)
    texts = ("/srv/people/ada/x", "/srv/people/adax/q", "/srv/people/ada", "/old/srv/people/ada/x")
    assert [privacy.text(text) for text in texts] == ["~/x", "/srv/people/adax/q", "~", "/old/srv/people/…/x"]


# ---- what is escaped


def test_a_comparison_is_cleaned_before_it_is_escaped(at_home: Path) -> None:
    """A backslash before a mark ends no name: neither in the Markdown form nor in what *Copy as Markdown* gives."""
    store = path_store(at_home, "/home/bob_smith")
    report = made_report(store, ["#1", "#2", "#3"])
    told = report.document.answers["markdown"]
    for text in (told, markdown_of(report.document, "report").text):
        assert "smith" not in text
        assert r"\~/a.csv" in text
    assert "smith" not in json.dumps(told)


# ---- long texts


@pytest.mark.parametrize(
    "part",
    [
        "A/b",
        "/a",
        "../",
        "/home/a ",
        "/home/a b ",
        "C:\\a",
        "/site-packages",
        "/python3.1",
        "x/site-packages/y",
        "//a/",
        "/mnt/a",
        "c%3A%5CUsers%5Ca",
        "vscode-a",
        "ssh://a",
        "~/",
        "a b",
    ],
)
def test_a_long_text_is_cleaned_in_one_go(part: str) -> None:
    """A text of a megabyte, with no space or with many, comes back: each stretch of it is looked at once."""
    text = part * (LONG // len(part)) + " /lib/python3.11/site-packages/x.py"
    assert Privacy(None).place(text).endswith(" …/x.py")


def test_of_a_library_the_last_folder_counts() -> None:
    """One mark stands for all that is left of it, and what is behind a space or a quote is another path."""
    place = Privacy(None).place
    assert place("at /a/b/site-packages/x/dist-packages/y/z.py") == "at …/y/z.py"
    assert (
        place("'/opt/lib/python3.11/json.py' and C:\\env\\site-packages\\x.py") == "'…/python3.11/json.py' and …\\x.py"
    )
    assert place("python3.11/json.py and site-packages/x.py") == "python3.11/json.py and site-packages/x.py"
