"""``jupyter track report``: what is known of some runs as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .common import (
    complete_runs,
    experiments_option,
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
    if given is None:
        return None
    try:
        return float(given)
    except ValueError:
        pass  # then it is a date
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is no moment; write 2026-03-12T16:20+00:00, or seconds since 1970."
        ) from None


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
@click.option(
    "-o", "--to", type=click.Path(path_type=Path), default="report.html", show_default=True, help="The file to write."
)
@click.option("--title", default="", help="By default the name of the experiment, or of the run.")
@click.option(
    "--text",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Markdown with values ({{ best.metrics.accuracy }}) and charts by name ({{ curves('loss') }}).",
)
@click.option(
    "--section",
    "sections",
    metavar="NAME",
    multiple=True,
    help="Only this part; may be given several times, or as a list with commas, in the order that is wanted: text "
    "summary table curves comparison parallel importance figures code data environment git notes.",
)
@click.option(
    "--kind",
    type=click.Choice(["run", "comparison", "experiment"]),
    help="By default of a run where there is one, a comparison of two to eight that are named, else an experiment.",
)
@click.option("--metric", metavar="KEY", help="By which the runs are ranked; by default the main one.")
@click.option(
    "--compare",
    metavar="RUN",
    multiple=True,
    shell_complete=complete_runs,
    help="Stands beside the others; may be given several times, the first is what they are measured against. By "
    "default the baseline, the best and the pinned ones.",
)
@click.option(
    "--template",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A Jinja2 template that begins with {% extends 'report.html' %}.",
)
@click.option(
    "--built",
    metavar="MOMENT",
    callback=_built,
    help="The moment that it says it was made at; by default SOURCE_DATE_EPOCH, or now.",
)
@click.option("--paths", is_flag=True, help="Keep paths of this machine, and who ran it.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is no report; a report always is.")
@experiments_option
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
    a filter or runs; without any, all runs. The same store and options give the same file, apart from the moment that
    --built fixes. Where the file ends in .md it is Markdown, with its pictures in a folder beside it.
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
