"""Makes a report of some runs of a store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from ..errors import AlreadyExists, InvalidValue
from ..records import Run
from ..store.appearing import appearing
from ..store.reader import Reader
from ..views.format import one_line, size
from ..views.markup import element, join, muted
from ..views.words import counted
from . import beside, charts, facts, files, frozen, summary
from .asked import BELOW, SECTIONS, Asked, check, kind_of, sections_of
from .chosen import chosen_table, of_runs
from .document import MARK, MARKED_WITHIN, Block, Document, Section, Sentence
from .folders import is_markdown, save_markdown
from .material import Material, day, material_of
from .narrative import Narrative, Text
from .values import run_meant, values_of

Step = Callable[[str, int, int], object]
"""Told the name of a part before it is made and within one that takes long, how many were made, how many there are."""
_MAKERS: dict[str, Callable[[Material], list[Block]]] = {
    "summary": summary.summary,
    "table": charts.table,
    "curves": charts.curves,
    "comparison": beside.comparison,
    "parallel": charts.parallel,
    "importance": charts.importance,
    "figures": files.figures,
    "tables": files.tables,
    "code": files.code,
    "data": facts.data,
    "environment": facts.environment,
    "git": facts.git,
    "notes": facts.notes,
}
HTML = (".html", ".htm")
REPLACED = "the file that was there is replaced"
_NOTHING = {
    "text": "There is no text.",
    "summary": "There is nothing to say of the runs.",
    "table": "There are no runs.",
    "curves": "No metric has a curve.",
    "comparison": "There are not two runs to compare.",
    "parallel": "There are too few runs, or their params do not differ.",
    "importance": "That needs ten runs or more with a metric, and params that differ.",
    "figures": "No figure was recorded.",
    "tables": "No table was logged.",
    "code": "No code was recorded.",
    "data": "No data were recorded.",
    "environment": "Nothing was recorded of the environment.",
    "git": "No commit was recorded.",
    "notes": "Nothing was noted.",
}


@dataclass(frozen=True)
class Report:
    """A report that was made.

    Attributes
    ----------
    document : Document
        What it says, as plain data.
    html : str
        The whole file.
    path : Path or None
        Where it was written; None where it was not.
    told : tuple of str
        What who made it should know: that one of several runs of a name was taken, that a file was replaced.
    """

    document: Document
    html: str
    path: Path | None = None
    told: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its title."""
        return self.document.title

    @property
    def size(self) -> int:
        """The bytes of the file; of the page, where it was not written or is gone."""
        try:
            return len(self.html.encode()) if self.path is None else self.path.stat().st_size
        except OSError:
            return len(self.html.encode())

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Report:
        """Write the file whole or not at all, and return the report with its place.

        Parameters
        ----------
        path : path
            Where it ends in ``.md`` it is written as Markdown, with its pictures in a folder beside it.
        overwrite : bool, default False
            Whether a file that is no report of ours is replaced.

        Raises
        ------
        AlreadyExists
            Where there is such a file.
        InvalidValue
            For what names no file, or one that ends in neither ``.html`` nor ``.md``.
        StoreUnavailable
            Where it cannot be written.
        """
        place = _place(path)
        if place.suffix.lower() not in HTML and not is_markdown(place):
            raise InvalidValue(
                f"{place.name} is the name of no report: it ends in .html or .md. A browser prints the HTML as PDF."
            )
        saved = replace(self, path=place, told=(*self.told, *((REPLACED,) if os.path.lexists(place) else ())))
        if is_markdown(place):
            save_markdown(self.document, place, overwrite=overwrite)
            return saved
        if os.path.lexists(place) and not overwrite and not is_report(place):
            raise AlreadyExists(
                f"{place} is there and is no report; name another file, or give --overwrite (overwrite=True)."
            )
        with appearing(place) as part:
            part.write_bytes(self.html.encode())
        return saved

    def _repr_html_(self) -> str:
        if self.path is None:
            return element("div", str(self))
        try:
            address = self.path.resolve().relative_to(Path.cwd().resolve()).as_posix()
        except ValueError:  # elsewhere: a page of the server has no address for it
            return element("div", str(self))
        link = element("a", address, href=quote(address), target="_blank")
        return element("div", join([link, muted(str(self).removeprefix(str(self.path)))]))

    def __str__(self) -> str:
        where = "not saved yet" if self.path is None else str(self.path)
        return " · ".join([where, size(self.size), one_line(self.title), *self.told])

    def __repr__(self) -> str:
        return f"<Report {str(self)!r}>"


