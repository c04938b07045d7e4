"""``%%track`` in a real shell: the cell runs as if the line were not there, and its run holds what happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, files_of, notebook


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


# ---- nothing about the cell changes


def test_result_and_underscore(nb: Notebook) -> None:
    """``Out[n]`` and ``_`` are what they would be, and the last expression is displayed."""
    result = nb.run("%%track\nx = 6\nx * 7")
    assert (result.result, nb.names["_"], nb.names["Out"], result.execution_count) == (42, 42, {1: 42}, 1)
    assert "Out[1]: 42" in nb.printed
    nb.run("_ + 1")
    assert nb.names["_2"] == 43
    assert nb.only.name != ""


@pytest.mark.parametrize(
    "body",
    ["x = 6\nx * 7", "1/0", "def f():\n    return 1/0\n\nf()", "print('a')\nx = 1;", "'quiet';"],
)
def test_what_a_cell_prints_and_shows_is_the_same(nb: Notebook, body: str) -> None:
    """Output and traceback are byte for byte those of the same cell without the line, and the card comes last."""
    nb.run(f"#\n{body}")
    plain = nb.printed
    nb.run(f"%%track\n{body}")
    (card,) = nb.cards
    assert nb.printed.endswith(f"{card}\n")
    tracked = nb.printed.removesuffix(f"{card}\n").replace("Out[2]", "Out[1]").replace("In[2]", "In[1]")
    older_name = re.compile("<ipython-input-[0-9]-[0-9a-f]+>")  # it has a hash of the source
    tracked, plain = older_name.sub("In[1]", tracked), older_name.sub("In[1]", plain)
    assert tracked.replace("1 \n", "1 #\n").replace("      1 #\n", "") == plain.replace("      1 #\n", "")


def test_traceback_names_the_right_line(nb: Notebook) -> None:
    """The line stays empty: the traceback counts as the person does."""
    nb.run("%%track\na = 1\nb = 0\na / b")
    assert "----> 4 a / b" in nb.printed
    assert nb.only.error is not None
    assert "line 4" in nb.only.error.lines


def test_history_keeps_the_cell_as_typed(nb: Notebook) -> None:
    """``In[n]`` of the raw history is the cell with its line."""
    nb.run("%%track base\nx = 1")
    assert nb.shell.history_manager.input_hist_raw[1] == "%%track base\nx = 1"
    assert nb.sources(nb.only) == ["%%track base\nx = 1"]


def test_top_level_await(nb: Notebook) -> None:
    """``await`` at the top level works, and the run is still the active one after it."""
    result = nb.run(
        "%%track\nimport asyncio\nimport jupyter_track as track\n"
        "await asyncio.sleep(0)\ntrack.log_metric('loss', 0.5)\nawait asyncio.sleep(0, 'done')"
    )
    assert (result.result, nb.only.status, nb.metrics(nb.only)) == ("done", "FINISHED", {"loss": 0.5})


def test_from_future(nb: Notebook) -> None:
    """``from __future__`` may stand below the line, and holds for later cells."""
    assert nb.run("%%track\nfrom __future__ import annotations\ndef f(x: not_there): ...\nf.__annotations__").success
    assert nb.run("def g(x: not_there): ...\ng.__annotations__").result == {"x": "not_there"}
    assert nb.only.status == "FINISHED"


@pytest.mark.parametrize("head", ["%%track base\n%%time\n", "%%time\n%%track base\n", "%%time\n\n%%track base\n"])
def test_time_above_and_below(nb: Notebook, head: str) -> None:
    """``%%time`` times the cell, above and below; params, metrics and name are the cell's."""
    result = nb.run(f"{head}C = 0.1\nscore = float('0.5')\nscore")
    assert (result.result, "Wall time" in nb.printed, nb.printed.index("Wall") < nb.printed.index(nb.cards[0])) == (
        0.5,
        True,
        True,
    )
    run = nb.only
    assert (run.name, nb.params(run), nb.metrics(run)) == ("base", {"C": 0.1}, {"score": 0.5})


