"""mlflow's registry as the rows of a store: models, versions, aliases, descriptions and tags.

A version of mlflow's has no id of its own. The one that it gets here follows from its name, number, time and source, so
that it is known again when it is brought once more, whatever became of it here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..context.entered import safe_text
from ..errors import InvalidValue
from ..store.registry import ModelFile, check_name
from ..store.registry_edits import check_alias
from ..store.upkeep.models import ModelRows, VersionRows
from ..values import clean_text
from .found import FoundRegistered, FoundVersion

PROMPT = "mlflow.prompt.is_prompt"  # mlflow keeps prompts among the registered models
DELETED = "Deleted_Internal"  # the stage of a version that was deleted
MLMODEL = "MLmodel"
_MOST_HEAD = 200_000  # bytes of MLmodel in which the flavors stand
_FLAVORS = re.compile(r"^flavors:\s*\n((?:[ ].*\n|\s*\n)*)", re.MULTILINE)
_FLAVOR = re.compile(r"^ {2}([\w.-]+):", re.MULTILINE)

Tags = Callable[[Mapping[str, str]], dict[str, str]]
Files = Callable[[FoundVersion], list[ModelFile]]


def model_rows(
    found: Iterable[FoundRegistered],
    runs: Mapping[str, object],
    logged: Mapping[str, str],
    tags: Tags,
    files: Files,
    titles: Mapping[str, str],
    left_out: Callable[[str], None],
) -> dict[str, ModelRows]:
    """Return registered models as rows, by name.

    Parameters
    ----------
    found : iterable of FoundRegistered
    runs : mapping
        The ids of the runs that are brought are its keys.
    logged : mapping
        Of the ids of models that runs logged to their addresses here.
    tags, files : callable
        Make tags, and the files of a version, fit to be kept.
    titles : mapping
        Of the sha256 of an ``MLmodel`` to what it says in a line.
    left_out : callable
        Called with a sentence for each name that cannot be one here.
    """
    rows: dict[str, ModelRows] = {}
    for model in found:
        name = clean_text(model.name)
        try:
            check_name(name)
        except InvalidValue as error:
            left_out(str(error))
            continue
        own = rows[name] = ModelRows(
            {
                "id": 0,
                "name": name,
                "description": None if not model.description else safe_text(model.description),
                "created": model.created,
                "updated": model.updated,
                "newest": max([one.version for one in model.versions] or [0]),
            },
            tags(model.tags),
        )
        for one in model.versions:
            if one.stage == DELETED:
                continue
            version = _version_rows(model.name, one, runs, logged, tags, files, titles)
            own.versions[version.row["uuid"]] = version
        for alias, number in model.aliases.items():
            try:
                own.aliases[check_alias(alias)] = number
            except InvalidValue as error:
                left_out(str(error))
    return rows


def _version_rows(
    name: str,
    one: FoundVersion,
    runs: Mapping[str, object],
    logged: Mapping[str, str],
    tags: Tags,
    files: Files,
    titles: Mapping[str, str],
) -> VersionRows:
    kept = files(one)
    head = next((file.sha256 for file in kept if file.path == MLMODEL), "")
    run_id = one.run_id if one.run_id in runs else None
    named = "\0".join((name, str(one.version), str(one.created), one.source))
    staged = {"stage": one.stage} if one.stage not in ("", "None") else {}
    row = {
        "id": 0,
        "uuid": hashlib.sha256(f"mlflow\0{named}".encode("utf-8", "replace")).hexdigest()[:32],
        "version": one.version,
        "run_uuid": run_id,
        "source": _source(one, run_id, logged),
        "title": titles.get(head, "model"),
        "description": None if not one.description else safe_text(one.description),
        "user_id": clean_text(one.user_id),
        "created": one.created,
        "updated": one.updated,
    }
    return VersionRows(row, {**staged, **tags(one.tags)}, kept)


def _source(one: FoundVersion, run_id: str | None, logged: Mapping[str, str]) -> str:
    """The address of what was registered: that of a model of a run of this store, else the name of its folder."""
    if one.model_id in logged:
        return logged[one.model_id]
    if run_id is not None and f"/{run_id}/artifacts/" in one.address:
        return f"runs:/{run_id}/{clean_text(one.address.rpartition(f'/{run_id}/artifacts/')[2].strip('/'))}"
    return clean_text(Path(one.address.rstrip("/")).name or one.source)


def title_of(head: bytes) -> str:
    r"""Return what an ``MLmodel`` of mlflow's says in a line, read without YAML: its flavors.

    Examples
    --------
    >>> title_of(b"flavors:\n  python_function:\n    env: conda.yaml\n  sklearn:\n    code: null\nrun_id: a\n")
    'sklearn model'
    """
    section = _FLAVORS.search(head[:_MOST_HEAD].decode("utf-8", "replace"))
    names = _FLAVOR.findall(section.group(1)) if section else []
    own = [name for name in names if name != "python_function"]
    return clean_text(f"{', '.join(own)} model" if own else "pyfunc model" if names else "model")
