"""Candidates for tidying: by reason, never what somebody cares for, and nothing without being asked for."""

from __future__ import annotations

import math
import uuid
from pathlib import Path
from typing import Any

import pytest
from made_stores import START, add_run, add_runs, made_points, made_store, with_code, write
from whole_stores import contents_of

from jupyter_track.errors import InvalidValue, StoreUnavailable
from jupyter_track.store import edits, files
from jupyter_track.store.batch import Batch
from jupyter_track.store.liveness import this_process
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import clean

DAY = 86_400_000
NOW = START + 100 * DAY


@pytest.fixture(autouse=True)
def empty(store: Path) -> None:
    """Make the store."""
    made_store(store.parent)


def found(store: Path, **options: Any) -> dict[str, list[str]]:
    """The names of the candidates by reason."""
    names = {run.run_id: run.name for run in Reader(store).runs(view_type=3)}
    reasons = clean.candidates(store, **{"now_ms": NOW, **options})
    return {reason.name: [names[run_id] for run_id in reason.run_ids] for reason in reasons}


def keep(store: Path, run_id: str, data: bytes, kind: str = "file") -> None:
    """Log content to a run."""
    kept = files.keep(store, data)
    batch = Batch(uuid.uuid4().hex, 1)
    row = {"path": f"{kind}.txt", "sha256": kept.sha256, "size": kept.size, "mime": "text/plain", "kind": kind}
    batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)


def test_failed_and_empty(store: Path) -> None:
    """Failed, stopped and lost runs without a metric or an artifact of their own; output and source do not count."""
    identity = {"host_id": this_process().host_id, "boot_id": this_process().boot_id, "pid": 2**22 + 1}
    ids = add_runs(
        store,
        {"name": "failed", "status": "FAILED", "duration": 900.0},
        {"name": "stopped", "status": "KILLED", "params": {"lr": 1}, "tags": {"mlflow.source": "x"}},
        {"name": "lost", "status": "RUNNING", **identity, "process_start": "1"},
        {"name": "with a metric", "status": "FAILED", "metrics": {"x": 1.0}, "duration": 10.0},
        {"name": "with a figure", "status": "FAILED", "duration": 10.0},
        {"name": "with output", "status": "FAILED"},
        {"name": "finished", "duration": 10.0},
    )
    keep(store, ids[4], b"png", "figure")
    keep(store, ids[5], b"text", "output")
    assert found(store) == {"failed-empty": ["failed", "stopped", "lost", "with output"]}


def test_too_short(store: Path) -> None:
    """Ended within five seconds, and failed or without anything; a quick fit that has a result is none."""
    ids = add_runs(
        store,
        {"name": "nothing", "duration": 1.0},
        {"name": "interrupted", "status": "KILLED", "duration": 4.9, "metrics": {"x": 1.0}},
        {"name": "quick fit", "duration": 0.1, "metrics": {"x": 1.0}},
        {"name": "quick figure", "duration": 0.1},
        {"name": "long enough", "duration": 5.0},
        {"name": "unknown"},
    )
    keep(store, ids[3], b"png", "figure")
    assert found(store) == {"short": ["nothing", "interrupted"]}
    assert found(store, short=0.5) == {}


def test_a_dataset_is_something(store: Path) -> None:
    """A run that only says which data there are has logged something."""
    ids = add_runs(store, {"name": "data", "duration": 1.0}, {"name": "nothing", "duration": 1.0})
    kept = files.keep(store, b"{}")
    dataset = {"name": "train", "digest": "1", "context": "", "source_type": "code", "source": "{}", "tags": "{}"}
    batch = Batch(uuid.uuid4().hex, 1)
    content = (kept.size, kept.data)
    batch.add_dataset(ids[0], {**dataset, "position": 1, "sha256": kept.sha256, "content": content})
    write(store, batch)
    assert found(store) == {"short": ["nothing"]}


def test_repeats(store: Path) -> None:
    """The older ones of the finished runs with the same code, params, experiment and parent."""
    same: dict[str, Any] = {"params": {"C": 1}, "duration": 10.0, "metrics": {"x": 1.0}}
    with_code(
        store,
        {"name": "first", **same},
        {"name": "second", **same},
        {"name": "elsewhere", **same, "experiment": "other"},
        {"name": "with another param", **same, "params": {"C": 2}},
        {"name": "failed", **same, "status": "FAILED"},
        {"name": "newest", **same},
    )
    with_code(store, {"name": "with other code", **same}, code=b"C = 1  # again")
    add_runs(store, {"name": "without code", **same}, {"name": "without code either", **same})
    assert found(store, repeats=True) == {"repeats": ["first", "second"]}


def test_repeats_are_no_candidates_unless_asked_for(store: Path) -> None:
    """They are what the noise of a metric is known from; asked for, the same runs are listed."""
    same: dict[str, Any] = {"params": {"C": 1}, "duration": 10.0, "metrics": {"x": 1.0}}
    with_code(store, {"name": "first", **same}, {"name": "second", **same}, {"name": "newest", **same})
    assert found(store) == {}
    assert found(store, repeats=True) == {"repeats": ["first", "second"]}


