"""The printed text of a run: what stands there in the end, and what is cut."""

import io
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tqdm import tqdm

from jupyter_track.notebook import output
from jupyter_track.notebook.output import HEAD_BYTES, TAIL_BYTES, OutputLog, OutputText


def kept(*writes: str | tuple[str, str]) -> str:
    """Write to a log, strings to stdout, and return the text that it keeps."""
    log = OutputLog()
    for write in writes:
        stream, text = ("stdout", write) if isinstance(write, str) else write
        log.write(stream, text)
    result = log.result()
    assert result.cut == 0
    return result.text


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("one\ntwo", "one\ntwo"),
        ("", ""),
        ("\n\n", "\n\n"),
        ("10%\r20%\r30%\n", "30%\n"),
        ("loading\rok\n", "okading\n"),
        ("Windows\r\nlines\r\n", "Windows\nlines\n"),
        ("ends with a return\r", "ends with a return"),
        ("12\b3\n", "13\n"),
        ("a\b\b\bb", "b"),
        ("\x1b[1;31mred\x1b[0m plain", "red plain"),
        ("\x1b[38;5;208morange\x1b[39m", "orange"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;window title\x07text", "text"),
        ("wrong\x1b[2K\rright", "right"),
        ("abcdef\x1b[3D\x1b[K", "abc"),
        ("ab\x1b[2Cc", "ab  c"),
        ("outer\ninner 1\x1b[A\rOUTER\ninner 2\x1b[A", "OUTER\ninner 2"),
        ("first\nsecond\x1b[A\x1b[B!", "first\nsecond!"),
        ("at the top\x1b[9999A\rAT", "AT the top"),
        ("a\x1b[99999999Cb", "a b"),
        ("tab\tbell\a", "tab\tbell\a"),
        ("lone \udc80 surrogate", "lone \\udc80 surrogate"),
        ("unfinished \x1b[3", "unfinished "),
    ],
)
def test_what_stands_there_in_the_end(written: str, stands: str) -> None:
    """Control characters are followed, colours and other escapes go, all else stays."""
    assert kept(written) == stands


def test_a_progress_bar_leaves_its_last_state() -> None:
    """A tqdm bar on stderr is one line; prints beside it keep their order."""
    stream = io.StringIO()
    for _ in tqdm(range(50), file=stream, ncols=60, mininterval=0):
        pass
    bar = stream.getvalue().split("\r")
    assert len(bar) > 40
    writes: list[str | tuple[str, str]] = []
    for index, state in enumerate(bar):
        writes += [("stderr", "\r" + state), f"epoch {index}\n"]
    lines = kept(*writes).splitlines()
    assert [line for line in lines if "it/s" not in line] == [f"epoch {index}" for index in range(len(bar))]
    assert [line[:5] for line in lines if "it/s" in line] == ["100%|"]


def test_nested_progress_bars_leave_what_a_terminal_shows() -> None:
    """An inner tqdm bar is drawn below, with the cursor moved up again, and wiped where it is not left."""
    stream = io.StringIO()
    for _ in tqdm(range(3), desc="outer", file=stream, ncols=60, mininterval=0):
        for _ in tqdm(range(4), desc="passing", file=stream, ncols=60, mininterval=0, leave=False):
            pass
        for _ in tqdm(range(4), desc="staying", file=stream, ncols=60, mininterval=0):
            pass
    assert stream.getvalue().count("\x1b[A") > 20
    lines = kept(stream.getvalue()).splitlines()
    assert [line[:12] for line in lines] == ["staying: 100"] * 3 + ["outer: 100%|"]


def test_two_streams_are_joined_by_lines() -> None:
    """A line of one stream does not break into a line of the other; what is left open comes last."""
    writes = ["half ", ("stderr", "warning\n"), "a line\n", ("stderr", "no newline"), "done"]
    assert kept(*writes) == "warning\nhalf a line\ndone\nno newline"


