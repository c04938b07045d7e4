"""Files of chosen runs: nothing of other runs, experiments and models is in them."""

from __future__ import annotations

import os
from pathlib import Path

from made_stores import START, add_runs, made_store, write
from whole_stores import contents_of, unzipped, with_file

from jupyter_track.store import choices, edits, experiment_edits, files, registry, registry_edits
from jupyter_track.store.batch import Batch
from jupyter_track.store.reader import Reader
from jupyter_track.store.registry import ModelFile
from jupyter_track.store.registry_edits import Registration
from jupyter_track.store.upkeep import export, repair
from jupyter_track.store.upkeep.portable import pack
from jupyter_track.store.upkeep.tables import tables


def secretive_store(store: Path) -> tuple[str, bytes]:
    """Make a store with one run to send, `public`, and much that names a secret word and is not of that run."""
    word = "acme7f3a"
    secret, large = word.encode(), word.encode() * 30_000
    public, other, gone = add_runs(
        made_store(store.parent),
        {"name": "public", "experiment": "digits", "metrics": {"loss": [0.5, 0.25]}},
        {
            "name": f"{word} run",
            "experiment": f"client-{word}",
            "note": f"# {word}",
            "params": {word: word},
            "tags": {word: word},
            "metrics": {word: [1.0] * 200},
        },
        {"name": f"{word} in the bin", "experiment": "digits", "parent_uuid": None, "note": word},
    )
    add_runs(store, {"name": f"{word} beside", "experiment": "digits", "params": {"client": word}})
    (below,) = add_runs(store, {"name": f"{word} below", "experiment": f"bin-{word}", "parent_uuid": public})
    edits.delete_runs(store, [gone, below])
    for path, data in ((f"{word}.txt", secret), (f"{word}.bin", large)):
        with_file(store, other, path, data)
    batch = Batch(os.urandom(16).hex(), 1)
    source = files.keep(store, f"budget = '{word}'".encode())
    row = {"session": word, "position": 1, "source_sha256": source.sha256, "cell_id": word, "execution_count": 1}
    row |= {"start_time": START, "duration": 1.0, "status": "FINISHED", "content": (source.size, source.data)}
    batch.add_execution(other, row)
    described = files.keep(store, f"columns of {word}".encode())
    dataset = {"name": word, "digest": "d" * 32, "context": "training", "source_type": "local", "source": word}
    dataset |= {"tags": f'{{"client": "{word}"}}', "position": 1, "sha256": described.sha256}
    batch.add_dataset(other, {**dataset, "content": (described.size, described.data)})
    machine = files.keep(store, f"machine of {word}".encode())
    context = {"kind": "environment", "sha256": machine.sha256, "created": START}
    batch.add_context(other, {**context, "content": (machine.size, machine.data)})
    batch.add_goal(f"client-{word}", (word, "min"))
    write(store, batch)
    found = experiment_edits.find_experiment(store, f"client-{word}")
    assert found is not None
    experiment_edits.set_experiment_tags(store, str(found[0]), {"budget": word})
    experiment_edits.set_experiment_tags(store, "0", {"client": word})  # Default, where public is not
    edits.update_run(store, other, name=f"{word} renamed")
    choices.keep_choices(store, f"{word}.ipynb", "table", {"filter": word})
    for name, run_id in ((f"{word}-model", None), (f"{word}-other", other), ("shared", other), ("shared", public)):
        content = files.keep(store, secret if run_id != public else b"flavors: {}\n")
        own = word if run_id != public else "model"
        some = [ModelFile(own, content.sha256, content.size)]
        registration = Registration(own, run_id, own, some, (content,))
        tags = {"by": own}
        registry_edits.create_version(
            store, name, registration, user_id="me", tags=tags, description=own if run_id != public else None, make=True
        )
        if name != "shared":
            registry_edits.set_model_tags(store, name, {"client": word})
        elif run_id == other:
            registry_edits.set_alias(store, name, f"for-{word}", 1)
    return public, secret


def test_nothing_of_others_is_in_a_file_of_chosen_runs(store: Path, tmp_path: Path) -> None:
    """Not their experiments, tags, models, content, code, data and choices, nor what was deleted: not a word."""
    public, secret = secretive_store(store)
    assert store.read_bytes().count(secret) > 30
    unzipped(pack(store, tmp_path / "some.zip", runs=[public]).target, tmp_path / "out")
    copied = export.copy_store(store, tmp_path / "out" / "copy" / "track.db", runs=[public]).target
    tables(store, tmp_path / "out" / "runs.json", "json", runs=[public])
    tables(store, tmp_path / "out" / "found.json", "json", filter_string="name = 'public'")
    tables(store, tmp_path / "out" / "csv", "csv", runs=[public])
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) >= 11
    assert [path.name for path in written if secret in path.read_bytes() or secret.decode() in path.name] == []
    for place in (tmp_path / "out" / "some" / "track.db", copied):
        reader = Reader(place)
        assert [run.name for run in reader.runs(view_type=3)] == ["public"]
        assert sorted(one.name for one in reader.experiments(view_type=3)) == ["Default", "digits"]
        assert [(one.name, one.version, one.run_id) for one in registry.versions(place)] == [("shared", 2, public)]
        assert repair.examine(place).findings == ()
    (new,) = add_runs(copied, {"name": "later"})  # Default is there, under its own id
    assert Reader(copied).run(new).experiment_id == "0"
    whole = unzipped(pack(store, tmp_path / "whole.zip", deleted=True).target, tmp_path / "whole")
    assert contents_of(whole) == contents_of(store)