def test_old(store: Path) -> None:
    """Those that started longer ago than asked for; none where nothing is asked for."""
    add_runs(store, {"name": "old", "start_time": NOW - 31 * DAY}, {"name": "new", "start_time": NOW - 29 * DAY})
    assert found(store) == {}
    assert found(store, older_than_ms=30 * DAY) == {"old": ["old"]}


@pytest.mark.parametrize(
    ("age", "title"),
    [
        (30 * DAY, "older than 30 days"),
        (DAY, "older than 1 day"),
        (36 * 3_600_000, "older than 1.5 days"),
        (3_600_000, "older than 1 hour"),
        (45 * 60_000, "older than 45 minutes"),
        (1_000, "older than 1 s"),
        (0, "older than 0 s"),
    ],
)
def test_an_age_is_told_in_a_unit_of_its_size(store: Path, age: int, title: str) -> None:
    """Not a second as a hundred-thousandth of a day."""
    add_run(store, name="old", start_time=NOW - 40 * DAY)
    assert [reason.title for reason in clean.candidates(store, older_than_ms=age, now_ms=NOW)] == [title]


def test_each_run_has_one_reason(store: Path) -> None:
    """A run that several reasons fit is listed under the first, so that counts and bytes add up."""
    with_code(
        store,
        {"name": "a", "status": "FAILED", "duration": 1.0},
        {"name": "b", "duration": 1.0},
        {"name": "c", "duration": 10.0},
        {"name": "d", "duration": 10.0},
    )
    assert found(store, older_than_ms=0, repeats=True) == {
        "failed-empty": ["a"],
        "short": ["b"],
        "repeats": ["c"],
        "old": ["d"],
    }


def test_what_somebody_cares_for_is_never_a_candidate(store: Path) -> None:
    """Pinned, noted, tagged by a person, baseline, running."""
    process = this_process()
    alive = {"host_id": process.host_id, "boot_id": process.boot_id, "pid": process.pid, "process_start": process.start}
    failed = {"status": "FAILED", "duration": 1.0}
    ids = add_runs(
        store,
        {"name": "pinned", **failed},
        {"name": "noted", **failed, "note": "why"},
        {"name": "tagged", **failed, "tags": {"keep": "yes"}},
        {"name": "baseline", **failed},
        {"name": "running", "status": "RUNNING", **alive},
        {"name": "blank note", **failed, "note": " "},
        {"name": "tagged by us", **failed, "tags": {"jupyter_track.git.commit": "abc", "mlflow.user": "me"}},
    )
    edits.pin_runs(store, ids[:1])
    edits.set_baseline(store, ids[3])
    assert found(store, older_than_ms=0) == {"failed-empty": ["blank note", "tagged by us"]}


def test_the_best_is_never_a_candidate(store: Path) -> None:
    """By each metric with a declared or guessed goal, by its last value and its curve's best; of equals the newest."""
    old: dict[str, Any] = {"duration": 10.0}
    add_runs(
        store,
        {"name": "best loss", **old, "metrics": {"loss": 0.1}},
        {"name": "once the lowest", **old, "metrics": {"loss": [0.01, 0.5]}},
        {"name": "as good as the next", **old, "metrics": {"accuracy": 0.9}},
        {"name": "best accuracy", **old, "metrics": {"accuracy": 0.9}},
        {"name": "worse", **old, "metrics": {"loss": 0.3, "accuracy": 0.8}},
        {"name": "infinite", **old, "metrics": {"loss": -math.inf}},
        {"name": "nan", **old, "metrics": {"loss": math.nan}},
        {"name": "no goal", **old, "metrics": {"thing": 1.0}},
        {"name": "declared", **old, "metrics": {"other": 2.0}, "experiment": "e"},
        {"name": "declared worse", **old, "metrics": {"other": 3.0}, "experiment": "e"},
    )
    batch = Batch(uuid.uuid4().hex, 1)
    batch.add_goal("e", ("other", "min"))
    write(store, batch)
    assert found(store, older_than_ms=0) == {
        "old": ["as good as the next", "worse", "infinite", "nan", "no goal", "declared worse"]
    }


def test_the_best_that_did_not_break_off_stays_too(store: Path) -> None:
    """A failed run with a better value does not take the place of the one that ``best`` names; both stay."""
    old = {"start_time": START, "duration": 60.0}
    add_runs(
        store,
        {"name": "exploded", **old, "status": "FAILED", "metrics": {"loss": 0.1}},
        {"name": "best", **old, "metrics": {"loss": 0.2}},
        {"name": "worse", **old, "metrics": {"loss": 0.3}},
    )
    assert found(store, older_than_ms=DAY) == {"old": ["worse"]}