@pytest.mark.parametrize("head", ["%%track\n%%capture kept\n", "%%capture kept\n%%track\n"])
def test_capture_above_and_below(nb: Notebook, head: str) -> None:
    """``%%capture`` captures what the cell prints, not the card."""
    nb.run(f"{head}C = 0.1\nprint('hidden')")
    assert nb.names["kept"].stdout == "hidden\n"
    assert "hidden" not in nb.printed
    assert (len(nb.cards), nb.params(nb.only)) == (1, {"C": 0.1})


def test_line_numbers_below_another_magic(nb: Notebook) -> None:
    """A traceback from within ``%%time`` has the lines that it has without our line."""
    nb.run("%%time\na = 1\n1/0")
    plain = [line for line in nb.printed.splitlines() if "1/0" in line]
    nb.run("%%track\n%%time\na = 1\n1/0")
    assert [line for line in nb.printed.splitlines() if "1/0" in line] == plain
    assert nb.only.status == "FAILED"


def test_an_error_below_time(nb: Notebook) -> None:
    """A cell that ``%%time`` stopped is FAILED with what it set before; IPython before 9.4 itself calls it well."""
    nb.run("%%time\n1/0")
    nb.run("%%track bad\n%%time\nC = 0.1\nfloat('x')\nD = 2")
    run = nb.only
    assert (run.status, nb.params(run)) == ("FAILED", {"C": 0.1})
    assert run.error is not None
    assert (run.error.name, run.error.message) == ("ValueError", "could not convert string to float: 'x'")
    assert nb.cards[0].startswith("✗ bad #1")
    assert [execution.status for execution in nb.hooks.history.executions] == ["FAILED", "FAILED"]
    nb.run("%%track good\n%%time\nC = 0.1")
    assert [run.status for run in nb.runs] == ["FAILED", "FINISHED"]


def test_an_error_of_a_timed_line(nb: Notebook) -> None:
    """What fails in a ``%time`` line ends the cell in the IPython in which it does."""
    ended_well = nb.run("%%track\n%time 1/0\nC = 0.1").success
    assert (nb.only.status, nb.params(nb.only)) == (("FINISHED", {"C": 0.1}) if ended_well else ("FAILED", {}))


def test_interrupt_is_killed_and_the_next_cell_works(nb: Notebook) -> None:
    """KeyboardInterrupt and CancelledError give KILLED without an error; the next cell works."""
    nb.run("%%track a\nimport jupyter_track as track\ntrack.log_metric('loss', 1.0)\nraise KeyboardInterrupt")
    nb.run("%%track b\nimport asyncio\nraise asyncio.CancelledError")
    nb.run("%%track c\n1")
    assert [(run.name, run.status, run.error) for run in nb.runs] == [
        ("a", "KILLED", None),
        ("b", "KILLED", None),
        ("c", "FINISHED", None),
    ]
    assert nb.open == []


def test_a_failed_cell(nb: Notebook) -> None:
    """The error's class, message and last lines are recorded, what was set before it too, and the card says it."""
    nb.run("%%track bad\nC = 0.1\nprint('before')\nraise ValueError('it is wrong')\nD = 2")
    run = nb.only
    assert (run.status, run.state, nb.params(run), nb.text(run)) == ("FAILED", "failed", {"C": 0.1}, "before\n")
    assert run.error is not None
    assert (run.error.name, run.error.message) == ("ValueError", "it is wrong")
    assert run.error.lines.splitlines()[-1] == "ValueError: it is wrong"
    assert "ValueError: it is wrong" in nb.cards[0]
    assert "Traceback" in nb.printed or "ValueError" in nb.printed


def test_exit_is_no_failure(nb: Notebook) -> None:
    """``SystemExit`` without a code ends the run as FINISHED, with one as FAILED."""
    nb.run("%%track\nraise SystemExit")
    nb.run("%%track\nraise SystemExit(3)")
    assert [run.status for run in nb.runs] == ["FINISHED", "FAILED"]


