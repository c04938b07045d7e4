"""Which runs a person means, by a filter, by names and numbers, or by what a search has found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import FilterError, InvalidValue, NotFound
from ..records import Run
from ..store import run_rows, table_rows
from ..store.reader import Reader
from ..views.compared import Comparison
from ..views.format import one_line
from .among import is_word, run_among
from .material import best_among
from .privacy import Privacy
from .reading import CleanReader


def ids_meant(reader: Reader, meant: Any) -> tuple[list[str], bool]:
    """Return the ids of the runs that are meant, and whether they were named one by one.

    Parameters
    ----------
    reader : Reader
    meant : Runs, Comparison, DataFrame of `search_runs`, Run, str, int, or a list of those
        A text is a filter (``"loss < 0.1"``) or names runs (``"best"``, ``"#3..#7"``); None means all active runs.

    Raises
    ------
    FilterError
        For a text that is neither.
    NotFound
        Where a name means no run, or a filter finds none.
    InvalidValue
        For what is no run.
    """
    if meant is None or (isinstance(meant, str) and not meant.strip()):
        found = table_rows.ids_of(reader.store, table_rows.active_numbers(reader.store))
        if not found:
            raise NotFound("No runs here yet. Put %%track above a cell and run it.")
        return found, False
    if isinstance(meant, str):
        return _of_text(reader, meant)
    if isinstance(meant, Comparison):
        return [run_id for run in meant.runs for run_id in run.members or (run.run_id,)], True
    if hasattr(meant, "columns") and hasattr(meant, "iloc"):  # what search_runs() of mlflow's API gives
        return _of_frame(reader, meant), False
    if isinstance(meant, Iterable) and not isinstance(meant, Run):
        several = list(meant)
        return list(dict.fromkeys(run_id for one in several for run_id in _of_one(reader, one))), _are_named(several)
    return _of_one(reader, meant), True


def _of_frame(reader: Reader, frame: Any) -> list[str]:
    """The runs of a DataFrame with a column of their ids."""
    if "run_id" not in frame.columns:
        raise InvalidValue("A DataFrame of runs has a column 'run_id', as that of search_runs() has.")
    ids = list(dict.fromkeys(map(str, frame["run_id"])))
    if not ids:
        raise NotFound("The DataFrame has no runs.")
    return [run.run_id for run in reader.runs_of(ids)]


def namesakes(reader: Reader, meant: Any, run_ids: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be said of runs that were named as several are: the newest of them was taken."""
    several = [meant] if isinstance(meant, str) else meant if isinstance(meant, list | tuple) else []
    words = [one for one in several if isinstance(one, str)]
    given = {part.strip() for word in words for part in (word, *word.replace(",", " ").split())}
    if not given:
        return ()
    told = []
    for run in reader.runs_of(list(run_ids)):
        count = reader.count_named(run.name) if run.name in given else 1
        if count > 1:
            told.append(f"#{run.number} is the newest of {count:,} runs that are called {one_line(run.name)}")
    return tuple(told)


def in_experiments(reader: Reader, names: Sequence[str], meant: Any) -> Any:
    """Return what is meant of the runs of some experiments only; without names as it is.

    Raises
    ------
    NotFound
        Where there is no such experiment, or it has none of the runs.
    """
    if not names:
        return meant
    experiments = [reader.experiment_named(name).experiment_id for name in names]
    several = meant if isinstance(meant, list) else [meant]
    words = any(map(is_word, several))
    ids = []
    if meant is None or words:
        found = run_rows.find(reader.store, run_rows.search(experiments, "", (), 1, None, 0))
        ids = table_rows.ids_of(reader.store, found)
    if words:
        ids = [run_id for one in several for run_id in (_among(reader, ids, one) or ids_meant(reader, one)[0])]
    elif meant is not None:
        ids = ids_meant(reader, meant)[0]
    runs = [run for run in reader.runs_of(ids) if run.experiment_id in experiments]
    if not runs:
        raise NotFound(f"There is no such run in {', '.join(names)}.")
    return runs


def _among(reader: Reader, run_ids: Sequence[str], word: Any) -> list[str]:
    """The run of some that a word such as ``best`` means; none where it is no such word."""
    if not is_word(word) or not run_ids:
        return []
    clean = CleanReader(reader.store, Privacy(reader.store, True))
    runs = clean.runs_of(list(run_ids))
    return [run_among(clean, runs, word, best_among(clean, runs)).run_id]


def of_words(words: Sequence[str]) -> str | list[str]:
    """Return what the words of a command line mean: a filter, where they are one together, else names of runs."""
    whole = " ".join(words)
    try:
        run_rows.search(None, whole, (), 1, None, 0)
    except FilterError:
        several = list(words)
        return several[0] if len(several) == 1 else several
    return whole


def _are_named(several: Sequence[Any]) -> bool:
    return any(not isinstance(one, Run) for one in several)


def _of_one(reader: Reader, meant: Any) -> list[str]:
    if isinstance(meant, Run):
        return [meant.run_id]
    if hasattr(meant, "run_id"):  # a run that is open
        return [str(meant.run_id)]
    if isinstance(meant, (str, int)) and not isinstance(meant, bool):
        return [run.run_id for run in reader.runs_meant([meant])]
    if isinstance(meant, Iterable):
        raise InvalidValue("A report is of one list of runs; of several, report their comparison: track.compare(…).")
    raise InvalidValue(f"A report is of runs, names of runs or a filter, not {type(meant).__name__}.")


def _of_text(reader: Reader, text: str) -> tuple[list[str], bool]:
    """The runs that a filter finds; a text that is no filter names runs."""
    try:
        wanted = run_rows.search(None, text, (), 1, None, 0)
    except FilterError as error:
        try:
            return [run.run_id for run in reader.runs_meant([text.strip()])], True
        except NotFound:
            pass
        try:
            return [run.run_id for run in reader.runs_meant(text.replace(",", " ").split())], True
        except NotFound as not_found:
            if any(sign in text for sign in "<>=!"):
                raise error from None
            raise not_found from None
    found = table_rows.ids_of(reader.store, run_rows.find(reader.store, wanted))
    if not found:
        from ..store.filter_hints import unknown_keys

        raise NotFound(" ".join([f"No run matches {text.strip()!r:.200}.", *unknown_keys(reader.store, text)]))
    return found, False