def _place(path: str | os.PathLike[str]) -> Path:
    if not os.fspath(path):
        raise InvalidValue("The report has no name; name a file, such as 'report.html'.")
    try:
        place = Path(path).expanduser()
    except RuntimeError as error:  # ~nobody
        raise InvalidValue(f"{os.fspath(path)!r:.80} names no file: {error}") from None
    if "\0" in str(place):
        raise InvalidValue(f"{str(place)!r:.80} names no file.")
    if os.path.isdir(place):
        raise InvalidValue(f"{place} is a folder; name a file, such as {place / 'report.html'}.")
    return place


def is_report(path: Path) -> bool:
    """Return whether a file is a report of ours."""
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(MARKED_WITHIN)
    except OSError:
        return False


def make_report(reader: Reader, run_ids: Sequence[str], asked: Asked, *, step: Step | None = None) -> Report:
    """Make a report of runs.

    Parameters
    ----------
    reader : Reader
    run_ids : sequence of str
        Whole ids; of a comparison the first is what the others are measured against.
    asked : Asked
    step : callable, optional
        See `Step`.

    Raises
    ------
    TrackError
        For what is asked for and cannot be made, in words for the person.
    """
    from .pages import html_of

    told = _Steps(step)
    document = _document(reader, run_ids, asked, told)
    told("page")
    return Report(document, html_of(document, asked.template), told=asked.told)


def document_of(reader: Reader, run_ids: Sequence[str], asked: Asked, *, step: Step | None = None) -> Document:
    """Return a report as plain data."""
    return _document(reader, run_ids, asked, _Steps(step))


class _Steps:
    """Counts the parts as they are made."""

    def __init__(self, step: Step | None) -> None:
        self._step = step
        self._done, self.total = 0, len(SECTIONS) + 3
        self._name = ""

    def __call__(self, name: str) -> None:
        self._name = name
        self._done += 1
        self.again()

    def again(self) -> None:
        """Tell the part that is being made once more: it takes long."""
        if self._step is not None:
            self._step(self._name, min(self._done - 1, self.total), self.total)


def _document(reader: Reader, run_ids: Sequence[str], asked: Asked, told: _Steps) -> Document:
    check(asked)
    kind = kind_of(asked, len(run_ids))
    told.total = len(sections_of(asked, kind)) + 3
    told("runs")
    material = material_of(reader, run_ids, asked, kind, built_of(asked))
    material.going = told.again
    with material.drawing:
        text = _text(material, told)
        sections = _live_once(list(_sections(material, text, told)))
    blocks = [block for section in sections for block in section.blocks]
    told("panels")
    panels, answers = frozen.panels_of(material, blocks)
    return Document(
        title=one_line(material.reader.privacy.prose(asked.title)) or text.title or _title(material),
        lead=_lead(material),
        kind=kind,
        built=material.now,
        sections=tuple(sections),
        marks=tuple(_marks(material)),
        panels=panels,
        answers=answers,
        author=one_line(asked.author),
        lang=asked.lang,
    )


def built_of(asked: Asked) -> int:
    """Return the moment that a report says it was made at: what was asked for, SOURCE_DATE_EPOCH, or now.

    Raises
    ------
    InvalidValue
        Where SOURCE_DATE_EPOCH is no number of seconds, or no moment that a date can name.
    """
    if asked.built is not None:
        return asked.built
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not epoch:
        return int(time.time()) * 1000
    try:
        seconds = int(epoch)
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidValue(f"SOURCE_DATE_EPOCH is a number of seconds since 1970, not {epoch!r:.40}.") from None
    return seconds * 1000


# ---- sections


def _live_once(sections: Sequence[Section]) -> list[Section]:
    """Let a panel live at its first place only: what it is sent is in the file once."""
    seen: set[str] = set()
    found = []
    for section in sections:
        blocks = []
        for block in section.blocks:
            name = getattr(block, "panel", "")
            blocks.append(replace(block, panel="") if name in seen else block)  # type: ignore[call-arg]
            seen |= {name} - {""}
        found.append(replace(section, blocks=tuple(blocks)))
    return found


def _text(material: Material, step: _Steps) -> Text:
    """The narrative; nothing where there is none."""
    if not material.asked.text:
        return Text()
    step("text")
    return _narrative(material).sections(material.asked.text)


