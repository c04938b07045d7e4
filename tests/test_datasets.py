"""Datasets: their digest, schema and profile, where they came from, and what runs and searches make of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import jupyter_track as track
from jupyter_track import data
from jupyter_track.context import columns, sources
from jupyter_track.errors import InvalidValue, MissingFile
from jupyter_track.records import Dataset, DatasetInput, InputTag, LoggedModelInput, RunInputs
from jupyter_track.store.reader import Reader
from jupyter_track.views import datasets as views
from jupyter_track.views.comparison import comparison_of
from jupyter_track.views.details import run_details
from jupyter_track.views.repeats import repeat_key


def frame(**more: Any) -> pandas.DataFrame:
    """A frame with a column of each kind that files of CSV and Parquet keep."""
    return pandas.DataFrame(
        {
            "whole": [1, 2, 3],
            "real": [0.1, None, -2.5e-300],
            "text": ["a", "bé", "a"],
            "yes": [True, False, True],
            "when": pandas.date_range("2026-01-01 10:00", periods=3, freq="h"),
            **more,
        }
    )


def digests(df: pandas.DataFrame) -> dict[str, str]:
    """The digest of each column."""
    return {one["name"]: one["digest"] for one in data.from_pandas(df).profile["columns"]}


# ---- digests


def test_the_digest_survives_parquet_and_csv(store: Path, tmp_path: Path) -> None:
    """A frame that is written and read again is the same data, also where a file widens its integers."""
    df = frame(small=numpy.array([1, 2, 3], dtype="int16"), category=pandas.Categorical(["x", "y", "x"]))
    df.to_parquet(tmp_path / "data.parquet")
    df.to_csv(tmp_path / "data.csv", index=False)
    wanted = data.from_pandas(df).digest
    assert data.from_pandas(pandas.read_parquet(tmp_path / "data.parquet")).digest == wanted
    assert data.from_pandas(pandas.read_csv(tmp_path / "data.csv", parse_dates=["when"])).digest == wanted
    assert len(wanted) == 32


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (pandas.array([1, None, 3], dtype="Int64"), [1.0, None, 3.0]),
        (pandas.array(["a", None, "b"], dtype="string"), numpy.array(["a", None, "b"], dtype=object)),
        (pandas.array([True, None, False], dtype="boolean"), numpy.array([True, None, False], dtype=object)),
        (numpy.array([1, 2, 3], dtype="uint8"), numpy.array([1, 2, 3], dtype=object)),
        (
            pandas.date_range("2026-01-01", periods=3, tz="UTC"),
            pandas.date_range("2026-01-01 01:00", periods=3, tz="Europe/Berlin"),
        ),
        (pandas.Series([1.5, 0.0, 0.0], dtype="Sparse[float]"), [1.5, 0.0, 0.0]),
    ],
    ids=["nullable", "text", "bool", "width", "zone", "sparse"],
)
def test_the_same_values_in_another_type_have_the_same_digest(store: Path, one: Any, same: Any) -> None:
    """What holds the values is no part of them."""
    assert digests(pandas.DataFrame({"a": one})) == digests(pandas.DataFrame({"a": same}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [2, 1]),
        ([1, 2], [1.0, 2.0]),
        (["1", "2"], [1, 2]),
        (["ab", "c"], ["a", "bc"]),
        ([0.0, None], [0.0, 0.0]),
        (["", "a"], [None, "a"]),
        ([True, False], [1, 0]),
        ([[1, 2], None], ["[1, 2]", None]),
        ([b"a", b"b"], ["a", "b"]),
        ([1 << 70, 1], [1, 1]),
    ],
)
def test_other_values_have_another_digest(store: Path, one: list[Any], other: list[Any]) -> None:
    """Order, type and what is missing are part of the data."""
    assert digests(pandas.DataFrame({"a": one})) != digests(pandas.DataFrame({"a": other}))


def test_names_and_order_of_columns_are_part_of_the_digest(store: Path) -> None:
    """Two columns that have changed places, or a name that is another one, are other data; an index is no data."""
    df = pandas.DataFrame({"a": [1, 2], "b": [3, 4]})
    wanted = data.from_pandas(df).digest
    others = [df[["b", "a"]], df.rename(columns={"a": "c"}), df.iloc[:1], df[["a"]]]
    assert wanted not in {data.from_pandas(other).digest for other in others}
    assert data.from_pandas(df.set_index(pandas.Index([7, 8], name="id"))).digest == wanted


def test_text_has_the_same_digest_without_pyarrow(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which libraries are installed changes nothing."""
    df = pandas.DataFrame({"a": ["x", None, "", "ü" * 40], "b": pandas.array(["1", "2", None, "4"], dtype="string")})
    with_arrow = digests(df)
    assert columns._of_arrow("a", df["a"], "str") is not None
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert columns._of_arrow("a", df["a"], "str") is None
    assert digests(df) == with_arrow


