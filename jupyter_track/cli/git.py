"""The commands for git: keeping the store out of a repository, or having its branches merge and show as runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..views.words import counted
from .common import Failure, error_text, json_option, print_json, say, store_of, store_option

if TYPE_CHECKING:
    from .repository import Repository

_LARGE = 50_000_000  # bytes from which a committed store is worth a word: each commit keeps a copy


@click.group(
    epilog="""\b
Examples:
  jupyter track git ignore               keep stores out of this repository
  jupyter track git commit               or: have them merge and show as runs
"""
)
def git() -> None:
    """Keep the store out of git, or have git merge and show it."""


@git.command(
    epilog="""\b
Examples:
  jupyter track git ignore
  jupyter track git ignore --private     in this clone only
  jupyter track git ignore --undo
"""
)
@click.option("--private", is_flag=True, help="Write to .git/info/exclude, which only this clone has.")
@click.option("--undo", is_flag=True, help="Take the lines out again.")
@json_option
@store_option
@click.pass_context
def ignore(ctx: click.Context, private: bool, undo: bool, as_json: bool, store: str | None) -> None:
    """Keep the stores of a repository out of git.

    Adds track.db, its journal and track.db-files/ to the .gitignore at the repository's root, which is committed and
    so holds for everyone. A store that is committed already stays so: the command says how to untrack it.
    """
    from .repository import find_repository

    repository = find_repository(store_of(ctx, store))
    done = _stop_ignoring(repository) if undo else _start_ignoring(repository, private=private)
    tracked = [] if undo else repository.tracked()
    if tracked:
        names = sorted({path.partition("-files/")[0] for path in tracked})
        quoted = " ".join(f"'{name}'" for name in [*names, *sorted({f"{name}-files" for name in names})])
        done.append(
            f"{', '.join(names)} is committed already, and ignoring does not change that. To untrack it and keep the "
            f"file: git rm -r --cached --ignore-unmatch -- {quoted}, then commit. Earlier commits still hold it."
        )
    if as_json:
        print_json({"repository": str(repository.root), "did": done, "tracked": tracked})
    else:
        say(*done)


def _start_ignoring(repository: Repository, *, private: bool) -> list[str]:
    from .repository import IGNORE_MARK, add_block

    if repository.is_set_up():
        raise Failure("This repository is set up to commit its stores; 'jupyter track git commit --undo' undoes that.")
    path = repository.ignore_files()[private]
    rules = [repository.ignored_by(one) for one in repository.places]
    if all(rules):
        return [f"The store is ignored already ({'; '.join(dict.fromkeys(rule for rule in rules if rule))})."]
    add_block(path, IGNORE_MARK, repository.ignore_lines())
    whose = "only this clone has it" if private else "commit it, and it holds for everyone"
    return [f"Added {', '.join(repository.ignore_lines())} to {path} ({whose})."]


def _stop_ignoring(repository: Repository) -> list[str]:
    from ..errors import NotFound

    changed = repository.stop_ignoring()
    if not changed:
        raise NotFound("There are no lines of 'jupyter track git ignore' in this repository.")
    rule = repository.ignored_by(repository.store)
    done = [f"Took the lines out of {path}." for path in changed]
    return [*done, f"Another rule still ignores the store: {rule}"] if rule else done


@git.command(
    epilog="""\b
Examples:
  jupyter track git commit
  git add .gitattributes track.db track.db-files && git commit -m 'Runs'
  git merge other-branch                 the runs of both
  git diff                               which runs came, and what was changed

