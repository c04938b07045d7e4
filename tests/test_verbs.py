"""The verbs of ``%track`` in a real shell: what they change in the store, what they say, and what they refuse."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, files_of, notebook

import jupyter_track as track
from jupyter_track.notebook.magics import TrackMagics
from jupyter_track.notebook.verbs import VERBS, help_lines
from jupyter_track.records import Run, ViewType
from jupyter_track.store import edits
from jupyter_track.store.references import RESERVED


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with three runs: alpha, beta and C=0.1."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("%%track alpha --max accuracy -q\nC = 1\naccuracy = float('0.5')", cell_id="one")
        made.run("%%track beta --max accuracy -q\nC = 2\naccuracy = float('0.75')", cell_id="one")
        made.run("%%track C=0.1 -e other -t keep=no -q\n1", cell_id="two")
        yield made


def say(nb: Notebook, line: str) -> str:
    """What a line of ours shows."""
    nb.run(f"%track {line}")
    return "\n".join(nb.cards) or nb.printed.strip()


def run_of(nb: Notebook, number: int) -> Run:
    """A run by its number, wherever it is."""
    (found,) = [run for run in nb.reader.runs(view_type=ViewType.ALL) if run.number == number]
    return found


# ---- quoted runs


@pytest.mark.parametrize("quoted", ["'#1'", '"#1"', "'alpha'", "'1'"])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show {}", "alpha"),
        ("note {}", "#1 alpha has no note."),
        ("note {} 'hello there'", "#1 alpha: note set"),
        ("tag {} stage=one", "#1 alpha: tagged stage=one"),
        ("rename {} gamma", "#1 alpha: renamed to gamma"),
        ("pin {}", "#1 alpha: pinned"),
        ("baseline {}", "#1 alpha: the baseline of"),
        ("move {} more", "#1 alpha: moved to more"),
        ("delete {}", "#1 alpha: deleted."),
        ("export one.json {}", "1 run written to one.json"),
        ("report {}", "report.html"),
        ("report {} beta --to both.html", "both.html"),
        ("report {} 'beta' --to both.html", "both.html"),
    ],
)
def test_a_run_may_be_quoted(nb: Notebook, line: str, told: str, quoted: str) -> None:
    """As people quote a name with a # in it: also where the quoted word stands alone."""
    assert told in say(nb, line.format(quoted))


