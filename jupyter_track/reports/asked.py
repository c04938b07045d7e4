"""What a person wants of a report: its kind, its sections in order, its text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import InvalidValue

Kind = Literal["run", "comparison", "experiment"]
KINDS: tuple[Kind, ...] = ("run", "comparison", "experiment")
SECTIONS: dict[str, str] = {
    "text": "Text",
    "summary": "Summary",
    "table": "Runs",
    "curves": "Curves",
    "comparison": "Comparison",
    "parallel": "Params and result",
    "importance": "What mattered",
    "figures": "Figures",
    "tables": "Tables",
    "code": "Code",
    "data": "Data",
    "environment": "Environment",
    "git": "Git",
    "notes": "Notes",
}
"""The sections by name, with their headings, in the order in which they stand by default."""

# A comparison has the curves of its runs.
OF_KIND: dict[Kind, tuple[str, ...]] = {
    "run": tuple(name for name in SECTIONS if name != "comparison"),
    "comparison": ("text", "summary", "table", "comparison", "data", "environment", "git", "notes"),
    "experiment": tuple(name for name in SECTIONS if name not in ("figures", "tables", "code")),
}
BELOW = {"table": "Runs below it", "parallel": SECTIONS["parallel"], "importance": SECTIONS["importance"]}
"""The sections that a report of one run has where there are runs below it, with their headings."""
MOST_COMPARED = 8
_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Asked:
    """What a person wants.

    Attributes
    ----------
    kind : {"run", "comparison", "experiment"} or None
        None goes by how many runs there are.
    title : str
        Empty for one that is made.
    author : str
        Who stands below it; empty for nobody.
    lang : str
        The language of the text and of the title, as BCP 47 has it; empty for English.
    sections : tuple of str or None
        Their names in order; None for those of the kind.
    text : str
        Markdown with values; empty for none.
    text_name : str
        Where the text is from, for messages: a file's name.
    text_folder : Path or None
        Where its pictures lie; None where it is no file.
    folder : Path or None
        Out of which nothing is taken that the text shows or links; None for the folder of the text.
    metric : str or None
        By which the runs are ranked; None for the main one.
    compare : tuple of str or None
        The ids of the runs that are compared, or what means one among those of the report (``best``); None for the
        baseline, the best and the pinned ones.
    columns : tuple of tuple of str
        The ids of each group, where groups of runs are compared; empty where runs are.
    template : Path or None
        A Jinja2 template that extends ours.
    built : int or None
        The moment that the report says it was made at, in milliseconds since the epoch; None for now.
    private : bool
        Whether paths of the author's machine, and who ran it, are left out.
    told : tuple of str
        What is said of it to who makes it, and does not stand in the report.
    """

    kind: Kind | None = None
    title: str = ""
    author: str = ""
    lang: str = ""
    sections: tuple[str, ...] | None = None
    text: str = ""
    text_name: str = "the text"
    text_folder: Path | None = None
    folder: Path | None = None
    metric: str | None = None
    compare: tuple[str, ...] | None = None
    columns: tuple[tuple[str, ...], ...] = ()
    template: Path | None = None
    built: int | None = None
    private: bool = True
    told: tuple[str, ...] = ()


def kind_of(asked: Asked, runs: int) -> Kind:
    """Return the kind of a report on so many runs."""
    if asked.kind is not None:
        return asked.kind
    return "run" if runs == 1 else "experiment"


def check(asked: Asked) -> None:
    """Refuse what there is not.

    Raises
    ------
    InvalidValue
        For a kind or a section that there is not, or one that is named twice.
    """
    if asked.kind is not None and asked.kind not in KINDS:
        raise InvalidValue(f"A report is of the kind {', '.join(KINDS)}, not {asked.kind!r:.40}.")
    seen: set[str] = set()
    for name in asked.sections or ():
        if name not in SECTIONS:
            near = difflib.get_close_matches(str(name)[:40], SECTIONS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(SECTIONS)}."
            raise InvalidValue(f"A report has no section {name!r:.40}; {hint}")
        if name in seen:
            raise InvalidValue(f"The section {name!r} is named twice.")
        seen.add(name)
    if asked.sections is not None and not asked.sections:
        raise InvalidValue(f"A report without sections says nothing; there is {', '.join(SECTIONS)}.")
    if asked.lang and _LANG.fullmatch(asked.lang) is None:
        raise InvalidValue(f"A language is told by its code, such as de or pt-BR, not {asked.lang!r:.40}.")
    if asked.folder is not None and not asked.folder.is_dir():
        raise InvalidValue(f"There is no folder {str(asked.folder)!r:.80} for what the text shows and links.")
    if asked.compare is not None and len(asked.compare) == 1:
        raise InvalidValue("A comparison needs two runs or more; --compare (compare=[…]) names one: name another.")


def sections_of(asked: Asked, kind: Kind) -> Sequence[str]:
    """Return the names of the sections in order; a text that is given and not placed comes first."""
    names = list(asked.sections or OF_KIND[kind])
    if asked.text and "text" not in names:
        names.insert(0, "text")
    return names
