"""Wherever a function of the Python API takes a run, it takes what people call the run."""

from __future__ import annotations

import functools
import inspect
import io
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy
import pytest

import jupyter_track as track
from jupyter_track import artifacts
from jupyter_track.errors import AlreadyExists, InvalidValue, NotFound
from jupyter_track.recording.session import session
from jupyter_track.records import Metric, Param, RunTag
from jupyter_track.store import pending

NOBODY = "0" * 32
TAKES = {"run_id", "run_ids", "parent_run_id"}


@pytest.fixture
def ids(store: Path) -> list[str]:
    """Three runs that have ended: #1 parent, #2 child with a file and a table, #3 other."""
    found = []
    with track.start_run(run_name="parent") as parent:
        track.log_metric("loss", 0.5)
        with track.start_run(run_name="child", nested=True) as child:
            track.log_metric("loss", 0.1)
            track.log_text("hello", "a.txt")
            track.log_dict({"a": 1}, "a.json")
            track.log_table({"x": [1]}, "t.json")
            track.set_tag("old", "yes")
    with track.start_run(run_name="other") as other:
        track.log_metric("loss", 0.9)
    track.flush()
    for run in (parent, child, other):
        assert isinstance(run.run_id, str)
        found.append(run.run_id)
    return found


def references(ids: list[str]) -> list[str | int]:
    """Every way to name the run #2."""
    return [ids[1], ids[1].upper(), ids[1][:8], "#2", "2", 2, "child", "last~1", "best", "best:loss"]


def public() -> Iterator[tuple[str, str]]:
    """Every public function and method that takes a run, with the name of the parameter."""
    places: dict[str, Any] = {f"track.{name}": getattr(track, name) for name in track.__all__ if name != "current"}
    for module in (artifacts, track.pyfunc, track.pytorch, track.sklearn):
        own = module.__name__.rpartition(".")[2]
        places |= {f"{own}.{name}": getattr(module, name) for name in module.__all__}
    places |= {
        f"client.{name}": function
        for name, function in inspect.getmembers(track.TrackClient, inspect.isfunction)
        if not name.startswith("_")
    }
    for name, function in places.items():
        if inspect.isfunction(function):
            yield from ((name, parameter) for parameter in inspect.signature(function).parameters if parameter in TAKES)


def resume(**arguments: Any) -> object:
    """Go on with a run, or open a child, and say which run, or whose child, it is."""
    with track.start_run(run_name="child", **arguments) as run:
        return run.run_id if "run_id" in arguments else run.read().parent_run_id


def touched(call: Callable[..., object], *arguments: Any, **named: Any) -> Callable[[Any], object]:
    """A call with the run as its first argument, or as the named one whose value is `...`."""
    place = next((name for name, value in named.items() if value is ...), None)
    if place is not None:
        return lambda run: call(*arguments, **{**named, place: run})
    return lambda run: call(run, *arguments, **named)


def double(model_input: list[float]) -> list[float]:
    """A model that is a function."""
    return [2 * value for value in model_input]


def module_of_torch(run: Any) -> str:
    """Log a module of PyTorch."""
    torch = pytest.importorskip("torch")
    return track.pytorch.log_model(torch.nn.Linear(1, 1), "line", run_id=run).model_uri


def estimator(run: Any) -> str:
    """Log a model of scikit-learn."""
    from sklearn.linear_model import LinearRegression

    return track.sklearn.log_model(LinearRegression().fit([[0.0], [1.0]], [0, 1]), "line", run_id=run).model_uri


def versioned(run: Any) -> str | None:
    """Register the model of a folder as one of a run."""
    with suppress(AlreadyExists):
        client().create_registered_model("double")
    with tempfile.TemporaryDirectory() as folder:
        track.pyfunc.save_model(Path(folder) / "double", python_model=double)
        return client().create_model_version("double", str(Path(folder) / "double"), run_id=run).run_id


