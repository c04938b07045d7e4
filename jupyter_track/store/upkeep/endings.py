"""What an export is, told by the ending of its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ...errors import InvalidValue
from ..place import STORE_NAME
from .export import copy_store
from .portable import pack
from .tables import tables
from .turns import Progress

Form = Literal["csv", "parquet", "json", "store", "zip"]

ENDINGS: dict[str, Form] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".db": "store",
    ".sqlite": "store",
    ".zip": "zip",
}


def form_of(target: Path) -> Form:
    """Return the form that a target's name says; a folder gets CSV.

    Raises
    ------
    InvalidValue
        Where it has an ending that says nothing to us; it would be taken for a folder.

    Examples
    --------
    >>> [form_of(Path(name)) for name in ("paper.zip", "runs.csv", "tables")]
    ['zip', 'csv', 'csv']
    """
    form = ENDINGS.get(target.suffix.lower())
    if form is None and target.suffix and not target.is_dir():
        raise InvalidValue(
            f"Files that end in {target.suffix!r} are not written; name one that ends in .csv, .parquet, .json, .db, "
            ".sqlite or .zip, or a folder."
        )
    return form or "csv"


def export(
    store: Path, target: Path, runs: Sequence[str], *, overwrite: bool = False, progress: Progress | None = None
) -> Path:
    """Write runs into a file, or a folder of files, in the form that its name says; return it.

    Parameters
    ----------
    store, target : Path
    runs : sequence of str
        Their ids.
    overwrite : bool, default False
        Replace what is there.
    progress : callable, optional
        Called with what is done, and with all.

    Raises
    ------
    InvalidValue, AlreadyExists, NotFound, StoreError
        As `export.copy_store`, `portable.pack` and `tables.tables`.
    """
    form, ids = form_of(target), list(runs)
    if form == "zip":
        return pack(store, target, runs=ids, overwrite=overwrite, progress=progress).target
    if form == "store":
        place = target if target.suffix else target / STORE_NAME
        return copy_store(store, place, runs=ids, overwrite=overwrite, progress=progress).target
    tables(store, target, form, runs=ids, overwrite=overwrite, progress=progress)
    return target
