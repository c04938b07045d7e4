"""Write the reference in README.md from the code: names, magics, command line, settings, store, errors.

Usage: python scripts/reference.py [--check]

What stands between the two markers is replaced. With --check nothing is written, and the exit status is 1 where the
reference is not what the code says.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import inspect
import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from schema_words import TABLES, VIEWS

import jupyter_track
from jupyter_track import errors, missing, settings
from jupyter_track.cli.commands import cli
from jupyter_track.notebook import magics, options
from jupyter_track.store import schema

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- reference: written by scripts/reference.py from the code -->"
END = "<!-- end of the reference -->"
MODULES = ("artifacts", "data", "entities", "exceptions", "models", "pyfunc", "pytorch", "sklearn", "tracking")


def main() -> None:
    """Write the reference, or check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where the README is stale")
    check = parser.parse_args().check
    present = README.read_text(encoding="utf-8")
    wanted = with_reference(present)
    if present == wanted:
        return
    if check:
        raise SystemExit("The reference in README.md is stale: run 'python scripts/reference.py'.")
    README.write_text(wanted, encoding="utf-8", newline="\n")


def with_reference(text: str) -> str:
    """Return the README's text with the reference as the code says it."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md lacks the markers of the reference: {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def reference() -> str:
    """Return the whole reference as Markdown."""
    parts = (
        ("Python", python_names()),
        (f"mlflow's names that are not here (as of {missing.MLFLOW_VERSION})", missing_names()),
        ("Magics", magic_help()),
        ("Command line", command_line()),
        ("Settings", setting_rows()),
        ("The tables of the store", store_tables()),
        ("Errors", error_tree()),
    )
    return "\n".join(f"### {title}\n\n{body}\n" for title, body in parts)


def missing_names() -> str:
    """Return what of mlflow's names is not here, with what to do instead."""
    lines = ["| what | names | here |", "| --- | --- | --- |"]
    for groups in (missing.GROUPS, missing.MODULE_GROUPS, missing.WITHIN):
        for what, instead, names in groups:
            left = [f"`{name}`" for name in names.split() if not is_here(name)]
            told = instead.replace("'jupyter track status'", "`jupyter track status`").replace("'doctor'", "`doctor`")
            told = told.replace("%%track", "`%%track`")
            lines += [f"| {what} | {', '.join(left)} | {told} |"] if left else []
    return "\n".join(lines)


def is_here(name: str) -> bool:
    """Whether one of mlflow's names is here."""
    place, _, within = name.rpartition(".")
    if place:
        return hasattr(getattr(jupyter_track, place), within)
    return name in jupyter_track.__all__ or importlib.util.find_spec(f"jupyter_track.{name}") is not None


# ---- names


def python_names() -> str:
    """Return the public names: functions with their signatures, classes with their methods, modules."""
    functions, classes, others = [], [], []
    for name in jupyter_track.__all__:
        value = None if name == "current" else getattr(jupyter_track, name)
        if name in MODULES:
            others.append(f"- `{name}`: {module_line(value)}")
        elif inspect.isclass(value):
            classes += class_lines(name, value)
        elif inspect.isroutine(value):
            functions.append(f"- `{name}{signature(value)}`: {first_line(value)}")
    others += [
        "- `current`: the open run of this thread, None where there is none; the same as `active_run()`.",
        "- `__version__`: the version, as text.",
    ]
    return "\n".join(["`import jupyter_track as track`, then `track.…`", "", *functions, "", *classes, "", *others])


def class_lines(name: str, cls: type) -> list[str]:
    """Return a class and, where it has methods of its own, those."""
    lines = [f"- class `{name}`: {first_line(cls)}"]
    if name != cls.__name__:
        return [f"- class `{name}`: another name of `{cls.__name__}`."]
    if dataclasses.is_dataclass(cls):
        lines[0] += f" Fields: {', '.join(f'`{field.name}`' for field in dataclasses.fields(cls))}."
    if constants := [key for key in vars(cls) if key.isupper()]:
        lines[0] += f" {', '.join(f'`{key}`' for key in constants)}."
    for key, member in own_members(cls).items():
        if key.startswith("_"):
            continue
        if isinstance(member, property):
            lines.append(f"  - `.{key}`: {first_line(member)}")
        elif inspect.isfunction(member):
            lines.append(f"  - `.{key}{signature(member, skip=1)}`: {first_line(member)}")
    return lines


def own_members(cls: type) -> dict[str, Any]:
    """Return what a class has of its own and of the client's parts that it is made of, these after its own."""
    found: dict[str, Any] = {}
    for one in cls.__mro__:
        if one is cls or one.__name__.endswith("Client"):
            found = {**found, **{key: member for key, member in vars(one).items() if key not in found}}
    return found


def module_line(module: Any) -> str:
    """Return what a re-exporting module is for, and its names."""
    return f"{first_line(module)} Names: {', '.join(f'`{name}`' for name in module.__all__)}."


def signature(function: Any, skip: int = 0) -> str:
    """Return names and defaults of a function's parameters, without annotations."""
    found = inspect.signature(function)
    parameters = [one.replace(annotation=inspect.Parameter.empty) for one in found.parameters.values()][skip:]
    return str(inspect.Signature(parameters))


def first_line(thing: Any) -> str:
    """Return the first sentence of a docstring on one line, with Markdown's code marks."""
    text = inspect.getdoc(thing)
    if not text:
        raise SystemExit(f"{thing!r} has no docstring.")
    return inline(" ".join(text.split("\n\n")[0].split()))


def inline(text: str) -> str:
    """Return text of a docstring with single back-ticks."""
    return text.replace("``", "`")


# ---- magics and command line


