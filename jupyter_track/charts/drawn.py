"""Charts of a store that were kept as a Vega or Vega-Lite spec, drawn as SVG: by vl-convert, where it is installed.

A store may be anybody's, and a spec is a program: it can ask for more memory than there is, or never end. So it is
drawn in a process of its own (`drawing`), which is ended where it takes too long, and whose death costs its chart only.
It is allowed no address, and a spec that names one is not drawn: what is shown is what the store holds.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from ..views.media import VEGA

LARGEST = 5_000_000  # bytes of a spec with its data
SECONDS = 20.0  # for all charts of one report
SECONDS_EACH = 10.0
SPARE = 5.0  # seconds after which the process ends by itself, should nobody be left who ends it
NEEDED = "a chart that is kept as its spec; with vl-convert-python installed it is drawn"
UNREADABLE = "a chart whose spec cannot be read"
ADDRESS = "a chart whose data lie at an address; nothing is fetched for it"
TOO_LONG = "a chart that took too long to draw"
NO_TIME = "a chart for which no time was left, after others that took long"
BROKE_OFF = "a chart whose drawing broke off; it may need more memory than it is given"
NO_PROCESS = "a chart that could not be drawn: no process could be started for it"


def is_chart(mime: str) -> bool:
    """Return whether a figure of a type is a spec."""
    return VEGA.fullmatch(mime) is not None


class Drawing:
    """Draws charts one after another, in one process as long as none of them breaks it.

    Parameters
    ----------
    seconds : float, default 20
        For all of them together; the time in which nothing is drawn does not count.
    each : float, default 10
        For one of them.

    Examples
    --------
    >>> with Drawing() as drawing:
    ...     drawing.svg("application/vnd.vegalite.v5+json", b"[]")
    'a chart whose spec cannot be read'
    """

    def __init__(self, seconds: float = SECONDS, each: float = SECONDS_EACH) -> None:
        self._left, self._each = seconds, each
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def svg(self, mime: str, data: bytes) -> bytes | str:
        """Return the picture of a spec as SVG, or in words why there is none."""
        found = VEGA.fullmatch(mime)
        if len(data) > LARGEST:
            return "a chart with more data than are drawn"
        try:
            spec = json.loads(data)
            if found is None or not isinstance(spec, dict):
                return UNREADABLE
            if _names_address(spec):
                return ADDRESS
            asked = json.dumps({"kind": found[1], "version": found[2], "spec": spec})
        except (ValueError, RecursionError):
            return UNREADABLE
        where = importlib.util.find_spec("vl_convert")
        if where is None or where.origin is None:
            return NEEDED
        if self._left <= 0:
            return NO_TIME
        try:
            process = self._process or self._start(Path(where.origin).parent.parent)
        except (OSError, ValueError):
            return NO_PROCESS
        self._process = process
        return self._drawn(process, asked.encode() + b"\n")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._end(self._process)

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        if not sys.executable:
            raise OSError("Python does not know where it lies.")
        # Isolated, so that neither the working directory nor this folder stands for a module of Python's own.
        script = Path(__file__).with_name("drawing.py")
        return subprocess.Popen(
            [sys.executable, "-I", str(script), str(folder), str(self._each + SPARE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def _drawn(self, process: subprocess.Popen[bytes], line: bytes) -> bytes | str:
        """Ask for one chart; a timer ends the process where no answer comes in time."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(min(self._left, self._each), end)
        timer.daemon = True
        began = time.monotonic()
        timer.start()
        try:
            process.stdin.write(line)
            process.stdin.flush()
            told = process.stdout.readline()
        except OSError:
            told = b""  # it died before it had read all of the spec
        except BaseException:  # an interrupt: what it was asked would be the answer to the next
            self._end(process)
            raise
        finally:
            timer.cancel()
            self._left -= time.monotonic() - began
        if not told.endswith(b"\n"):
            self._end(process)
            return TOO_LONG if late.is_set() else BROKE_OFF
        if late.is_set():
            self._end(process)
        answer: dict[str, str] = json.loads(told)
        return answer["svg"].encode() if "svg" in answer else answer["error"]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()
        self._process = None


def _names_address(value: Any) -> bool:
    """Whether a spec names an address anywhere: of data, of pictures, of links."""
    if isinstance(value, dict):
        # Inline data are rows of the user's: an address in them is text, unless a mark draws it as a picture.
        return any(
            (key in ("url", "href") and bool(item)) or (key not in ("values", "datasets") and _names_address(item))
            for key, item in value.items()
        )
    return isinstance(value, list) and any(map(_names_address, value))
