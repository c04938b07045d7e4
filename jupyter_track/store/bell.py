"""A bell: wakes one waiting thread.

`threading.Event` and `Condition` are written in Python: a KeyboardInterrupt inside their methods can leave their lock
held for good, and a signal handler that calls them while the main thread is inside waits for itself. A `SimpleQueue`
is neither interrupted nor locked against its own thread.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Bell:
    """Rung by any thread and by signal handlers; waited for by one thread."""

    __slots__ = ("_rings",)

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake the thread that waits, or let its next wait return at once; ringing twice is as good as once."""
        if self._rings.empty():
            self._rings.put(None)

    def wait(self, timeout: float) -> None:
        """Return once the bell has been rung since the last wait, or after `timeout` seconds."""
        try:
            self._rings.get(timeout=timeout)
            while True:  # two threads may have rung at once
                self._rings.get_nowait()
        except Empty:
            return
