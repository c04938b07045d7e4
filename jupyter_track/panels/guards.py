"""What lets a comm be answered while a cell runs.

JupyterLab sends what belongs to a comm to a subshell of the kernel, a thread beside the one that runs cells. Private
ways of ipykernel stand against that. So the kernel gets one guard and each comm two, which do nothing where there is no
such way:

- ipykernel 7.0 to 7.3 send replies past the stream that reads requests. A request that comes at that moment is not seen
  until the next front end connects, be it a click or a cell that is run (ipython/ipykernel#1554).
- ipykernel 7.4 answers where the comm published last, which is the busy main shell: the front end's choice counts.
- A comm's message fires IPython's ``pre_execute`` and ``post_execute``; the latter flushes matplotlib, and with it a
  figure that the running cell has drawn by half.
"""

from __future__ import annotations

from typing import Any


def guard(comm: Any) -> None:
    """Let a comm's messages be answered while a cell runs, without touching what the cell draws."""
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
    if hasattr(comm, "_msg_callback"):
        comm.handle_msg = lambda message: comm._msg_callback and comm._msg_callback(message)


def keep_hearing(kernel: Any) -> None:
    """Let replies go through the stream that reads requests, as they do from ipykernel 7.4 on: none is overheard."""
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "_manager", None)
    stream = getattr(kernel, "shell_stream", None)
    if manager is not None and stream is not None and getattr(manager, "_shell_socket", None) is stream.socket:
        manager._shell_socket = stream