\b
Each clone runs it once: git does not copy settings that run programs.
"""
)
@click.option(
    "--content/--no-content",
    default=True,
    show_default=True,
    help="Whether content of more than 128 KiB (in track.db-files/content) is committed too.",
)
@click.option("--undo", is_flag=True, help="Take the settings and lines out again.")
@json_option
@store_option
@click.pass_context
def commit(ctx: click.Context, content: bool, undo: bool, as_json: bool, store: str | None) -> None:
    """Set up a repository so that stores can be committed.

    Commits nothing itself. Writes .gitattributes, and into .git/config a merge driver and a textconv: merging branches
    then gives the runs of both, and 'git diff' shows runs as text. Every commit of a store is a whole copy of track.db
    in git's history (compressed): fine for some megabytes, not for gigabytes. Large content lies in files of its own,
    each kept once; with --no-content it stays on this machine, and clones have the runs without those files.
    """
    from .repository import find_repository

    repository = find_repository(store_of(ctx, store))
    done = _take_down(repository) if undo else _set_up(repository, content=content)
    if as_json:
        print_json({"repository": str(repository.root), "did": done, "content": content and not undo})
    else:
        say(*done)


def _set_up(repository: Repository, *, content: bool) -> list[str]:
    from ..views.format import size

    done = [f"Took the lines of 'git ignore' out of {path}." for path in repository.stop_ignoring()]
    repository.set_up(content=content)
    done.append(f"Wrote {repository.root / '.gitattributes'}: stores merge as a union of runs, and diff as text.")
    done.append(
        "Wrote the merge driver and the textconv into this clone's .git/config; each other clone needs this too."
    )
    count, total = _content_size(repository.store)
    held = f"Large content ({counted(count, 'file')}, {size(total)}, so far)"
    if content:
        done.append(f"{held} is committed with the store; --no-content leaves it out.")
    else:
        done.append(f"{held} stays out of git: clones have the runs without these files.")
    stored = repository.store.stat().st_size if repository.store.is_file() else 0
    if stored + (total if content else 0) > _LARGE:
        done.append(
            f"The store has {size(stored)}; each commit keeps a copy. For a store of this size think of git LFS."
        )
    places = repository.places if content else repository.places[:1]
    rules = dict.fromkeys(filter(None, map(repository.ignored_by, places)))
    done += [f"A rule still keeps the store out of git, and has to go first: {rule}" for rule in rules]
    return done


def _take_down(repository: Repository) -> list[str]:
    from ..errors import NotFound

    if not repository.take_down():
        raise NotFound("This repository is not set up by 'jupyter track git commit'.")
    return ["Took the lines out of .gitattributes and the settings out of .git/config; what is committed stays so."]


def _content_size(store: Path) -> tuple[int, int]:
    """Return how many files of content there are, and their bytes."""
    from ..store.place import files_folder

    files = [path for path in (files_folder(store) / "content").glob("??/*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


# ---- what git runs


@click.command("git-merge", hidden=True)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.argument("path")
def git_merge(base: Path, ours: Path, theirs: Path, path: str) -> None:
    """Merge two versions of a store for git: the union of their runs goes into OURS.

    Ends with 0 where that is done; else with 1, by which git keeps our version and calls the file a conflict.
    """
    from ..store.upkeep.merge import merge_files
    from ..views.format import one_line

    path = one_line(path)
    try:
        merged = merge_files(ours.absolute(), base.absolute(), theirs.absolute())
    except Exception as error:  # noqa: BLE001 - whatever it is, git has to hear of a conflict, not of a broken driver
        click.echo(f"jupyter-track: {path} was not merged: {error_text(error)} Our version is left as it is.", err=True)
        sys.exit(1)
    click.echo(f"jupyter-track: {path}: {counted(merged.added, 'run')} added, {merged.updated:,} updated")


@click.command("git-textconv", hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def git_textconv(file: Path) -> None:
    """Print a store as text, for git diff; what is no store is said in a line, so that the diff goes on."""
    from .output import write

    if file.stat().st_size == 0:
        return
    from .textconv import store_text

    try:
        text = "".join(f"{line}\n" for line in store_text(file.absolute()))
    except Exception as error:  # noqa: BLE001 - a store of odd rows must not end the diff of all the other files
        text = f"(no text: {error_text(error)})\n"
    write(text)