def test_many_bytes_are_hashed_by_threads_to_the_same(store: Path) -> None:
    """Columns of some megabytes have the digests that they have alone."""
    df = pandas.DataFrame(numpy.arange(1_200_000.0).reshape(-1, 2), columns=["a", "b"])
    alone = {name: columns.of_series(name, df[name]).digest() for name in df}
    assert sum(columns.of_series(name, df[name]).bytes for name in df) > columns._WORTH_THREADS
    assert digests(df) == alone


def test_polars_has_the_digest_of_pandas(store: Path) -> None:
    """The same values are the same data in both libraries."""
    polars = pytest.importorskip("polars")
    df = frame(category=pandas.Categorical(["x", "y", "x"]))
    assert data.from_polars(polars.from_pandas(df)).digest == data.from_pandas(df).digest


def test_without_polars_it_says_how_to_get_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is named with the command."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InvalidValue, match="'pip install polars'"):
        data.from_polars(None)


# ---- schema and profile


def test_schema_and_profile_of_a_frame(store: Path) -> None:
    """mlflow's schema; of each column what a person looks at first."""
    dataset = data.from_pandas(frame(), targets="yes", name="tiny")
    assert dataset.schema == {
        "mlflow_colspec": [
            {"type": "long", "name": "whole", "required": True},
            {"type": "double", "name": "real", "required": False},
            {"type": "string", "name": "text", "required": True},
            {"type": "boolean", "name": "yes", "required": True},
            {"type": "datetime", "name": "when", "required": True},
        ]
    }
    profile = {**dataset.profile, "columns": [{**one} for one in dataset.profile["columns"]]}
    assert all(len(one.pop("digest")) == 32 for one in profile["columns"])
    types = [one.pop("type") for one in profile["columns"]]
    assert types[:2] == ["int64", "float64"]
    assert profile == {
        "num_rows": 3,
        "num_elements": 15,
        "targets": "yes",
        "columns": [
            {"name": "whole", "nulls": 0, "min": 1, "max": 3, "mean": 2.0},
            {"name": "real", "nulls": 1, "min": -2.5e-300, "max": 0.1, "mean": 0.05},
            {"name": "text", "nulls": 0, "distinct": 2, "top": [["a", 2]]},
            {"name": "yes", "nulls": 0, "min": 0, "max": 1, "mean": 2 / 3},
            {"name": "when", "nulls": 0, "min": "2026-01-01T10:00:00", "max": "2026-01-01T12:00:00"},
        ],
    }


def test_arrays(store: Path) -> None:
    """Features and targets, one array or several by name; shapes as mlflow tells them."""
    one = data.from_numpy(numpy.zeros((4, 2), dtype="float32"), targets=numpy.arange(4))
    spec = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}
    assert one.schema["features"] == {"mlflow_tensorspec": [spec]}
    known = {key: one.profile[key] for key in ("num_rows", "num_elements", "features_shape", "targets_nbytes")}
    assert known == {"num_rows": 4, "num_elements": 12, "features_shape": [4, 2], "targets_nbytes": 32}
    several = data.from_numpy({"x": numpy.arange(3), "y": numpy.arange(3)})
    assert [column["name"] for column in several.profile["columns"]] == ["features/x", "features/y"]
    assert several.profile["features_shape"] == {"x": [3], "y": [3]}
    assert data.from_numpy(numpy.zeros((4, 2))).digest != data.from_numpy(numpy.zeros((2, 4))).digest


