"""The registry in the store: versions, aliases, tags and descriptions by mlflow's names, and upkeep of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_stores import add_runs, made_store
from sklearn.linear_model import LinearRegression
from whole_stores import contents_of, register_some

import jupyter_track as mlflow
from jupyter_track.cli.textconv import store_text
from jupyter_track.errors import AlreadyExists, InvalidValue, NotFound
from jupyter_track.store import edits, registry, registry_edits
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import clean, export, gc, merge, repair
from jupyter_track.store.upkeep.csv_form import iso_time
from jupyter_track.store.upkeep.tables import tables

DAY = 86_400_000


def line(slope: float) -> LinearRegression:
    """A fitted model that can be told from others."""
    return LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([0.0, slope]))


def slope_of(uri: str) -> float:
    """The slope of the model at an address."""
    return round(float(mlflow.sklearn.load_model(uri).coef_[0]), 6)


@pytest.fixture
def client(store: Path) -> mlflow.MlflowClient:
    """A client of a store with two versions of ``line``, of slope 1 and 2."""
    for slope in (1, 2):
        with mlflow.start_run(run_name=f"slope-{slope}"):
            mlflow.sklearn.log_model(line(slope), "m", registered_model_name="line")
    return mlflow.MlflowClient()


def test_log_model_registers_the_next_version(client: mlflow.MlflowClient) -> None:
    """Versions count from 1, know their run, and load by number, ``latest`` and alias."""
    found = client.search_model_versions("name = 'line'")
    assert [(one.version, one.name, one.status, one.current_stage) for one in found] == [
        (2, "line", "READY", "None"),
        (1, "line", "READY", "None"),
    ]
    runs = mlflow.search_runs(output_format="list")
    assert [one.run_id for one in found] == [run.run_id for run in runs]
    assert found[0].source == f"runs:/{runs[0].run_id}/m"
    assert [slope_of(f"models:/line/{one}") for one in (1, 2, "latest")] == [1, 2, 2]
    client.set_registered_model_alias("line", "champion", "1")
    assert slope_of("models:/line@champion") == 1
    assert client.get_model_version_by_alias("line", "champion") == client.get_model_version("line", "1")
    assert client.get_model_version("line", 1).aliases == ["champion"]
    assert client.get_registered_model("line").aliases == {"champion": 1}


def test_an_alias_names_one_version_and_can_be_taken_away(client: mlflow.MlflowClient) -> None:
    """Setting it again moves it; a name that reads like a version is refused."""
    client.set_registered_model_alias("line", "champion", 1)
    client.set_registered_model_alias("line", "champion", 2)
    assert client.get_registered_model("line").aliases == {"champion": 2}
    client.delete_registered_model_alias("line", "champion")
    with pytest.raises(InvalidValue, match=r"The registered model 'line' has no alias 'champion'; it has none\."):
        mlflow.sklearn.load_model("models:/line@champion")
    for alias in ("latest", "v2", "3", "a b", ""):
        with pytest.raises(InvalidValue):
            client.set_registered_model_alias("line", alias, 1)


def test_register_model_takes_every_address(client: mlflow.MlflowClient, tmp_path: Path) -> None:
    """A run's model, another version, and a plain folder, which has no run."""
    run = mlflow.search_runs(output_format="list")[0]
    first = mlflow.register_model(f"runs:/{run.run_id}/m", "other", tags={"checked": "yes"})
    second = mlflow.register_model("models:/line/1", "other")
    mlflow.sklearn.save_model(line(7), tmp_path / "saved")
    third = mlflow.register_model(tmp_path / "saved", "other")
    assert [(one.version, one.run_id is None) for one in (first, second, third)] == [(1, False), (2, False), (3, True)]
    assert (first.tags, third.source) == ({"checked": "yes"}, "saved")
    assert [slope_of(f"models:/other/{number}") for number in (1, 2, 3)] == [2, 1, 7]


def test_a_version_stays_what_was_registered(client: mlflow.MlflowClient, store: Path) -> None:
    """Its run may log another model under the name, and be deleted: the version loads as it was."""
    run = mlflow.search_runs(output_format="list")[0]
    with mlflow.start_run(run_id=run.run_id):
        mlflow.sklearn.log_model(line(5), "m")
    assert (slope_of(f"runs:/{run.run_id}/m"), slope_of("models:/line/2")) == (5, 2)
    mlflow.delete_run(run.run_id)
    gc.collect(store, older_than_days=0)
    assert slope_of("models:/line/2") == 2