client = functools.partial(track.TrackClient)
CALLS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("track.start_run", "run_id"): touched(resume, run_id=...),
    ("track.start_run", "parent_run_id"): touched(resume, parent_run_id=...),
    ("track.get_run", "run_id"): lambda run: track.get_run(run).run_id,
    ("track.get_parent_run", "run_id"): lambda run: track.get_parent_run(run).name,  # type: ignore[union-attr]
    ("track.delete_run", "run_id"): touched(track.delete_run),
    ("track.restore_run", "run_id"): touched(track.restore_run),  # see below
    ("track.log_metric", "run_id"): touched(track.log_metric, "new", 1.0, run_id=...),
    ("track.log_metrics", "run_id"): touched(track.log_metrics, {"new": 1.0}, run_id=...),
    ("track.log_params", "run_id"): touched(track.log_params, {"new": 1}, run_id=...),
    ("track.log_artifact", "run_id"): touched(track.log_artifact, __file__, run_id=...),
    ("track.log_artifacts", "run_id"): touched(track.log_artifacts, Path(__file__).parent / "data", run_id=...),
    ("track.log_text", "run_id"): touched(track.log_text, "x", "b.txt", run_id=...),
    ("track.log_dict", "run_id"): touched(track.log_dict, {}, "b.json", run_id=...),
    ("track.log_stream", "run_id"): lambda run: track.log_stream(io.BytesIO(b"x"), "b.py", run_id=run),
    ("track.log_table", "run_id"): touched(track.log_table, {"x": [2]}, "t.json", run_id=...),
    ("track.load_table", "run_ids"): lambda run: list(track.load_table("t.json", [run])["x"]),
    ("artifacts.download_artifacts", "run_id"): lambda run: Path(
        artifacts.download_artifacts(run_id=run, artifact_path="a.txt")
    ).read_text(),
    ("artifacts.list_artifacts", "run_id"): lambda run: [one.path for one in artifacts.list_artifacts(run_id=run)],
    ("pyfunc.log_model", "run_id"): lambda run: (
        track.pyfunc.log_model("double", python_model=double, run_id=run).model_uri
    ),
    ("pytorch.log_model", "run_id"): module_of_torch,
    ("sklearn.log_model", "run_id"): estimator,
    ("client.create_model_version", "run_id"): versioned,
    ("client.get_run", "run_id"): lambda run: client().get_run(run).run_id,
    ("client.get_parent_run", "run_id"): lambda run: client().get_parent_run(run).name,  # type: ignore[union-attr]
    ("client.set_terminated", "run_id"): lambda run: client().set_terminated(run, "FAILED"),
    ("client.update_run", "run_id"): lambda run: client().update_run(run, name="renamed"),
    ("client.delete_run", "run_id"): lambda run: client().delete_run(run),
    ("client.restore_run", "run_id"): lambda run: client().restore_run(run),
    ("client.set_note", "run_id"): lambda run: client().set_note(run, "why"),
    ("client.pin_run", "run_id"): lambda run: client().pin_run(run),
    ("client.unpin_run", "run_id"): lambda run: (client().pin_run(2), client().unpin_run(run)),
    ("client.move_run", "run_id"): lambda run: client().move_run(run, "elsewhere"),
    ("client.set_baseline", "run_id"): lambda run: client().set_baseline(run),
    ("client.request_stop", "run_id"): lambda run: (
        client().update_run(2, status="RUNNING"),
        client().request_stop(run),
    ),
    ("client.log_batch", "run_id"): lambda run: client().log_batch(
        run, [Metric("new", 1.0, 0, 0)], [Param("new", 1)], [RunTag("new", "1")]
    ),
    ("client.log_metric", "run_id"): lambda run: client().log_metric(run, "new", 1.0),
    ("client.log_param", "run_id"): lambda run: client().log_param(run, "new", 1),
    ("client.set_tag", "run_id"): lambda run: client().set_tag(run, "new", "1"),
    ("client.delete_tag", "run_id"): lambda run: client().delete_tag(run, "old"),
    ("client.get_metric_history", "run_id"): lambda run: [
        one.value for one in client().get_metric_history(run, "loss")
    ],
    ("client.log_artifact", "run_id"): lambda run: client().log_artifact(run, __file__),
    ("client.log_artifacts", "run_id"): lambda run: client().log_artifacts(run, Path(__file__).parent / "data"),
    ("client.log_text", "run_id"): lambda run: client().log_text(run, "x", "b.txt"),
    ("client.log_stream", "run_id"): lambda run: client().log_stream(run, io.BytesIO(b"x"), "b.txt"),
    ("client.load_table", "run_ids"): lambda run: client().load_table("0", "t.json", [run]).to_dict("list"),
    ("client.log_dict", "run_id"): lambda run: client().log_dict(run, {}, "b.json"),
    ("client.log_figure", "run_id"): lambda run: client().log_figure(run, drawn(), "b.png"),
    ("client.log_image", "run_id"): lambda run: client().log_image(run, numpy.zeros((2, 2)), "b.png"),
    ("client.log_table", "run_id"): lambda run: client().log_table(run, {"x": [2]}, "t.json"),
    ("client.list_artifacts", "run_id"): lambda run: [one.path for one in client().list_artifacts(run)],
    ("client.download_artifacts", "run_id"): lambda run: Path(client().download_artifacts(run, "a.txt")).read_text(),
}


