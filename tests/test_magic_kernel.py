"""``%%track`` in a real kernel: what the front end gets, cell ids, interrupts, debugging, restarts and kills."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernel_session import KernelNotebook, Shown, kernel_notebook, until

from jupyter_track.store.reader import Reader


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelNotebook]:
    """One kernel for all tests that leave it alive."""
    with kernel_notebook(tmp_path_factory.mktemp("work")) as made:
        assert made.run("%load_ext jupyter_track").messages[-1]["msg_type"] == "status"
        made.run("import jupyter_track as track\n%matplotlib inline\nimport matplotlib.pyplot as plt")
        yield made


def last(kernel: KernelNotebook) -> Any:
    """The newest run."""
    return kernel.runs[-1]


def compared(shown: Shown) -> list[tuple[str, Any]]:
    """What the front end got, without our card and without what counts executions."""
    found = []
    for message in shown.messages:
        content = dict(message["content"])
        content.pop("execution_count", None)
        if message["msg_type"] in ("status", "execute_input") or "jupyter_track" in content.get("metadata", {}):
            continue
        if message["msg_type"] == "error":
            content["traceback"] = shown.traceback.split("\n\n", 1)[0].rpartition("Cell In")[0], content["evalue"]
        found.append((message["msg_type"], content))
    return found


@pytest.mark.parametrize(
    "body",
    [
        "6 * 7",
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\n'last'",
        "plt.plot([1, 2]); plt.title('t')\nprint('after')",
        "from IPython.display import display\ndisplay({'a': 1})\nx = 1;",
        "import asyncio\nawait asyncio.sleep(0, 'done')",
        "print('before')\n1/0",
    ],
)
def test_the_front_end_gets_the_same(kernel: KernelNotebook, body: str) -> None:
    """The same messages in the same order with the line and without, and then the card."""
    plain = kernel.run(f"#\n{body}")
    tracked = kernel.run(f"%%track\n{body}")
    assert compared(tracked) == compared(plain)
    assert tracked.kinds == [*plain.kinds, "display_data"]
    assert len(tracked.cards) == 1
    assert (tracked.reply["status"], tracked.reply.get("ename")) == (plain.reply["status"], plain.reply.get("ename"))
    assert tracked.reply["execution_count"] == plain.reply["execution_count"] + 1


def test_tracebacks_have_the_same_line_numbers(kernel: KernelNotebook) -> None:
    """Also in functions, in async cells and below ``%%time``."""
    for head, body in (
        ("", "a = 1\ndef f():\n    return 1/0\n\nf()"),
        ("", "import asyncio\nawait asyncio.sleep(0)\n1/0"),
        ("%%time\n", "a = 1\n1/0"),
    ):
        plain = kernel.run(f"#\n{body}" if not head else f"{head}{body}").traceback
        tracked = kernel.run(f"%%track\n{head}{body}").traceback
        lines = [
            [line for line in text.splitlines() if line.startswith("---->") or "<timed exec>" in line]
            for text in (plain, tracked)
        ]
        assert len(lines[0]) >= 1
        assert lines[0] == lines[1]


def test_out_and_underscore(kernel: KernelNotebook) -> None:
    """``_`` is the last result, also after a card."""
    assert kernel.run("%%track\n6 * 7").result == "42"
    assert kernel.run("_ + 1").result == "43"


def test_history_has_the_cell_as_typed(kernel: KernelNotebook) -> None:
    """The front end's history and the input message carry the line."""
    shown = kernel.run("%%track typed\nx = 1")
    (typed,) = [message["content"]["code"] for message in shown.messages if message["msg_type"] == "execute_input"]
    assert typed == "%%track typed\nx = 1"
    assert "%%track typed" in kernel.run("%history -n -l 3").text


def test_the_cells_id_and_count(kernel: KernelNotebook) -> None:
    """The id that the front end sends, and the number that it shows."""
    shown = kernel.run("%%track named\nx = 1", cell_id="cell-a")
    run = last(kernel)
    assert (run.cell_id, run.execution_count) == ("cell-a", shown.reply["execution_count"])


