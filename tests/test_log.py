"""The short form: `track.log` by kind, steps that count themselves, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import jupyter_track as track
from jupyter_track.errors import InvalidValue, RunStateError

mpl.use("agg")


def curves(run: track.ActiveRun) -> dict[str, list[tuple[int, float]]]:
    """Return every curve of a run: steps and values."""
    client = track.TrackClient()
    return {
        key: [(point.step, point.value) for point in client.get_metric_history(run.run_id, key)]
        for key in track.get_run(run.run_id).metrics
    }


def files(run: track.ActiveRun) -> list[tuple[str, str]]:
    """Return path and kind of every artifact of a run."""
    track.flush()
    return [(one.path, one.kind) for one in run._tracker.reader.artifacts(run.run_id)]


def test_numbers_are_metrics_whose_steps_count_the_calls(store: Path) -> None:
    """Each call without a step is the next step of the run; a given step does not move the count."""
    with track.start_run() as run:
        track.log(loss=0.9)
        track.log({"loss": 0.5, "accuracy": np.float32(0.5)})
        track.log(loss=0.1, step=40)
        track.log(loss=0.4)
    assert curves(run) == {"loss": [(0, 0.9), (1, 0.5), (40, 0.1), (2, 0.4)], "accuracy": [(1, 0.5)]}


@pytest.mark.parametrize("call", [track.log, track.log_metrics])
def test_numbers_of_a_loop_are_all_kept_and_bad_ones_keep_the_others_out(store: Path, call: Any) -> None:
    """From the second call on they are appended; what is none of that is seen as by the first call."""
    with track.start_run() as run:
        for step in range(4):
            call({"loss": float(step), "accuracy": step / 10}, step=step)
        for bad in ({"loss": 0.5, "accuracy": None}, {"loss": 0.5, "a$": 0.5}, {"accuracy": 0.5, "loss": [1, 2]}):
            with pytest.raises(InvalidValue):
                call(bad, step=9)
        with pytest.raises(InvalidValue):
            call({"loss": 0.5}, step=2**63)
        call({"loss": 5, "accuracy": np.float64(0.5)}, step=5)
        call({"loss": 6.0, "late": 1.0}, step=6)
    with track.start_run() as other:
        call({"loss": 7.0}, step=7)
    both = [(step, float(step)) for step in range(4)], [(step, step / 10) for step in range(4)]
    assert curves(run) == {"loss": [*both[0], (5, 5.0), (6, 6.0)], "accuracy": [*both[1], (5, 0.5)], "late": [(6, 1.0)]}
    assert curves(other) == {"loss": [(7, 7.0)]}


def test_steps_that_are_given_do_not_count_however_often(store: Path) -> None:
    """A call without one goes on from the calls without one; a number as a name is text."""
    with track.start_run() as run:
        for step in range(5, 8):
            track.log({"loss": 0.5, 1: 0.5}, step=step)
        track.log(loss=0.9)
        track.log({"loss": 0.25}, loss=0.75)
    given = [(step, 0.5) for step in range(5, 8)]
    assert curves(run) == {"loss": [*given, (0, 0.9), (1, 0.75)], "1": given}


def test_every_run_counts_for_itself(store: Path) -> None:
    """A child's calls are not its parent's."""
    with track.start_run() as parent:
        track.log(x=1)
        with track.start_run(nested=True) as child:
            track.log(x=2)
        track.log(x=3)
    assert (curves(parent), curves(child)) == ({"x": [(0, 1.0), (1, 3.0)]}, {"x": [(0, 2.0)]})


def test_a_resumed_run_goes_on_counting(store: Path) -> None:
    """After the last step that it has."""
    with track.start_run() as run:
        track.log(x=1)
        track.log(x=2)
    with track.start_run(run_id=run.run_id):
        track.log(x=3)
    assert curves(run) == {"x": [(0, 1.0), (1, 2.0), (2, 3.0)]}


def test_nested_dicts_join_their_names(store: Path) -> None:
    """With a slash, at any depth."""
    with track.start_run() as run:
        track.log({"train": {"loss": 0.1, "by class": {"a": 1}}, "valid": {}}, epoch=3)
    assert curves(run) == {"train/loss": [(0, 0.1)], "train/by class/a": [(0, 1.0)], "epoch": [(0, 3.0)]}


def test_values_go_where_their_kind_belongs(store: Path) -> None:
    """Figures, tables, text and images become files in the folder of their kind."""
    from matplotlib import pyplot as plt

    figure, _ = plt.subplots()
    with track.start_run() as run:
        track.log(
            loss=0.5,
            ok=True,
            one=np.array([2.0]),
            roc=figure,
            frame=pd.DataFrame({"a": [1]}),
            column=pd.Series([1, 2]),
            note="all is well",
            picture=Image.new("L", (2, 2)),
        )
    plt.close(figure)
    assert curves(run) == {"loss": [(0, 0.5)], "ok": [(0, 1.0)], "one": [(0, 2.0)]}
    assert files(run) == [
        ("figures/roc.png", "figure"),
        ("images/picture.png", "image"),
        ("tables/column.json", "table"),
        ("tables/frame.json", "table"),
        ("texts/note.txt", "text"),
    ]
    base = f"runs:/{run.run_id}/"
    assert track.artifacts.load_text(base + "texts/note.txt") == "all is well"
    assert track.load_table("tables/frame.json", [run.run_id]).to_dict("list") == {"a": [1]}


def test_a_step_is_part_of_a_file_s_name(store: Path) -> None:
    """So that the samples of every epoch are kept."""
    with track.start_run() as run:
        for step in (1, 2):
            track.log({"valid/sample": "text"}, step=step)
    assert files(run) == [("texts/valid/sample-00000001.txt", "text"), ("texts/valid/sample-00000002.txt", "text")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            np.zeros((2, 3)),
            "'x' is an array of several elements (shape (2, 3)). Log one number of it, such as its mean(); one metric "
            "per element; an image with log_image; or the whole of it with log_table or log_dict.",
        ),
        (
            [1, 2, 3],
            "'x' is an array of several elements (shape (3,)). Log one number of it, such as its mean(); one metric "
            "per element; an image with log_image; or the whole of it with log_table or log_dict.",
        ),
        (
            None,
            "'x' is a NoneType, which log cannot place; it takes numbers, figures, images, tables, text and dicts of "
            "these. log_param records any value as text, log_artifact a file.",
        ),
        (
            object(),
            "'x' is a object, which log cannot place; it takes numbers, figures, images, tables, text and dicts of "
            "these. log_param records any value as text, log_artifact a file.",
        ),
    ],
    ids=["array", "list", "None", "object"],
)
def test_what_log_cannot_place_is_an_error_and_nothing_is_written(store: Path, value: Any, message: str) -> None:
    """The message names the remedies; neither the metrics nor the files of the call are there."""
    with track.start_run() as run:
        with pytest.raises(InvalidValue) as caught:
            track.log(loss=0.5, note="text", x=value)
        track.log(loss=0.4)
    assert str(caught.value) == message
    assert (curves(run), files(run)) == ({"loss": [(0, 0.4)]}, [])


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ({"loss": 0.5, "a@b": 1}, None),
        ({"loss": 0.5, "../note": "text"}, None),
        ({"loss": 0.5, "C:/note": "text"}, None),
        ({"loss": 0.5, "x": 10**400}, None),
        ({"loss": 0.5}, 0.5),
        ({}, None),
        (None, None),
        ([0.5], None),
    ],
    ids=str,
)
def test_a_bad_name_step_or_nothing_at_all_writes_nothing(store: Path, values: Any, step: Any) -> None:
    """Also a name that would lead a file out of the run."""
    with track.start_run() as run, pytest.raises(InvalidValue):
        track.log(values, step=step)
    assert (curves(run), files(run)) == ({}, [])


def test_log_opens_a_run_where_there_is_none(store: Path) -> None:
    """As every other log call."""
    track.log(loss=0.5)
    run = track.active_run()
    assert run is not None
    track.end_run()
    assert curves(run) == {"loss": [(0, 0.5)]}


def test_a_run_in_hand_logs_to_itself(store: Path) -> None:
    """Whichever run is active."""
    with track.start_run() as outer, track.start_run(nested=True) as inner:
        outer.log(x=1)
        inner.log({"x": 2}, step=7)
    assert (curves(outer), curves(inner)) == ({"x": [(0, 1.0)]}, {"x": [(7, 2.0)]})


def test_any_mapping_is_taken(store: Path) -> None:
    """Not only dicts."""

    class Logs(Mapping[str, float]):
        def __getitem__(self, key: str) -> float:
            return {"loss": 0.5}[key]

        def __iter__(self) -> Any:
            return iter(["loss"])

        def __len__(self) -> int:
            return 1

    with track.start_run() as run:
        track.log(Logs())
    assert curves(run) == {"loss": [(0, 0.5)]}


def test_a_deleted_run_takes_nothing(store: Path) -> None:
    """An error at the call."""
    with track.start_run() as run:
        pass
    track.delete_run(run.run_id)
    with pytest.raises(RunStateError):
        run.log(x=1)
