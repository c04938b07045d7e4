"""The sections of facts: data, environment, git and notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ..records import Run
from ..views import datasets, surroundings
from ..views.details import Grid
from ..views.format import one_line, plain_text
from ..views.tokens import state_of
from .document import Block, Code, Noted, Notes, Rows, Sentence
from .material import Material
from .prose import note_html

MOST_READ = 200  # runs that are looked through
MOST_NAMED = 4  # runs that a line names
MOST_NOTES = 50
MOST_DIFF = 400  # lines of uncommitted code
MOST_PACKAGES = 200
_NOTE = 2_000
_TAGS = ("mlflow.source.git.commit", "jupyter_track.git.branch")


def data(material: Material) -> list[Block]:
    """Return the datasets that were read, each once, and by which runs."""
    using: dict[tuple[str, ...], list[Run]] = {}
    for run in _looked(material):
        for row in datasets.rows_of(run):
            using.setdefault(row, []).append(run)
    if not using:
        return []
    rows = [(*row, *_who(material, runs)) for row, runs in using.items()]
    header = ("data", "used for", "size", "source", "digest", *_who_head(material))
    return [Rows(Grid(header, tuple(rows), _right(header, "size"), 3), "The data that were read"), *_only(material)]


def environment(material: Material) -> list[Block]:
    """Return Python, packages and machine, each form once, and by which runs."""
    around = _around(material)
    told: list[Block] = []
    lines: dict[tuple[str, str], list[Run]] = {}
    for run in _looked(material):
        found = around.get(run.run_id, {})
        for label, say in (("python", surroundings.python), ("machine", surroundings.machine)):
            if text := say(found):
                lines.setdefault((label, text), []).append(run)
        for text in surroundings.resumed(found, UTC):
            lines.setdefault(("resumed", text), []).append(run)
    if lines:
        rows = [(label, text, *_who(material, runs)) for (label, text), runs in sorted(lines.items(), key=_by_label)]
        header = ("", "details", *_who_head(material))
        told.append(Rows(Grid(header, tuple(rows), _right(header), 1), "Python and machines"))
    packages = _packages(material, around)
    if packages is not None:
        told.append(packages)
    return [*told, *_only(material)] if told else []


def _by_label(item: tuple[tuple[str, str], list[Run]]) -> tuple[int, str]:
    return ("python", "machine", "resumed").index(item[0][0]), item[0][1]


def _packages(material: Material, around: Mapping[str, Mapping[str, Any]]) -> Rows | None:
    """The packages that were imported: those of which versions differ first."""
    versions: dict[str, dict[str, list[Run]]] = {}
    known = 0
    for run in _looked(material):
        packages = surroundings.packages(around.get(run.run_id, {}))
        known += bool(packages)
        for name, version in packages.items():
            versions.setdefault(one_line(name), {}).setdefault(version, []).append(run)
    if not versions:
        return None
    ordered = sorted(versions, key=lambda name: (len(versions[name]) < 2, name.lower()))
    rows = []
    for name in ordered[:MOST_PACKAGES]:
        own = versions[name]
        if len(own) == 1:
            ((version, runs),) = own.items()
            few = (
                "" if len(runs) == known else f" ({_named(runs) if len(runs) <= MOST_NAMED else f'{len(runs):,} runs'})"
            )
            rows.append((name, version + few))
        else:
            told = [f"{version} ({_named(runs)})" for version, runs in list(own.items())[:MOST_NAMED]]
            left = len(own) - MOST_NAMED
            rows.append((name, "; ".join([*told, *([f"+{left} more"] if left > 0 else [])])))
    if len(ordered) > MOST_PACKAGES:
        rows.append((f"+{len(ordered) - MOST_PACKAGES} more", ""))
    return Rows(Grid(("package", "version"), tuple(rows), (False, False), 1), "Packages", titled=True, dense=True)


def git(material: Material) -> list[Block]:
    """Return commits, and the code that they do not have."""
    around = _around(material)
    lines: dict[tuple[str, ...], list[Run]] = {}
    diffs: dict[str, list[Run]] = {}
    for run in _looked(material):
        found = around.get(run.run_id, {})
        commit, branch = (run.data.tags.get(tag, "") for tag in _TAGS)
        if not commit:
            continue
        line = (commit[:10], branch, _text(found, "remote"), surroundings.uncommitted(found) or "all is committed")
        lines.setdefault(line, []).append(run)
        if diff := surroundings.diff_of(found):
            diffs.setdefault(diff, []).append(run)
    if not lines:
        return []
    header = ("commit", "branch", "remote", "uncommitted", *_who_head(material))
    rows = [(*map(one_line, line), *_who(material, runs)) for line, runs in lines.items()]
    told: list[Block] = [Rows(Grid(header, tuple(rows), _right(header), 3), "Commits")]
    for diff, runs in list(diffs.items())[:3]:
        own = plain_text(diff).split("\n")
        title = f"Uncommitted code of {_named(runs)}"
        told.append(Code(title, "\n".join(own[:MOST_DIFF]), max(len(own) - MOST_DIFF, 0), open=material.kind == "run"))
    if len(diffs) > 3:
        told.append(Sentence(f"The uncommitted code of {len(diffs) - 3:,} more states is in the store."))
    return [*told, *_only(material)]


def notes(material: Material) -> list[Block]:
    """Return what was noted on the runs."""
    found = [run for run in material.runs if run.note]
    told = tuple(_noted(material, run) for run in found[:MOST_NOTES])
    more = [Sentence(f"{len(found) - MOST_NOTES:,} more runs have a note.")] if len(found) > MOST_NOTES else []
    return [Notes(told), *more] if told else []


def _noted(material: Material, run: Run) -> Noted:
    whole = plain_text(run.note or "").strip("\n")
    text = whole
    if len(whole) > _NOTE:  # at the end of a line, else of a word
        at = max(whole.rfind("\n", _NOTE // 2, _NOTE), 0) or max(whole.rfind(" ", _NOTE // 2, _NOTE), 0) or _NOTE
        text = whole[:at]
    return Noted(material.label(run), state_of(run.state), text, note_html(text), len(whole) - len(text))


# ---- parts


def _looked(material: Material) -> tuple[Run, ...]:
    return material.runs[:MOST_READ]


def _only(material: Material) -> list[Block]:
    if len(material.runs) <= MOST_READ:
        return []
    return [Sentence(f"This covers the {MOST_READ} best of {len(material.runs):,} runs.", token="muted")]


def _around(material: Material) -> Mapping[str, Mapping[str, Any]]:
    return material.reader.surroundings([run.run_id for run in _looked(material)])


def _who_head(material: Material) -> tuple[str, ...]:
    return () if material.kind == "run" else ("runs",)


def _who(material: Material, runs: list[Run]) -> tuple[str, ...]:
    if material.kind == "run":
        return ()
    if len(runs) == len(_looked(material)):
        return ("all",)
    return (_named(runs),)


def _named(runs: list[Run]) -> str:
    numbers = [f"#{run.number}" for run in sorted(runs, key=lambda run: run.number or 0)]
    return ", ".join(numbers[:MOST_NAMED]) + (f" +{len(numbers) - MOST_NAMED}" if len(numbers) > MOST_NAMED else "")


def _right(header: tuple[str, ...], *numbers: str) -> tuple[bool, ...]:
    return tuple(name in numbers for name in header)


def _text(found: Mapping[str, Any], name: str) -> str:
    part = found.get("git")
    value = part.get(name) if isinstance(part, dict) else None
    return value if isinstance(value, str) else ""