def magic_help() -> str:
    """Return the help of ``%track`` and the options of ``%%track``.

    The options are read from the parser and not from its help text, which differs between versions of Python.
    """
    text = inspect.cleandoc(magics.TrackMagics.track.__doc__ or "").partition("usage:")[0].strip()
    rows = []
    for action in options.make_parser()._actions:
        given = " " + str(action.metavar) if action.option_strings and action.metavar else ""
        names = [f"`{name}{given}`" for name in action.option_strings] or [f"`{action.metavar}`"]
        rows.append((", ".join(names), inline(sentence(action.help or ""))))
    return f"{rst_blocks(text)}\n\n{table(('`%%track`', ''), rows)}"


def rst_blocks(text: str) -> str:
    """Return text whose literal blocks stand behind ``::`` with fenced blocks in their place."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if fenced and line and not line.startswith(" "):
            while lines[-1] == "":
                lines.pop()
            lines += ["```", ""]
            fenced = False
        if line.endswith("::"):
            lines += [line[:-1], "", "```text"]
            fenced = True
        elif not (fenced and line == "" and lines[-1] == "```text"):
            lines.append(line.removeprefix("    ") if fenced else inline(line))
    return "\n".join([*lines, "```"] if fenced else lines)


def command_line() -> str:
    """Return each command with its arguments, options and examples."""
    parts = [inline(paragraphs(cli.help)), table(("`jupyter track`", ""), option_rows(cli)), fenced(cli.epilog)]
    for name, command in shown_commands(cli):
        arguments = [one.make_metavar(click.Context(command)) for one in command.params if is_argument(one)]
        title = " ".join(["jupyter track", name, *arguments])
        parts += [f"#### `{title}`", paragraphs(command.help)]
        rows = option_rows(command)
        parts += [table((f"`{name}`", ""), rows)] if rows else []
        parts += [fenced(command.epilog)]
    return "\n\n".join(parts)


def shown_commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    """Return the commands that a person sees, those of a group within behind its name."""
    found: list[tuple[str, click.Command]] = []
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            found += shown_commands(command, f"{before}{name} ")
        elif not command.hidden:
            found.append((before + name, command))
    return found


def is_argument(parameter: click.Parameter) -> bool:
    """Whether a parameter of a command is no option."""
    return isinstance(parameter, click.Argument)


def option_rows(command: click.Command) -> list[tuple[str, str]]:
    """Return the options of a command with their help."""
    rows = []
    for option in command.params:
        if isinstance(option, click.Option):
            given = f" {option.metavar}" if option.metavar else ""
            rows.append(
                (", ".join(f"`{name}{given}`" for name in [*option.opts, *option.secondary_opts]), option.help or "")
            )
    return rows


def paragraphs(text: str | None) -> str:
    """Return a command's help with one line a paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text or "").split("\n\n"))


def fenced(text: str | None) -> str:
    """Return text that click shows as it is, as a block."""
    return "```text\n" + re.sub(r"\x08\n", "", inspect.cleandoc(text or "")) + "\n```"


# ---- settings, store, errors


def setting_rows() -> str:
    """Return the settings with their defaults."""
    rows = []
    for name, trait in sorted(settings.JupyterTrack.class_own_traits(config=True).items()):
        values = getattr(trait, "values", None)
        choice = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
        rows.append((f"`JupyterTrack.{name}`", f"`{trait.default_value!r}`", sentence(str(trait.help)) + choice))
    return table(("setting", "default", ""), rows)


def store_tables() -> str:
    """Return tables and views of a new store with their columns.

    Raises
    ------
    SystemExit
        For a table, view or column without words in schema_words.py, and for words without a column.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.create(connection, "reference")
    parts = [f"Times are milliseconds since 1970 (UTC). Schema version: {schema.VERSION} (`user_version`)."]
    for kind, words in (("table", TABLES), ("view", VIEWS)):
        query = "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite%'"
        found = [name for (name,) in connection.execute(query, [kind])]
        same(f"{kind}s", found, words)
        for name in found:
            line, meanings = words[name]
            columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", [name]).fetchall()
            same(f"columns of {name}", [column for column, _ in columns], meanings)
            rows = [(f"`{column}`", of.lower(), meanings[column]) for column, of in columns]
            title = f"**`{name}`** ({kind})" if kind == "view" else f"**`{name}`**"
            parts.append(f"{title}: {line}\n\n{table(('column', 'type', ''), rows)}")
    connection.close()
    return "\n\n".join(parts)


def same(what: str, found: Sequence[str], words: Iterable[str]) -> None:
    """Refuse where the schema and its words differ."""
    if difference := set(found) ^ set(words):
        raise SystemExit(
            f"scripts/schema_words.py and the schema differ in the {what}: {', '.join(sorted(difference))}."
        )


def error_tree() -> str:
    """Return the classes of errors as a nested list, with their codes."""
    return "\n".join(error_lines(errors.TrackError, 0)) + (
        "\n\nEach has its `error_code`; `exceptions.MlflowException` is another name of `TrackError`. Beside them"
        f" stands `RunStopped`, a KeyboardInterrupt: {first_line(errors.RunStopped)}"
    )


def error_lines(cls: type[errors.TrackError], depth: int) -> list[str]:
    """Return a class and those below it, in the order in which they are defined."""
    line = f"{'  ' * depth}- `{cls.__name__}` · `{cls.error_code}`: {first_line(cls)}"
    below = [one for one in cls.__subclasses__() if one.__module__ == errors.__name__]
    return [line, *(found for one in below for found in error_lines(one, depth + 1))]


def sentence(text: str) -> str:
    """Return text that begins with a capital and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    main()
