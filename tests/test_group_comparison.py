"""Groups of runs side by side: mean ± sd (n), the difference with its interval, and how groups are found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pandas
import pytest
from made_records import made_metric, made_param, made_run
from made_stores import made_store, with_code

import jupyter_track as track
from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.panels.comparison import ComparisonPanel
from jupyter_track.panels.panel import Link
from jupyter_track.records import Dataset, DatasetInput, Run, RunInputs
from jupyter_track.store.reader import Reader
from jupyter_track.views.compared import Line, Value
from jupyter_track.views.comparison import comparison_of
from jupyter_track.views.comparison_html import stored_comparison_html
from jupyter_track.views.comparison_parts import column_curve, overlays, parts_of, run_paints
from jupyter_track.views.format import Change
from jupyter_track.views.goals import Goal
from jupyter_track.views.group_comparison import compare_groups, group_comparison_of, groups_in
from jupyter_track.views.live_comparison import comparison_message
from jupyter_track.views.statistics import WELCH


def group(first: int, name: str, penalty: float, values: tuple[float, ...]) -> list[Run]:
    """Runs that differ only in the seed."""
    return [
        made_run(
            first + seed,
            name,
            [made_metric("accuracy", [value]), made_metric("epochs", [5.0])],
            [made_param("C", penalty), made_param("seed", seed), made_param("kernel", "rbf")],
        )
        for seed, value in enumerate(values)
    ]


SMALL = group(1, "svc", 0.1, (0.961, 0.962, 0.963))
LARGE = group(4, "svc", 1.0, (0.981, 0.979, 0.983))


def test_a_column_is_a_group() -> None:
    """Named by the params that tell it from the others, since all runs have one name."""
    found = compare_groups([SMALL, LARGE], {run.run_id: ["fit()"] for run in (*SMALL, *LARGE)})
    assert [(one.name, one.repeats, one.run_id, len(one.members)) for one in found.runs] == [
        ("C 0.1", 3, SMALL[0].run_id, 3),
        ("C 1.0", 3, LARGE[0].run_id, 3),
    ]
    assert found.runs[0].full_name == "C 0.1: #1 svc, #2 svc, #3 svc"
    assert found.lines == (
        Line("params", "C", (Value("0.1"), Value("1.0")), right=True),
        Line(
            "metrics",
            "accuracy",
            (
                Value("0.9620 ± 0.0010 (n=3)", "0.9620000000000001"),
                Value(
                    "0.981 ± 0.002 (n=3)",
                    "0.981",
                    change=Change("+0.0190", "better"),
                    best=True,
                    interval="95 % +0.0134 to +0.0246",
                    method=WELCH,
                ),
            ),
            Goal("max", guessed=True),
            right=True,
        ),
    )
    assert found.equal == (("code", 1), ("params", 2), ("metrics", 1))
    assert [(line.label, [value.text for value in line.values]) for line in found.same][1:3] == [
        ("seed", ["0, 1, 2", "0, 1, 2"]),
        ("kernel", ["rbf", "rbf"]),
    ]
    assert "accuracy ↑?  0.9620 ± 0.0010 (n=3)  0.981 ± 0.002 (n=3) +0.0190 ▲? (95 % +0.0134 to +0.0246)" in str(found)


def test_a_page_gets_names_as_they_are_and_a_picture_gets_them_cut(tmp_path: Path) -> None:
    """The page cuts to the room that it has: what was cut before would have two marks of it. So do runs."""
    store = made_store(tmp_path)
    names = [f"a run with a long name that says what was tried, {n}" for n in (1, 2)]
    ids = with_code(store, *({"metrics": {"loss": [2.0, 1.0]}, "name": name} for name in names for _ in range(2)))
    for found, cut in (
        (group_comparison_of(Reader(store), [ids[:2], ids[2:]]), "a run with a long … what was tried, {}"),
        (comparison_of(Reader(store), [ids[1], ids[2]]), "a run with a…as tried, {}"),
    ):
        told = comparison_message(found, parts_of(Reader(store), found), run_paints(found))
        assert [run["name"] for run in told["runs"]] == names
        assert [run.name for run in found.runs] == [cut.format(n) for n in (1, 2)]
    panel = ComparisonPanel.of(group_comparison_of(Reader(store), [ids[:2], ids[2:]]))
    assert panel.curves is not None
    panel.greet(Link(lambda message: None))
    assert [name for name, _ in panel.curves.asked.columns] == names


def test_a_long_fraction_in_a_name_is_as_in_a_table() -> None:
    """Where two would be called alike, each is told to the digit."""
    near, far = (group(first, "svc", C, (1.0, 2.0)) for first, C in ((1, 3.0000000000000004e-05), (4, 0.1)))
    assert [one.long_name for one in compare_groups([near, far], {}).runs] == ["C 3e-05", "C 0.1"]
    same = group(4, "svc", 3.0000000000000011e-05, (1.0, 2.0))
    assert [one.long_name for one in compare_groups([near, same], {}).runs] == [
        "C 3.0000000000000004e-05",
        "C 3.000000000000001e-05",
    ]


def test_a_difference_within_noise_is_said() -> None:
    """And has no arrow."""
    near = group(4, "near", 1.0, (0.9615, 0.9625, 0.9635))
    line = next(line for line in compare_groups([SMALL, near], {}).lines if line.label == "accuracy")
    assert (line.values[1].noise, line.values[1].interval) == ("within noise (n=3, 3)", "95 % −0.0018 to +0.0028")


def test_groups_that_differ_only_in_the_seed_are_found(tmp_path: Path) -> None:
    """By the params and the code without seeds; where one of them is alone, they are compared run by run."""
    store = made_store(tmp_path)
    runs = [{"params": {"C": C, "model.random_state": seed}} for seed in (0, 1) for C in (0.1, 1)]
    ids = with_code(store, *runs)
    reader = Reader(store)
    assert groups_in(reader, reader.runs_of(ids)) == [[ids[0], ids[2]], [ids[1], ids[3]]]
    assert groups_in(reader, reader.runs_of(ids[:3])) == []
    repeats = with_code(store, *({"params": {"C": C}} for C in (0.1, 0.1, 1, 1)))
    assert groups_in(reader, reader.runs_of(repeats)) == []


def test_a_seed_in_the_code_is_no_other_code() -> None:
    """The diff is that of the first runs, which stand for their groups."""
    cells = {
        run.run_id: [f"fit(C={C}, seed={n})"] for C, runs in ((1, SMALL), (2, LARGE)) for n, run in enumerate(runs)
    }
    (diff,) = compare_groups([SMALL, LARGE], cells).diffs
    assert diff.title == "code of C 1.0 against C 0.1: 1 line added, 1 removed"


def test_repeats_that_are_all_equal_have_no_interval(tmp_path: Path) -> None:
    """It would be the difference twice; beside the value of a single run nothing is said again."""
    store = made_store(tmp_path)
    ids = with_code(store, *({"metrics": {"loss": value}, "name": "r"} for value in (2.0, 2.0, 1.0, 1.0)))
    grouped = group_comparison_of(Reader(store), [ids[:2], ids[2:]])
    (line,) = (line for line in grouped.lines if line.key == "loss")
    assert [(value.text, value.spread, value.interval) for value in line.values] == [
        ("2 ± 0 (n=2)", "", ""),
        ("1 ± 0 (n=2)", "", ""),
    ]
    assert line.values[1].change is not None
    assert line.values[1].change.text == "−1"


def test_groups_are_read(tmp_path: Path) -> None:
    """What cannot be compared is refused with the reason."""
    store = made_store(tmp_path)
    ids = with_code(store, *({"metrics": {"loss": value}, "name": "r"} for value in (1.0, 2.0, 3.0, 4.0)))
    reader = Reader(store)
    found = group_comparison_of(reader, [ids[:2], ids[2:]])
    assert (found.store, [one.members for one in found.runs]) == (store, [tuple(ids[:2]), tuple(ids[2:])])
    for groups, error, words in (
        ([ids[:2], ids[1:]], InvalidValue, "in two of the groups"),
        ([ids[:2]], InvalidValue, "two groups or more, not 1"),
        ([ids[:2], []], InvalidValue, "A group without a run"),
        ([ids[:2], ["none"]], NotFound, "There is no run 'none'"),
    ):
        with pytest.raises(error, match=words):
            group_comparison_of(reader, groups)


def test_the_curve_of_a_group_is_the_mean(tmp_path: Path) -> None:
    """At the steps that all of its runs have; a single run's curve is its own."""
    store = made_store(tmp_path)
    ids = with_code(store, *({"metrics": {"loss": values}} for values in ([3.0, 2.0, 1.0], [5.0, 4.0], [9.0, 8.0])))
    reader = Reader(store)
    found = group_comparison_of(reader, [ids[:2], ids[2:]])
    curve = column_curve(reader, found.runs[0], "loss", 100)
    assert curve.points == ((0, 4.0), (1, 3.0))
    assert curve.note.endswith(": 1 of 2 runs goes on to step 2, not shown")
    assert curve.note in str(stored_comparison_html(found))
    assert column_curve(reader, found.runs[1], "loss", 100).points == ((0, 9.0), (1, 8.0))


