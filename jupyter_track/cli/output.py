"""The standard output, written in one go."""

from __future__ import annotations

import errno
import os
import sys

import click


def write(text: str, *, color: bool = False) -> None:
    """Write text to the standard output at once.

    A reader that has gone away (``| head``) ends the command without a word and without an error. What the output's
    encoding lacks is replaced by ``?``.

    Raises
    ------
    click.ClickException
        Where the output cannot be written, such as a file on a full disk.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "replace").decode(encoding), nl=False, color=color)
        sys.stdout.flush()
    except OSError as error:
        # Windows says EINVAL for a closed pipe.
        closed = error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)
        if not closed:
            raise click.ClickException(f"The output cannot be written: {error.strerror or error}.") from error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit would fail again
        raise SystemExit(0) from None
