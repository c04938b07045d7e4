"""What a cell shows and prints, in a real kernel."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipykernel
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parents[1]

# Cells that begin with "# track" are captured, as the magic does it.
SETUP = """
import base64, json, sys, threading, time
from IPython.display import clear_output, display
from jupyter_track.notebook.capture import CellCapture

faults, ended, open_cells = [], {}, {}
capture = CellCapture(get_ipython(), lambda kind, error: faults.append([kind, repr(error)]))
capture.install()

def begin(info):
    if info.store_history and info.raw_cell.startswith('# track'):
        name = open_cells[id(info)] = info.raw_cell.split('\\n')[0]
        capture.begin(name)

def end(result):
    name = open_cells.pop(id(result.info), None)
    if name is not None:
        ended[name] = capture.end(name)

def record(captured):
    encoded = [base64.b64encode(f.data).decode() for f in captured.figures]
    figures = [[f.index, f.mime, f.title, f.line, e, len(f.states)] for f, e in zip(captured.figures, encoded)]
    return dict(figures=figures, over=captured.figures_over, text=captured.output_text, cut=captured.output_cut)

def taken():
    records = {name: record(captured) for name, captured in ended.items()}
    ended.clear()
    return json.dumps([records, faults])

get_ipython().events.register('pre_run_cell', begin)
get_ipython().events.register('post_run_cell', end)
"""


class Kernel:
    """A kernel with the capture in it."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.outputs: list[dict[str, Any]] = []

    def run(self, code: str, *, silent: bool = False, expressions: dict[str, str] | None = None) -> dict[str, Any]:
        """Execute code, keep its outputs in `outputs`, return the reply's content."""
        self.outputs = []
        reply = self.client.execute_interactive(
            code,
            silent=silent,
            user_expressions=expressions,
            output_hook=self.outputs.append,
            timeout=60,
            store_history=True,
        )
        return reply["content"]

    def taken(self) -> dict[str, Any]:
        """Return what the tracked cells since the last call captured, by their first line."""
        reply = self.run("", silent=True, expressions={"taken": "taken()"})
        records, faults = json.loads(eval(reply["user_expressions"]["taken"]["data"]["text/plain"]))
        assert faults == []
        return records

    def track(self, cell: str) -> dict[str, Any]:
        """Execute a tracked cell and return what it captured."""
        self.run(f"# track\n{cell}")
        records = self.taken_after()
        return records["# track"]

    def taken_after(self) -> dict[str, Any]:
        """Return what was captured, and leave `outputs` as the last cell's."""
        outputs = self.outputs
        records = self.taken()
        self.outputs = outputs
        return records

    def streamed(self) -> str:
        """Return the text that the front end got from the last cell."""
        return "".join(message["content"]["text"] for message in self.outputs if message["msg_type"] == "stream")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests of this file."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    env.pop("PYTEST_CURRENT_TEST", None)  # ipykernel does not watch file descriptors under pytest
    manager, client = start_new_kernel(kernel_name="python3", env=env)
    kernel = Kernel(client)
    try:
        assert kernel.run(SETUP)["status"] == "ok"
        assert kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")["status"] == "ok"
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def labels(captured: dict[str, Any]) -> list[tuple[str, str | None, int | None, int]]:
    """Return MIME type, title, line and number of states of each figure; the numbers must run from 1."""
    assert [figure[0] for figure in captured["figures"]] == list(range(1, len(captured["figures"]) + 1))
    return [(mime, title, line, states) for _, mime, title, line, _, states in captured["figures"]]


def pictures(kernel: Kernel) -> list[str]:
    """Return the PNGs that the front end got, as base64."""
    data = [message["content"]["data"] for message in kernel.outputs if "data" in message["content"]]
    return ["".join(bundle["image/png"].split()) for bundle in data if "image/png" in bundle]


def test_the_flush_at_the_end_is_captured_with_its_title(kernel: Kernel) -> None:
    """Figures that nobody showed come before post_run_cell, with a title and no line, byte for byte as shown."""
    captured = kernel.track(
        "fig, ax = plt.subplots()\nax.plot([1, 2])\nax.set_title('Loss')\nplt.figure(); plt.plot([2, 1]);"
    )
    assert labels(captured) == [("image/png", "Loss", None, 0), ("image/png", None, None, 0)]
    assert [figure[4] for figure in captured["figures"]] == pictures(kernel)