def test_what_runs_of_a_group_lack_leaves_no_comma() -> None:
    """How many are without it is said where others of the group have it; a group without any has an empty cell."""

    def run(number: int, **params: object) -> Run:
        return made_run(number, "r", [], [made_param(key, value) for key, value in params.items()])

    one = [run(1, degree=5, loss="log_loss"), run(2, degree=5), run(3)]
    other = [run(4, rate="adaptive"), run(5, rate="optimal"), run(6)]
    found = compare_groups([one, other], {})
    params = {line.label: [value.text for value in line.values] for line in found.lines if line.group == "params"}
    assert params == {
        "degree": ["5 · 1 of 3 without", ""],
        "loss": ["log_loss · 2 of 3 without", ""],
        "rate": ["", "adaptive, optimal · 1 of 3 without"],
    }


def test_the_name_of_a_group_is_cut_between_words(tmp_path: Path) -> None:
    """Only where it has no room: in the legend of a picture a name has a row of its own before it is cut."""
    store = made_store(tmp_path)
    runs = [
        {"params": {"penalty": penalty, "learning_rate": rate}, "metrics": {"loss": [3.0, 2.0, 1.0]}, "name": "r"}
        for penalty, rate in (("l1", 0.1), ("l1", 0.1), ("l2", 0.5), ("l2", 0.5))
    ]
    ids = with_code(store, *runs)
    reader = Reader(store)
    found = group_comparison_of(reader, [ids[:2], ids[2:]])
    assert [one.name for one in found.runs] == ["penalty l1 · learning_rate 0.1", "penalty l2 · learning_rate 0.5"]
    (picture,) = overlays(reader, found, parts_of(reader, found).curves)
    svg = unquote(picture.uri)
    assert ">penalty l1 · learning_rate 0.1" in svg
    assert ">penalty l2 · learning_rate 0.5" in svg


