"""`report`: what is known of some runs as one HTML file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..panels.display import Display
from ..recording.session import session
from ..records import Run
from ..store import pending
from ..store.place import store_exists
from ..views.found import Runs

if TYPE_CHECKING:
    from ..reports.make import Report
    from ..views.compared import Comparison

PATIENCE = 1.0  # seconds after which it is said how far it is
BAR = 20  # characters


def report(
    runs: Runs | Comparison | Iterable[Run | str | int] | Run | str | int | None = None,
    *,
    to: str | os.PathLike[str] | None = "report.html",
    title: str = "",
    author: str = "",
    lang: str = "",
    text: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    sections: Sequence[str] | None = None,
    kind: str | None = None,
    metric: str | None = None,
    compare: Iterable[Run | str | int] | None = None,
    template: str | os.PathLike[str] | None = None,
    built: datetime | int | float | None = None,
    private: bool = True,
    overwrite: bool = False,
) -> Report:
    """Write one HTML file that says what is known of some runs, and needs no server, no network and no notebook.

    It opens in any browser, is read without scripts too, and prints well. With them, its tables and charts do what the
    panels do.

    Parameters
    ----------
    runs : Runs, Comparison, runs as people name them, or a filter, optional
        ``"loss < 0.1"``, ``"best"``, ``["baseline", 12]``, ``track.runs(…)``; by default all active runs.
    to : path or None, default "report.html"
        The file, relative to the working directory; None writes none. One that ends in ``.md`` is Markdown, with its
        pictures in a folder beside it.
    title : str, optional
        By default the name of the experiment, or of the run.
    author : str, optional
        Who stands below it; by default nobody.
    lang : str, optional
        The language of the title and the text, as ``de`` or ``pt-BR``, for who has them read aloud.
    text : str or path, optional
        Markdown, or a ``.md`` file. Values are written ``{{ best.metrics.accuracy | round(3) }}``; ``{{ curves("loss")
        }}`` and ``{{ table() }}`` on a line of their own place a chart and the table. Pictures that it shows, and small
        files that it links, go along.
    folder : path, optional
        Where these may lie; by default only in the folder of the ``.md`` file.
    sections : sequence of str, optional
        Which parts, in which order: ``text summary table curves comparison parallel importance figures code data
        environment git notes``.
    kind : {"run", "comparison", "experiment"}, optional
        By default of a run where there is one, a comparison of two to eight that are named, else an experiment.
    metric : str, optional
        By which the runs are ranked; by default the main one.
    compare : runs, optional
        Those that stand side by side, the first is what the others are measured against; by default the baseline, the
        best and the pinned ones.
    template : path, optional
        A Jinja2 template that begins with ``{% extends "report.html" %}``.
    built : datetime or seconds, optional
        The moment that the report says it was made at; by default SOURCE_DATE_EPOCH, or now. The same store in
        its place and the same options then give the same bytes.
    private : bool, default True
        Whether paths of this machine, and who ran it, are left out.
    overwrite : bool, default False
        Whether a file that is no report is replaced; a report always is.

    Returns
    -------
    Report
        With ``.path``, ``.html`` and ``.save(path)``.

    Raises
    ------
    NotFound
        Where there is no such run, or no run has the metric.
    InvalidValue
        For a section or a kind that there is not; with the line, for a text that names what is not there.
    AlreadyExists
        Where the file is there and is no report.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.report("params.model = 'svm'", title="Support vector machines", to="svm.html")  # doctest: +SKIP
    >>> track.report("best", text="The best run reached {{ run.metrics.accuracy }}.")  # doctest: +SKIP
    """
    tracker = session.tracker()
    pending.flush(tracker.store)
    store = runs.store if isinstance(runs, Runs) and runs.store is not None else tracker.store
    if not store_exists(store):
        raise NotFound(f"There is no store at {store} yet; the first run makes it.")
    made = make(
        store,
        runs,
        title=title,
        author=author,
        lang=lang,
        text=text,
        folder=folder,
        sections=sections,
        kind=kind,
        metric=metric,
        compare=compare,
        template=template,
        built=built,
        private=private,
    )
    return made if to is None else made.save(to, overwrite=overwrite)


def make(store: Path, runs: Any, **options: Any) -> Report:
    """Make a report from what a person gives; it is said how far it is where it takes long."""
    from ..reports.make import make_report
    from ..reports.options import asked_of
    from ..store.reader import Reader

    reader = Reader(store)
    run_ids, asked = asked_of(reader, runs, **options)
    with _Progress() as progress:
        return make_report(reader, run_ids, asked, step=progress.step)


class _Progress:
    """A bar with the part that is being made, from the first second on, where a person looks; it goes at the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown: Callable[[str], object] | None = None
        self._last = "", -1

    def __enter__(self) -> _Progress:
        return self

    def step(self, name: str, done: int, total: int) -> None:
        """Say which part is next, or still under way."""
        if time.monotonic() - self._began > PATIENCE and (name, done) != self._last:
            full = round(BAR * done / max(total, 1))
            self._shown, self._last = self._shown or _place(), (name, done)
            self._shown(f"report {'━' * full}{'─' * (BAR - full)} {name}")

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._shown("")


def _place() -> Callable[[str], object]:
    """Where a bar may be shown: under the cell of a notebook, or on a terminal; elsewhere nobody looks."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    publisher = getattr(shell, "display_pub", None)
    if hasattr(publisher, "parent_header"):
        display = Display(publisher)
        return lambda line: display.show({"text/plain": line})
    if sys.stderr.isatty():
        return lambda line: print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)  # noqa: T201
    return lambda line: None