# ---- what opens no run


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%track --nonsense\nran = 1", "UsageError: %%track: unrecognized arguments: --nonsense. '%%track?' shows"),
        ("%%track -p C\nran = 1", "UsageError: %%track: -p takes KEY=VALUE, not 'C'."),
        ("%%track -m acc:up\nran = 1", "UsageError: %%track: -m takes NAME, NAME:max or NAME:min, not 'acc:up'."),
        ("%%track -n don't\nran = 1", "UsageError: %%track: the line cannot be read (No closing quotation)"),
        ("%%track show\nran = 1", "UsageError: %%track: a run cannot be called 'show', which is a subcommand"),
        ("%%track --max a --min a\nran = 1", "UsageError: %%track: the goal of 'a' cannot be both max and min."),
        ("%%track", "UsageError: %%track: there is nothing to run below the line."),
        ("%%track base\n\n   \n", "UsageError: %%track: there is nothing to run below the line."),
        ("ran = 1\n%%track\nran = 2", "UsageError: %%track has to be the first line of the cell."),
        ("%%time\nran = 1\n%%track\nran = 2", "UsageError: %%track has to be the first line of the cell."),
    ],
)
def test_a_wrong_line_prints_one_line_and_runs_nothing(nb: Notebook, cell: str, message: str) -> None:
    """A wrong option, an empty body, or the line elsewhere: one clear line, no run, no file."""
    result = nb.run(cell)
    assert not result.success
    lines = [line for line in nb.printed.splitlines() if line.strip() and "Wall" not in line and "CPU" not in line]
    assert (len(lines), lines[0].startswith(message)) == (1, True), nb.printed
    assert "ran" not in nb.names
    assert (files_of(nb.folder), nb.open, nb.problems) == (set(), [], [])


@pytest.mark.parametrize("body", ["x = = 1", "def f(:\n    pass", "if True:\nx = 1", "'open"])
def test_a_syntax_error_opens_no_run(nb: Notebook, body: str) -> None:
    """IPython shows the SyntaxError as ever, and nothing is recorded."""
    nb.run(f"%%track\n{body}")
    assert "SyntaxError" in nb.printed or "IndentationError" in nb.printed
    assert (files_of(nb.folder), nb.open, nb.problems, nb.cards) == (set(), [], [], [])


def test_a_syntax_error_below_time_opens_no_run(nb: Notebook) -> None:
    """The body of another magic is looked at too."""
    nb.run("%%track\n%%time\nx = = 1")
    assert "SyntaxError" in nb.printed
    assert (files_of(nb.folder), nb.open, nb.problems) == (set(), [], [])


def test_the_line_inside_a_string_is_text(nb: Notebook) -> None:
    """Also where the cell has lines of IPython's own syntax, which are no Python."""
    assert nb.run('text = """\n%%track\nx\n"""\ntext').result == "\n%%track\nx\n"
    assert nb.run('%precision 3\ntext = """\n%%track\n"""\ntext').result == "\n%%track\n"
    assert nb.run('%%track\ntext = """\n%%track\n"""\nlen(text)').result == 9
    assert len(nb.runs) == 1


def test_other_magics_bodies_are_left_alone(nb: Notebook) -> None:
    """``%%writefile`` may write a cell of ours; ``%%tracker`` and ``%track`` are other words."""
    nb.run("%%writefile cell.txt\n%%track\nx = 1")
    assert (nb.folder / "cell.txt").read_text() == "%%track\nx = 1\n"
    nb.run("%%tracker\nx = 1")
    assert "UsageError: Cell magic `%%tracker` not found." in nb.printed
    assert files_of(nb.folder) == {"cell.txt"}


def test_other_languages_below_the_line(nb: Notebook) -> None:
    """``%%track`` over ``%%bash`` runs and tracks the cell."""
    nb.run("%%track shell\n%%bash\necho hello")
    assert "hello" in nb.printed
    assert (nb.only.name, nb.only.status) == ("shell", "FINISHED")


@pytest.mark.parametrize("before", ["\n\n", "  \n", ">>> ", "In [1]: ", "    "])
def test_the_first_line_is_what_ipython_takes_for_it(nb: Notebook, before: str) -> None:
    """IPython takes blank lines, prompts and indentation before the line off: the cell is tracked all the same."""
    indent = before if before == "    " else ""
    assert nb.run(f"{before}%%track base\n{indent}x = 5\n{indent}x").result == 5
    assert (nb.only.name, nb.params(nb.only)) == ("base", {"x": 5})


def test_a_nested_run_cell_opens_nothing(nb: Notebook) -> None:
    """``run_cell`` without history, inside a cell or not, is not recorded; its result is the user's."""
    nb.run("%%track outer\ninner = get_ipython().run_cell('%%track inner\\n6 * 7').result\nouter = 1")
    nb.run("%%track alone\n1", store_history=False)
    assert nb.names["inner"] == 42
    assert [run.name for run in nb.runs] == ["outer"]
    assert len(nb.hooks.history.executions) == 1


