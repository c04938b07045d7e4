"""What a cell prints, kept as a person saw it and bounded.

`OutputLog` takes the text of stdout and stderr as it comes and keeps what stands there in the end:

- A carriage return goes back to the start of its line and what follows overwrites it, as in JupyterLab, so a progress
  bar leaves its last state only. Backspaces, and the cursor movements with which tqdm draws bars under each other,
  are followed too.
- ANSI colours and all other escape sequences are taken away: the stored text is read in tables, reports and diffs.
- stdout and stderr each have their own last line; a line takes its place when it is complete.
- The first 64 KiB and the last 192 KiB are kept (UTF-8, cut between characters) with a line between them that says how
  many bytes were cut. Memory stays bounded, whatever is printed.

Writing appends to a queue; the work is done in batches, so many small prints cost little each. Text may come from any
thread. `clear_output()` does not take printed text away: the log of a loop is worth more than its last line.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 192 * 1024

# How far back in its line a carriage return can reach, in characters. It bounds the work that hostile text can cause.
_ROW_LIMIT = 4096
# Waiting text, in characters, that starts a batch. An entry counts a little more than its text, as a tuple is not free.
_BATCH = 64 * 1024
_ENTRY = 8
_PIECE = 1 << 20

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_SPECIAL = re.compile(r"[\r\x08\x1b]")
_TOKEN = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"  # control sequence: cursor movement, erasing, …
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system command: links, window titles
    r"|\x1b[ -/]*[0-~]|\x1b"  # other escapes
    r"|(?P<control>[\n\r\x08])"
    r"|(?P<text>[^\n\r\x08\x1b]+)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_ESCAPE_LIMIT = 256


@dataclass(frozen=True)
class OutputText:
    """The text that is kept, and how many bytes of UTF-8 between its beginning and its end were not."""

    text: str
    cut: int = 0


class _Rows:
    """The lines of one stream that can still change, and the cursor in them.

    All lines above the cursor's are handed to `commit` at the end of each write; lines below it stay, since the
    cursor comes down again (tqdm's nested bars).
    """

    def __init__(self, commit: Callable[[str], None]) -> None:
        self._commit = commit
        self._rows = [""]
        self._row = 0
        self._column = 0
        self._unfinished = ""

    def write(self, text: str) -> None:
        text = self._unfinished + text
        self._unfinished = ""
        if "\x1b" in text:
            unfinished = _UNFINISHED.search(text, max(0, len(text) - _ESCAPE_LIMIT))
            if unfinished:
                self._unfinished = unfinished.group()
                text = text[: unfinished.start()]
            text = _COLOUR.sub("", text)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if len(self._rows) == 1 and self._column == len(self._rows[0]) and not _SPECIAL.search(text):
            self._append(text)
        else:
            for token in _TOKEN.finditer(text):
                self._apply(token)
            self._settle()

    def close(self) -> None:
        """Hand over what is left, but no escape sequence that never ended and no line that was wiped with spaces."""
        while self._rows and self._column == 0 and not self._rows[-1].strip():
            del self._rows[-1]
        rest = "\n".join(self._rows)
        if rest:
            self._commit(rest)
        self._rows, self._row, self._column, self._unfinished = [""], 0, 0, ""

    def _append(self, text: str) -> None:
        done, newline, last = text.rpartition("\n")
        if newline:
            self._commit(f"{self._rows[0]}{done}\n")
            self._rows[0] = last
        else:
            self._rows[0] += last
        self._column = len(self._rows[0])
        self._settle()

    def _apply(self, token: re.Match[str]) -> None:
        text, control, final = token.group("text", "control", "final")
        if text is not None:
            self._overwrite(text)
        elif control == "\n":
            self._row += 1
            self._column = 0
            if self._row == len(self._rows):
                self._rows.append("")
        elif control == "\r":
            self._column = 0
        elif control == "\x08":
            self._column = max(0, self._column - 1)
        elif final is not None:
            self._move(final, token.group("numbers"))

    def _overwrite(self, text: str) -> None:
        row = self._rows[self._row].ljust(self._column)
        self._rows[self._row] = row[: self._column] + text + row[self._column + len(text) :]
        self._column += len(text)
        if len(self._rows[self._row]) > _ROW_LIMIT:
            self._settle()

    def _move(self, final: str, numbers: str) -> None:
        # A number of more digits than a screen has rows or columns is noise; it counts as 1.
        count = max(1, int(numbers)) if numbers.isascii() and numbers.isdigit() and len(numbers) <= 4 else 1
        if final == "A":
            self._row = max(0, self._row - count)
        elif final == "B":
            self._row = min(len(self._rows) - 1, self._row + count)
        elif final == "C":
            self._column = min(_ROW_LIMIT, self._column + count)
        elif final == "D":
            self._column = max(0, self._column - count)
        elif final == "K" and numbers in ("", "0"):
            self._rows[self._row] = self._rows[self._row][: self._column]
        elif final == "K" and numbers == "2":
            self._rows[self._row] = ""

    def _settle(self) -> None:
        """Commit the lines above the cursor, and the cursor's own where it is the last and too long to wait."""
        if self._row:
            self._commit("\n".join(self._rows[: self._row]) + "\n")
            del self._rows[: self._row]
            self._row = 0
        if len(self._rows) == 1 and len(self._rows[0]) > _ROW_LIMIT:
            self._commit(self._rows[0])
            self._rows[0] = ""
            self._column = 0


class _Ends:
    """The first `HEAD_BYTES` and the last `TAIL_BYTES` of a text in UTF-8."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._full = False
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        for start in range(0, len(text), _PIECE):
            # print() accepts lone surrogates in a notebook; they are kept readable, as \udc80.
            self._add_bytes(text[start : start + _PIECE].encode("utf-8", "backslashreplace"))

    def _add_bytes(self, data: bytes) -> None:
        if not self._full:
            room = HEAD_BYTES - len(self._head)
            cut = len(data) if len(data) <= room else _border_before(data, room)
            self._head += data[:cut]
            self._full = cut < len(data)
            data = data[cut:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
        while self._tail and self._tail_size - len(self._tail[0]) >= TAIL_BYTES:
            oldest = len(self._tail.popleft())
            self._tail_size -= oldest
            self._dropped += oldest

    def text(self) -> OutputText:
        tail = b"".join(self._tail)
        start = _border_after(tail, max(0, len(tail) - TAIL_BYTES))
        cut = self._dropped + start
        head = self._head.decode()
        if not cut:
            return OutputText(head + tail.decode())
        newline = "" if head.endswith("\n") else "\n"
        return OutputText(f"{head}{newline}… {cut:,} bytes cut …\n{tail[start:].decode()}", cut)


def _continues(byte: int) -> bool:
    """Whether a byte of UTF-8 belongs to a character that began before it."""
    return byte & 0xC0 == 0x80


def _border_before(data: bytes, position: int) -> int:
    while position and _continues(data[position]):
        position -= 1
    return position


def _border_after(data: bytes, position: int) -> int:
    while position < len(data) and _continues(data[position]):
        position += 1
    return position


class OutputLog:
    r"""The printed text of one cell or run.

    Examples
    --------
    >>> log = OutputLog()
    >>> log.write("stdout", "start\n 10%\r100%\n")
    >>> log.write("stderr", "\x1b[31mwarning\x1b[0m\n")
    >>> log.result().text
    'start\n100%\nwarning\n'
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str]] = deque()
        self._size = 0
        self._lock = threading.Lock()
        self._ends = _Ends()
        self._rows: dict[str, _Rows] = {}
        self._open_line: str | None = None

    def write(self, stream: str, text: str) -> None:
        """Take text that was written to a stream; cheap, from any thread.

        Parameters
        ----------
        stream : str
            ``"stdout"`` or ``"stderr"``.
        text : str
            As written, with control characters.
        """
        self._waiting.append((stream, text))
        self._size += len(text) + _ENTRY
        # Not waited for: whoever holds the lock also takes what was just queued, and an object's __del__ may print
        # while its own thread is in here.
        if self._size > _BATCH and self._lock.acquire(blocking=False):
            try:
                self._absorb()
            finally:
                self._lock.release()

    def result(self) -> OutputText:
        """Return the kept text with all that was written so far; call it once, when nothing more is written."""
        with self._lock:
            self._absorb()
            for rows in self._rows.values():
                rows.close()
            return self._ends.text()

    def _absorb(self) -> None:
        self._size = 0
        entries = []
        while self._waiting:
            entries.append(self._waiting.popleft())
        for stream, group in groupby(entries, key=itemgetter(0)):
            if stream not in self._rows:
                self._rows[stream] = _Rows(lambda text, stream=stream: self._commit(stream, text))  # type: ignore[misc]
            self._rows[stream].write("".join(text for _, text in group))

    def _commit(self, stream: str, text: str) -> None:
        if self._open_line not in (None, stream):
            self._ends.add("\n")
        self._ends.add(text)
        self._open_line = None if text.endswith("\n") else stream