def test_the_first_use_without_the_extension(tmp_path: Path) -> None:
    """The run of the very first cell has its source, id and count, as those of later cells."""
    first = "import jupyter_track as track\nwith track.start_run(run_name='first'):\n    print('printed')"
    with kernel_notebook(tmp_path) as plain:
        plain.run(first, cell_id="aa11")
        (run,) = plain.runs
    (execution,) = Reader(tmp_path / "track.db").executions(run.run_id)
    assert (run.cell_id, run.execution_count, execution.source) == ("aa11", 1, first)


def test_rerunning_a_cell(kernel: KernelNotebook) -> None:
    """The same cell id with another source is the same cell: the run that it left open ends as KILLED."""
    kernel.run("run = track.start_run(run_name='first')", cell_id="cell-b")
    assert kernel.run("run = track.start_run(run_name='second')  # edited", cell_id="cell-b").status == "ok"
    kernel.run("track.end_run()")
    first, second = kernel.runs[-2:]
    assert [(run.name, run.status) for run in (first, second)] == [("first", "KILLED"), ("second", "FINISHED")]
    assert first.own_tags["jupyter_track.ended_by"] == "re-run"


@pytest.mark.parametrize(
    "body",
    [
        "C = 0.1\nimport time\nprint('started', flush=True)\ntime.sleep(60)",
        # Within a long await ipykernel sees the interrupt only when its loop wakes, with us or without.
        "C = 0.1\nimport asyncio\nprint('started', flush=True)\nwhile True: await asyncio.sleep(0.05)",
        "%%time\nC = 0.1\nimport time\nprint('started', flush=True)\ntime.sleep(60)",
    ],
    ids=["sleep", "await", "time"],
)
def test_an_interrupt(kernel: KernelNotebook, body: str) -> None:
    """The run is KILLED, with what was set and printed before; the next cell works, and nothing is open."""
    shown = kernel.interrupt(f"%%track stopped\n{body}")
    assert shown.status == "error" or "%%time" in body  # which keeps the interrupt to itself in IPython 7
    assert len(shown.cards) == 1
    run = last(kernel)
    assert (run.name, run.status, run.state, run.error) == ("stopped", "KILLED", "stopped", None)
    assert run.params["C"].value == 0.1
    assert kernel.run("%%track next\n6 * 7").result == "42"
    assert kernel.run("track.active_run()").result is None
    assert last(kernel).status == "FINISHED"


def test_debug_is_not_harmed(kernel: KernelNotebook) -> None:
    """``%debug`` after a failed tracked cell stands in the cell's frame and knows its names."""
    kernel.run("%%track\nwanted = 'found' + ' it'\ndef f(inner):\n    return inner / 0\n\nf(5)")
    shown = kernel.run("%debug", answers=["p inner", "up", "p wanted", "q"])
    assert shown.status == "ok"
    assert "5" in shown.text
    assert "'found it'" in shown.text
    assert "jupyter_track" not in shown.text


def test_a_figure_of_matplotlib(kernel: KernelNotebook) -> None:
    """``plt.show()`` and the flush at the end: the PNG that the front end got, its title and line."""
    import base64

    from jupyter_track.store.reader import Reader

    shown = kernel.run("%%track\nplt.plot([1, 2]); plt.title('Loss')\nplt.show()\nplt.plot([2, 1]);")
    pictures = [
        base64.b64decode(message["content"]["data"]["image/png"])
        for message in shown.messages
        if message["msg_type"] == "display_data" and "image/png" in message["content"]["data"]
    ]
    run, reader = last(kernel), Reader(kernel.folder / "track.db")
    found = reader.artifacts(run.run_id)
    assert [(one.path, one.title, one.line) for one in found] == [
        ("figures/1.png", "Loss", 3),
        ("figures/2.png", None, None),
    ]
    assert [reader.content(one.sha256) for one in found] == pictures
    assert "figures 2" in shown.cards[0]


def test_one_stream_for_both(kernel: KernelNotebook) -> None:
    """With ``sys.stderr = sys.stdout`` what is printed is kept once."""
    from jupyter_track.store.reader import Reader

    kernel.run("import sys; kept = sys.stderr; sys.stderr = sys.stdout")
    kernel.run("%%track\nprint('once')\nprint('too', file=sys.stderr)")
    kernel.run("sys.stderr = kept")
    run, reader = last(kernel), Reader(kernel.folder / "track.db")
    assert [reader.content(one.sha256) for one in reader.artifacts(run.run_id)] == [b"once\ntoo\n"]


