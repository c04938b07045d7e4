"""What a cell shows and prints: figures and text, on their way to the front end.

Figures are seen at the two exits through which IPython sends mimebundles: ``display_pub.publish`` (``display()``,
``plt.show()``, matplotlib's flush at the cell's end) and ``displayhook.write_format_data`` (the last expression). Text
is seen as `jupyter_track.notebook.streams` says. So what counts is what is shown: output that ``%%capture`` or
``redirect_stdout`` holds back is not recorded, and is when it is shown later.

The user's call always comes first and its result is handed on untouched; a fault of ours afterwards goes to `report`.

Which capture an output belongs to follows the id of the message that the kernel answers, as the front end does; where
there is none (a terminal), the thread. So cells in subshells do not mix. Of several captures in one cell (a run inside
a tracked cell) the innermost that takes figures gets the figures, and the innermost that takes text the text.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import NotFound, RunStateError
from .figures import CapturedFigure, FigureLog, is_own, matplotlib_title, picture_of
from .frames import shown_object, source_line
from .output import OutputLog, OutputText
from .streams import HookedStream, InstanceMethod, RunningMethod, WrappedStream

Report = Callable[[str, Exception], object]
Place = str | int

_STREAMS = ("stdout", "stderr")


@dataclass(frozen=True)
class Captured:
    """What a capture saw.

    Attributes
    ----------
    figures : tuple of CapturedFigure
        In the order of first show.
    figures_over : int
        Figures beyond the limit, which are not kept.
    output_text : str
    output_cut : int
        Bytes left out of the text's middle.
    """

    figures: tuple[CapturedFigure, ...] = ()
    figures_over: int = 0
    output_text: str = ""
    output_cut: int = 0


@dataclass(eq=False)
class Capture:
    """An open capture.

    Attributes
    ----------
    key : hashable
        As given to `CellCapture.begin`, like `cell_name` and `line_offset`.
    places : set of str or int
        The cells it belongs to: message ids, or the thread where there are none.
    figures : FigureLog or None
        None where figures are not captured.
    output : OutputLog or None
        None where text is not captured.
    in_thread : bool
        Whether it was begun where there are no message ids.
    cleared : bool
        Whether `clear_output` was called: displays of before are gone from the screen.
    """

    key: Hashable
    places: set[Place]
    figures: FigureLog | None
    output: OutputLog | None
    in_thread: bool
    cell_name: str | None = None
    line_offset: int = 0
    cleared: bool = False


class CellCapture:
    r"""Sees what the cells of one shell show and print.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    report : callable
        ``report(kind, error)`` is told of each fault of the capture itself, ``kind`` being ``"figure"`` or
        ``"output"``. It may be called inside the user's display and must not raise. Faults of the kernel's output
        thread are kept and reported by `end`.

    Examples
    --------
    >>> capture = CellCapture(get_ipython(), report=warn)  # doctest: +SKIP
    >>> capture.install()  # doctest: +SKIP
    >>> capture.begin("run")  # doctest: +SKIP
    >>> print("hello")  # doctest: +SKIP
    >>> capture.end("run").output_text  # doctest: +SKIP
    'hello\n'
    """

    def __init__(self, shell: Any, report: Report) -> None:
        self._shell = shell
        self._report = report
        self._lock = threading.RLock()
        self._installed = False
        self._exits: list[InstanceMethod | RunningMethod] = []
        self._publisher: Any = shell.display_pub
        self._in_kernel = hasattr(self._publisher, "parent_header")
        self._speaking: tuple[tuple[Any, str], ...] = ()
        self._streams: dict[str, HookedStream | WrappedStream] = {}
        self._faults: deque[Exception] = deque(maxlen=1)
        # Replaced, never changed, so that a reader in another thread needs no lock.
        self._open: tuple[Capture, ...] = ()
        self._showing: tuple[Capture, ...] = ()
        self.on_clear: Callable[[str | None], object] = _nothing
        self._printing: tuple[Capture, ...] = ()

    def install(self) -> None:
        """Begin to look at the shell's two exits; a second call does nothing."""
        with self._lock:
            self._installed = True
            self._wrap_exits()

    def uninstall(self) -> None:
        """Put back what was there before; open captures end with what they have seen."""
        with self._lock:
            self._installed = False
            for method in self._exits:
                method.remove()
            self._exits = []
            self._flush_streams()
            for stream in self._streams.values():
                stream.remove()
            self._streams = {}

    def begin(
        self,
        key: Hashable,
        figures: bool = True,
        output: bool = True,
        *,
        cell_name: str | None = None,
        line_offset: int = 0,
        settle: bool = True,
    ) -> Capture:
        """Begin a capture for the cell that is running in this thread.

        Parameters
        ----------
        key : hashable
            Names the capture in `end`; a run's id.
        figures, output : bool, default True
            What to capture.
        cell_name : str, optional
            The file name under which the cell is compiled; found by IPython's and ipykernel's own patterns otherwise.
        line_offset : int, default 0
            Added to the line from which a figure is shown, where the compiled cell misses lines of the user's.
        settle : bool, default True
            Whether to wait until what was printed before has been seen, which takes a kernel about a millisecond. At
            the beginning of a cell nothing is on its way, but what names another cell.

        Raises
        ------
        RunStateError
            A capture with this key is open.
        """
        with self._lock:
            if any(capture.key == key for capture in self._open):
                raise RunStateError(f"a capture of {key!r} is open already")
            if self._installed:
                self._wrap_exits()
            # Before it counts: what is waiting in the streams was printed before and belongs to others.
            if output:
                self._tap_streams(settle)
            place = self._place()
            logs = FigureLog() if figures else None, OutputLog() if output else None
            capture = Capture(key, {place}, *logs, isinstance(place, int), cell_name, line_offset)
            self._set_open((*self._open, capture))
        return capture

    def follow(self, key: Hashable) -> None:
        """Let an open capture also see the cell that is running now: a run that was opened in an earlier cell.

        Raises
        ------
        NotFound
            No capture with this key is open.
        """
        with self._lock:
            capture = self._find(key)
            if capture.output is not None:
                self._tap_streams()
            capture.places.add(self._place())

    def end(self, key: Hashable) -> Captured:
        """End a capture and return what it saw; all text printed before the call is in it.

        Raises
        ------
        NotFound
            No capture with this key is open.
        """
        with self._lock:
            capture = self._find(key)
            if capture.output is not None:
                self._flush_streams()
            self._close(capture)
        figures, output = capture.figures, OutputText("")
        if capture.output is not None:
            try:
                output = capture.output.result()
            except Exception as error:  # noqa: BLE001 - the figures are not lost with the text
                self._tell("output", error)
        return Captured(
            figures.figures() if figures is not None else (),
            figures.over if figures is not None else 0,
            output.text,
            output.cut,
        )

    def drop(self, key: Hashable) -> None:
        """End a capture and forget what it saw, without waiting for text that is on its way.

        Raises
        ------
        NotFound
            No capture with this key is open.
        """
        with self._lock:
            self._close(self._find(key))

    def _close(self, capture: Capture) -> None:
        self._set_open(tuple(other for other in self._open if other is not capture))
        if not self._printing:
            self._untap_wrapped()
        while self._faults:
            self._tell("output", self._faults.popleft())

    # Which capture ------------------------------------------------------------------------------------------------

    def _find(self, key: Hashable) -> Capture:
        for capture in self._open:
            if capture.key == key:
                return capture
        raise NotFound(f"no capture of {key!r} is open")

    def _set_open(self, captures: tuple[Capture, ...]) -> None:
        self._open = captures
        self._showing = tuple(capture for capture in captures if capture.figures is not None)
        self._printing = tuple(capture for capture in captures if capture.output is not None)

    def _message_id(self) -> str | None:
        """Return the id of the message that the kernel answers in this context; None outside a kernel."""
        header = self._publisher.parent_header if self._in_kernel else None
        return header.get("msg_id") if header else None

    def _place(self) -> Place:
        return self._message_id() or threading.get_ident()

    @staticmethod
    def _innermost(captures: tuple[Capture, ...], message_id: str | None) -> Capture | None:
        place = message_id or threading.get_ident()
        for capture in reversed(captures):
            if place in capture.places:
                return capture
        # Outside a kernel the only threads that are not the cell's own are those that it started.
        return captures[-1] if captures and message_id is None and captures[-1].in_thread else None

    # Figures ------------------------------------------------------------------------------------------------------

    def _wrap_exits(self) -> None:
        """Wrap the shell's present exits, where they are not wrapped yet."""
        from IPython.core.displaypub import CapturingDisplayPublisher

        publisher, hook = self._shell.display_pub, self._shell.displayhook
        if publisher is self._publisher and self._exits:
            return
        # The stand-in of %%capture goes away with its cell; load_ext may run inside one.
        if isinstance(publisher, CapturingDisplayPublisher):
            return
        for method in self._exits:
            method.remove()
        self._publisher = publisher
        self._in_kernel = hasattr(publisher, "parent_header")
        speaking = [] if self._in_kernel else self._watch_terminal(publisher, hook)
        self._exits = [
            InstanceMethod(publisher, "publish", self._published, self._figure_failed),
            InstanceMethod(publisher, "clear_output", self._cleared, self._figure_failed),
            InstanceMethod(hook, "write_format_data", self._published, self._figure_failed),
            *speaking,  # last, as they lie below those on the same method
        ]

    def _watch_terminal(self, publisher: Any, hook: Any) -> list[RunningMethod]:
        """See to it that `_written` knows what IPython prints itself: results, displays and tracebacks.

        In a terminal they go the way of what the cell prints, and are not its output.
        """
        if hasattr(self._shell, "showing_traceback"):  # IPython 9.1 and later say so
            flags = ((hook, "is_active"), (publisher, "is_publishing"), (self._shell, "showing_traceback"))
            self._speaking = tuple((owner, flag) for owner, flag in flags if hasattr(owner, flag))
            return []
        results = ("write_output_prompt", "write_format_data", "finish_displayhook")
        places = [(hook, name) for name in results] + [(publisher, "publish"), (self._shell, "_showtraceback")]
        methods = [RunningMethod(owner, name) for owner, name in places]
        self._speaking = tuple((method, "running") for method in methods)
        return methods

    def _published(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *deprecated: object,
        transient: Mapping[str, Any] | None = None,
        **others: object,
    ) -> None:
        """Take a mimebundle that was just sent; IPython's versions differ in the arguments that are not used."""
        if not self._showing:
            return
        capture = self._innermost(self._showing, self._message_id())
        if capture is None or capture.figures is None or is_own(data, metadata, transient):
            return
        picture = picture_of(data)
        if picture is None:
            return
        frame = sys._getframe(1)
        line = source_line(frame, capture.cell_name)
        capture.figures.show(
            picture,
            display_id=transient.get("display_id") if transient else None,
            title=picture.title or matplotlib_title(shown_object(frame)),
            line=None if line is None else line + capture.line_offset,
        )

    def _cleared(self, *args: object, **kwargs: object) -> None:
        """Take note of `clear_output`."""
        self.on_clear(self._message_id())
        if not self._open:
            return
        message_id = self._message_id()
        for capture in self._open:
            if message_id is None or message_id in capture.places:
                capture.cleared = True
        showing = self._innermost(self._showing, message_id)
        if showing is not None and showing.figures is not None:
            showing.figures.clear()

    def _figure_failed(self, error: Exception) -> None:
        self._tell("figure", error)

    # Text ---------------------------------------------------------------------------------------------------------

    def _tap_streams(self, settle: bool = True) -> None:
        """See to it that both streams are looked at, and that nothing older is still on its way."""
        tapped = False
        for name in _STREAMS:
            stream, tap = getattr(sys, name), self._streams.get(name)
            # Inside redirect_stdout the kernel's stream is still the one that is shown.
            redirected = isinstance(tap, HookedStream) and not HookedStream.fits(stream)
            if stream is None or (tap is not None and tap.working and (tap.stream is stream or redirected)):
                continue
            if any(other.stream is stream and other.working for other in self._streams.values()):
                continue  # sys.stderr = sys.stdout: its text must not be seen twice
            if tap is not None:
                tap.remove()
                del self._streams[name]
            try:
                self._streams[name] = self._tap(name, stream)
                tapped = True
            except (AttributeError, TypeError) as error:
                self._tell("output", error)
        if settle or tapped:
            self._flush_streams()

    def _tap(self, name: str, stream: Any) -> HookedStream | WrappedStream:
        # Faults wait in a queue until `end`: telling may print, and this is a print or the kernel's output thread.
        if HookedStream.fits(stream):
            return HookedStream(stream, partial(self._sent, name), self._faults.append)
        return WrappedStream(stream, partial(self._written, name), self._faults.append)

    def _flush_streams(self) -> None:
        for tap in self._streams.values():
            try:
                tap.flush()
            except (OSError, ValueError) as error:
                self._tell("output", error)

    def _untap_wrapped(self) -> None:
        for name, tap in list(self._streams.items()):
            if isinstance(tap, WrappedStream):
                tap.remove()
                del self._streams[name]

    def _sent(self, name: str, message_id: str | None, text: str) -> None:
        """Take text from the kernel's output thread."""
        capture = self._innermost(self._printing, message_id)
        if capture is not None and capture.output is not None:
            capture.output.write(name, text)

    def _written(self, name: str, text: str) -> None:
        """Take text that was just written."""
        for owner, flag in self._speaking:
            if getattr(owner, flag):
                return
        printing = self._printing
        # Each print comes through here, and in a terminal there is hardly ever a choice.
        alone = len(printing) == 1 and printing[0].in_thread
        capture = printing[0] if alone else self._innermost(printing, self._message_id())
        if capture is not None and capture.output is not None:
            capture.output.write(name, text)

    def _tell(self, kind: str, error: Exception) -> None:
        try:
            self._report(kind, error)
        except Exception:  # noqa: BLE001 - nobody is left to tell, and the user's display must go on
            return


def _nothing(message_id: str | None) -> None:
    """Do nothing: nobody wants to hear of `clear_output`."""
