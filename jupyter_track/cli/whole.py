"""One run with its files and cells, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import CorruptStore, NotFound
from ..records import Artifact, Execution, Run
from ..store.reader import Reader
from ..views.beside import ALONE, Beside, beside_of
from .plain import artifact_plain, execution_plain, run_plain


@dataclass(frozen=True)
class WholeRun:
    """A run with its files. `problems` says what could not be read, a sentence each; the rest is there.

    `beside` is what is known of other runs: what changed, those that it repeats, its children. `surroundings` is what
    surrounded it, by kind.
    """

    run: Run
    artifacts: tuple[Artifact, ...]
    executions: tuple[Execution, ...]
    output: str | None
    problems: tuple[str, ...] = ()
    beside: Beside = ALONE
    surroundings: Mapping[str, Any] = field(default_factory=dict)


def read_whole(reader: Reader, reference: str) -> WholeRun:
    """Return the run that is meant, with what belongs to it.

    Raises
    ------
    NotFound
        Where there is no such run.
    """
    run = reader.run(reader.resolve(reference))
    artifacts = reader.artifacts(run.run_id)
    problems: list[str] = []
    executions: list[Execution] = []
    try:
        executions = reader.executions(run.run_id)
    except (NotFound, CorruptStore) as error:
        problems.append(f"The source cannot be read: {error}")
    output = None
    try:
        printed = [reader.content(one.sha256) for one in artifacts if one.kind == "output"]
        output = b"".join(printed).decode("utf-8", "replace") if printed else None
    except (NotFound, CorruptStore) as error:
        problems.append(f"The output cannot be read: {error}")
    around = reader.surroundings([run.run_id]).get(run.run_id, {})
    return WholeRun(run, tuple(artifacts), tuple(executions), output, tuple(problems), beside_of(reader, run), around)


def whole_plain(whole: WholeRun) -> dict[str, Any]:
    """Return a run with its files as plain data."""
    return {
        **run_plain(whole.run),
        "artifacts": [artifact_plain(artifact) for artifact in whole.artifacts],
        "executions": [execution_plain(execution) for execution in whole.executions],
        "output": whole.output,
        "problems": list(whole.problems),
        "surroundings": dict(whole.surroundings),
    }
