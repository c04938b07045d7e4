"""Models where a person looks: the card, the run in full, the registry under ``%track models`` and in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from shell_session import Notebook, notebook

from jupyter_track.cli.commands import cli
from jupyter_track.records import Artifact, ModelVersion, RegisteredModel, html_form, text_form
from jupyter_track.views import html, text  # noqa: F401 - importing registers the forms
from jupyter_track.views.logged import model_words, models_in
from jupyter_track.views.models import registry_details

CELL = """%%track lines
import jupyter_track as track
from sklearn.linear_model import LinearRegression
line = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
info = track.sklearn.log_model(line, name="line", registered_model_name="lines")
"""


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook that has logged and registered a model."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run(CELL, cell_id="one")
        yield made


def artifact(path: str, title: str | None = None, size: int = 10) -> Artifact:
    """A file of a run."""
    return Artifact(path, "0" * 64, size, "text/plain", title=title)


def test_the_card_and_the_run_name_the_model(nb: Notebook) -> None:
    """The card says name and format; the run in full has one line for all files of the model."""
    assert "model line (skops)" in nb.cards[-1]
    nb.run("%track show lines")
    shown = nb.cards[-1]
    assert "line/" in shown
    assert "sklearn LinearRegression · skops" in shown
    assert "conda.yaml" not in shown


def test_the_registry_in_the_notebook(nb: Notebook) -> None:
    """All models, one with its versions, and what there is in place of an unknown one."""
    nb.run("%track models")
    assert nb.cards[-1].split()[:8] == ["model", "newest", "what", "it", "is", "changed", "lines", "1"]
    nb.run("%track models lines")
    assert [word in nb.cards[-1] for word in ("lines", "version", "sklearn LinearRegression · skops", "#1")] == [
        True
    ] * 4
    nb.run("%track models line")
    assert "There is no registered model 'line'; did you mean 'lines'?" in nb.printed


def test_the_registry_in_the_terminal(nb: Notebook, tmp_path: Path) -> None:
    """As a table, as one model, and as JSON; an unknown name is "nothing found"."""
    store = str(nb.store)

    def say(*words: str) -> tuple[int, str]:
        answer = CliRunner().invoke(cli, ["--store", store, *words])
        return answer.exit_code, answer.output

    code, table = say("models")
    assert (code, "lines" in table, "sklearn LinearRegression · skops" in table) == (0, True, True)
    assert say("models", "lines")[0] == 0
    (found,) = json.loads(say("models", "--json")[1])["models"]
    assert (found["name"], found["aliases"], [one["version"] for one in found["versions"]]) == ("lines", {}, [1])
    assert found["versions"][0]["title"] == "sklearn LinearRegression · skops"
    assert say("models", "gone")[0] == 3


def test_what_log_model_returns_shows_itself(nb: Notebook) -> None:
    """As facts: what it is, what it takes, and what loads it."""
    info = nb.shell.user_ns["info"]
    told = text_form(info) or ""
    assert [line.split("  ")[0] for line in told.splitlines()] == [
        "line", "what it is", "registered as version", "load it with",
    ]  # fmt: skip
    assert info.model_uri in (html_form(info) or "")


def test_models_among_files() -> None:
    """A folder with MLmodel is a model; a run with more than two says their number."""
    files = [artifact("note.txt"), artifact("a/MLmodel", "sklearn Ridge · skops"), artifact("a/model.skops", size=90)]
    (found,), others = models_in(files)
    assert (found.name, found.title, found.format, found.files, found.size) == (
        "a", "sklearn Ridge · skops", "skops", 2, 100,
    )  # fmt: skip
    assert [one.path for one in others] == ["note.txt"]
    assert model_words(files) == ("model a (skops)",)
    imported = [artifact("b/MLmodel"), artifact("c/d/MLmodel", "pytorch Net · cloudpickle (Net is of the notebook)")]
    assert model_words(imported) == ("model b", "model c/d (cloudpickle)")
    assert model_words([*files, *imported]) == ("models 3",)


def test_names_are_text_and_stay_on_their_line() -> None:
    """A hostile name, description or alias is shown as it is, escaped and on one line."""
    bad = "<script>alert(1)</script>\nmore"
    version = ModelVersion(bad, 1, bad, None, bad, bad, 0, 0, bad, {bad: bad}, [bad])
    model = RegisteredModel(bad, 0, 0, bad, [version], {bad: bad}, {bad: 1})
    for record in (version, model, registry_details([model], 1)):
        assert "<script>" not in (html_form(record) or "")
        assert "&lt;script&gt;" in (html_form(record) or "")
        assert not [line for line in (text_form(record) or "").splitlines() if line.startswith("more")]
