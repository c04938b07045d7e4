"""`jupyter track report` and `%track report`: what they write, what they say, what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_session import cli
from made_reports import BUILT, report_store
from made_stores import add_runs
from shell_session import Notebook, notebook

from jupyter_track.cli.report import report
from jupyter_track.notebook.verbs import VERBS
from jupyter_track.reports.line import WORDS, read
from jupyter_track.reports.make import is_report


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of three runs, which is the working directory."""
    report_store(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with two runs."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("%%track alpha --max accuracy -q\nC = 1\naccuracy = float('0.5')", cell_id="one")
        made.run("%%track beta --max accuracy -q\nC = 2\naccuracy = float('0.75')", cell_id="one")
        yield made


def title_of(path: Path) -> str:
    """The heading of a report."""
    (title,) = re.findall(r"<h1>(.*?)</h1>", path.read_text(encoding="utf-8"))
    return str(title)


def test_a_quoted_text_of_the_magic_names_a_run_or_is_looked_for(nb: Notebook) -> None:
    """`'alpha'` is the run; where no run is called so, the runs with the words in name, note, tags or code."""
    nb.run("%track rename beta 'beta two'")
    for line, title in (
        ("'#1'", "alpha #1"),
        ('"beta two"', "beta two #2"),
        ("'#1' '#2'", "alpha #1 and beta two #2"),
        ("'accuracy'", "demo"),
    ):
        nb.run(f"%track report {line}")
        assert title_of(nb.folder / "report.html") == title
    nb.run("%track report 'nothing like it'")
    assert "No run matches" in nb.printed


def test_the_command_writes_a_report_of_all_runs(folder: Path) -> None:
    """It says where, how large it is and what it is called."""
    answer = cli(None, "report", "--built", str(BUILT))
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert re.fullmatch(r"report\.html · 1\.\d MB · digits\n", answer.stdout)
    assert is_report(folder / "report.html")
    first = (folder / "report.html").read_bytes()
    assert cli(None, "report", "--built", "2025-11-04T14:26:40+00:00").exit_code == 0
    assert (folder / "report.html").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["params.optimizer = 'adam'"], "digits"),
        (["params.optimizer", "=", "'adam'"], "digits"),
        (["best"], "run 0 #1"),
        (["#3", "run 0"], "run 2 #3 and run 0 #1"),
        (["-e", "digits", "--title", "Mine"], "Mine"),
        (["-e", "digits", "#2"], "run 1 #2"),
    ],
)
def test_runs_are_named_or_filtered(folder: Path, words: list[str], title: str) -> None:
    """As everywhere; several words are a filter together, or a run each."""
    answer = cli(None, "report", "-o", "out.html", "--section", "summary", *words)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert title_of(folder / "out.html") == title


def test_the_options_reach_the_report(folder: Path) -> None:
    """A text and a template from files, sections in order, another metric; as JSON for scripts."""
    (folder / "paper.md").write_text("# Paper\n\n{{ best }} won.\n")
    (folder / "lab.html").write_text('{% extends "report.html" %}{% block footer %}Internal{% endblock %}')
    answer = cli(
        None, "report", "--text", "paper.md", "--template", "lab.html", "--section", "text,notes",
        "--section", "summary", "--metric", "loss", "--paths", "--json",
    )  # fmt: skip
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert json.loads(answer.stdout) == {
        "store": str(folder / "track.db"),
        "path": "report.html",
        "size": len(html.encode()),
        "runs": 3,
        "title": "Paper",
    }
    assert re.findall(r'<section id="(\w+)"', html) == ["text", "notes", "summary"]
    assert "<p>run 0 #1 won.</p>" in html
    assert "Internal" in html


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nobody"], 3, "nobody"),
        (["metrics.accuracy > 5"], 3, "No run matches 'metrics.accuracy > 5'."),
        (["--section", "sumary"], 1, "did you mean 'summary'?"),
        (["-e", "nothing"], 3, "nothing"),
        (["--built", "soon"], 2, "'soon' is no moment"),
        (["-o", "track.db"], 1, "track.db is the name of no report: it ends in .html or .md."),
        (["-o", "taken.html"], 1, "taken.html is there and is no report; name another file, or give --overwrite"),
        (["-o", "."], 1, "is a folder"),
        (["--text", "gone.md"], 1, "There is no text 'gone.md'"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, words: list[str], code: int, message: str) -> None:
    """In one paragraph, with the exit code of its kind; no file is made."""
    (folder / "taken.html").write_text("mine")
    before = sorted(path.name for path in folder.iterdir())
    answer = cli(None, "report", *words)
    assert answer.exit_code == code
    assert message in answer.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_verb_writes_a_report_and_links_it(nb: Notebook, tmp_path: Path) -> None:
    """Of all runs, of a filter with its quotes, of runs by name; options stand anywhere on the line."""
    nb.run("%track report")
    assert title_of(tmp_path / "report.html") == "demo"
    nb.run("%track report params.C = 2 --to two.html --title 'Two words'")
    assert title_of(tmp_path / "two.html") == "Two words"
    nb.run("%track report --to both.html alpha beta")
    assert title_of(tmp_path / "both.html") == "alpha #1 and beta #2"
    assert "both.html · " in "\n".join(nb.cards) + nb.printed


