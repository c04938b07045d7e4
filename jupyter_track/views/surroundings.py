"""What surrounded a run, in words: Python, packages, machine, code that its commit does not have, what resumed it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from .format import iso, middle_cut, one_line, size
from .imported import imported_first
from .words import counted

MOST_PACKAGES = 12  # lines of a comparison
FEW_PACKAGES = 8  # that a record names
_FEW_LATER, _FEW_OTHER = 5, 3  # processes that went on with a run, and packages in which one differed
_TEXT = 120
BY_ONE, BY_SOME = "imported by one only", "imported by some only"
"""The labels of the packages that not all runs imported."""

Surroundings = Mapping[str, Any]  # by kind, as `Reader.surroundings` gives them
NOTHING: Surroundings = {}


def facts(found: Surroundings, zone: tzinfo | None = None, cells: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return what a record says: python, packages, machine, remote, uncommitted code; empty where nothing is known.

    Of the packages, those that the code in `cells` imports come first. What went on with the run has a line for each
    process, ``resumed``.
    """
    told = [("python", python(found)), ("machine", machine(found)), ("packages", some_packages(found, cells))]
    told += [("remote", _text(_part(found, "git").get("remote"))), ("uncommitted", uncommitted(found))]
    return [*told, *(("resumed", line) for line in resumed(found, zone))]


def resumed(found: Surroundings, zone: tzinfo | None = None) -> list[str]:
    """Return a line for each process that went on with a run: what it was, when, and what was other than at first.

    Such as ``note.py · 2026-05-01 12:00+00:00 · commit 9f3c2a1b7e · numpy 2.4.6``; the newest where there are many.
    """
    told = found.get("later")
    parts = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    lines = list(dict.fromkeys(_resumed(found, part, zone) for part in parts))
    left = len(lines) - _FEW_LATER
    return [*([f"{counted(left, 'time')} before"] if left > 0 else []), *lines[-_FEW_LATER:]]


def _resumed(first: Surroundings, part: Surroundings, zone: tzinfo | None) -> str:
    source = _text(_part(part, "process").get("source")) or "without a file"
    when = part.get("started")
    words = [source, iso(when, zone) if type(when) is int else ""]
    commit, own = (_text(_part(one, "git").get("commit")) for one in (part, first))
    words.append(f"commit {commit[:10]}" if commit != own and commit else "")
    diff = _uncommitted_words(part)
    words.append(uncommitted(part) if diff != _uncommitted_words(first) else "")
    words += [say(part) if say(part) != say(first) else "" for say in (python, machine)]
    before = packages(first)
    other = [
        f"{one_line(name)} {version}"
        for name, version in packages(part).items()
        if before.get(name, version) != version
    ]
    words += other[:_FEW_OTHER]
    words.append(f"{len(other) - _FEW_OTHER:,} more packages" if len(other) > _FEW_OTHER else "")
    return " · ".join(filter(None, words))


def python(found: Surroundings) -> str:
    """Return ``3.11.7 on Linux 6.1 (x86_64)``."""
    environment = _part(found, "environment")
    version = _text(_part(environment, "python").get("version"))
    place = _part(environment, "platform")
    system = " ".join(filter(None, (_text(place.get("system")), _text(place.get("release")))))
    chip = f" ({_text(place.get('machine'))})" if place.get("machine") else ""
    return f"{version} on {system}{chip}" if version and system else version


def machine(found: Surroundings) -> str:
    """Return ``AMD EPYC · 2 cores · 25 GB · NVIDIA H200``."""
    told = _part(found, "hardware")
    cores, memory = told.get("cores"), told.get("memory")
    parts = [_text(told.get("cpu"))]
    parts.append(f"{cores:,} core{'' if cores == 1 else 's'}" if type(cores) is int else "")
    parts.append(size(memory) if type(memory) is int and memory >= 0 else "")
    return " · ".join(filter(None, [*parts, gpus(found)]))


def gpus(found: Surroundings) -> str:
    """Return ``2 × NVIDIA H200``; nothing where there are none."""
    several = _part(found, "hardware").get("gpus")
    names = [_text(one.get("name")) for one in several if isinstance(one, dict)] if isinstance(several, list) else []
    counted = {name: names.count(name) for name in names}
    return ", ".join(name if count == 1 else f"{count} × {name}" for name, count in counted.items())