def test_a_profile_holds_no_secrets_and_stays_small(store: Path) -> None:
    """What comes once is not told, nor what looks like a key; of 3,000 columns the first are named."""
    df = pandas.DataFrame({"password": ["hunter22"] * 3, "mail": ["a@b.c", "d@e.f", "g@h.i"]})
    told = json.dumps(data.from_pandas(df).profile)
    assert "hunter22" not in told
    assert "a@b.c" not in told
    wide = data.from_pandas(pandas.DataFrame(numpy.zeros((2, 3_000)))).profile
    assert (len(wide["columns"]), wide["more_columns"]) == (1_000, 2_000)
    assert len(json.dumps(wide)) < 128 * 1024


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: data.from_pandas([1, 2]), "from_pandas takes a DataFrame, not list."),
        (
            lambda: data.from_pandas(frame(), targets="txt"),
            "The targets 'txt' are no column of the data; there is whole",
        ),
        (
            lambda: data.from_pandas(frame(), name=" "),
            "The name of a dataset is a text of 1 to 500 characters, not ' '.",
        ),
        (
            lambda: data.from_pandas(frame(), digest="x" * 40),
            "The digest of a dataset is a text of at most 36 characters",
        ),
        (lambda: data.from_pandas(frame(), source=3), "The source of a dataset is a path, an address or a function"),
        (lambda: data.from_numpy(object()), "from_numpy takes an array or a dict of arrays, not object."),
    ],
)
def test_what_is_no_dataset(store: Path, make: Any, said: str) -> None:
    """A mistake raises at the call and says what is wanted."""
    with pytest.raises(InvalidValue) as caught:
        make()
    assert str(caught.value).startswith(said)


# ---- sources


def test_a_file_is_stored_relative_to_the_store(store: Path, tmp_path: Path) -> None:
    """A folder that is moved keeps its sources; load() gives the path."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "train.csv"
    frame().to_csv(path)
    with track.start_run() as run:
        track.log_input(data.from_pandas(frame(), source=path), context="training")
    (used,) = track.get_run(run.run_id).inputs.dataset_inputs
    assert (used.dataset.source_type, json.loads(used.dataset.source)) == ("local", {"uri": "data/train.csv"})
    assert data.get_source(used).load() == str(path)
    path.unlink()
    with pytest.raises(MissingFile, match="is not there any more"):
        data.get_source(used).load()


def make_data() -> None:
    """A function that could make data."""


@pytest.mark.parametrize(
    ("source", "kind", "where"),
    [
        ("https://ann:pw@e.org/a.csv?id=3&token=abc#x", "http", {"url": "https://e.org/a.csv?id=3&token=***"}),
        ("s3://bucket/a.csv?X-Amz-Signature=deadbeef", "s3", {"uri": "s3://bucket/a.csv?X-Amz-Signature=***"}),
        (make_data, "code", {"function": f"{__name__}.make_data", "tags": {"mlflow.source.type": "LOCAL"}}),
        (None, "code", {"tags": {"mlflow.source.type": "LOCAL"}}),
    ],
)
def test_addresses_and_functions(source: Any, kind: str, where: dict[str, Any]) -> None:
    """Nothing of a password is kept; code is told by its name."""
    found = sources.source_of(source, {"mlflow.source.type": "LOCAL"})
    assert (found.kind, found.to_dict()) == (kind, where)


# ---- runs


def test_a_run_shows_its_datasets_in_mlflow_s_shape(store: Path) -> None:
    """``run.inputs.dataset_inputs`` with entities of mlflow's fields; the tag of the context comes first."""
    dataset = data.from_pandas(frame(), name="tiny", source="train.csv")
    with track.start_run() as run:
        track.log_input(dataset, context="training", tags={"split": "a"})
        track.log_inputs([dataset, dataset], contexts=["validation", None])
    first, *others = track.get_run(run.run_id).inputs.dataset_inputs
    assert first == DatasetInput(
        Dataset(
            "tiny",
            dataset.digest,
            "local",
            '{"uri": "train.csv"}',
            json.dumps(dataset.schema, ensure_ascii=False),
            json.dumps(dataset.profile, ensure_ascii=False),
        ),
        (InputTag("mlflow.data.context", "training"), InputTag("split", "a")),
    )
    assert [(one.dataset, one.context) for one in others] == [(first.dataset, "validation"), (first.dataset, "")]
    assert run.inputs.dataset_inputs[0] == first