def reading(runs: list[Run], *digests: str | None, rows: int = 3) -> list[Run]:
    """The runs with the data that each of them read; the digest of its column ``age`` goes with that of the whole."""
    found = []
    for run, digest in zip(runs, digests, strict=True):
        profile = {"num_rows": rows, "columns": [{"name": "age", "digest": digest}, {"name": "city", "digest": "c"}]}
        used = DatasetInput(Dataset("people", digest or "", "local", '{"uri": "p.csv"}', None, json.dumps(profile)))
        found.append(replace(run, inputs=RunInputs((used,) if digest else ())))
    return found


@pytest.mark.parametrize(
    ("digests", "texts"),
    [
        (("a", "a", "a", "b", "b", "b"), ("3 × 2 · a", "age changed")),
        (("a", "a", "a", "a", "b", "a"), ("3 × 2 · a", "2 versions")),
        (("a", "b", "a", "a", "b", "c"), ("2 versions", "3 versions")),
        (("a", "a", "a", None, "a", "a"), ("3 × 2 · a", "3 × 2 · a in 2 of 3")),
        (("a", "b", None, None, None, None), ("2 versions in 2 of 3", "")),
    ],
)
def test_groups_show_the_data_that_they_read(digests: tuple[str | None, ...], texts: tuple[str, str]) -> None:
    """As runs do where all of a group have read the same; else how many versions there are."""
    found = compare_groups([reading(SMALL, *digests[:3]), reading(LARGE, *digests[3:])], {})
    (line,) = (line for line in found.lines if line.group == "data")
    assert (line.label, tuple(value.text for value in line.values)) == ("people", texts)
    assert [line.group for line in found.lines][:2] == ["data", "params"]
    assert not any(value.same for value in line.values)


def test_groups_that_read_the_same_data_have_no_line_for_it() -> None:
    """It is counted; also where the runs of both have read the same two versions."""
    for digests in ("aaa", "aab"):
        found = compare_groups([reading(SMALL, *digests), reading(LARGE, *reversed(digests))], {})
        assert [line.label for line in found.lines if line.group == "data"] == []
        assert dict(found.equal)["data"] == 1
        assert [value.same for line in found.same if line.group == "data" for value in line.values] == [False, True]


def test_groups_show_the_packages_in_which_they_differ() -> None:
    """What surrounded the runs of a group is told once; where it differs inside, each of it."""

    def around(python: str, numpy: str) -> dict[str, dict[str, object]]:
        return {"environment": {"python": {"version": python}, "packages": {"numpy": numpy, "pandas": "3.0"}}}

    runs = [*SMALL, *LARGE]
    known = {run.run_id: around("3.12", "2.0" if at < 3 else f"2.{at % 2 + 1}") for at, run in enumerate(runs)}
    found = compare_groups([SMALL, LARGE], {}, known)
    assert [
        (line.label, [value.text for value in line.values]) for line in found.lines if line.group == "environment"
    ] == [("numpy", ["2.0", "2.2, 2.1"])]


def test_groups_in_a_store_show_their_data(store: Path) -> None:
    """What the runs logged is read with them."""
    frames = [pandas.DataFrame({"age": [1, 2, age]}) for age in (3, 3, 4, 4)]
    ids = []
    for frame in frames:
        with track.start_run(run_name="r") as run:
            track.log_input(track.data.from_pandas(frame, name="people"))
        ids.append(run.run_id)
    track.flush()
    reader = Reader(store)
    found = group_comparison_of(reader, [ids[:2], ids[2:]])
    (line,) = (line for line in found.lines if line.group == "data")
    assert [value.text for value in line.values][1] == "age changed"
