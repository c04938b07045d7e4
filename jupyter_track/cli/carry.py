"""The commands that carry runs from store to store, and out of them: export and merge."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import FilterError, InvalidValue, NotFound
from ..store.place import STORE_NAME, parse_store
from ..views.words import counted, named
from .common import (
    complete_runs,
    experiments_option,
    filter_option,
    json_option,
    looked_at,
    print_json,
    reader_of,
    runs_meant,
    say,
    store_of,
    store_option,
)

if TYPE_CHECKING:
    from ..store.reader import Reader
    from ..store.upkeep.endings import Form
    from ..store.upkeep.merge import Merged

_PLACEHOLDER = re.compile(r"\{\w+\}")
_MB = 1_000_000
_CONFLICTS = 10  # that are told; --json has all


@click.command(
    epilog="""\b
Examples:
  jupyter track export tables                       CSV: runs, params, metrics, tags, points, models
  jupyter track export runs.csv "metrics.accuracy > 0.9"
  jupyter track export points.parquet --table points
  jupyter track export runs.json
  jupyter track export paper/track.db -e digits     a store of its own, with its files
  jupyter track export paper.zip best '#3..#7'      runs as one file: to send, to open, to merge
"""
)
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("references", metavar="[FILTER | RUN…]", nargs=-1, shell_complete=complete_runs)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "json", "store", "zip"]),
    help="What to write; by default what the target's ending says (.csv .parquet .json .db .sqlite .zip); csv for a "
    "folder.",
)
@click.option(
    "--table",
    type=click.Choice(["runs", "params", "metrics", "tags", "points", "models"]),
    help="Of CSV and Parquet this table alone; runs where the target is one file.",
)
@experiments_option
@filter_option
@click.option("--deleted", is_flag=True, help="Take the runs in the bin too.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@json_option
@store_option
@click.pass_context
def export(
    ctx: click.Context,
    target: Path,
    references: Sequence[str],
    form: str | None,
    table: str | None,
    experiments: Sequence[str],
    filter_text: str,
    deleted: bool,
    overwrite: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """Write runs as CSV, Parquet, JSON, as a store, or as a zip of one.

    TARGET is a folder that gets a file a table, or one file. What is named behind it is a filter or runs, by default
    all that the options leave.
    Numbers are exact. In CSV a text that a spreadsheet would run as a formula has ' in front. Parquet needs pyarrow. A
    store is copied clean, with the large files beside it. A zip has such a store, with the children and the models of
    its runs: others look at it with --store paper.zip, or merge it.
    """
    reader = reader_of(looked_at(ctx, store, contents=True))
    if str(target) == "-":
        raise click.UsageError(
            "export writes files, and '-' is none (./- is). To read runs from a pipe: jupyter track runs --all --json"
        )
    target = target.absolute()
    form = form or _form_of(target)
    if table is not None and form not in ("csv", "parquet"):
        raise click.UsageError(f"--table is for csv and parquet; {form} has everything.")
    chosen: dict[str, Any] = {"deleted": deleted, "overwrite": overwrite}
    whole = form in ("store", "zip")
    given, ids = _filter_or_runs(reader, references)
    if (references and filter_text.strip()) or (ids is not None and experiments):
        raise click.UsageError("Name the runs, or say which by -e and a filter, not both.")
    filter_text = given or filter_text
    if ids is not None:
        chosen["runs"] = ids
    elif experiments or (whole and filter_text.strip()):
        chosen["runs"] = _ids(reader, experiments, filter_text, deleted)
    if whole:
        plain = _export_store(reader, target, form, chosen, as_json)
    else:
        plain = _export_tables(reader, target, form, {**chosen, "table": table, "filter_string": filter_text}, as_json)
    if as_json:
        print_json({"store": str(store_of(ctx, store)), "format": form, **plain})
        return
    from ..views.format import size

    lines = [f"{one['path']}  {size(one['size'])}" for one in plain["files"]]
    lines.append(f"{counted(plain['runs'], 'run')} written")
    if plain["missing"]:
        lines.append(f"{counted(len(plain['missing']), 'file')} of the store cannot be read and are not in the copy.")
    say(*lines)


def _form_of(target: Path) -> Form:
    from ..store.upkeep.endings import form_of

    try:
        return form_of(target)
    except InvalidValue as error:
        raise click.UsageError(str(error)) from None


def _filter_or_runs(reader: Reader, words: Sequence[str]) -> tuple[str, list[str] | None]:
    """Return the filter that the words are together, else the ids of the runs that they name; neither without words.

    Raises
    ------
    FilterError
        For a filter with a mistake in it, and NotFound for what looks like none.
    """
    from ..store.run_rows import search

    if not words:
        return "", None
    whole, wrong = " ".join(words), None
    try:
        search(None, whole, (), 1, None, 0)
    except FilterError as error:
        wrong = error
    if wrong is None and whole.strip():
        return whole, None
    try:
        return "", [run.run_id for run in runs_meant(reader, words)]
    except NotFound:
        if wrong is not None and any(sign in whole for sign in "<>=!"):
            raise wrong from None
        raise


def _ids(reader: Reader, experiments: Sequence[str], filter_text: str, deleted: bool) -> list[str]:
    from ..records import ViewType

    ids = [reader.experiment_named(name).experiment_id for name in experiments] or None
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    return [run.run_id for run in reader.runs(ids, filter_text, view_type=view)]


def _export_tables(reader: Reader, target: Path, form: str, chosen: dict[str, Any], quiet: bool) -> dict[str, Any]:
    from ..store.upkeep.tables import tables
    from .progress import bar

    count = 0
    with bar("exporting", "runs", quiet=quiet) as shown:

        def progress(done: int, total: int) -> None:
            nonlocal count
            count = total
            shown(done, total)

        written = tables(reader.store, target, form, **chosen, progress=progress)  # type: ignore[arg-type]
    return {"runs": count, "files": [_file(path) for path in written], "missing": []}


def _export_store(reader: Reader, target: Path, form: str, chosen: dict[str, Any], quiet: bool) -> dict[str, Any]:
    from ..store.upkeep.export import copy_store
    from ..store.upkeep.portable import pack
    from .progress import bar

    if form == "zip":
        with bar("packing", "MB", quiet=quiet) as shown:
            done = pack(reader.store, target, **chosen, progress=lambda now, of: shown(now // _MB, -(-of // _MB)))
    else:
        place = target if target.suffix else target / "track.db"
        with bar("copying", "points", quiet=quiet) as progress:
            done = copy_store(reader.store, place, **chosen, progress=progress)
    return {"runs": done.runs, "files": [_file(done.target)], "missing": list(done.missing)}


def _file(path: Path) -> dict[str, Any]:
    return {"path": str(path), "size": path.stat().st_size}


@click.command(
    epilog="""\b