def test_what_cannot_be_logged_says_what_to_do(store: Path) -> None:
    """A bare frame names the function that makes a dataset; of several, one that is none stops all."""
    with track.start_run() as run:
        with pytest.raises(InvalidValue, match=r"log_input\(jupyter_track\.data\.from_pandas\(df\)\)"):
            track.log_input(frame())
        with pytest.raises(InvalidValue):
            track.log_inputs([data.from_pandas(frame()), frame()])
        with pytest.raises(InvalidValue, match="The lists differ in length: 1 datasets, 2 contexts, 1 tags"):
            track.log_inputs([data.from_pandas(frame())], contexts=["a", "b"])
        with pytest.raises(InvalidValue, match="A model is named by its id"):
            track.log_input(model=object())
        track.log_input()
    assert track.get_run(run.run_id).inputs.dataset_inputs == ()


def test_a_metric_with_a_dataset_is_an_input_of_the_run(store: Path) -> None:
    """The run has the point and the dataset."""
    dataset = data.from_pandas(frame(), name="test")
    with track.start_run() as run:
        track.log_metric("acc", 0.5, dataset=dataset)
        track.log_metrics({"loss": 1.0}, dataset=dataset)
    found = track.get_run(run.run_id)
    assert [used.dataset.name for used in found.inputs.dataset_inputs] == ["test"]
    assert found.data.metrics == {"acc": 0.5, "loss": 1.0}


@pytest.fixture
def three(store: Path) -> list[track.Run]:
    """Runs with data, with other data in one column, and with none."""
    made = []
    for df in (frame(), frame(text=["a", "b", "c"]), None):
        with track.start_run(run_name="none" if df is None else "some") as run:
            track.log_param("C", 1)
            if df is not None:
                track.log_input(data.from_pandas(df, name="tiny", source="train.csv"), context="training")
        made.append(track.get_run(run.run_id))
    return made


@pytest.mark.parametrize(
    ("filter_string", "found"),
    [
        ("datasets.name = 'tiny'", [0, 1]),
        ("dataset.name ILIKE 'TI%' AND datasets.context = 'training'", [0, 1]),
        ("datasets.name IN ('tiny', 'x')", [0, 1]),
        ("datasets.name != 'tiny'", []),
        ("datasets.context NOT LIKE 'test%'", [0, 1]),
        ("datasets.name IS NULL", [2]),
        ("datasets.`name` = 'tiny' OR run_name = 'none'", [0, 1, 2]),
        ("NOT datasets.name = 'tiny'", [2]),
    ],
)
def test_runs_are_found_by_their_data(three: list[track.Run], filter_string: str, found: list[int]) -> None:
    """mlflow's clauses, and those that are ours."""
    assert {run.run_id for run in track.runs(filter_string)} == {three[at].run_id for at in found}


def test_runs_are_found_by_the_digest(three: list[track.Run]) -> None:
    """Those that read exactly these values."""
    digest = three[0].inputs.dataset_inputs[0].dataset.digest
    assert [run.run_id for run in track.runs(f"datasets.digest = '{digest}'")] == [three[0].run_id]


def test_a_comparison_says_which_column_changed(store: Path, three: list[track.Run]) -> None:
    """The group "data" stands behind the code; the first run shows size and digest."""
    comparison = comparison_of(Reader(store), [run.run_id for run in three])
    (line,) = [line for line in comparison.lines if line.group == "data"]
    digest = three[0].inputs.dataset_inputs[0].dataset.digest[:8]
    assert line.label == "tiny (training)"
    assert [value.text for value in line.values] == [f"3 × 5 · {digest}", "text changed", ""]