def _sections(material: Material, text: Text, step: _Steps) -> Iterator[Section]:
    asked = material.asked
    names = list(sections_of(asked, material.kind))
    # What the text shows itself is not shown twice; of what was asked for by name a part in the text is not all.
    shown = text.placed if asked.sections is None else text.whole
    if asked.sections is None and material.kind == "run" and material.below is None:
        names = [name for name in names if name not in BELOW]
    for name in names:
        if name in shown:
            continue
        if name == "text":
            yield from text.sections
            if text.sections or asked.sections is None:
                continue
        step(name)
        blocks = _MAKERS[name](material) if name in _MAKERS else []
        if not blocks and asked.sections is not None:
            blocks = [Sentence(_NOTHING[name], token="muted")]
        if blocks:
            titles = SECTIONS if material.below is None else {**SECTIONS, **BELOW}
            yield Section(name, titles[name], tuple(blocks))


def _narrative(material: Material) -> Narrative:
    asked = material.asked
    numbered = iter(range(1, 1_000))

    def curves(*metrics: str, runs: object = None) -> list[Block]:
        return charts.curves(of_runs(material, runs), metrics, panel=f"curves-{next(numbered)}")

    def table(rows: object = None, columns: Iterable[str] | None = None) -> list[Block]:
        if rows is None and columns is None:
            return charts.table(material)
        return chosen_table(material, rows, columns)

    def of_run(make: Callable[[Material, Run | None], list[Block]]) -> Callable[..., list[Block]]:
        def made(meant: object = None) -> list[Block]:
            return make(material, None if meant is None else run_meant(material, meant))

        return made

    def of_all(make: Callable[[Material], list[Block]]) -> Callable[[], list[Block]]:
        def made() -> list[Block]:
            return make(material)

        return made

    own: dict[str, Callable[..., list[Block]]] = {
        "curves": curves,
        "table": table,
        "figures": of_run(files.figures),
        "tables": of_run(files.tables),
        "code": of_run(files.code),
    }
    places = {**{name: of_all(make) for name, make in _MAKERS.items()}, **own}
    for name, place in places.items():
        places[name] = _saying(name, place)
    folder = asked.text_folder or asked.folder
    return Narrative(asked.text_name, values_of(material), places, folder, asked.folder)


def _saying(name: str, place: Callable[..., list[Block]]) -> Callable[..., list[Block]]:
    """What a text places: that there is nothing is said, as of a section that was named."""
    place.__qualname__ = name  # what Python says of a wrong call names the function as the text does

    def placed(*args: object, **options: object) -> list[Block]:
        return place(*args, **options) or [Sentence(_NOTHING[name], token="muted")]

    return placed


def _title(material: Material) -> str:
    if material.kind == "run":
        return one_line(material.label(material.runs[0]))
    names = list(dict.fromkeys(one_line(run.experiment_name) for run in material.runs))
    if material.kind == "comparison":
        columns = material.comparison.runs if material.asked.columns and material.comparison else ()
        labels = [one.name for one in columns] or [one_line(material.label(run)) for run in material.compared]
        count = len(labels) + material.not_compared
        if count == 2:
            return " and ".join(labels)
        return f"Comparison of {counted(count, 'group' if columns else 'run')}"
    return (
        names[0] if len(names) == 1 else f"{counted(len(material.runs), 'run')} of {counted(len(names), 'experiment')}"
    )


def _lead(material: Material) -> str:
    runs: Sequence[Run] = material.runs
    names = list(dict.fromkeys(one_line(run.experiment_name) for run in runs))
    days = sorted({day(run.start_time) for run in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    if material.kind == "run":  # which one, also where the title is another
        label = f"{one_line(material.label(runs[0]))} · " if material.asked.title else ""
        return f"{label}run {runs[0].run_id[:8]} of {names[0]} · {when}"
    where = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{counted(len(runs), 'run')} of {where} · {when}"


def _marks(material: Material) -> list[str]:
    """What a reader must know of the whole."""
    running = [f"#{run.number}" for run in material.runs if run.state == "running"]
    deleted = [f"#{run.number}" for run in material.runs if run.lifecycle_stage == "deleted"]
    told = []
    if running:
        verb = "was" if len(running) == 1 else "were"
        which = "" if len(running) == 1 else f"#{material.best.number} " if material.best is not None else ""
        best = f", and {which}is the best so far" if _goes_on(material.best) else ""
        told.append(
            f"{_listed(running)} {verb} still running when this was made{best}: numbers may have changed since."
        )
    if deleted:
        told.append(f"{_listed(deleted)}: in the bin of the store.")
    return told


def _goes_on(run: Run | None) -> bool:
    return run is not None and run.state == "running"


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers[:6]) + (f" and {len(numbers) - 6} more" if len(numbers) > 6 else "")


__all__ = ["Report", "built_of", "document_of", "is_report", "make_report"]