def drawn() -> object:
    """A figure of matplotlib."""
    from matplotlib.figure import Figure

    return Figure(figsize=(1, 1))


def state(store: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What the store says of runs and what belongs to them, without times, ids and revisions."""
    track.flush()
    queries = {
        "runs": "SELECT id, name, status, lifecycle_stage, note, pinned IS NULL, stop_requested IS NULL,"
        " experiment_id = 0, end_time IS NULL, parent_uuid IS NULL FROM runs",
        "params": "SELECT run_id, key, value FROM params",
        "tags": "SELECT run_id, key, value FROM tags WHERE key NOT LIKE '%.%'",
        "metrics": "SELECT run_id, key, count, last_value FROM metrics",
        "artifacts": "SELECT run_id, path, size FROM artifacts",
        "baselines": "SELECT name, baseline_uuid IS NULL FROM experiments",
        "versions": "SELECT version, run_uuid FROM model_versions",
    }
    with closing(sqlite3.connect(store)) as connection:
        return {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in queries.items()}


def test_every_public_function_that_takes_a_run_is_tried_here() -> None:
    """One that is added later has to be added above."""
    assert set(public()) == set(CALLS)


@pytest.mark.parametrize("place", CALLS, ids=".".join)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_run_is_named_as_people_name_it(
    store: Path, ids: list[str], place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number, a name, some digits, `last` and `best` do what the id does, and return the same."""
    call = CALLS[place]
    whole = store.read_bytes()
    expected = None
    for number, reference in enumerate(references(ids)):
        copy = tmp_path / str(number) / "track.db"
        copy.parent.mkdir()
        copy.write_bytes(whole)
        track.set_tracking_uri(str(copy))
        before = state(copy)
        returned = call(reference)
        returned = None if isinstance(returned, tuple) else returned
        found = (returned, {name: rows for name, rows in state(copy).items() if rows != before[name]})
        expected = found if expected is None else expected
        assert found == expected, reference
    assert expected is not None


@pytest.mark.parametrize("place", CALLS, ids=".".join)
def test_a_run_that_is_not_there_does_not_exist(store: Path, ids: list[str], place: tuple[str, str]) -> None:
    """mlflow's code, the nearest names, and where several are meant the candidates."""
    call = CALLS[place]
    for reference, words in (
        (NOBODY, [NOBODY]),
        ("chidl", ["'chidl'", "#2 child"]),
        ("#77", ["#77"]),
        (77, ["#77"]),
        ("last~9", ["last~9", "3 runs"]),
        ("best:nothing", ["nothing"]),
    ):
        with pytest.raises(NotFound) as caught:
            call(reference)
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
        assert [word for word in words if word not in str(caught.value)] == []
    for reference in ("", "1..2", 1.5, True, ["#1"]):
        with pytest.raises((InvalidValue, NotFound)):
            call(reference)


def test_several_runs_that_begin_so_are_listed(store: Path) -> None:
    """With their numbers and names; nothing is logged to any of them."""
    from made_stores import add_runs, made_store

    made_store(store.parent)
    add_runs(store, *({"uuid": f"abcdef{number:026}", "name": f"run-{number}"} for number in (1, 2)))
    for call in (track.get_run, lambda run: track.log_metric("a", 1, run_id=run), client().set_terminated):
        with pytest.raises(NotFound) as caught:
            call("abcdef")
        assert str(caught.value) == (
            "'abcdef' is the beginning of several run ids: abcdef0000 (#2 run-2), abcdef0000 (#1 run-1); give more "
            "digits."
        )


def test_addresses_of_artifacts_name_runs_too(store: Path, ids: list[str]) -> None:
    """`runs:/best/a.txt` is the file of the best run."""
    assert [artifacts.load_text(f"runs:/{one}/a.txt") for one in references(ids)] == ["hello"] * len(references(ids))
    assert artifacts.load_dict("runs:/best/a.json") == {"a": 1}
    assert Path(artifacts.download_artifacts("runs:/#2/a.txt")).read_text() == "hello"
    assert [one.path for one in artifacts.list_artifacts("runs:/child")] == ["a.json", "a.txt", "t.json"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_addresses_of_models_name_runs_too(store: Path, ids: list[str]) -> None:
    """`runs:/best/double` is the model of the best run; what is registered of it names the run by its id."""
    track.pyfunc.log_model("double", python_model=double, run_id="child")
    for one in references(ids):
        assert track.pyfunc.load_model(f"runs:/{one}/double").predict([2.0]) == [4.0]
    version = track.register_model("runs:/best/double", "double")
    assert (version.source, version.run_id) == (f"runs:/{ids[1]}/double", ids[1])
    with pytest.raises(NotFound, match=r"'chidl'.*#2 child"):
        track.register_model("runs:/chidl/double", "double")


def test_numbers_of_numpy_name_runs(store: Path, ids: list[str]) -> None:
    """As they come out of a frame."""
    assert track.get_run(numpy.int64(2)).name == "child"  # type: ignore[arg-type]


def test_what_was_logged_a_moment_ago_is_named(store: Path) -> None:
    """A run that is not on disk yet is found by its number and its name."""
    with track.start_run(run_name="fresh"):
        track.log_metric("loss", 0.5)
        assert [track.get_run(one).data.metrics for one in ("last", "fresh", 1, "best:loss")] == [{"loss": 0.5}] * 4


def test_a_whole_id_is_not_looked_up(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging to a known run by its id neither waits for the writer nor opens the file."""
    with track.start_run() as run:
        pass
    track.flush()

    def fail(*_: object) -> bool:
        raise AssertionError("the writer was waited for")

    monkeypatch.setattr(pending, "flush", fail)
    monkeypatch.setattr(type(session.tracker().reader), "resolve", fail)
    for call in (
        lambda: track.log_metric("a", 1.0, run_id=run.run_id),
        lambda: track.log_params({"a": 1}, run_id=run.run_id),
        lambda: client().log_metric(run.run_id, "a", 1.0),
        lambda: client().set_tag(run.run_id, "a", "b"),
    ):
        call()


@pytest.mark.parametrize("restore", [track.restore_run, lambda run: client().restore_run(run)], ids=["api", "client"])
def test_restoring_by_name_means_the_deleted_run(store: Path, restore: Callable[[Any], None]) -> None:
    """Of two runs of a name that of the bin comes back; a number, an id and its digits mean the run as ever."""
    ids = []
    for _ in range(2):
        with track.start_run(run_name="twin") as run:
            ids.append(run.run_id)
    for reference in ("twin", 1, "#1", ids[0], ids[0][:9]):
        track.delete_run(1)
        assert [run.number for run in track.runs()] == [2]
        restore(reference)
        assert [run.number for run in track.runs()] == [2, 1]


def test_a_deleted_run_is_named_with_the_way_back(store: Path, ids: list[str]) -> None:
    """Not by 32 digits, and for every way to work."""
    track.delete_run("child")
    way = "The run #2 child is deleted; restore_run(2), '%track restore 2' or 'jupyter track restore 2' brings it back."
    calls: list[Callable[[], object]] = [
        lambda: track.log_metric("a", 1, run_id="child"),
        lambda: track.start_run(run_id=2),
        lambda: client().set_note("#2", "x"),
        lambda: client().pin_run(ids[1]),
        lambda: client().update_run("child", name="x"),
    ]
    said = []
    for call in calls:
        with pytest.raises(track.TrackError) as caught:
            call()
        said.append(str(caught.value))
    assert said == [way] * len(calls)
    with pytest.raises(NotFound, match="The run #1 parent has no tag 'nothing'"):
        client().delete_tag("parent", "nothing")
    with pytest.raises(NotFound, match=r"The run #1 parent has no artifact 'b.txt'; it has nothing"):
        client().download_artifacts("parent", "b.txt")
