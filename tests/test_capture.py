"""What a cell shows and prints, in a real shell without a kernel."""

import atexit
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import clear_output, display
from traitlets.config import Config

from jupyter_track.errors import NotFound, RunStateError
from jupyter_track.notebook.capture import Captured, CellCapture
from jupyter_track.notebook.figures import CapturedFigure
from jupyter_track.notebook.frames import source_line
from jupyter_track.notebook.streams import InstanceMethod

SVG = "image/svg+xml"
SHOW = f"def show(name, **options): display({{'{SVG}': name}}, raw=True, **options)\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A fresh shell, as a terminal has it, with `display`, `clear_output` and `show` in its namespace."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns.update(display=display, clear_output=clear_output)
    exec(SHOW, shell.user_ns)
    yield shell
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    InteractiveShell.clear_instance()


@pytest.fixture
def faults() -> list[tuple[str, str]]:
    """What the capture reported."""
    return []


@pytest.fixture
def capture(shell: InteractiveShell, faults: list[tuple[str, str]]) -> Iterator[CellCapture]:
    """An installed capture; a test that ends with an unexpected fault fails."""
    capture = CellCapture(shell, lambda kind, error: faults.append((kind, str(error))))
    capture.install()
    yield capture
    capture.uninstall()
    assert faults == []


def tracked(shell: InteractiveShell, capture: CellCapture, cell: str, **options: Any) -> Captured:
    """Run a cell as the magic does: the capture begins in pre_run_cell and ends in post_run_cell."""
    ended: list[Captured] = []

    def begin(info: Any) -> None:
        if info.store_history:  # a nested cell is not tracked
            capture.begin("run", **options)

    def end(result: Any) -> None:
        if result.info.store_history:
            ended.append(capture.end("run"))

    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", end)
    try:
        shell.run_cell(cell, store_history=True)
    finally:
        shell.events.unregister("pre_run_cell", begin)
        shell.events.unregister("post_run_cell", end)
    (captured,) = ended
    return captured


def svg(index: int, name: str, line: int | None, *states: str) -> CapturedFigure:
    """Return the record of a figure that `show` displays."""
    return CapturedFigure(index, name.encode(), SVG, None, line, tuple(state.encode() for state in states))


def test_figures_and_text_of_a_cell(shell: InteractiveShell, capture: CellCapture) -> None:
    """What is displayed and printed is there, with its line; the result's text is not output."""
    cell = "print('one')\nshow('a')\nimport sys\nprint('two', file=sys.stderr)\nshow('a'); show('b')\n'the result'"
    assert tracked(shell, capture, cell) == Captured((svg(1, "a", 2), svg(2, "b", 5)), 0, "one\ntwo\n", 0)


def test_a_last_expression_is_a_figure(shell: InteractiveShell, capture: CellCapture) -> None:
    """Through the display hook, with the object's own line."""
    cell = "class Chart:\n    def _repr_svg_(self): return '<svg/>'\nprint('x')\nChart()"
    assert tracked(shell, capture, cell) == Captured((svg(1, "<svg/>", 4),), 0, "x\n", 0)