def test_a_figure_that_is_shown_has_its_line(kernel: Kernel) -> None:
    """plt.show(), display(fig) and fig as the last expression; one that is shown again is the same figure."""
    captured = kernel.track(
        "plt.plot([1]); plt.suptitle('first')\nplt.show()\n\n"
        "fig, ax = plt.subplots()\nax.plot([2, 1])\ndisplay(fig)\nfig"
    )
    assert labels(captured) == [("image/png", "first", 3, 0), ("image/png", None, 7, 0)]
    assert len(pictures(kernel)) == 4


def test_a_figure_of_a_cell_that_fails_is_captured(kernel: Kernel) -> None:
    """The flush comes before post_run_cell also when the cell raised; the traceback is not output."""
    captured = kernel.track("plt.plot([1, 3]); plt.title('before')\nprint('printed')\n1/0")
    assert labels(captured) == [("image/png", "before", None, 0)]
    assert captured["text"] == "printed\n"
    assert "error" in [message["msg_type"] for message in kernel.outputs]


@pytest.mark.parametrize(
    "loop",
    [
        "for n in range(4):\n    clear_output(wait=True)\n    plt.plot([n]); plt.title(f'epoch {n}')\n    plt.show()",
        "fig, ax = plt.subplots()\nh = display(fig, display_id=True)\n\n"
        "for n in range(1, 4): ax.plot([n]); ax.set_title(f'epoch {n}'); h.update(fig)",
    ],
)
def test_a_live_plot_is_one_figure(kernel: Kernel, loop: str) -> None:
    """clear_output and redraw, or a display that is updated: the last state and the earlier ones, the first's line."""
    captured = kernel.track(loop)
    line = 5 if "plt.show" in loop else 3
    assert labels(captured) == [("image/png", "epoch 3", line, 3)]
    assert captured["figures"][0][4] == pictures(kernel)[-1]


def test_charts_are_kept_as_json(kernel: Kernel) -> None:
    """Altair with its default renderer, a Vega-Lite bundle and a Plotly bundle; a table is not a figure."""
    captured = kernel.track(
        "import altair\n"
        "display(altair.Chart(altair.Data(values=[{'a': 1}]), title='by Altair').mark_bar().encode(x='a:Q'))\n"
        "lite = {'application/vnd.vegalite.v5+json': {'mark': 'bar', 'title': 'own'}, 'image/png': 'iVBORw0KGgo='}\n"
        "display(lite, raw=True); display(lite, raw=True)\n"
        "display({'text/html': '<table></table>'}, raw=True)\n"
        "figure = {'data': [], 'layout': {'title': {'text': 'by Plotly'}}}\n"
        "display({'application/vnd.plotly.v1+json': figure}, raw=True)"
    )
    version = re.search(r"vegalite\.v\d+", labels(captured)[0][0])
    assert version is not None
    assert labels(captured) == [
        (f"application/vnd.{version[0]}+json", "by Altair", 3, 0),
        ("application/vnd.vegalite.v5+json", "own", 5, 0),
        ("application/vnd.plotly.v1+json", "by Plotly", 8, 0),
    ]


def test_our_own_display_is_not_a_figure(kernel: Kernel) -> None:
    """A card carries its own MIME type or key."""
    captured = kernel.track(
        "display({'image/png': 'iVBORw0KGgo=', 'application/vnd.jupyter-track+json': {}}, raw=True)\n"
        "display({'image/png': 'iVBORw0KGgo='}, raw=True, metadata={'jupyter_track': {'run': 1}})"
    )
    assert (labels(captured), len(pictures(kernel))) == ([], 2)


