"""What lets a comm be answered while a cell runs.

JupyterLab sends what belongs to a comm to a subshell of the kernel, a thread beside the one that runs cells. Two
private ways of ipykernel stand against that, so each comm gets two guards, which do nothing where there is no such way:

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
