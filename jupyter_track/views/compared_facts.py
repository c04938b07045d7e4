"""The lines of a comparison that are texts, equal or not: params, tags, environment, and what a run is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..records import Param, Run
from .changes import OWN_SOURCES
from .compared import Line, Value
from .format import PARAM_LIMIT, column_text, duration, middle_cut, one_line, param_text
from .samples import mean

NOTE_LIMIT = 60
COMMIT_TAG = "mlflow.source.git.commit"
_SYSTEM_TAGS = ("mlflow.", "jupyter_track.")
_SEVERAL = 3  # values of a group that are told one by one

Found = tuple[list[Line], list[Line]]  # what differs, and what is equal
Group = Sequence[Run]  # the runs of one column


def params(groups: Sequence[Group]) -> Found:
    """Return the lines of the params: those that the user wrote first."""
    runs = [run for group in groups for run in group]
    keys = dict.fromkeys(key for run in runs for key in run.params)
    own = {key for run in runs for key, param in run.params.items() if param.source in OWN_SOURCES}
    differ: list[Line] = []
    equal: list[Line] = []
    for key in sorted(keys, key=lambda key: key not in own):
        columns = [[run.params.get(key) for run in group] for group in groups]
        texts = [tuple(dict.fromkeys(None if one is None else one.text for one in column)) for column in columns]
        fulls = [several([_param(one) for one in column]) for column in columns]
        shorts = [several(["" if one is None else column_text(one) for one in column]) for column in columns]
        known = [one for column in columns for one in column if one is not None]
        right = all(param.type in ("int", "float") for param in known)
        raws = [column[0].value if column[0] is not None and len(set(found)) == 1 else None
                for column, found in zip(columns, texts, strict=True)]  # fmt: skip
        same = [set(found) == set(texts[0]) for found in texts]
        line = text_line("params", key, fulls, same, right=right, raws=raws, grouped=_grouped(groups))
        if right and len(set(shorts)) == len(set(fulls)):  # as in a table, where that still tells them apart
            line = replace(line, values=tuple(map(_shorter, line.values, shorts, fulls)))
        (equal if all(same) else differ).append(line)
    return differ, equal


def _shorter(value: Value, short: str, full: str) -> Value:
    return replace(value, text=short, full=full if full != short else "")


def _grouped(groups: Sequence[Group]) -> bool:
    """Whether a column tells of several runs, which takes more room."""
    return any(len(group) > 1 for group in groups)


def _param(param: Param | None) -> str:
    return "" if param is None else param_text(param, None)


def several(texts: Sequence[str]) -> str:
    """Return the values of a group: ``0, 1, 2``, or how many there are; and how many have none, where others do."""
    known = [text for text in texts if text]
    found = list(dict.fromkeys(known))
    told = ", ".join(found) if len(found) <= _SEVERAL else f"{len(found)} values"
    without = len(texts) - len(known)
    return f"{told} · {without} of {len(texts)} without" if known and without else told


def tags(groups: Sequence[Group]) -> Found:
    """Return the lines of the tags that people set."""
    runs = [run for group in groups for run in group]
    keys = dict.fromkeys(key for run in runs for key in run.own_tags if not key.startswith(_SYSTEM_TAGS))
    return _rows("tags", groups, {key: _tag(key) for key in keys})


def _tag(key: str) -> Callable[[Run], str]:
    return lambda run: run.own_tags.get(key, "")


def environment(groups: Sequence[Group]) -> Found:
    """Return the lines of what surrounded the runs, as far as it was recorded."""
    dirty = {"true": "uncommitted changes", "false": "clean"}
    asked: dict[str, Callable[[Run], str]] = {
        "commit": lambda run: run.own_tags.get(COMMIT_TAG, "")[:12],
        "branch": lambda run: run.own_tags.get("jupyter_track.git.branch", ""),
        "files": lambda run: dirty.get(run.own_tags.get("jupyter_track.git.dirty", ""), ""),
    }
    known = {label: say for label, say in asked.items() if any(say(run) for group in groups for run in group)}
    return _rows("environment", groups, known)


def facts(groups: Sequence[Group]) -> Found:
    """Return the lines of what a run is: its experiment, notebook, user, note and duration."""
    said: dict[str, Callable[[Run], str]] = {
        "experiment": lambda run: run.experiment_name,
        "notebook": lambda run: run.notebook or "",
        "user": lambda run: run.user_id,
        "note": lambda run: run.note or "",
    }
    differ, equal = _rows("run", groups, said)
    times = [_duration(group) for group in groups]
    line = text_line("run", "duration", times, [time == times[0] for time in times])
    (equal if len(set(times)) == 1 else differ).append(line)
    return differ, equal


def _duration(group: Group) -> str:
    """How long a run took; of a group the mean."""
    known = [run.duration for run in group if run.duration is not None]
    if not known:
        return ""
    return duration(known[0]) if len(group) == 1 else f"mean {duration(mean(known))}"


def _rows(group: str, groups: Sequence[Group], rows: Mapping[str, Callable[[Run], str]]) -> Found:
    differ: list[Line] = []
    equal: list[Line] = []
    for label, say in rows.items():
        columns = [[one_line(say(run)) for run in runs] for runs in groups]
        same = [set(column) == set(columns[0]) for column in columns]
        line = text_line(group, label, [several(column) for column in columns], same, grouped=_grouped(groups))
        (equal if all(same) else differ).append(line)
    return differ, equal


def text_line(
    group: str,
    label: str,
    texts: Sequence[str],
    same: Sequence[bool],
    *,
    right: bool = False,
    raws: Sequence[Any] | None = None,
    grouped: bool = False,
) -> Line:
    """Return a line of texts, cut so that those which differ still do."""
    cuts = telling_cuts(texts, NOTE_LIMIT if label == "note" or grouped else PARAM_LIMIT)
    values = [
        Value(cut, text if text != cut else "", same=equal and index > 0)
        for index, (cut, text, equal) in enumerate(zip(cuts, texts, same, strict=True))
    ]
    if raws is not None:
        values = [replace(value, raw=raw) for value, raw in zip(values, raws, strict=True)]
    return Line(group, middle_cut(one_line(label), PARAM_LIMIT), tuple(values), right=right, key=label)


def telling_cuts(texts: Sequence[str], limit: int) -> list[str]:
    """Return texts cut to `limit` characters so that those which differ still do.

    Long ones lose their middle. Where they differ only there, they lose what they have in common at their start.

    Examples
    --------
    >>> telling_cuts(["data/2026/a/images/train.csv", "data/2026/b/images/train.csv"], 12)
    ['…/2026/a/ima', '…/2026/b/ima']
    """
    cuts = [middle_cut(text, limit) for text in texts]
    if len(set(cuts)) == len(set(texts)):
        return cuts
    letters = zip(*(text for text in texts if len(text) > limit), strict=False)
    common = next((at for at, several in enumerate(letters) if len(set(several)) > 1), 0)
    start = max(common - limit // 2, 1)
    found = [text if len(text) <= limit else "…" + text[start : start + limit - 1] for text in texts]
    return found if len(set(found)) > len(set(cuts)) else cuts


def both(one: Found, other: Found) -> Found:
    """Return two kinds of lines as one."""
    return [*one[0], *other[0]], [*one[1], *other[1]]