def test_a_version_is_copied_to_another_name(client: mlflow.MlflowClient) -> None:
    """With its files and its run; only a version can be copied."""
    copied = client.copy_model_version("models:/line/2", "chosen")
    assert (copied.name, copied.version, slope_of("models:/chosen/1")) == ("chosen", 1, 2.0)
    assert copied.run_id == client.get_model_version("line", 2).run_id
    with pytest.raises(InvalidValue, match="A version is named by models:/"):
        client.copy_model_version("runs:/last/m", "chosen")


def test_descriptions_and_tags(client: mlflow.MlflowClient) -> None:
    """Of the model and of a version, set, found by and removed."""
    client.update_registered_model("line", "A line.")
    client.set_registered_model_tag("line", "team", "a")
    client.update_model_version("line", 2, description="Better.")
    client.set_model_version_tag("line", 2, "checked", True)
    model, version = client.get_registered_model("line"), client.get_model_version("line", 2)
    assert (model.description, model.tags) == ("A line.", {"team": "a"})
    assert (version.description, version.tags) == ("Better.", {"checked": "True"})
    assert [one.version for one in client.search_model_versions("tags.checked = 'True'")] == [2]
    assert [one.name for one in client.search_registered_models("name LIKE 'li%' AND tags.team = 'a'")] == ["line"]
    client.delete_registered_model_tag("line", "team")
    client.delete_model_version_tag("line", 2, "checked")
    assert (client.get_registered_model("line").tags, client.get_model_version("line", 2).tags) == ({}, {})
    assert model.latest_versions == [version]
    assert client.get_latest_versions("line", stages=["None"]) == [client.get_model_version("line", 2)]


def test_searching_by_pages_and_order(client: mlflow.MlflowClient) -> None:
    """A page carries the token of the next; versions are found by run, number and order."""
    client.create_registered_model("a", description="empty")
    first = client.search_registered_models(max_results=1)
    assert ([one.name for one in first], first.token) == (["a"], "1")
    second = client.search_registered_models(max_results=1, page_token=first.token)
    assert ([one.name for one in second], second.token) == (["line"], None)
    run = mlflow.search_runs(output_format="list")[1]
    assert [one.version for one in client.search_model_versions(f"run_id = '{run.run_id}'")] == [1]
    found = client.search_model_versions("version_number >= 1", order_by=["version_number ASC"])
    assert [one.version for one in found] == [1, 2]
    assert mlflow.search_registered_models(order_by=["name DESC"])[0].name == "line"
    assert [one.version for one in mlflow.search_model_versions(filter_string="name = 'line'", max_results=1)] == [2]
    with pytest.raises(InvalidValue, match=r"A model version has no attribute 'metric'"):
        client.search_model_versions("metric > 1")


def test_a_number_is_not_given_twice(client: mlflow.MlflowClient) -> None:
    """After the newest version was deleted the next one has a new number; its alias goes with it."""
    client.set_registered_model_alias("line", "champion", 2)
    client.delete_model_version("line", 2)
    assert client.get_registered_model("line").aliases == {}
    with pytest.raises(NotFound, match=r"The registered model 'line' has no version 2; it has 1\."):
        client.get_model_version("line", 2)
    run = mlflow.search_runs(output_format="list")[0]
    assert client.create_model_version("line", f"runs:/{run.run_id}/m", run.run_id).version == 3
    client.delete_registered_model("line")
    assert (client.search_registered_models(), client.search_model_versions()) == ([], [])
    assert slope_of(f"runs:/{run.run_id}/m") == 2


def test_renaming(client: mlflow.MlflowClient) -> None:
    """Versions and aliases go along; a taken name is refused."""
    client.set_registered_model_alias("line", "champion", 1)
    client.create_registered_model("taken")
    with pytest.raises(AlreadyExists, match=r"There is a registered model 'taken' already"):
        client.rename_registered_model("line", "taken")
    assert client.rename_registered_model("line", "straight").name == "straight"
    assert slope_of("models:/straight@champion") == 1