def test_a_parent_goes_only_with_its_children(store: Path) -> None:
    """A run stays while one below it stays, at any depth; deleted children do not count."""
    top = add_run(store, name="top", status="FAILED")
    middle = add_run(store, name="middle", status="FAILED", parent_uuid=top)
    leaf = add_run(store, name="leaf", note="kept", status="FAILED", parent_uuid=middle)
    assert found(store) == {}
    edits.set_note(store, [leaf], None)
    assert found(store) == {"failed-empty": ["top", "middle", "leaf"]}
    edits.delete_runs(store, [leaf])
    assert found(store) == {"failed-empty": ["top", "middle"]}


def test_bytes_of_a_reason(store: Path) -> None:
    """Content that only its runs name, and 27 bytes a point; what another run names too does not count."""
    failed = {"status": "FAILED", "duration": 1.0}
    ids = add_runs(store, {**failed, "metrics": {"x": [1.0] * 10}}, failed, failed, {"duration": 10.0})
    keep(store, ids[1], b"x" * 1_000, "output")
    keep(store, ids[2], b"x" * 1_000, "output")
    keep(store, ids[1], b"y" * 500, "source")
    keep(store, ids[3], b"y" * 500)
    reasons = {reason.name: reason for reason in clean.candidates(store, now_ms=NOW)}
    assert {name: reason.bytes for name, reason in reasons.items()} == {"failed-empty": 1_000, "short": 270}
    assert [reason.title for reason in reasons.values()] == [
        "failed or stopped, and gave no result",
        "ended within 5 s, and failed or gave no result",
    ]


def test_looking_changes_nothing(store: Path) -> None:
    """Candidates are only listed; no store is made for it."""
    add_run(store, status="FAILED")
    before = contents_of(store)
    clean.candidates(store, older_than_ms=0)
    assert contents_of(store) == before
    with pytest.raises(StoreUnavailable):
        clean.candidates(store.with_name("none.db"))
    for wrong in ({"short": -1.0}, {"older_than_ms": -1}):
        with pytest.raises(InvalidValue, match="0 or more"):
            clean.candidates(store, **wrong)  # type: ignore[arg-type]


def test_apply_puts_into_the_bin(store: Path) -> None:
    """The runs of the reasons go together, one undo brings them back, and their ids are returned."""
    ids = add_runs(store, {"status": "FAILED"}, {"duration": 1.0}, {"duration": 10.0}, {"status": "FAILED"})
    reasons = clean.candidates(store, now_ms=NOW)
    assert [reason.name for reason in reasons] == ["failed-empty", "short"]
    assert clean.apply(store, reasons[:1]) == [ids[0], ids[3]]
    assert {run.run_id for run in Reader(store).runs()} == {ids[1], ids[2]}
    assert clean.apply(store, reasons) == [ids[1]]
    assert edits.undo_delete(store) == [ids[1]]
    assert sorted(edits.undo_delete(store)) == sorted([ids[0], ids[3]])
    assert clean.apply(store, []) == []


def test_apply_looks_again(store: Path) -> None:
    """What became dear since it was listed stays: noted, pinned, or a parent of a new run that stays."""
    ids = add_runs(store, *({"status": "FAILED", "name": str(number)} for number in range(5)))
    reasons = clean.candidates(store, now_ms=NOW)
    edits.set_note(store, [ids[0]], "look at this")
    edits.pin_runs(store, [ids[1]])
    edits.delete_runs(store, [ids[2]])
    add_run(store, parent_uuid=ids[3], duration=100.0)
    assert clean.apply(store, reasons) == [ids[4]]
    assert len(Reader(store).runs()) == 4


def test_a_parent_stays_where_only_its_reason_is_applied(store: Path) -> None:
    """A child of another reason, which is not applied, keeps its parent."""
    parent = add_run(store, status="FAILED")
    child = add_run(store, parent_uuid=parent, duration=1.0)
    reasons = clean.candidates(store, now_ms=NOW)
    assert [reason.run_ids for reason in reasons] == [(parent,), (child,)]
    assert clean.apply(store, reasons[:1]) == []
    assert clean.apply(store, reasons) == [parent, child]


@pytest.mark.parametrize("change", ["pin", "log", "child", "nothing"])
def test_what_changes_while_the_runs_are_looked_at_stays(
    store: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A run that is pinned, logged to, or gets a child between the look and the transaction; the other one goes."""
    made_store(store.parent)
    first, second = add_runs(store, *({"status": "FAILED", "duration": 1.0} for _ in range(2)))
    reasons = clean.candidates(store)
    assert {run_id for reason in reasons for run_id in reason.run_ids} == {first, second}

    def meanwhile(place: Path) -> Any:
        if change == "pin":
            edits.pin_runs(place, [first])
        elif change == "log":
            write(place, Batch("w", 1, points=[made_points(first, "loss", [1.0])]))
        elif change == "child":
            add_run(place, parent_uuid=first)
        else:
            write(place, Batch("w", 1, points=[made_points(add_run(place), "loss", [1.0])]))
        return edits.editing(place)

    monkeypatch.setattr(clean, "editing", meanwhile)
    assert clean.apply(store, reasons) == ([first, second] if change == "nothing" else [second])