def test_text_is_what_the_front_end_got(kernel: Kernel) -> None:
    """Both streams, the file descriptor's too; not the result, and not what was redirected or captured."""
    captured = kernel.track(
        "import contextlib, io, os, subprocess\n"
        "print('print')\n"
        "print('warning', file=sys.stderr)\n"
        "with contextlib.redirect_stdout(io.StringIO()): print('redirected')\n"
        "subprocess.run(['echo', 'from a program'])\n"
        "time.sleep(0.1)\n"
        "'the result'"
    )
    assert sorted(captured["text"].splitlines()) == ["from a program", "print", "warning"]
    assert sorted(kernel.streamed().splitlines()) == ["from a program", "print", "warning"]


def test_captured_output_counts_when_it_is_shown(kernel: Kernel) -> None:
    """%%capture holds back text and figures; they are recorded in the cell that shows them."""
    assert kernel.track("None")["text"] == ""
    kernel.run("%%capture held\n# track\nprint('text')\nplt.plot([1, 2]);\nplt.show()")
    assert kernel.taken() == {}
    captured = kernel.track("held.show()")
    assert (labels(captured), captured["text"]) == ([("image/png", None, 2, 0)], "text\n")


def test_threads_print_and_show_into_the_cell(kernel: Kernel) -> None:
    """Worker threads of the running cell belong to it."""
    captured = kernel.track(
        "def work(n):\n    print('thread', n)\n    display({'image/svg+xml': f'<svg>{n}</svg>'}, raw=True)\n"
        "threads = [threading.Thread(target=work, args=[n]) for n in range(4)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()"
    )
    # A thread's text and its newline are two writes.
    assert sorted(captured["text"].replace("\n", "")) == sorted("".join(f"thread {n}" for n in range(4)))
    assert len(captured["figures"]) == 4


def test_progress_bars_leave_their_last_state(kernel: Kernel) -> None:
    """A tqdm loop of thousands of rewrites is one line."""
    captured = kernel.track(
        "from tqdm import tqdm\nfor n in tqdm(range(3000), mininterval=0, ncols=60):\n    if n % 1000 == 0: print(n)"
    )
    bar = [line for line in captured["text"].splitlines() if "it/s" in line]
    assert [line[:5] for line in bar] == ["100%|"]
    assert captured["text"].replace(bar[0] + "\n", "") == "0\n1000\n2000\n"


def test_long_text_loses_its_middle(kernel: Kernel) -> None:
    """300 kB of prints are all shown; the first 64 and the last 192 KiB are kept."""
    captured = kernel.track("for n in range(50_000): print(f'{n:05d}')")
    whole = "".join(f"{n:05d}\n" for n in range(50_000))
    cut = 300_000 - 256 * 1024
    assert kernel.streamed() == whole
    note = f"\n… {cut:,} bytes cut …\n"
    assert captured["text"] == whole[: 64 * 1024] + note + whole[-192 * 1024 :]
    assert captured["cut"] == cut


def test_an_awaiting_cell_is_captured(kernel: Kernel) -> None:
    """An async cell runs outside run_cell; tasks of the cell belong to it."""
    captured = kernel.track(
        "import asyncio\nasync def task(n):\n    await asyncio.sleep(0.01)\n    print(n)\n"
        "    display({'image/svg+xml': f'<svg>{n}</svg>'}, raw=True)\n"
        "await asyncio.gather(task(1), task(2))\nplt.plot([5, 6]);"
    )
    assert sorted(captured["text"].split()) == ["1", "2"]
    assert labels(captured) == [
        ("image/svg+xml", None, 6, 0),
        ("image/svg+xml", None, 6, 0),
        ("image/png", None, None, 0),
    ]


def test_only_the_tracked_cell_counts(kernel: Kernel) -> None:
    """What was printed and shown just before and just after is not in it, without any wait."""
    for _ in range(10):
        kernel.run("print('before'); display({'image/svg+xml': 'before'}, raw=True); print('before', file=sys.stderr)")
        kernel.run("# track\nprint('inside')")
        kernel.run("print('after'); display({'image/svg+xml': 'after'}, raw=True)")
        assert kernel.taken() == {"# track": {"figures": [], "over": 0, "text": "inside\n", "cut": 0}}


def test_a_run_inside_a_cell_and_over_cells(kernel: Kernel) -> None:
    """`begin` inside a cell leaves out what came before; `follow` goes on in a later cell, and only there."""
    kernel.run("print('before')\ncapture.begin('# own')\nprint(1)")
    kernel.run("print('not followed')")
    kernel.run("capture.follow('# own')\nprint(2)\nended['# own'] = capture.end('# own')\nprint('after')")
    assert kernel.taken() == {"# own": {"figures": [], "over": 0, "text": "1\n2\n", "cut": 0}}


