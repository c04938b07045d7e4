"""``jupyter track report``: what is known of some runs as one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ..errors import InvalidValue
from ..reports.asked import KINDS
from ..reports.line import OPTIONS, moment_meant
from .common import (
    complete_experiments,
    complete_runs,
    json_option,
    looked_at,
    print_json,
    reader_of,
    say,
    store_of,
    store_option,
)
from .progress import bar


def _built(_: click.Context, __: click.Parameter, given: str | None) -> datetime | float | None:
    """A moment as seconds since 1970 or in ISO 8601."""
    try:
        return None if given is None else moment_meant(given)
    except InvalidValue as error:
        raise click.BadParameter(str(error)) from None


_FILE = click.Path(path_type=Path)
_MORE: dict[str, dict[str, Any]] = {
    "to": {"type": _FILE, "default": "report.html", "show_default": True},
    "title": {"default": ""},
    "author": {"default": ""},
    "lang": {"default": ""},
    "text": {"type": _FILE},
    "folder": {"type": _FILE},
    "kind": {"type": click.Choice(KINDS)},
    "compare": {"shell_complete": complete_runs},
    "template": {"type": _FILE},
    "built": {"callback": _built},
    "experiments": {"shell_complete": complete_experiments},
}


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that a line of ``%track report`` has too."""
    for one in reversed(OPTIONS):
        more: dict[str, Any] = {"is_flag": True} if one.flag else {"metavar": one.metavar or None}
        more |= {"multiple": True} if one.several else {}
        command = click.option(*one.words, one.name, help=one.help, **more, **_MORE.get(one.name, {}))(command)
    return command


@click.command(
    epilog="""\b
Examples:
  jupyter track report                                   all runs, as report.html
  jupyter track report "metrics.loss < 0.1" -o good.html
  jupyter track report best --title "The model we ship"
  jupyter track report baseline 12 14 -o comparison.html
  jupyter track report -e digits --text paper.md --section text,table,curves
"""
)
@click.argument("words", metavar="[FILTER | RUN…]", nargs=-1, shell_complete=complete_runs)
@_options
@json_option
@store_option
@click.pass_context
def report(
    ctx: click.Context,
    /,
    words: Sequence[str],
    to: Path,
    sections: Sequence[str],
    paths: bool,
    overwrite: bool,
    experiments: Sequence[str],
    as_json: bool,
    store: str | None,
    **options: Any,
) -> None:
    """Write one HTML file that says what is known of some runs.

    It needs no server and no network, opens in any browser, is read without scripts, and prints well. What is named is
    a filter or runs; without any, all runs. The same store in its place and the same options give the same file, apart
    from the moment that --built fixes. Where the file ends in .md it is Markdown, with its pictures in a folder beside
    it.
    """
    reader = reader_of(looked_at(ctx, store, contents=True))
    from ..reports.make import make_report
    from ..reports.meant import in_experiments, of_words
    from ..reports.options import asked_of

    options["compare"] = options["compare"] or None
    options["sections"] = ",".join(sections) if sections else None
    meant = in_experiments(reader, experiments, of_words(words) if words else None)
    ids, asked = asked_of(reader, meant, private=not paths, **options)
    with bar("making the report", "parts", quiet=as_json) as progress:
        made = make_report(reader, ids, asked, step=lambda _, done, total: progress(done, total))
    saved = made.save(to, overwrite=overwrite)
    if as_json:
        told = {"path": str(saved.path), "size": saved.size, "runs": len(ids), "title": saved.title}
        print_json({"store": str(store_of(ctx, store)), **told})
    else:
        say(str(saved))