Examples:
  jupyter track merge ../laptop/track.db
  jupyter track merge theirs.zip
  jupyter track --store all.db merge students/*/ --tag student={folder}
  jupyter track runs --filter "tags.student = 'ada'"
"""
)
@click.argument("sources", metavar="STORE…", nargs=-1, required=True, type=click.Path())
@click.option(
    "--tag",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="Tag the runs of each store; {folder} is the name of its folder, {name} that of its file. May be given "
    "several times.",
)
@json_option
@store_option
@click.pass_context
def merge(ctx: click.Context, sources: Sequence[str], pairs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Bring the runs of other stores into this one.

    STORE is a file, a folder with a track.db, or a zip that export made. A run that both have is one run; of what a
    person changed the later counts. The other stores stay as they are. Merging again brings only what is new, and what
    a merge that was interrupted left out.
    """
    from ..context.entered import check_tags
    from ..store.upkeep.merge import merge as unite
    from .progress import bar

    odd = next((pair for pair in pairs if "=" not in pair), None)
    if odd is not None:
        raise click.UsageError(f"--tag {odd!r} is no KEY=VALUE, such as student={{folder}}.")
    unknown = [word for pair in pairs for word in _PLACEHOLDER.findall(pair) if word not in ("{folder}", "{name}")]
    if unknown:
        raise click.UsageError(f"--tag knows no {unknown[0]}; {{folder}} and {{name}} are filled in.")
    target = store_of(ctx, store)
    tags = check_tags(dict(pair.split("=", 1) for pair in pairs))
    places = {parse_store(source, Path.cwd()): source for source in sources}
    missing = {place: source for place, source in places.items() if not place.is_file()}
    if missing:
        below = "".join(_stores_below(source) for source in missing.values())
        raise NotFound(f"There is no store at {', '.join(map(str, missing))}; nothing was merged.{below}")
    with bar("merging", "runs", quiet=as_json) as progress:
        merged = unite(target, list(places), tags=tags, progress=progress)
    if as_json:
        print_json(_merged_plain(merged))
    else:
        _show_merged(merged)


def _stores_below(source: str) -> str:
    """Return what to merge instead of a folder that holds no store, but folders that do."""
    count = sum(1 for _ in Path(source).expanduser().glob(f"*/{STORE_NAME}"))
    folders = f"{Path(source).as_posix().rstrip('/')}/*/"
    return f" The folders in {source} hold {counted(count, 'store')}: merge {folders}" if count else ""


def _merged_plain(merged: Merged) -> dict[str, Any]:
    counts = {"added": merged.added, "updated": merged.updated, "unchanged": merged.unchanged}
    sources = [
        {
            "store": str(one.store),
            "added": one.added,
            "updated": one.updated,
            "unchanged": one.unchanged,
            "conflicts": [vars(conflict) for conflict in one.conflicts],
            "missing": list(one.missing),
            "renumbered": list(one.renumbered),
        }
        for one in merged.sources
    ]
    return {"store": str(merged.target), **counts, "sources": sources}


def _show_merged(merged: Merged) -> None:
    from ..views.details import Grid
    from .screen import Screen, grid_table, line

    header = ("store", "added", "updated", "unchanged", "kept as here")
    rows = tuple(
        (str(one.store), f"{one.added:,}", f"{one.updated:,}", f"{one.unchanged:,}", f"{len(one.conflicts):,}")
        for one in merged.sources
    )
    lines = [f"{merged.target}: {counted(merged.added, 'run')} added, {merged.updated:,} updated"]
    conflicts = merged.conflicts
    reader = reader_of(merged.target)
    lines += [
        f"{named([reader.run(one.run_id)])}: the {one.what} {one.key} differs, and stays as it is here"
        for one in conflicts[:_CONFLICTS]
    ]
    if len(conflicts) > _CONFLICTS:
        lines.append(f"… {len(conflicts) - _CONFLICTS:,} more; --json has all")
    renumbered = [name for one in merged.sources for name in one.renumbered]
    if renumbered:
        lines.append(f"Versions of models whose number was taken here: now {', '.join(renumbered[:_CONFLICTS])}.")
    gone = sum(len(one.missing) for one in merged.sources)
    if gone:
        lines.append(f"{counted(gone, 'file')} could not be read in the stores that name them, and are missing here.")
    grid = Grid(header, rows, (False, True, True, True, True), wrap=0)
    Screen().show(grid_table(grid), *(line(text) for text in lines))