@pytest.mark.parametrize(
    ("line", "left", "options"),
    [
        ("params.note = 'see --title of it'", "params.note = 'see --title of it'", {}),
        ("params.x = 'a  --paths  b'", "params.x = 'a  --paths  b'", {}),
        ('params.x = "a --paths b" --paths', 'params.x = "a --paths b"', {"paths": True}),
        ("params.`a --to b` = 'open --paths", "params.`a --to b` = 'open --paths", {}),
        ("--title='a --to b' loss > -1 -o x.html", "loss > -1", {"title": "a --to b", "to": "x.html"}),
        ('--title = It --title "Ada\'s"', "", {"title": "Ada's"}),
        (
            "best --compare a --compare 'b c' -e one --experiment two --section text,table --section notes --built 7",
            "best",
            {
                "compare": ["a", "b c"],
                "experiments": ["one", "two"],
                "sections": ["text,table", "notes"],
                "built": "7",
            },
        ),
    ],
)
def test_what_is_quoted_is_no_option(line: str, left: str, options: dict[str, object]) -> None:
    """A filter stays as it stands, with what it quotes; an option begins outside of quotes."""
    assert read(line) == (left, options)


def test_a_quoted_flag_keeps_privacy_on(nb: Notebook, tmp_path: Path) -> None:
    """The filter finds its run, and where the notebook lies is not told."""
    nb.run("%%track gamma -q\nx = 'a  --paths  b'", cell_id="three")
    nb.run("%track report params.x = 'a  --paths  b' --to quoted.html")
    assert title_of(tmp_path / "quoted.html") == "gamma #3"
    assert str(tmp_path) not in (tmp_path / "quoted.html").read_text(encoding="utf-8")


def test_the_verb_and_the_command_have_the_same_options(nb: Notebook, tmp_path: Path) -> None:
    """By the same names; the command has those of all commands besides. What they ask for is the same."""
    command = {word for parameter in report.params for word in parameter.opts if word.startswith("-")}
    assert command - {"--json", "--store"} == set(VERBS["report"].options)
    nb.run("%track report --compare beta --compare alpha --section comparison --section notes --built 86400")
    asked = ["--compare", "beta", "--compare", "alpha", "--section", "comparison,notes", "--built", "1970-01-02T00:00Z"]
    store = ["--store", str(nb.store)]
    assert cli(None, "report", *asked, *store, "-o", str(tmp_path / "other.html")).exit_code == 0
    assert (tmp_path / "report.html").read_bytes() == (tmp_path / "other.html").read_bytes()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("report --too x.html", "%track report: there is no option '--too'"),
        ("report --to", "%track report: --to takes a value."),
        ("report nobody", "nobody"),
        ("report --section sumary", "did you mean 'summary'"),
        ("report --sections summary", "there is no option '--sections'; did you mean --section?"),
        ("report --paths=no", "%track report: --paths takes no value."),
        ("report --title 'Two", "a quote in the value of --title is not closed"),
        ("report --built soon", "'soon' is no moment"),
        ("report --compare alpha", "A comparison needs two runs or more; --compare (compare=[…]) names one"),
        ("report --compare alpha,nobody", "'nobody'"),
        ("report --title A sentence", "needs quotes: --title 'A sentence'."),
        ("report params.C = 2 --title A sentence", "needs quotes: --title 'A sentence'."),
        ("report --to ''", "The report has no name; name a file"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(nb: Notebook, line: str, message: str) -> None:
    """In one line, and nothing is written."""
    nb.run(f"%track {line}")
    assert message in nb.printed + "\n".join(nb.cards)
    assert list(nb.store.parent.glob("*.html")) == []


def test_names_to_compare_may_be_a_list(nb: Notebook, tmp_path: Path) -> None:
    """With commas, as those of sections; a name that has one is a name."""
    nb.run("%%track a,b --max accuracy -q\nC = 3\naccuracy = float('0.8')", cell_id="three")
    places = {
        "one.html": "--compare beta --compare alpha",
        "two.html": "--compare beta,alpha",
        "three.html": "--compare 'beta, alpha'",
        "four.html": "--compare a,b --compare alpha",
    }
    for place, asked in places.items():
        nb.run(f"%track report {asked} --section comparison --built 86400 --to {place}")
    pages = [(tmp_path / place).read_text(encoding="utf-8") for place in places]
    assert pages[0] == pages[1] == pages[2]
    heads = re.findall(r'<th scope="col"[^>]*>(?:(?!</th>).)*?<span class="jt-muted">(#\d)</span>', pages[3])
    assert heads == ["#3", "#1"]


def test_the_line_says_what_it_takes(nb: Notebook) -> None:
    """Each option with what it does, as the command does; nothing is written."""
    nb.run("%track report best --help")
    told = nb.printed + "\n".join(nb.cards)
    assert told.startswith("%track report [FILTER | RUN…] [options]\n\n  -o, --to TO\n      The file to write.\n")
    assert [word for word in WORDS if word not in told] == []
    assert list(nb.store.parent.glob("*.html")) == []


def test_who_makes_a_report_is_told_what_was_taken_and_replaced(folder: Path) -> None:
    """One of several runs of a name; the file that was there."""
    add_runs(folder / "track.db", *({"name": "twin", "metrics": {"accuracy": 0.5}} for _ in range(2)))
    first = cli(None, "report", "twin", "--section", "summary").stdout
    assert re.sub(r"[\d.]+ kB", "30 kB", first) == (
        "report.html · 30 kB · twin #5 · #5 is the newest of 2 runs that are called twin\n"
    )
    again = cli(None, "report", "#4", "--section", "summary").stdout
    assert re.sub(r"[\d.]+ kB", "30 kB", again) == (
        "report.html · 30 kB · twin #4 · the file that was there is replaced\n"
    )