def test_what_gives_the_others_is_the_same_search(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table has not room for all runs that were found."""
    monkeypatch.setattr("jupyter_track.notebook.verbs_look.TABLE_RUNS", 1)
    told = {line: say(nb, line) for line in ("runs params.C > 0", "runs -e demo", "runs -e demo params.C < 9")}
    assert {line: next(part for part in text.split(" · ") if "track.runs" in part) for line, text in told.items()} == {
        "runs params.C > 0": 'track.runs("params.C > 0")',
        "runs -e demo": 'track.runs(experiments="demo")',
        "runs -e demo params.C < 9": 'track.runs("params.C < 9", experiments="demo")',
    }


def test_a_deleted_baseline_is_told(nb: Notebook) -> None:
    """It is set, and counts for nothing as long as it is in the bin."""
    nb.run("%track baseline alpha")
    nb.run("%track delete alpha")
    assert say(nb, "baseline") == "demo: #1 alpha (in the bin: it counts once it is restored)"
    nb.run("%track undo")
    assert say(nb, "baseline") == "demo: #1 alpha"


# ---- the list of verbs


def test_every_verb_is_reserved_and_in_the_help() -> None:
    """No run can be called so (but baseline, a natural name), and ``%track?`` names each with what it takes."""
    assert set(VERBS) - RESERVED == {"baseline"}
    lines = (TrackMagics.track.__doc__ or "").splitlines()
    missing = [
        name
        for name, verb in VERBS.items()
        if not any(f"%track {name} {verb.usage}".rstrip() in line for line in lines)
    ]
    assert missing == []


@pytest.mark.parametrize("asked", ["-h", "--help"])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "report"])
def test_each_verb_tells_what_it_takes(nb: Notebook, verb: str, asked: str) -> None:
    """Behind any verb, as with commands; nothing is done. `report` tells each of its options."""
    before = nb.reader.info().rev
    usage = f"%track {verb} {VERBS[verb].usage}".rstrip()
    assert say(nb, f"{verb} {asked}") == f"{usage}: {VERBS[verb].help}"
    assert nb.reader.info().rev == before


@pytest.mark.parametrize("asked", ["-h", "--help", "help"])
def test_all_verbs_are_told(nb: Notebook, asked: str) -> None:
    """A line for each."""
    assert say(nb, asked).splitlines() == [line.strip() for line in help_lines().splitlines()]


@pytest.mark.parametrize("verb", ["status", "undo", "bin", "gc", "off", "on"])
def test_words_that_are_left_over_are_an_error(nb: Notebook, verb: str) -> None:
    """Where a verb takes nothing, or nothing more."""
    assert say(nb, f"{verb} extra").startswith(f"UsageError: %track {verb}")
    assert "'extra'" in nb.printed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rename alpha", "%track rename RUN NAME: there is too little on the line; %track? says more."),
        ("rename alpha two words", "%track rename RUN NAME: there is too much on the line ('words'). Names of several"),
        ("rename alpha 'x", "%track rename RUN NAME: the line cannot be read (No closing quotation)."),
        ("rename alpha 12", "A run cannot be called '12', which names another run; 'run-12' would do."),
        ("rename alpha show", "A run cannot be called 'show', which is a subcommand"),
        ("tag alpha beta", "%track tag RUN… KEY=VALUE…: there is no KEY=VALUE."),
        ("tag alpha mlflow.runName=x", "The tag 'mlflow.runName' is what %track rename sets."),
        ("untag alpha keep", "#1 alpha: there is no tag 'keep'; there is no tag at all."),
        ("untag C=0.1 kep", "#3 C=0.1: there is no tag 'kep'; there is keep."),
        ("note", "%track note RUN [TEXT]: name a run."),
        ("pin", "%track pin RUN…: there is too little on the line"),
        ("pin alpha gamma", "There is no run 'gamma'"),
        ("pin #7..#9", "There is no run from #7 to #9."),
        ("note #1..#3 x", "#1..#3 is a range of runs, and one run is meant here."),
        ("rename 1..2 x", "1..2 is a range of runs, and one run is meant here."),
        ("baseline 1..2", "1..2 is a range of runs, and one run is meant here."),
        ("show 1..2", "1..2 is a range of runs, and one run is meant here."),
        ("baseline --clear", "The experiment 'demo' has no baseline."),
        ("baseline --cler", "%track baseline: there is no option '--cler'."),
        ("clean --older-than soon", "'soon' is no age; write 30d, 12h, 45m or 4w (a number alone is days)."),
        ("clean --older-than", "%track: --older-than takes a value."),
        ("stop alpha", "#1 alpha has ended (finished); there is nothing to stop."),
        ("undo", "There is no deleted run to bring back."),
        ("search", "%track search WORDS: say what is looked for"),
        ("runs accuracy >", "Expected"),
        ("runs -e othr", "There is no experiment 'othr'; did you mean 'other'?"),
        ("compare last C=0.1", "All of these are one run (#3 C=0.1); a comparison needs two or more."),
        ("runs --order-by accuracy", "%track runs: there is no option '--order-by'."),
        ("runs -e", "%track: -e takes a value."),
        ("show", "%track show RUN: name a run"),
        ("best", "%track best: to see that run, write %track show best. To record a cell, write %%track (two per"),
        ("best:loss", "%track best:loss: to see that run, write %track show best:loss. To record a cell"),
        ("best:loss > 3", "%track best:loss: did you mean restore? To record a cell"),
        ("#2", "%track #2: to see that run, write %track show #2. To record a cell"),
        ("metrics.accuracy > 0.5", "%track metrics.accuracy: to filter, write %track runs metrics.accuracy > 0.5. To"),
        ("shwo", "%track shwo: did you mean show"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(nb: Notebook, line: str, message: str) -> None:
    """A UsageError without a traceback; the store stays as it was."""
    before = nb.reader.info().rev
    shown = say(nb, line)
    if message != "Expected":
        assert f"UsageError: {message}" in shown
    assert shown.startswith("UsageError: ")
    assert "Traceback" not in shown
    assert nb.reader.info().rev == before


def test_an_error_shows_no_control_characters_of_the_store(nb: Notebook) -> None:
    """The name of a run is text of the store, which somebody may have sent."""
    edits.update_run(nb.store, nb.runs[0].run_id, name="\x1b]0;title\x07al\x1b[31mpha")
    shown = say(nb, "show alpho")
    assert "There is no run 'alpho'" in shown
    assert not set(shown) & {"\x1b", "\x07"}


# ---- looking


def test_runs_with_a_filter(nb: Notebook) -> None:
    """The table holds what the filter finds; an experiment can be named; nothing found is a sentence."""
    assert [name in say(nb, "runs metrics.accuracy > 0.6") for name in ("alpha", "beta")] == [False, True]
    shown = say(nb, "runs -e demo params.C = 1")
    assert ("alpha" in shown, "beta" in shown) == (True, False)
    assert "C=0.1" in say(nb, "runs -e other")
    assert say(nb, "runs params.C > 5") == "No run matches params.C > 5; %track shows all runs."
    assert say(nb, "runs metrics.acuracy > 0") == (
        "No run matches metrics.acuracy > 0; %track shows all runs.\n"
        "No run has the metric 'acuracy'; did you mean 'accuracy'?"
    )


def test_search_by_words(nb: Notebook) -> None:
    """In names, notes, tags and code, whatever the case."""
    nb.run("%track note alpha Overfits after epoch 3")
    assert [name in say(nb, "search OVERFITS epoch") for name in ("alpha", "beta")] == [True, False]
    assert say(nb, "search nowhere") == "No run matches nowhere; %track shows all runs."


def test_the_bin(nb: Notebook) -> None:
    """Shows what was deleted."""
    assert say(nb, "bin") == "The bin is empty."
    nb.run("%track delete alpha")
    shown = say(nb, "bin")
    assert ("alpha" in shown, "beta" in shown) == (True, False)
    assert "\nDeleted: #1 now\n" in shown


def test_compare(nb: Notebook) -> None:
    """Two named runs; one against the run before it of its cell; alone, the last against the baseline."""
    shown = say(nb, "compare alpha beta")
    assert all(word in shown for word in ("alpha", "beta", "accuracy"))
    assert all(word in say(nb, "compare beta") for word in ("alpha", "beta"))
    assert "UsageError: There is nothing to compare #3 C=0.1 with" in say(nb, "compare")
    nb.run("%track delete C=0.1")
    nb.run("%track baseline alpha")
    assert all(word in say(nb, "compare") for word in ("alpha", "beta"))
    nb.run("%track delete alpha")
    assert "UsageError: There is nothing to compare #2 beta with" in say(nb, "compare")


def test_compare_alone_takes_what_tells_something(nb: Notebook) -> None:
    """Not a last run that failed, nor one that has logged nothing yet; which were taken is said, with the reason."""
    nb.run("%track delete C=0.1")
    nb.run("%track baseline alpha")
    assert "#2, the last run, against #1, the baseline" in say(nb, "compare")
    nb.run("%%track broken -q\n1 / 0")
    shown = say(nb, "compare")
    assert "#2, the last run that finished (#4 failed), against #1, the baseline" in shown
    nb.run("import jupyter_track as track\ntrack.start_run(run_name='open')")
    shown = say(nb, "compare")
    assert "#2, the last run that finished (#5 has no metric yet), against #1" in shown
    nb.run("track.log_metric('accuracy', 0.5)\ntrack.flush()")
    assert "#5, the last run, against #1, the baseline" in say(nb, "compare")
    assert "#2 against #1, the baseline" in say(nb, "compare 2")
    twice = str(track.compare("beta", 2))
    assert "#2, which each of the names means, against #1, the baseline" in twice
    nb.run("track.end_run()")


# ---- editing


def test_rename(nb: Notebook) -> None:
    """Quotes keep words together."""
    assert say(nb, "rename alpha 'first try'") == "#1 alpha: renamed to first try"
    assert run_of(nb, 1).name == "first try"


def test_tags(nb: Notebook) -> None:
    """Several runs and several tags; a run whose name has an equals sign comes first; secrets are masked."""
    assert (
        say(nb, "tag C=0.1 alpha keep=yes 'why=best of all'") == "#3 C=0.1, #1 alpha: tagged keep=yes why=best of all"
    )
    assert [run_of(nb, number).own_tags.get("keep") for number in (1, 2, 3)] == ["yes", None, "yes"]
    assert run_of(nb, 1).own_tags["why"] == "best of all"
    assert say(nb, "untag #1..#3 keep") == "#1 alpha, #3 C=0.1: tag keep removed"
    assert "keep" not in run_of(nb, 3).own_tags
    nb.run("%track tag alpha password=hunter2hunter2")
    assert run_of(nb, 1).own_tags["password"] == "<redacted>"


def test_a_note(nb: Notebook) -> None:
    """Without quotes, with an apostrophe; shown, replaced and removed."""
    assert say(nb, "note alpha I don't trust it") == "#1 alpha: note set"
    assert say(nb, "note alpha") == "I don't trust it"
    nb.run('%track note alpha "quoted"')
    assert run_of(nb, 1).note == "quoted"
    assert say(nb, "note alpha --clear") == "#1 alpha: note removed"
    assert say(nb, "note alpha") == "#1 alpha has no note."


def test_pins(nb: Notebook) -> None:
    """A range, and a run that is named twice."""
    assert say(nb, "pin #1..#2 alpha") == "#1 alpha, #2 beta: pinned"
    assert [run_of(nb, number).pinned for number in (1, 2, 3)] == [True, True, False]
    assert say(nb, "pin 1..3") == "#3 C=0.1: pinned\n#1 alpha, #2 beta: already pinned"
    assert say(nb, "unpin alpha") == "#1 alpha: no longer pinned"
    assert say(nb, "unpin 1..2") == "#2 beta: no longer pinned\n#1 alpha: had no pin"
    assert run_of(nb, 1).pinned is False


def test_moving(nb: Notebook) -> None:
    """The last word is the experiment, which is made."""
    assert say(nb, "move 1..2 'second try'") == "#1 alpha, #2 beta: moved to second try"
    assert [run_of(nb, number).experiment_name for number in (1, 2, 3)] == ["second try", "second try", "other"]


def test_the_baseline(nb: Notebook) -> None:
    """Is set, named, and taken away; where one experiment has one, that is meant."""
    assert say(nb, "baseline") == "No experiment has a baseline; %track baseline RUN sets it."
    assert say(nb, "baseline C=0.1") == "#3 C=0.1: the baseline of other"
    assert say(nb, "baseline") == "other: #3 C=0.1"
    assert say(nb, "baseline --clear") == "other has no baseline any more."
    nb.run("%track baseline best")
    nb.run("%track baseline 1")
    assert say(nb, "baseline --clear demo") == "demo has no baseline any more."


def test_the_bin_and_back(nb: Notebook) -> None:
    """What went together comes back together; a deleted run is found by its name."""
    assert say(nb, "delete alpha beta") == "#1 alpha, #2 beta: deleted. %track undo brings them back."
    assert [run.number for run in nb.runs] == [3]
    assert say(nb, "undo") == "#1 alpha, #2 beta: restored"
    assert say(nb, "delete alpha") == "#1 alpha: deleted. %track undo brings it back."
    nb.run("%%track alpha -q\n1")
    assert say(nb, "restore alpha") == "#1 alpha: restored"
    assert sorted(run.number or 0 for run in nb.runs) == [1, 2, 3, 4]
    assert say(nb, "restore alpha") == "#4 alpha: not in the bin"
    nb.run("%track delete 1..2")
    assert say(nb, "restore 3 1..4") == "#1 alpha, #2 beta: restored\n#3 C=0.1: not in the bin"


def test_an_open_run_follows(nb: Notebook) -> None:
    """What is edited while a run goes on is what it is called on its card, and it logs on."""
    nb.run(
        "%%track gamma\n%track rename last delta\n%track note last why\n%track move last third\n"
        "import jupyter_track as track\ntrack.log(loss=1)"
    )
    run = run_of(nb, 4)
    assert (run.name, run.note, run.experiment_name, nb.metrics(run)) == ("delta", "why", "third", {"loss": 1.0})
    assert "✓ delta" in nb.cards[-1]


def test_a_run_that_is_deleted_while_it_runs_goes_on(nb: Notebook) -> None:
    """Its cell is not broken; what it logs lies in the bin with it."""
    nb.run(
        "%%track gamma\nimport jupyter_track as track\ntrack.log(loss=1)\n%track delete last\n"
        "track.log(loss=2)\nlate = 3"
    )
    assert (
        "#4 gamma: deleted. %track undo brings it back.\n"
        "#4 gamma is still running and goes on: what it logs from now on lies in the bin with it. "
        "'%track stop 4' or 'jupyter track stop 4' ends it." in nb.printed
    )
    assert say(nb, "undo") == "#4 gamma: restored"
    run = run_of(nb, 4)
    assert (run.status, nb.metrics(run), run.data.params) == ("FINISHED", {"loss": 2.0}, {"late": "3"})


def test_stop(nb: Notebook) -> None:
    """The run hears of it, and the next log call ends the cell."""
    nb.run("import jupyter_track as track\nr = track.start_run(run_name='open')")
    assert say(nb, "stop open") == "#4 open: asked to stop"
    nb.run("import time\nwhile True:\n    track.log_metric('loss', 1.0, 1)\n    time.sleep(0.001)")
    assert "RunStopped: The run 'open' was asked to stop." in nb.printed
    assert run_of(nb, 4).status == "KILLED"


# ---- tidying


def test_clean_touches_nothing_until_it_is_applied(nb: Notebook) -> None:
    """Reasons with counts; ``--apply`` puts into the bin, from where it comes back."""
    for _ in range(3):
        nb.run("%%track broken -q\n1/0")
    shown = say(nb, "clean")
    assert "#6 broken, #5 broken, #4 broken" in shown or "#4 broken, #5 broken, #6 broken" in shown
    assert "nothing was touched: %track clean --apply deletes them" in shown
    assert {4, 5, 6} <= {run.number for run in nb.runs}
    assert "deleted. %track undo brings them back" in say(nb, "clean --apply")
    assert not {4, 5, 6} & {run.number for run in nb.runs}
    nb.run("%track undo")
    assert {4, 5, 6} <= {run.number for run in nb.runs}


def test_clean_lists_repeats_where_it_is_asked_to(nb: Notebook) -> None:
    """Not by default; where they are listed it says what is lost with them, and how they would go."""
    for _ in range(3):
        nb.run("%%track alike --max accuracy -q\naccuracy = float('0.5')", cell_id="repeated")
    plain = say(nb, "clean")
    assert "repeated by a newer run" not in plain
    shown = say(nb, "clean --repeats")
    assert "repeated by a newer run with the same code and params  2 runs" in shown
    assert "nothing was touched: %track clean --repeats --apply deletes them" in shown
    assert "without them a difference may look real" in shown
    say(nb, "clean --repeats --apply")
    assert 6 in {run.number for run in nb.runs}
    assert not {4, 5} & {run.number for run in nb.runs}


def test_gc_leaves_what_was_deleted_lately(nb: Notebook) -> None:
    """The bin is kept for 30 days."""
    nb.run("%track delete alpha")
    assert say(nb, "gc") == "There is nothing to free; what was deleted stays in the bin for 30 days."
    assert say(nb, "gc --older-than 2h") == "There is nothing to free; what was deleted stays in the bin for 2h."
    assert say(nb, "undo") == "#1 alpha: restored"


def test_gc_that_frees_no_disk_says_so(nb: Notebook) -> None:
    """Content that no run names any more gives room within the file: no "0 runs and 0 files are gone"."""
    nb.run("%track status")
    with sqlite3.connect(nb.reader.store) as connection:
        connection.execute("INSERT INTO contents (sha256, size, data) VALUES ('00', 1, x'00')")
    connection.close()
    assert say(nb, "gc") == "There is nothing to free; what was deleted stays in the bin for 30 days."
    with sqlite3.connect(nb.reader.store) as connection:
        assert connection.execute("SELECT count(*) FROM contents WHERE sha256 = '00'").fetchall() == [(0,)]
    connection.close()


def test_gc_takes_an_age(nb: Notebook) -> None:
    """Zero takes all that is in the bin."""
    nb.run("%track delete alpha")
    assert say(nb, "gc --older-than 0d").startswith("1 run and ")
    assert "The bin is empty." in say(nb, "bin")


def test_the_children_that_stay_are_told(nb: Notebook) -> None:
    """At any depth, as in the terminal."""
    nb.run(
        "import jupyter_track as track\n"
        "with track.start_run(run_name='above'), track.start_run(run_name='mid', nested=True):\n"
        "    track.start_run(run_name='below', nested=True)\n"
        "    track.end_run()"
    )
    assert say(nb, "delete above") == "#4 above: deleted. 2 child runs stay. %track undo brings it back."


# ---- text of the store


def test_names_are_shown_without_control_characters(nb: Notebook) -> None:
    """A name that would move the cursor or begin a line does neither."""
    client = track.TrackClient()
    client.update_run(run_of(nb, 1).run_id, name="\x1b[2Jevil\nline")
    shown = say(nb, "pin 1")
    assert ("\x1b" in shown, "\n" in shown, "evil" in shown) == (False, False, True)


def test_without_a_store_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No verb makes a file where there is no run yet."""
    with notebook(tmp_path, monkeypatch) as empty:
        for name in VERBS:
            empty.run(f"%track {name} 1" if "RUN" in VERBS[name].usage else f"%track {name}")
            assert "Traceback" not in empty.printed
        assert files_of(tmp_path) == set()