def test_the_user_sees_the_same(kernel: Kernel) -> None:
    """The messages to the front end are the same with and without a capture."""

    def messages(cell: str) -> list[Any]:
        kernel.run(cell)
        kept = [message for message in kernel.outputs if message["msg_type"] not in ("status", "execute_input")]
        contents: list[list[Any]] = []
        for kind, content in ([message["msg_type"], message["content"]] for message in kept):
            last = contents[-1] if contents else [None]
            if kind == last[0] == "stream" and content["name"] == last[1]["name"]:
                last[1]["text"] += content["text"]  # the kernel sends what is there after a while, in one part or two
            else:
                contents.append([kind, content])
        for _, content in contents:
            content.pop("execution_count", None)
            content.pop("traceback", None)
        return contents

    cell = (
        "print(type(sys.stdout).__name__, sys.stdout.isatty(), sys.stdout.write('1234'))\n"
        "display({'text/plain': 'a', 'image/svg+xml': 'a'}, raw=True, display_id='i', metadata={'m': 1})\n"
        "clear_output(wait=True)\nplt.plot([1])\n1/0"
    )
    assert messages(f"#\n{cell}") == messages(f"# track\n{cell}")
    assert len(kernel.taken()["# track"]["figures"]) == 1


@pytest.mark.skipif(ipykernel.version_info < (7,), reason="subshells came with ipykernel 7")
def test_cells_in_subshells_do_not_mix(kernel: Kernel) -> None:
    """Two tracked cells and an untracked one, at the same time, each with its own figures and text."""
    client = kernel.client
    client.control_channel.send(request := client.session.msg("create_subshell_request"))
    deadline = time.monotonic() + 20
    while (reply := client.get_control_msg(timeout=20))["parent_header"].get("msg_id") != request["header"]["msg_id"]:
        assert time.monotonic() < deadline
    subshell = reply["content"]["subshell_id"]
    body = (
        "for n in range(40):\n    print('{0}', n)\n    time.sleep(0.01)\n"
        "    if n == 20: display({{'image/svg+xml': '{0}'}}, raw=True)"
    )
    kernel.run("barrier = threading.Barrier(2)")
    sent = []
    for name, target in (("main", None), ("beside", subshell)):
        content = {
            "code": f"# track {name}\nbarrier.wait(10)\n" + body.format(name),
            "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True,
        }  # fmt: skip
        message = client.session.msg("execute_request", content)
        message["header"]["subshell_id"] = target
        client.shell_channel.send(message)
        sent.append(message["header"]["msg_id"])
    while sent:
        reply = client.get_shell_msg(timeout=30)
        assert reply["content"]["status"] == "ok"
        sent.remove(reply["parent_header"]["msg_id"])
    records = kernel.taken()
    for name in ("main", "beside"):
        record = records[f"# track {name}"]
        assert record["text"] == "".join(f"{name} {n}\n" for n in range(40))
        assert len(record["figures"]) == 1
    assert records["# track main"]["figures"][0][4] != records["# track beside"]["figures"][0][4]


def test_uninstall_leaves_the_kernel_as_it_was(kernel: Kernel) -> None:
    """The exits are their classes' own again and no hook is left in the kernel's output thread; then back."""
    kernel.run(
        "capture.begin('x'); capture.uninstall(); capture.end('x')\n"
        "found, asked = [], threading.Event()\n"
        "sys.stdout.pub_thread.schedule(lambda: (found.append(getattr(sys.stdout, '_hooks', [])), asked.set()))\n"
        "asked.wait(5)\nip = get_ipython()\n"
        "print(found, 'publish' in vars(ip.display_pub), 'clear_output' in vars(ip.display_pub),"
        " 'write_format_data' in vars(ip.displayhook))"
    )
    assert kernel.streamed() == "[[]] False False False\n"
    kernel.run("capture.install()")
    assert kernel.track("print('again')")["text"] == "again\n"