def packages(found: Surroundings) -> dict[str, str]:
    """Return the packages that were imported, by name, with their versions."""
    told = _part(_part(found, "environment"), "packages")
    return {str(name): _text(version) for name, version in told.items()}


def some_packages(found: Surroundings, cells: Sequence[str] = ()) -> str:
    """Return ``numpy 2.4.6, pandas 3.1.1, +14``: first those that the code in `cells` imports."""
    versions = packages(found)
    known = [f"{one_line(name)} {versions[name]}" for name in imported_first(versions, cells)]
    more = [f"+{len(known) - FEW_PACKAGES}"] if len(known) > FEW_PACKAGES else []
    return ", ".join([*known[:FEW_PACKAGES], *more])


def uncommitted(found: Surroundings) -> str:
    """Return ``diff of 12 lines, 2 untracked files of code``; nothing where the commit has all."""
    git = _part(found, "git")
    lines = len(diff_lines(found))
    parts = [f"diff of {lines:,} line{'' if lines == 1 else 's'}" if lines else ""]
    parts[0] += " (cut)" if lines and git.get("diff_cut") else ""
    count = len(_part(git, "untracked")) + (git["more_untracked"] if type(git.get("more_untracked")) is int else 0)
    parts.append(f"{count:,} untracked file{'' if count == 1 else 's'} of code" if count else "")
    return ", ".join(filter(None, parts))


def diff_of(found: Surroundings) -> str:
    """Return the diff of tracked code against the commit."""
    told = found.get("diff")
    return told if isinstance(told, str) else ""


def diff_lines(found: Surroundings) -> list[str]:
    """Return the lines of the diff that were added or removed."""
    lines = diff_of(found).splitlines()
    return [line for line in lines if line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- "))]


def compared(several: Sequence[Surroundings]) -> dict[str, list[str]]:
    """Return what a comparison says of surroundings, a text for each run: those that are the same are to be left out.

    Packages with different versions have a line each, the first twelve of them; the others are counted. Those that not
    all imported share a line: what a script does not import is mostly what the notebook is made of.
    """
    rows = {
        "python": [python(found) for found in several],
        "machine": [machine(found) for found in several],
        "uncommitted": [_uncommitted_words(found) for found in several],
    }
    known = [packages(found) for found in several]
    told = [found for found, names in zip(several, known, strict=True) if names]
    if len(told) < len(several):  # of a run whose packages are not known nothing can be said
        return rows
    names = sorted(set().union(*known), key=str.lower)
    shared = [name for name in names if all(name in one for one in known)]
    differing = [name for name in shared if len({one[name] for one in known}) > 1]
    for name in differing[:MOST_PACKAGES]:
        rows[one_line(name)] = [one[name] for one in known]
    if len(differing) > MOST_PACKAGES:
        rest = differing[MOST_PACKAGES:]
        first = known[0]
        counts = [sum(one[name] != first[name] for name in rest) for one in known]
        rows["other packages"] = [f"{count} differ" if count else "" for count in counts]
    if len(shared) < len(names):
        label = BY_ONE if len(several) == 2 else BY_SOME
        rows[label] = [_imported([name for name in one if name not in shared]) for one in known]
    return rows


def _imported(names: Sequence[str]) -> str:
    """``2 packages: six, zlib``; nothing for none."""
    told = ", ".join(one_line(name) for name in sorted(names, key=str.lower))
    return f"{counted(len(names), 'package')}: {told}" if names else ""


def _uncommitted_words(found: Surroundings) -> str:
    """What tells the uncommitted code of runs apart: its size, and a hash where two have the same size."""
    words = uncommitted(found)
    git = _part(found, "git")
    return f"{words} · {_short_hash(diff_of(found), _part(git, 'untracked'))}" if words else ""


def _short_hash(diff: str, untracked: Mapping[str, Any]) -> str:
    told = f"{diff}\0{sorted(untracked.items(), key=str)}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:6]


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return middle_cut(one_line(value), _TEXT) if isinstance(value, str) else ""