def test_a_wrong_option(kernel: KernelNotebook) -> None:
    """One line, an error reply, nothing run, nothing recorded."""
    before = len(kernel.runs)
    shown = kernel.run("%%track --nonsense\nnever = 1")
    text = shown.text + shown.traceback
    assert shown.status == "error"
    assert text.strip() == "UsageError: %%track: unrecognized arguments: --nonsense. '%%track?' shows the options."
    assert kernel.run("'never' in globals()").result == "False"
    assert len(kernel.runs) == before


def test_help_in_the_pager(kernel: KernelNotebook) -> None:
    """``%%track?`` gives the pager our help."""
    payload = kernel.run("%%track?").reply["payload"]
    assert "--experiment" in payload[0]["data"]["text/plain"]


def test_tab(kernel: KernelNotebook) -> None:
    """The kernel's complete request offers our options."""
    kernel.client.complete("%%track --m", 11)
    reply = kernel.client.get_shell_msg(timeout=60)["content"]
    assert reply["matches"] == ["--max", "--metric", "--min"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (8, 11)


def test_a_report_that_takes_long_says_how_far_it_is(kernel: KernelNotebook) -> None:
    """One line that changes in its place with each part, and is gone at the end."""
    kernel.run("%%track\nC = 1")
    kernel.run(
        "import jupyter_track.notebook.reporting as reporting\npatience, reporting.PATIENCE = reporting.PATIENCE, 0"
    )
    shown = kernel.run("import jupyter_track as track\nreport = track.report('last', to=None)")
    kernel.run("reporting.PATIENCE = patience")
    assert shown.status == "ok"
    bars = [
        (message["msg_type"], message["content"]["data"]["text/plain"], message["content"]["transient"]["display_id"])
        for message in shown.messages
        if message["msg_type"] in ("display_data", "update_display_data")
    ]
    assert [kind for kind, _, _ in bars] == ["display_data", *["update_display_data"] * (len(bars) - 1)]
    assert len({display for _, _, display in bars}) == 1
    words = [line.split() for _, line, _ in bars]
    assert words[0] == ["report", "─" * 20, "runs"]
    assert [words[-2][0], words[-2][2], words[-1]] == ["report", "page", []]
    assert [line[1].count("━") for line in words[:-1]] == sorted(line[1].count("━") for line in words[:-1])


def test_silent_execution_is_not_a_cell(kernel: KernelNotebook) -> None:
    """What extensions execute silently, or without history, opens nothing."""
    before = len(kernel.runs)
    for options in ({"silent": True}, {"store_history": False}):
        kernel.client.execute("%%track\nx = 1", **options)
        kernel.client.get_shell_msg(timeout=60)
    assert len(kernel.runs) == before


def test_restart_and_kill(tmp_path: Path) -> None:
    """A restart ends what was open; a kernel that is killed leaves a run that is shown as lost, with its points."""
    with kernel_notebook(tmp_path) as kernel:
        kernel.run("%load_ext jupyter_track")
        kernel.run("import jupyter_track as track\nrun = track.start_run(run_name='restarted')\ntrack.log(loss=1.0)")
        kernel.manager.restart_kernel(now=False)
        kernel.client.wait_for_ready(timeout=60)
        (run,) = kernel.stored
        assert (run.name, run.status in ("FINISHED", "KILLED"), run.metrics["loss"].last) == ("restarted", True, 1.0)
        kernel.run("%load_ext jupyter_track")
        kernel.run("import os, jupyter_track as track\nrun = track.start_run(run_name='killed')\ntrack.log(loss=2.0)")
        pid = int(str(kernel.run("os.getpid()").result))
        until(lambda: "loss" in kernel.stored[-1].metrics)
        os.kill(pid, signal.SIGKILL)
        kernel.manager.provisioner.process.wait(timeout=30)
        _, run = kernel.stored
        assert (run.name, run.status, run.state, run.metrics["loss"].last) == ("killed", "RUNNING", "lost", 2.0)
