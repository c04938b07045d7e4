"""The line of ``%%track``: its options and defaults, variables in it, and secrets, which reach no store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, notebook


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


# ---- what the line says


def test_all_options(nb: Notebook) -> None:
    """NAME, -e, -p, -t, -m, --max, --min, -n: each is recorded, with its type."""
    nb.run(
        "%%track 'my run' -e digits -p C=0.1 -p layers=[1,2] -p kind=rbf --param on=True -t stage=test --tag a=b=c "
        "-m f1 -m auc:max --max acc --min loss -n 'less regularisation'\n"
        "f1 = auc = acc = 0.5\nfor loss in (3.0, 0.25): pass"
    )
    run = nb.only
    assert (run.name, run.experiment_name, run.note) == ("my run", "digits", "less regularisation")
    explicit = {key: param.value for key, param in run.params.items() if param.source == "explicit"}
    assert explicit == {"C": 0.1, "layers": [1, 2], "kind": "rbf", "on": True}
    assert (run.own_tags["stage"], run.own_tags["a"]) == ("test", "b=c")
    assert {key: (metric.last, metric.source) for key, metric in run.metrics.items()} == {
        "f1": (0.5, "named"),
        "auc": (0.5, "named"),
        "acc": (0.5, "named"),
        "loss": (0.25, "named"),
    }
    assert run.goals == {"auc": "max", "acc": "max", "loss": "min"}


def test_goals_are_kept_per_experiment(nb: Notebook) -> None:
    """A later run of the experiment has the goal without saying it; a run of another has not."""
    nb.run("%%track a --min score\nscore = float('1')")
    nb.run("%%track b\nscore = float('2')")
    nb.run("%%track c -e other\nscore = float('2')")
    assert [run.goals for run in nb.runs] == [{"score": "min"}, {"score": "min"}, {}]


def test_the_defaults(nb: Notebook) -> None:
    """Without NAME the run is named after the estimator, else at random; the experiment is the notebook's stem."""
    nb.run("%%track\nfrom sklearn.dummy import DummyClassifier\nmodel = DummyClassifier().fit([[0]], [0])")
    nb.run("%%track\nx = 1")
    first, second = nb.runs
    assert (first.name, first.experiment_name, first.notebook) == ("DummyClassifier", "demo", "demo.ipynb")
    assert len(second.name.split("-")) == 3
    assert first.data.tags["mlflow.source.name"] == "demo.ipynb"


def test_quiet(nb: Notebook) -> None:
    """-q shows no card, records the same, and a metric's warning is not lost with the card."""
    with pytest.warns(UserWarning, match="No metric 'acuracy'.* The nearest names: accuracy"):
        nb.run("%%track base -q -m acuracy\naccuracy = 0.5")
    assert (nb.cards, nb.only.name, nb.printed) == ([], "base", "")


def test_a_missing_metric_is_said_on_the_card(nb: Notebook) -> None:
    """A name that the cell ended without is a warning with the nearest names."""
    nb.run("%%track base -m acuracy\naccuracy = float('0.5')")
    assert "No metric 'acuracy': the cell ended without that name. The nearest names: accuracy." in nb.cards[0]


def test_a_missing_metric_may_be_one_that_was_logged(nb: Notebook) -> None:
    """The metrics that the cell logs itself are among the names that were meant."""
    nb.run("%%track base --min val_los\nimport jupyter_track\njupyter_track.log(val_loss=0.5)")
    assert "No metric 'val_los': the cell ended without that name. The nearest names: val_loss." in nb.cards[0]


SHOWS = "C = 0.1\nprint('text')\nfrom IPython.display import display\ndisplay({'image/svg+xml': '<svg/>'}, raw=True)\n"


@pytest.mark.parametrize(
    ("switch", "missing"),
    [
        ("", None),
        ("--no-params", "params"),
        ("--no-metrics", "metrics"),
        ("--no-figures", "figures"),
        ("--no-output", "output"),
        ("--no-source", "source"),
    ],
)
def test_switches(nb: Notebook, switch: str, missing: str | None) -> None:
    """Each kind of automatic capture can be switched off for a cell, and only that kind."""
    nb.run(f"%%track base {switch}\n{SHOWS}float('0.5')")
    run = nb.only
    assert {
        "params": nb.params(run),
        "metrics": nb.metrics(run),
        "figures": [path for path in nb.paths(run) if path.startswith("figures/")],
        "output": nb.text(run),
        "source": len(nb.sources(run)),
    } == {
        "params": {"C": 0.1} if missing != "params" else {},
        "metrics": {"result": 0.5} if missing != "metrics" else {},
        "figures": ["figures/1.svg"] if missing != "figures" else [],
        "output": "text\n" if missing != "output" else None,
        "source": 1 if missing != "source" else 0,
    }


def test_named_metrics_count_without_automatic_ones(nb: Notebook) -> None:
    """--no-metrics leaves those that are named on the line."""
    nb.run("%%track --no-metrics -m acc\nacc = float('0.5')\nother = float('0.25')\nother")
    assert nb.metrics(nb.only) == {"acc": 0.5}


@pytest.mark.parametrize(
    ("setting", "metrics"), [('"floats"', {"result": 2.0, "a": 0.5}), ('"last"', {"result": 2.0}), ('"off"', {})]
)
def test_config_of_automatic_metrics(nb: Notebook, setting: str, metrics: dict[str, float]) -> None:
    """``%config JupyterTrack.auto_metrics``: floats, last or off."""
    nb.run(f"%config JupyterTrack.auto_metrics = {setting}")
    nb.run("def half(): return 0.5")
    nb.run("%%track\na = half()\na + 1.5")
    assert nb.metrics(nb.only) == metrics


