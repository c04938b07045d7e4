"""Whether somebody looks at the cell while it runs, and what the kernel's interrupt does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any


def shows_live(shell: Any, cell_id: str | None) -> bool:
    """Whether a cell is run by a person in a front end that shows what changes.

    Not in a plain IPython shell, which cannot take back what it has printed. Not under nbconvert, papermill or
    nbclient, where nobody looks: they name no notebook and no cell.

    Parameters
    ----------
    shell : InteractiveShell
    cell_id : str or None
        As the front end gives it with the cell; JupyterLab and Notebook 7 do.
    """
    if not hasattr(shell.display_pub, "parent_header"):
        return False  # not a kernel's
    if "google.colab" in sys.modules or "__vsc_ipynb_file__" in shell.user_ns:
        return True
    return cell_id is not None and "JPY_SESSION_NAME" in os.environ


def interrupt_kernel() -> bool:
    """Interrupt the cell as the kernel's interrupt does: the main thread, and the programs that it has started.

    Returns
    -------
    bool
        False on the main thread, where it would interrupt whoever asks: the cell is over then.
    """
    if threading.current_thread() is threading.main_thread():
        return False
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
        return True
    own = os.getpid()
    if os.getpgid(own) == own:
        os.killpg(own, signal.SIGINT)
    else:
        os.kill(own, signal.SIGINT)
    return True