def test_what_is_refused(client: mlflow.MlflowClient) -> None:
    """Names that an address could not hold, unknown models (with the nearest), and models that are not there."""
    for name in ("a/b", "a:b", "", "  "):
        with pytest.raises(InvalidValue):
            client.create_registered_model(name)
    with pytest.raises(NotFound, match=r"There is no registered model 'lin'; did you mean 'line'\?"):
        client.get_registered_model("lin")
    run = mlflow.search_runs(output_format="list")[0]
    with pytest.raises(NotFound, match=r"has no model 'gone'"):
        mlflow.register_model(f"runs:/{run.run_id}/gone", "new")
    with pytest.raises(NotFound, match=r"There is no registered model 'nobody'"):
        client.create_model_version("nobody", f"runs:/{run.run_id}/m")
    with pytest.raises(InvalidValue, match=r"there are no stages here: use an alias, models:/line@production, which"):
        mlflow.sklearn.load_model("models:/line/Production")
    with pytest.raises(InvalidValue, match=r"A version of a model is a whole number"):
        client.get_model_version("line", "one")
    assert [one.name for one in client.search_registered_models()] == ["line"]


def test_looking_before_there_is_a_store(store: Path) -> None:
    """Nothing is found, and no file is made."""
    client = mlflow.MlflowClient()
    assert (client.search_registered_models(), client.search_model_versions()) == ([], [])
    with pytest.raises(NotFound, match=r"no model is registered yet"):
        client.get_registered_model("line")
    assert not store.exists()


# ---- upkeep


def test_a_registered_run_is_no_candidate_for_tidying(store: Path) -> None:
    """`clean` leaves it, and `gc` too, with what its version names; without the version it goes."""
    first, second = add_runs(
        made_store(store.parent), {"status": "FAILED", "duration": 1.0}, {"status": "FAILED", "duration": 1.0}
    )
    register_some(store, first)
    (reason,) = clean.candidates(store)
    assert reason.run_ids == (second,)
    edits.delete_runs(store, [first, second])
    assert gc.collect(store, older_than_days=0).runs == 1
    assert [run.run_id for run in Reader(store).runs(view_type=3)] == [first]
    assert [len(registry.files_of(store, "forest", number)) for number in (1, 2)] == [2, 1]
    registry_edits.delete_model(store, "forest")
    done = gc.collect(store, older_than_days=0)
    assert (done.runs, done.contents) == (1, 2)


def test_a_copy_holds_the_versions_of_its_runs(store: Path, tmp_path: Path) -> None:
    """A whole copy is equal; one of some runs has their versions alone, with the aliases that hold."""
    first, second = add_runs(made_store(store.parent), {}, {})
    register_some(store, first)
    whole = export.copy_store(store, tmp_path / "whole.db").target
    tables = [table for table in contents_of(store) if "model" in table]
    assert {table: contents_of(whole)[table] for table in tables} == {
        table: contents_of(store)[table] for table in tables
    }
    some = export.copy_store(store, tmp_path / "some.db", runs=[first]).target
    assert [one.version for one in registry.versions(some)] == [1]
    assert registry.model(some, "forest").aliases == {"champion": 1}
    none = export.copy_store(store, tmp_path / "none.db", runs=[second]).target
    assert {table: rows for table, rows in contents_of(none).items() if "model" in table and rows} == {}
    assert repair.examine(none).findings == ()
    assert repair.examine(some).findings == ()


def test_the_registry_as_a_table(store: Path, client: mlflow.MlflowClient, tmp_path: Path) -> None:
    """A row a version, with its words, and one for a model without versions; of some runs their versions alone."""
    client.set_registered_model_alias("line", "champion", 2)
    client.update_registered_model("line", "=a formula")
    client.set_model_version_tag("line", 1, "checked", "yes")
    client.create_registered_model("empty")
    first, second = reversed(client.search_model_versions("name = 'line'"))
    (place,) = tables(store, tmp_path / "models.csv", "csv", table="models")
    rows = list(csv.DictReader(place.open(encoding="utf-8", newline="")))
    shown = ("model", "version", "aliases", "title", "run_id", "run", "source", "tags", "model_description")
    title = "sklearn LinearRegression · skops"
    assert [tuple(row[name] for name in shown) for row in rows] == [
        ("line", "1", "", title, first.run_id, "1", first.source, '{"checked": "yes"}', "'=a formula"),
        ("line", "2", "champion", title, second.run_id, "2", second.source, "{}", "'=a formula"),
        ("empty", "", "", "", "", "", "", "", ""),
    ]
    assert rows[0]["created"] == iso_time(first.creation_timestamp)
    (place,) = tables(store, tmp_path / "some.csv", "csv", table="models", runs=[first.run_id])
    rows = list(csv.DictReader(place.open(encoding="utf-8", newline="")))
    assert [(row["model"], row["version"], row["aliases"]) for row in rows] == [("line", "1", "")]
    (place,) = tables(store, tmp_path / "some.json", "json", runs=[first.run_id])
    told = {one["name"]: one for one in json.loads(place.read_text("utf-8"))["models"]}
    assert list(told) == ["line"]
    assert [one["version"] for one in told["line"]["versions"]] == [1]
    assert told["line"]["aliases"] == {}
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    (place,) = tables(store, tmp_path / "models.parquet", "parquet", table="models")
    assert pyarrow.parquet.read_table(place).to_pydict()["version"] == [1, 2, None]