def test_short_text_is_kept_whole_and_long_text_loses_its_middle() -> None:
    """The first 64 KiB and the last 192 KiB are kept, and the cut is said."""
    lines = [f"line {number:06d}\n" for number in range(22_000)]
    whole = "".join(lines[:20_000])
    assert kept(whole) == whole
    log = OutputLog()
    for line in lines:
        log.write("stdout", line)
    text = "".join(lines)
    cut = len(text) - HEAD_BYTES - TAIL_BYTES
    note = f"\n… {cut:,} bytes cut …\n"
    assert log.result() == OutputText(text[:HEAD_BYTES] + note + text[-TAIL_BYTES:], cut)


def test_one_huge_write_is_cut_at_characters() -> None:
    """Characters of several bytes are never split, and every byte is counted."""
    text = "é€😀" * 200_000
    log = OutputLog()
    log.write("stdout", text)
    result = log.result()
    head, note, tail = result.text.partition(f"\n… {result.cut:,} bytes cut …\n")
    assert note
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head.encode()) + len(tail.encode()) + result.cut == len(text.encode())
    assert HEAD_BYTES - 4 < len(head.encode()) <= HEAD_BYTES
    assert TAIL_BYTES - 4 < len(tail.encode()) <= TAIL_BYTES


def test_a_line_without_end_is_kept_too() -> None:
    """Dots printed for hours without a newline do not pile up in memory, and none is lost below the limit."""
    log = OutputLog()
    for _ in range(100_000):
        log.write("stdout", ".")
    log.write("stderr", "between\n")
    assert log.result() == OutputText("." * 100_000 + "\nbetween\n")


@given(st.lists(st.text(st.sampled_from("abc\r\n\b\x1b[]0mK;2\\\x07 é"), max_size=12), max_size=12))
def test_pieces_make_no_difference(pieces: list[str]) -> None:
    """However a text is split into writes and batches, the same stands there."""
    whole = kept("".join(pieces))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "_BATCH", 0)
        assert kept(*pieces) == whole


@given(st.text(st.sampled_from("ab\r\n\b"), max_size=60))
def test_rewriting_agrees_with_a_terminal(text: str) -> None:
    """Returns and backspaces do what a terminal of unlimited size does."""
    rows, column = [[]], 0
    for character in text:
        if character == "\n":
            rows.append([])
            column = 0
        elif character == "\r":
            column = 0
        elif character == "\b":
            column = max(0, column - 1)
        else:
            rows[-1][column : column + 1] = [character]
            column += 1
    assert kept(text) == "\n".join("".join(row) for row in rows)


@given(st.lists(st.text(max_size=40), max_size=20), st.integers(0, 60), st.integers(0, 60))
def test_the_kept_bytes_and_the_cut_add_up(texts: list[str], head: int, tail: int) -> None:
    """Nothing is lost without being counted, whatever the limits."""
    plain = "".join(texts).translate({ord(character): "." for character in "\r\b\x1b"})
    plain = plain.encode("utf-8", "backslashreplace").decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "HEAD_BYTES", head)
        patch.setattr(output, "TAIL_BYTES", tail)
        log = OutputLog()
        log.write("stdout", plain)
        result = log.result()
    if not result.cut:
        assert result.text == plain
        return
    begin, _, end = result.text.rpartition(f"… {result.cut:,} bytes cut …\n")
    begin = begin if plain.startswith(begin) and len(begin.encode()) <= head else begin[:-1]
    assert (plain.startswith(begin), plain.endswith(end)) == (True, True)
    assert len(begin.encode()) + len(end.encode()) + result.cut == len(plain.encode())


def test_threads_lose_nothing() -> None:
    """Text written by many threads at once is all there."""
    log = OutputLog()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [
            threading.Thread(target=lambda name=name: [log.write("stdout", f"{name}{i:04d}\n") for i in range(4_000)])
            for name in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    lines = log.result().text.splitlines()
    assert sorted(lines) == [f"{name}{i:04d}" for name in "abcd" for i in range(4_000)]
    assert [line for line in lines if line[0] == "c"] == [f"c{i:04d}" for i in range(4_000)]