def test_other_data_make_no_repeat(three: list[track.Run]) -> None:
    """Runs repeat each other where code, params and data are the same."""
    keys = {repeat_key(run, "code") for run in three}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (frame(), frame(text=["x", "y", "z"], whole=[3, 2, 1]), "whole, text changed"),
        (frame(), frame(more=[1, 2, 3]), "+more"),
        (frame(), frame().drop(columns=["real", "yes"]), "−real, yes"),
        (frame(), frame().iloc[:2], "3 → 2 rows"),
        (frame(), frame()[["text", "whole", "real", "yes", "when"]], "columns in another order"),
        (frame(), frame(), None),
    ],
)
def test_how_data_changed_in_words(store: Path, before: Any, after: Any, words: str | None) -> None:
    """Columns that are changed, new or gone, and the rows."""
    used = [
        DatasetInput(Dataset("d", one.digest, "code", "{}", json.dumps(one.schema), json.dumps(one.profile)))
        for one in (data.from_pandas(before), data.from_pandas(after))
    ]
    change = views.change_of(*used)
    assert (None if change is None else change.text) == words


def test_a_record_shows_its_data(three: list[track.Run]) -> None:
    """``%track show`` has a table of them, the card a word."""
    (grid,) = [grid for grid in run_details(three[0]).grids if grid.header[0] == "data"]
    digest = three[0].inputs.dataset_inputs[0].dataset.digest[:8]
    assert grid.rows == (("tiny", "training", "3 × 5", "train.csv", digest),)
    assert views.card_words(three[0]) == ("data tiny 3 × 5",)
    assert views.card_words(three[2]) == ()


@pytest.mark.parametrize("profile", [None, "", "[1]", "{", '{"num_rows": "x", "columns": [1, {"name": 2}]}', "null"])
def test_a_profile_that_cannot_be_read_is_shown_as_none(profile: str | None) -> None:
    """A store may be somebody else's."""
    used = DatasetInput(Dataset("d\n", "x", "code", "[", profile, profile))
    other = DatasetInput(Dataset("d", "y", "local", '{"uri": 3}', None, None))
    change = views.change_of(used, other)
    assert views.size_words(used) == ""
    assert (views.label(used), views.source_words(used)) == ("d", "code")
    assert change is not None
    assert change.text in ("other values", "−2")


# ---- models that a run read


def test_a_run_tells_the_models_that_it_read_and_measured(store: Path) -> None:
    """In mlflow's shape, in the process and from disk; models are no datasets to searches, repeats and comparisons."""
    with track.start_run() as run:
        track.log_input(model=LoggedModelInput("m-1"))
        track.log_inputs(models=["m-2", None])
        track.log_metric("acc", 0.5, step=3, model_id="m-1")
        track.log_metrics({"acc": 0.6, "loss": 1.0}, model_id="m-1")
        track.MlflowClient().log_metric(run.run_id, "acc", 0.7, model_id="m-2")
        open_inputs = run.inputs
    inputs = track.get_run(run.run_id).inputs
    assert inputs == open_inputs == RunInputs(
        (), (LoggedModelInput("m-1"), LoggedModelInput("m-2")), {"m-1": ("acc", "loss"), "m-2": ("acc",)}
    )  # fmt: skip
    assert [point.value for point in track.MlflowClient().get_metric_history(run.run_id, "acc")] == [0.5, 0.6, 0.7]
    assert track.runs("datasets.name = 'm-1'").df.empty
    with track.start_run() as other:
        track.log_metric("acc", 0.5)
    key, same = (repeat_key(track.get_run(one.run_id), "code") for one in (run, other))
    assert key == same
    shown = run_details(track.get_run(run.run_id))
    assert [row[:2] for grid in shown.grids for row in grid.rows if row[0].startswith("model ")] == [
        ("model m-1", "read"),
        ("model m-2", "read"),
        ("model m-1", "measured: acc, loss"),
        ("model m-2", "measured: acc"),
    ]


@pytest.mark.parametrize("model", ["", " ", 5, "x" * 300, object()], ids=["empty", "blank", "number", "long", "object"])
def test_what_names_no_model_is_refused_before_anything_is_recorded(store: Path, model: Any) -> None:
    """At the call, with what names one."""
    with track.start_run() as run:
        dataset = data.from_numpy(numpy.eye(2))
        for call in (
            lambda: track.log_input(dataset, model=model),
            lambda: track.log_inputs([dataset], models=[model]),
            lambda: track.log_metric("acc", 1.0, model_id=model),
        ):
            with pytest.raises(InvalidValue, match="log_model"):
                call()
    assert (track.get_run(run.run_id).inputs, track.get_run(run.run_id).data.metrics) == (RunInputs(), {})