def test_a_long_cell_is_tracked(nb: Notebook) -> None:
    """A cell with more than 256 kB of data in it is a run too, without automatic params."""
    nb.run(f"%%track long\ndata = '{'x' * 300_000}'\nC = 0.1\nlen(data)")
    assert (nb.only.name, nb.only.status, nb.problems) == ("long", "FINISHED", [])


def test_a_cell_that_only_compiling_refuses(nb: Notebook) -> None:
    """What Python finds wrong statement by statement may follow lines that have run: a failed run."""
    nb.run("%%track\nx = 1\nreturn")
    assert "SyntaxError" in nb.printed
    assert [(run.status, run.error and run.error.name) for run in nb.runs] in ([("FAILED", "SyntaxError")], [])
    assert nb.open == []


# ---- help


def test_help(nb: Notebook) -> None:
    """``%%track?`` shows help that names every option; so does ``%track?``."""
    for line in ("%%track?", "%track?"):
        nb.run(line)
        shown = nb.printed + "".join(str(data.get("text/plain")) for data, _ in nb.bundles)
        missing = [option for option in ("--experiment", "--max", "--no-git", "%track show RUN") if option not in shown]
        assert missing == [], line
    nb.shell.run_line_magic("pinfo", "%%track")


def test_the_line_magic_refuses_what_it_does_not_know(nb: Notebook) -> None:
    """A word that is no verb names the nearest verbs, and how a cell is recorded; looking needs a store."""
    nb.run("%track shwo")
    assert "UsageError: %track shwo: did you mean show" in nb.printed
    assert "To record a cell, write %%track (two per cent signs) above it." in nb.printed
    nb.run("%track xyzzy")
    assert "UsageError: %track xyzzy: there is runs, search, show, curves, compare" in nb.printed
    nb.run("%track show")
    assert "UsageError: %track show RUN: name a run" in nb.printed
    nb.run("%track show last")
    assert "UsageError: No runs here yet. Put %%track above a cell and run it" in nb.printed
    assert files_of(nb.folder) == set()


def test_looking_makes_no_file(nb: Notebook) -> None:
    """``%track``, ``%track status`` and ``%track store`` on an empty folder show something and make nothing."""
    for line in ("%track", "%track status", "%track store"):
        nb.run(line)
        assert len(nb.bundles) == 1
    assert nb.bundles[0][0]["text/plain"] == str(nb.folder / "track.db")
    assert files_of(nb.folder) == set()


def test_looking_at_runs(nb: Notebook) -> None:
    """``%track`` lists runs, ``%track show`` one, as HTML and text."""
    nb.run("%%track base\nC = 0.1\nfloat('0.5')")
    nb.run("%track")
    assert "base" in nb.bundles[0][0]["text/plain"]
    assert "base" in nb.bundles[0][0]["text/html"]
    nb.run("%track show base")
    assert "0.1" in nb.bundles[0][0]["text/plain"]
    nb.run("%track show bse")
    assert "UsageError" in nb.printed
    assert "base" in nb.printed
    nb.run("%track status")
    assert "1 runs" in nb.bundles[0][0]["text/plain"] or "1 run" in nb.bundles[0][0]["text/plain"]


def test_another_store(nb: Notebook) -> None:
    """``%track store PATH`` records into another store from now on; with a run open it is an error."""
    nb.run("%track store results/all.db")
    assert nb.cards == [str(nb.folder / "results" / "all.db")]
    nb.run("%%track base\n1")
    assert nb.store == nb.folder / "results" / "all.db"
    assert nb.only.name == "base"
    nb.run("import jupyter_track as track\nrun = track.start_run(run_name='open')")
    nb.run("%track store other.db")
    assert "UsageError: The run 'open' is open in" in nb.printed


# ---- the card


def test_the_first_card_says_the_store(nb: Notebook) -> None:
    """Which store was used stands under the first card only."""
    nb.run("%%track base\n1")
    assert "track.db" in nb.cards[0]
    nb.run("%%track base\n1")
    assert "track.db" not in nb.cards[0]


