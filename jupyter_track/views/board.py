"""What a board is continued with in code: the query that gives the runs which are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import TrackError
from ..store import run_rows

NO_RUN = "runs = track.runs(limit=0)"
"""The code that gives no run."""


def query_code(numbers: Sequence[int], text: str = "", among: str = "") -> str:
    r"""Return a line of code that gives some runs.

    Parameters
    ----------
    numbers : sequence of int
        The runs that are selected, by their numbers in the store; without any the filter counts.
    text : str, default ""
        What stands in the search of the table: a filter, or words.
    among : str, default ""
        The filter that the table's runs came from.

    Examples
    --------
    >>> query_code([3, 12])
    'runs = track.runs("number IN (3, 12)")'
    >>> query_code([], "params.model = 'svm'"), query_code([])
    ('runs = track.runs("params.model = \'svm\'")', 'runs = track.runs()')
    """
    if len(numbers) == 1:
        return f'runs = track.runs("number = {numbers[0]}")'
    if numbers:
        return f'runs = track.runs("number IN ({", ".join(map(str, sorted(numbers)))})")'
    filters = [found for found in (among.strip(), as_filter(text)) if found]
    found = filters[0] if len(filters) == 1 else " AND ".join(f"({one})" for one in filters)
    return f"runs = track.runs({_quoted(found)})" if found else "runs = track.runs()"


def runs_code(
    text: str,
    experiments: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    *,
    deleted: bool = False,
) -> str:
    """Return the call that gives the runs of a search, whose arguments are those of `jupyter_track.runs`.

    Examples
    --------
    >>> runs_code("params.C > 1", "nets"), runs_code("", ["nets", "trees"], limit=60)
    ('track.runs("params.C > 1", experiments="nets")', 'track.runs(experiments=["nets", "trees"], limit=60)')
    """
    given = [_quoted(text.strip())] if text.strip() else []
    given += [f"experiments={_literal(experiments)}"] if experiments is not None else []
    given += [f"order_by={_literal(order_by)}"] if order_by else []
    given += [f"limit={limit}"] if limit is not None else []
    given += ["deleted=True"] if deleted else []
    return f"track.runs({', '.join(given)})"


def as_filter(text: str) -> str:
    """Return what a person typed as a filter: itself where it is one, else the filter for its words."""
    if not text.strip():
        return ""
    try:
        run_rows.search(None, text, (), 1, None, 0)
    except TrackError:
        return run_rows.words_filter(text.split())
    return text.strip()


def _literal(texts: str | Sequence[str]) -> str:
    return _quoted(texts) if isinstance(texts, str) else f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    """A literal in double quotes, as people write a filter; by Python's own rules where that is not enough."""
    plain = '"' not in text and "\\" not in text and text.isprintable()
    return f'"{text}"' if plain else repr(text)
