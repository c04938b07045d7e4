"""The command that brings runs from elsewhere: import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..views.words import counted
from .common import json_option, print_json, say, store_of, store_option


@click.command(
    "import",
    epilog="""\b
Examples:
  jupyter track import mlruns
  jupyter track import mlflow.db --artifacts /data/mlartifacts
  jupyter track --store all.db import ../old-project
""",
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--artifacts",
    "folders",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder outside of SOURCE in which files of runs may lie as well. May be given several times.",
)
@json_option
@store_option
@click.pass_context
def import_(ctx: click.Context, source: Path, folders: Sequence[Path], as_json: bool, store: str | None) -> None:
    """Bring runs and registered models of an mlruns or mlflow.db.

    SOURCE is mlflow's folder, its database, or a folder that holds one of them. Runs keep their ids, parents, params,
    metric histories, tags, files, models (as files) and datasets, and registered models come with their versions,
    aliases, descriptions and tags; mlflow need not be installed. Importing again brings only what is new; what was
    changed here stays.
    """
    from ..from_mlflow.bring import bring
    from .progress import bar

    target = store_of(ctx, store)
    with bar("importing", "runs", quiet=as_json) as progress:
        done = bring(target, source, artifacts=folders, progress=progress)
    if as_json:
        plain: dict[str, Any] = {name: value for name, value in vars(done).items() if name not in ("place", "said")}
        print_json({"store": str(target), "source": str(done.place), **plain, "said": list(done.said)})
        return
    first = f"{counted(done.added, 'run')} added, {done.updated:,} updated, {done.unchanged:,} unchanged"
    of_models = f", {counted(done.versions, 'version')} of models" if done.versions else ""
    read = f"{counted(done.points, 'point')}, {counted(done.artifacts, 'file')}{of_models}"
    say(f"{target}: {first} ({read})", *done.said)