def test_config_switches_off_the_rest(nb: Notebook) -> None:
    """``%config JupyterTrack``: params, figures, output, source, the name and the card."""
    for name in ("auto_params", "figures", "output", "source", "auto_name"):
        nb.run(f"%config JupyterTrack.{name} = False")
    nb.run("%config JupyterTrack.card = 'off'")
    nb.run(f"%%track\nfrom sklearn.dummy import DummyClassifier\n{SHOWS}m = DummyClassifier().fit([[0]], [0])")
    run = nb.only
    assert (nb.params(run), nb.paths(run), nb.sources(run), nb.cards) == ({}, [], [], [])
    assert run.name != "DummyClassifier"


def test_variables_in_the_line(nb: Notebook) -> None:
    """``{variable}`` and ``$variable`` are put in, as for every magic; what is no variable stays."""
    nb.run("n = 3\nkind = 'rbf'\nscore_name = 'acc'")
    nb.run("%%track run-{n} -p kernel=$kind -p twice={n * 2} -m {score_name}\nacc = 0.5")
    run = nb.only
    assert (run.name, nb.params(run)) == ("run-3", {"kernel": "rbf", "twice": 6, "acc": 0.5})
    assert nb.metrics(run) == {"acc": 0.5}
    nb.run("%%track base -n 'as in {nothing}'\n1")
    assert nb.runs[1].note == "as in {nothing}"


def test_every_name_of_the_line_is_the_users(nb: Notebook) -> None:
    """No variable of ours takes the place of the user's: `head`, `shell` and `line` are ordinary names."""
    nb.run("head, shell, line, self = 'a', 'b', 'c', 'd'")
    nb.run("%%track {head}-$shell-{line}-{self}\n1")
    assert nb.only.name == "a-b-c-d"


def test_a_message_names_variables_as_written(nb: Notebook) -> None:
    """The line is read before their values are known, under names of our own, which nobody has to see."""
    nb.run("%%track -e {group} {title}\n1")
    assert "UsageError: %%track: '{title}' stands behind '-e {group}'. " in nb.printed


def test_variables_that_break_the_line(nb: Notebook) -> None:
    """A value that makes the line unreadable is said in one line; the cell, which IPython runs already, goes on."""
    nb.run("name = 'two words'")
    assert nb.run("%%track {name}\n6 * 7").result == 42
    assert nb.cards == [
        "This cell is not tracked: %%track: unrecognized arguments: words; "
        "text of several words is put in quotes. '%%track?' shows the options."
    ]
    assert (nb.open, nb.problems) == ([], [])


# ---- secrets


def test_secrets_reach_no_byte_of_the_store(nb: Notebook) -> None:
    """Names and values that look secret are redacted in source, output, params, tags, note and error text."""
    secrets = ["hunter2hunter2", "sk-proj-abcdefghijklmnopqrstuvwxyz123456", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"]
    nb.run(
        f"%%track -p api_key={secrets[1]} -t token={secrets[2]} -n 'with {secrets[2]}'\n"
        f"password = '{secrets[0]}'\nconfig = dict(password='{secrets[0]}', api_key='{secrets[1]}', lr=0.1)\n"
        f"print('key', '{secrets[2]}')\nprint(config)\n"
        f"raise ValueError(f'refused: {{config}} {secrets[1]}')"
    )
    run = nb.only
    assert run.error is not None
    assert nb.params(run)["config.lr"] == 0.1
    nb.shell.run_line_magic("unload_ext", "jupyter_track")
    content = b"".join(path.read_bytes() for path in nb.folder.rglob("track.db*") if path.is_file())
    content += b"".join(path.read_bytes() for path in nb.folder.glob("track.db-files/**/*") if path.is_file())
    assert [secret for secret in secrets if secret.encode() in content] == []
    assert [secret for secret in secrets if secret in "".join(nb.cards)] == []


def test_a_secret_variable_in_the_line_gives_a_mark(nb: Notebook) -> None:
    """In the name, the note, a tag, a param: beside its value nothing would say any more that it was a secret."""
    nb.run("api_key, config, n = 'hunter2hunter2', {'password': 'hunter3hunter3'}, 3")
    nb.run("%%track run-{api_key}-{n} -n \"as {config['password']}\" -t a=$api_key -p b={api_key[:8]} -p c={n}\n1")
    run = nb.only
    assert (run.name, run.note, run.own_tags["a"], nb.params(run)) == (
        "run-<redacted>-3",
        "as <redacted>",
        "<redacted>",
        {"b": "<redacted>", "c": 3},
    )


def test_a_secret_by_its_looks_in_the_line_gives_a_mark(nb: Notebook) -> None:
    """Whatever the variable is called."""
    nb.run("first, second = 'sk-proj-1234567890abcdefghij', 'password=hunter2hunter2'")
    nb.run("%%track run-{first} -n {second} -t a={second} -p b={first}\n1")
    nb.run("%%track -t mlflow.runName={second} -t mlflow.note.content={first}\n1")
    one, two = nb.runs
    assert (one.name, one.note, one.own_tags["a"], nb.params(one)) == (
        "run-<redacted>",
        "password=<redacted>",
        "password=<redacted>",
        {"b": "<redacted>"},
    )
    assert (two.name, two.note) == ("password=<redacted>", "<redacted>")