def test_the_title_of_a_shown_matplotlib_figure(shell: InteractiveShell, capture: CellCapture) -> None:
    """The figure that IPython is showing gives the title, through display() and as the last expression."""
    shell.display_formatter.formatters[SVG].for_type_by_name("matplotlib.figure", "Figure", lambda figure: figure.name)
    cell = (
        "from matplotlib.figure import Figure\n"
        "first, second = Figure(), Figure()\n"
        "first.name, second.name = 'a', 'b'\n"
        "first.suptitle('Loss'); second.subplots().set_title('Accuracy')\n"
        "display(first)\n"
        "second"
    )
    assert tracked(shell, capture, cell).figures == (
        CapturedFigure(1, b"a", SVG, "Loss", 5),
        CapturedFigure(2, b"b", SVG, "Accuracy", 6),
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (
            "show('a', display_id='x')\nshow('b', display_id='x', update=True)",
            [svg(1, "b", 1, "a")],
        ),
        ("for name in 'abc':\n    clear_output(wait=True)\n    show(name)", [svg(1, "c", 3, "a", "b")]),
        ("show('a')\nraise ValueError", [svg(1, "a", 1)]),
        ("def helper():\n    show('a')\n\nhelper()", [svg(1, "a", 2)]),
        ("%%time\nx = 1\nshow('a')", [svg(1, "a", 3)]),
        ("%%capture\nshow('a')", []),
        ("%%capture held\nshow('a')", []),
        (
            "import IPython.utils.io as io\nwith io.capture_output() as held:\n    show('a')\nheld.show()",
            [svg(1, "a", 4)],
        ),
        ("show('a', metadata={'jupyter_track': {}})\nshow('a', transient={'jupyter_track': {}})", []),
        ("display({'text/html': '<table></table>'}, raw=True)", []),
        ("import threading\nt = threading.Thread(target=show, args=['a'])\nt.start(); t.join()", [svg(1, "a", None)]),
        ("get_ipython().display_pub.publish({'image/svg+xml': 'a'}, {})", [svg(1, "a", 1)]),
        ("await __import__('asyncio').sleep(0)\nshow('a')", [svg(1, "a", 2)]),
    ],
)
def test_ways_to_show_a_figure(
    shell: InteractiveShell, capture: CellCapture, cell: str, expected: list[CapturedFigure]
) -> None:
    """Updates, live loops, exceptions, helpers, %%time, %%capture, our own displays, tables, threads and await."""
    assert list(tracked(shell, capture, cell).figures) == expected


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("for i in range(3): print(f'\\r{i}', end='')", "2"),
        (
            "import contextlib as c, io\nwith c.redirect_stdout(io.StringIO()):\n    print('hidden')\nprint('seen')",
            "seen\n",
        ),
        ("%%capture held\nprint('hidden')", ""),
        ("import threading\nt = threading.Thread(target=print, args=['thread'])\nt.start(); t.join()", "thread\n"),
        ("import sys\nsys.stdout.writelines(['a\\n'])\nsys.stdout.write('b\\n');", "a\nb\n"),
        (
            "import logging as l\nh = l.StreamHandler()\nh.emit(l.makeLogRecord({'msg': 'logged'}))",
            "logged\n",
        ),
        ("print('before')\n1/0", "before\n"),
        ("get_ipython().run_cell('print(1)')\nprint(2);", "1\n2\n"),
        ("await __import__('asyncio').sleep(0)\nprint('x')", "x\n"),
    ],
)
def test_ways_to_print(shell: InteractiveShell, capture: CellCapture, cell: str, text: str) -> None:
    """Rewritten lines, redirection, %%capture, threads, writelines, logging, exceptions, nested cells and await."""
    assert tracked(shell, capture, cell).output_text == text