def test_git_shows_a_change_of_the_registry(store: Path, client: mlflow.MlflowClient) -> None:
    """What a person changed is a changed line, under its model or version."""
    (first, second) = reversed(client.search_model_versions("name = 'line'"))
    mlflow.flush()
    before = list(store_text(store))
    client.set_registered_model_alias("line", "champion", 1)
    client.update_registered_model("line", "two\nlines")
    client.set_registered_model_tag("line", "team", "a")
    client.set_model_version_tag("line", 2, "checked", "yes")
    client.update_model_version("line", 2, "better")
    after = list(store_text(store))
    assert [line for line in before if line not in after] == []
    at = after.index("model line")
    shown = [line for line in after[at:] if " file " not in line and " user " not in line]
    assert shown == [
        "model line",
        "    note two",
        "    note lines",
        "    tag team = a",
        "    alias champion = 1",
        "    version 1 sklearn LinearRegression · skops",
        f"        from {first.source}",
        f"        run {first.run_id}",
        "    version 2 sklearn LinearRegression · skops",
        f"        from {second.source}",
        f"        run {second.run_id}",
        "        note better",
        "        tag checked = yes",
        "",
    ]
    assert sum(line.startswith("        file MLmodel, ") for line in after[at:]) == 2


def test_two_registries_become_one(store: Path, tmp_path: Path) -> None:
    """Versions are told by their own ids: a taken number gives way to the next, aliases follow, twice adds nothing."""
    (mine,) = add_runs(made_store(store.parent), {})
    register_some(store, mine)
    (tmp_path / "other").mkdir()
    other = made_store(tmp_path / "other")
    (theirs,) = add_runs(other, {})
    register_some(other, theirs, seed=1)
    registry_edits.set_alias(other, "forest", "challenger", 1)
    merged = merge.merge(store, [other])
    assert merged.sources[0].renumbered == ["models:/forest/3", "models:/forest/4"]
    assert str(merged).splitlines()[1:] == [
        "Versions of models whose number was taken here: now models:/forest/3, models:/forest/4."
    ]
    found = registry.model(store, "forest")
    assert [(one.version, one.run_id) for one in registry.versions_of(store, "forest")] == [
        (4, None),
        (3, theirs),
        (2, None),
        (1, mine),
    ]
    assert found.aliases == {"champion": 3, "challenger": 3}  # the other registry was changed last
    before = contents_of(store)
    again = merge.merge(store, [other])
    assert (again.sources[0].renumbered, contents_of(store)) == ([], before)
    assert repair.examine(store).findings == ()


def test_what_was_changed_later_counts_in_a_merge(store: Path, tmp_path: Path) -> None:
    """Description, tags and aliases of a copy that was edited afterwards come back with it."""
    (run,) = add_runs(made_store(store.parent), {})
    register_some(store, run)
    copy = export.copy_store(store, tmp_path / "copy" / "track.db").target
    registry_edits.describe_model(copy, "forest", "from the laptop")
    registry_edits.set_version_tags(copy, "forest", 1, {"checked": "twice"})
    registry_edits.set_alias(copy, "forest", "champion", 2)
    merge.merge(store, [copy])
    found = registry.model(store, "forest")
    assert (found.description, found.aliases) == ("from the laptop", {"champion": 2})
    assert registry.version(store, "forest", 1).tags == {"checked": "twice"}


def test_doctor_says_what_belongs_to_no_model(store: Path) -> None:
    """Rows whose model is gone are found and removed, and missing content is named by the version."""
    import sqlite3
    from contextlib import closing

    (run,) = add_runs(made_store(store.parent), {})
    register_some(store, run)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("DELETE FROM contents WHERE size > 1000")
        connection.execute("INSERT INTO model_aliases VALUES (99, 'lost', 1)")
        connection.commit()
    told = [str(finding) for finding in repair.examine(store).findings]
    assert "There are 1 rows of model_aliases without their model." in told
    assert any("1 missing content, named by models:/forest/1" in one for one in told)
    repair.repair(store)
    assert [finding.kind for finding in repair.examine(store).findings] == ["content"]