def test_the_card_compares_with_the_cells_run_before(nb: Notebook) -> None:
    """The second run of the same cell shows how its metric changed."""
    nb.run("%%track base\nC = 0.1\nfloat('0.5')", cell_id="a")
    nb.run("%%track base\nC = 1.0\nfloat('0.75')", cell_id="a")
    assert "(+0.2500 vs #1)" in nb.cards[0]


def test_a_line_without_a_curve_is_one_line(nb: Notebook) -> None:
    """``card = 'line'`` reads no curve and shows one metric's last value."""
    nb.run("%config JupyterTrack.card = 'line'")
    nb.run("%%track base\nimport jupyter_track as track\nfor i in range(5): track.log_metric('loss', i / 2, step=i)")
    assert "loss" in nb.cards[0]


# ---- figures and output


def test_figures_are_numbered_as_shown(nb: Notebook) -> None:
    """``figures/1``, ``figures/2`` in the order of first show, with the line that showed them."""
    nb.run(
        "%%track\nfrom IPython.display import display\n"
        "display({'image/svg+xml': '<svg>1</svg>'}, raw=True)\n"
        "display({'image/svg+xml': '<svg>2</svg>'}, raw=True)\n1/0"
    )
    found = [(artifact.path, artifact.line) for artifact in nb.reader.artifacts(nb.only.run_id)]
    assert found == [("figures/1.svg", 3), ("figures/2.svg", 4)]


def test_what_the_user_logged_is_not_replaced(nb: Notebook) -> None:
    """A file that the user logged as ``output.txt`` or ``figures/1.svg`` stays beside what is captured."""
    nb.run(
        "%%track\nimport jupyter_track as track\nfrom IPython.display import display\n"
        "track.log_text('mine', 'output.txt')\ntrack.log_text('<svg>mine</svg>', 'figures/1.svg')\n"
        "print('printed')\ndisplay({'image/svg+xml': '<svg>shown</svg>'}, raw=True)"
    )
    run = nb.only
    assert {path: nb.text(run, path) for path in nb.paths(run)} == {
        "output.txt": "mine",
        "output-2.txt": "printed\n",
        "figures/1.svg": "<svg>mine</svg>",
        "figures/2.svg": "<svg>shown</svg>",
    }


# ---- metrics that surprise nobody

LOOP = """%%track
import jupyter_track as track
model, n_batches = object(), 3
with track.start_run():
    track.log_param("model", "ResNet50")
    track.log_param("epochs", 5)
    for epoch in range(5):
        running_loss = 0.0
        correct = 0
        total = 0
        for batch in range(n_batches):
            loss = abs(float(batch) - 1.5)
            running_loss += loss
            total += 32
            correct += 16
        epoch_loss = running_loss / n_batches
        epoch_acc = correct / total
        track.log_metric("loss", epoch_loss, step=epoch)
        track.log_metric("accuracy", epoch_acc, step=epoch)
elapsed = float("12.5")
print("Training completed and model logged")
"""


def test_the_walkthroughs_training_loop(nb: Notebook) -> None:
    """Only what the loop logs is a metric; one run holds params, curves, output and source."""
    nb.run(LOOP)
    run = nb.only
    assert {key: (metric.count, metric.last) for key, metric in run.metrics.items()} == {
        "loss": (5, 2.5 / 3),
        "accuracy": (5, 0.5),
    }
    assert nb.params(run) == {"model": "ResNet50", "epochs": 5, "n_batches": 3}
    assert (nb.text(run), nb.sources(run)) == ("Training completed and model logged\n", [LOOP])


def test_metrics_of_a_child_that_ended_long_ago_count(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer forgets the curves of a run that ended some time ago; the cell still takes nothing of its own."""
    monkeypatch.setattr("jupyter_track.store.queues.RETIRE_SECONDS", 0.0)
    nb.run(
        "%%track\nimport jupyter_track as track\n"
        "with track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)\n"
        "ended = track.last_active_run().info.run_id\n"
        "for n in range(4):\n    track.flush()\n    with track.start_run(run_id=ended): pass\n"
        "extra = float('0.5')"
    )
    assert [nb.metrics(run) for run in nb.runs if run.metrics] == [{"loss": 1.0}]