def test_the_user_sees_the_same(
    shell: InteractiveShell, capture: CellCapture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output, class and methods of the streams and the return value of write do not change."""
    cell = "import sys\nprint(type(sys.stdout).__name__, sys.stdout.isatty(), sys.stdout.write('1234'))\nshow('a')\n5"
    stream = sys.stdout
    before = set(vars(stream))
    shell.run_cell(cell, store_history=True)
    untracked = capsys.readouterr()
    tracked(shell, capture, cell)
    assert capsys.readouterr().out == untracked.out.replace("Out[1]", "Out[2]")
    assert sys.stdout is stream
    assert set(vars(stream)) - before <= {"write", "softspace"}  # IPython's own


def test_what_to_capture_can_be_chosen(shell: InteractiveShell, capture: CellCapture) -> None:
    """Figures without text, text without figures, neither."""
    cell = "print('x')\nshow('a')"
    assert tracked(shell, capture, cell, output=False) == Captured((svg(1, "a", 2),))
    assert tracked(shell, capture, cell, figures=False) == Captured(output_text="x\n")
    assert tracked(shell, capture, cell, figures=False, output=False) == Captured()


def test_the_innermost_capture_gets_what_it_takes(shell: InteractiveShell, capture: CellCapture) -> None:
    """A run inside a tracked cell takes its figures; text goes on to the cell's run where the inner one takes none."""
    shell.user_ns.update(capture=capture, ended=(ended := []))
    cell = (
        "print(1)\nshow('a')\ncapture.begin('inner', output=False)\nprint(2)\nshow('b')\n"
        "ended.append(capture.end('inner'))\nprint(3)\nshow('c')"
    )
    assert tracked(shell, capture, cell) == Captured((svg(1, "a", 2), svg(2, "c", 8)), 0, "1\n2\n3\n")
    assert ended == [Captured((svg(1, "b", 5),))]


def test_a_capture_over_several_cells(shell: InteractiveShell, capture: CellCapture) -> None:
    """IPython puts back its own write at a cell's end; `follow` goes on with the next cell."""
    shell.run_cell("None")
    shell.user_ns["capture"] = capture
    shell.run_cell("capture.begin('run')\nprint(1)\nshow('a')")
    shell.run_cell("capture.follow('run')\nprint(2)\nshow('b')")
    assert capture.end("run") == Captured((svg(1, "a", 3), svg(2, "b", 3)), 0, "1\n2\n")


def test_cells_of_two_threads_do_not_mix(capture: CellCapture) -> None:
    """Without message ids a capture belongs to its thread, and to threads that have none of their own."""
    started, shown = threading.Barrier(2), threading.Barrier(2)
    ended = {}

    def cell(name: str) -> None:
        capture.begin(name)
        started.wait()
        print(name)
        display({SVG: name}, raw=True)
        shown.wait()
        ended[name] = capture.end(name)

    threads = [threading.Thread(target=cell, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == {name: Captured((svg(1, name, None),), 0, f"{name}\n") for name in "ab"}


def test_clear_output_is_told(shell: InteractiveShell, capture: CellCapture) -> None:
    """An open capture says that displays of before are gone."""
    shell.user_ns["opened"] = opened = capture.begin("run", figures=False)
    shell.run_cell("before = opened.cleared\nclear_output(wait=True)")
    capture.end("run")
    assert (shell.user_ns["before"], opened.cleared) == (False, True)


def test_a_key_is_open_once(capture: CellCapture) -> None:
    """A second begin, and an end or follow without begin, are errors that name the key."""
    capture.begin("run")
    with pytest.raises(RunStateError, match="a capture of 'run' is open already"):
        capture.begin("run")
    assert capture.end("run") == Captured()
    with pytest.raises(NotFound, match="no capture of 'run' is open"):
        capture.end("run")
    with pytest.raises(NotFound, match="no capture of 'run' is open"):
        capture.follow("run")


def test_a_fault_is_reported_and_the_display_goes_on(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken bundle, a broken log and even a broken report leave the user's cell as it is."""
    faults: list[tuple[str, str]] = []

    def report(kind: str, error: Exception) -> None:
        faults.append((kind, str(error)))
        raise RuntimeError("the report is broken too")

    capture = CellCapture(shell, report)
    capture.install()
    opened = capture.begin("run")
    opened.output.write = lambda *_: 1 / 0
    cell = "display({'image/png': '*', 'text/plain': 'shown'}, raw=True)\nprint('printed')\nshow('a')"
    assert shell.run_cell(cell).success
    captured = capture.end("run")
    assert capsys.readouterr().out == "shown\nprinted\n"
    assert captured == Captured((svg(1, "a", 3),))
    assert [kind for kind, _ in faults] == ["figure", "output"]
    assert faults[1] == ("output", "division by zero")
    opened = capture.begin("run")
    opened.output.result = lambda: 1 / 0
    assert capture.end("run") == Captured()
    assert faults[2:] == [("output", "division by zero")]
    capture.uninstall()


def test_an_error_of_the_user_is_the_users(shell: InteractiveShell, capture: CellCapture) -> None:
    """What publish and write raise themselves comes through, and is not recorded."""
    with pytest.raises(TypeError):
        sys.stdout.write(b"bytes")
    capture.begin("run")
    with pytest.raises(TypeError):
        sys.stdout.write(b"bytes")
    with pytest.raises((TypeError, AttributeError)):
        shell.display_pub.publish()
    assert capture.end("run") == Captured()


def test_uninstall_puts_everything_back(shell: InteractiveShell, faults: list[tuple[str, str]]) -> None:
    """The exits are the class's own methods again, and a stream's own write too."""
    publisher, hook = shell.display_pub, shell.displayhook
    before = (set(vars(publisher)), set(vars(hook)), set(vars(sys.stdout)))
    capture = CellCapture(shell, lambda kind, error: faults.append((kind, str(error))))
    capture.install()
    capture.install()
    capture.begin("run")
    assert "publish" in vars(publisher)
    shell.run_cell("show('a')")
    capture.uninstall()
    shell.run_cell("show('b')\nprint('x')")
    assert (set(vars(publisher)), set(vars(hook))) == before[:2]
    assert set(vars(sys.stdout)) - before[2] <= {"write", "softspace"}  # IPython's own
    assert capture.end("run") == Captured((svg(1, "a", 1),))
    assert faults == []


def test_anothers_wrapper_goes_on_after_uninstall(
    shell: InteractiveShell, capture: CellCapture, capsys: pytest.CaptureFixture[str]
) -> None:
    """What wrapped publish after us is left in place and works; what it puts back later is harmless."""
    calls = []
    ours = shell.display_pub.publish

    def theirs(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        ours(*args, **kwargs)

    shell.display_pub.publish = theirs
    capture.begin("run")
    capture.uninstall()
    shell.display_pub.publish({"text/plain": "once", SVG: "a"}, {})
    shell.display_pub.publish = ours
    shell.display_pub.publish({"text/plain": "twice", SVG: "a"}, {})
    assert (len(calls), capsys.readouterr().out) == (1, "once\ntwice\n")
    assert capture.end("run") == Captured()
    capture.install()
    capture.begin("run")
    shell.display_pub.publish({SVG: "b"}, {})
    assert capture.end("run") == Captured((svg(1, "b", None),))


def test_load_ext_inside_a_captured_cell(shell: InteractiveShell, faults: list[tuple[str, str]]) -> None:
    """The stand-in publisher of %%capture is not wrapped; the real one is, at the next begin."""
    capture = CellCapture(shell, lambda kind, error: faults.append((kind, str(error))))
    shell.user_ns["capture"] = capture
    shell.run_cell("%%capture\ncapture.install()")
    assert tracked(shell, capture, "show('a')").figures == (svg(1, "a", 1),)
    capture.uninstall()
    assert faults == []


def test_a_stream_that_cannot_be_wrapped_is_reported(
    shell: InteractiveShell, faults: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures are still captured; no stream at all is no fault."""

    class Slotted:
        __slots__ = ()

        def write(self, text: str) -> int:
            return len(text)

    capture = CellCapture(shell, lambda kind, error: faults.append((kind, type(error).__name__)))
    capture.install()
    monkeypatch.setattr(sys, "stdout", Slotted())
    monkeypatch.setattr(sys, "stderr", None)
    capture.begin("run")
    sys.stdout.write("x")
    shell.display_pub.publish({SVG: "a"}, {})
    assert capture.end("run") == Captured((svg(1, "a", None),))
    capture.uninstall()
    assert faults == [("output", "TypeError")]


def test_an_instance_method_is_put_back_where_it_was_the_instances_own() -> None:
    """A method that lived on the instance before is there again; the wrapper keeps its name."""
    seen: list[tuple[Any, ...]] = []
    stream = io.StringIO()
    own = stream.write = lambda text: len(text)
    method = InstanceMethod(stream, "write", lambda *args: seen.append(args), seen.append)
    assert (method.outermost, stream.write("abc"), seen) == (True, 3, [("abc",)])
    method.remove()
    method.remove()
    assert (method.outermost, stream.write is own) == (False, True)


def test_the_line_is_the_cells_own() -> None:
    """A frame chain of kernel, cells, magics and modules: the innermost line of the running cell counts."""

    def chain(*frames: tuple[str, int]) -> Any:
        frame = None
        for name, line in reversed(frames):
            frame = SimpleNamespace(f_code=SimpleNamespace(co_filename=name), f_lineno=line, f_back=frame)
        return frame

    now, earlier, launcher = "/tmp/ipykernel_12/1.py", "/tmp/ipykernel_12/2.py", "/lib/ipykernel_launcher.py"
    windows = "C:\\Temp\\ipykernel_12\\1.py"
    assert source_line(chain(("pyplot.py", 9), (now, 3), (now, 7), (launcher, 18))) == 3
    assert source_line(chain((earlier, 3), (now, 7), (launcher, 18))) == 7
    assert source_line(chain((earlier, 3), ("x.py", 1), (windows, 7))) == 7
    assert source_line(chain(("<timed exec>", 2), ("execution.py", 1), (now, 1))) == 3
    assert source_line(chain(("pyplot.py", 9), (launcher, 18))) is None
    assert source_line(chain((earlier, 3), ("my cell", 7)), "my cell") == 7
    assert source_line(chain((earlier, 3)), "my cell") is None
    assert source_line(None) is None
