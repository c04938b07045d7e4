"""How the text of stdout and stderr is seen without changing what the user sees.

``sys.stdout`` is never replaced: ipykernel and libraries look at its class, its ``fileno()`` and ``isatty()``, and the
kernel's stream knows which cell a thread prints for. There are two ways, chosen for each stream:

- `HookedStream`: ipykernel's streams run hooks over each message that they are about to send. A hook costs nothing per
  print, sees what reaches the front end (also text that C libraries and child programs write to the file descriptor),
  and each message names the cell that the kernel shows it under, so that cells running beside each other in subshells
  cannot mix. Text is sent with a delay, so both ends of a capture flush the stream.
- `WrappedStream`: any other stream (a terminal's, or of an ipykernel without hooks, as Colab's) gets a ``write`` of its
  own while something is captured, as IPython does itself. It is there only during a capture, because IPython 9 puts
  back at a cell's end what it found at its start.

A stream that the user puts in place (`redirect_stdout`, `%%capture`) is not shown, so neither way sees it. Neither
sees what forked child processes print.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Failed = Callable[[Exception], object]


class InstanceMethod:
    """A method replaced on one object, which can be put back exactly.

    Where something else has wrapped the method since, it is left in place and only turned off; the other's wrapper
    goes on working.

    Parameters
    ----------
    owner : object
    name : str
    seen : callable
        Called with the arguments of each call that returned, after the original.
    failed : callable
        Called with what `seen` raised; the caller of the method never sees it.

    Raises
    ------
    AttributeError
        The object does not take attributes.
    """

    def __init__(self, owner: Any, name: str, seen: Callable[..., object], failed: Failed) -> None:
        self.owner = owner
        self._name = name
        self._on = True
        self._was_own = name in vars(owner)
        original = self._original = getattr(owner, name)

        @wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if self._on:
                try:
                    seen(*args, **kwargs)
                except Exception as error:  # noqa: BLE001 - the user's call has succeeded and must go on
                    failed(error)
            return result

        self._replacement = replacement
        setattr(owner, name, replacement)

    @property
    def outermost(self) -> bool:
        """Whether a call of the method meets this wrapper first."""
        return vars(self.owner).get(self._name) is self._replacement

    def remove(self) -> None:
        """Put the original back; a second call does nothing."""
        self._on = False
        if not self.outermost:
            return
        if self._was_own:
            setattr(self.owner, self._name, self._original)
        else:
            delattr(self.owner, self._name)


class RunningMethod:
    """A method replaced on one object by one that also says, in `running`, whether a call of it is under way.

    Parameters
    ----------
    owner : object
    name : str

    Raises
    ------
    AttributeError
        The object does not take attributes.
    """

    def __init__(self, owner: Any, name: str) -> None:
        self.running = False
        self._owner = owner
        self._name = name
        self._was_own = name in vars(owner)
        original = self._original = getattr(owner, name)

        @wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            self.running = True
            try:
                return original(*args, **kwargs)
            finally:
                self.running = False

        self._replacement = replacement
        setattr(owner, name, replacement)

    def remove(self) -> None:
        """Put the original back, unless something else has wrapped the method since; a second call does nothing."""
        if vars(self._owner).get(self._name) is not self._replacement:
            return
        if self._was_own:
            setattr(self._owner, self._name, self._original)
        else:
            delattr(self._owner, self._name)


class HookedStream:
    """One of ipykernel's streams, seen through a message hook.

    Parameters
    ----------
    stream : ipykernel.iostream.OutStream
    seen : callable
        Called with the parent message's id and the text, in the kernel's output thread.
    failed : callable
        Called with what `seen` raised, in the same thread.
    """

    def __init__(self, stream: Any, seen: Callable[[str | None, str], object], failed: Failed) -> None:
        self.stream = stream

        def hook(message: dict[str, Any]) -> dict[str, Any]:
            try:
                seen(message["parent_header"].get("msg_id"), message["content"]["text"])
            except Exception as error:  # noqa: BLE001 - the message must be sent
                failed(error)
            return message

        self._hook = hook
        # A stream's hooks are those of the thread that registers them, and messages leave from the output thread.
        stream.pub_thread.schedule(lambda: stream.register_hook(hook))

    @staticmethod
    def fits(stream: object) -> bool:
        """Whether a stream is one of ipykernel's and new enough."""
        return hasattr(stream, "register_hook") and hasattr(getattr(stream, "pub_thread", None), "schedule")

    @property
    def working(self) -> bool:
        """Whether text still comes; True until `remove`."""
        return True

    def flush(self) -> None:
        """Wait until what was printed so far has been seen."""
        self.stream.flush()

    def remove(self) -> None:
        """Take the hook away, from the output thread."""
        if self.stream.pub_thread is not None:
            self.stream.pub_thread.schedule(lambda: self.stream.unregister_hook(self._hook))


class WrappedStream:
    """Any other stream, seen through its ``write``.

    Parameters
    ----------
    stream : file object
    seen : callable
        Called with the text.
    failed : callable
        Called with what `seen` raised.

    Raises
    ------
    AttributeError, TypeError
        The stream does not take attributes.
    """

    def __init__(self, stream: Any, seen: Callable[[str], object], failed: Failed) -> None:
        self.stream = stream
        self._method = InstanceMethod(stream, "write", seen, failed)

    @property
    def working(self) -> bool:
        """Whether a write is seen; False where IPython has put the earlier method back."""
        return self._method.outermost

    def flush(self) -> None:
        """Do nothing: text is seen as it is written."""

    def remove(self) -> None:
        """Put the stream's own ``write`` back."""
        self._method.remove()
