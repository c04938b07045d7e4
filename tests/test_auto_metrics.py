"""The metrics that a cell gives of its own accord: named ones, its result, and computed floats."""

from __future__ import annotations

import math
from typing import Any

import pytest
from cell_session import CellSession
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.notebook.autometrics import AutoMetrics, auto_metrics

SETUP = """
import random, time
import numpy as np
from time import perf_counter
class Model:
    best_score_ = 0.75
    def score(self, *args): return 0.5
    def evaluate(self, *args): return [0.25, 0.5]
model = Model()
scores = np.array([0.5, 1.0])
def accuracy_score(*args): return 0.5
def evaluate(*args, **kwargs): return {"acc": 0.5, "f1": np.float32(0.25)}
X = y = p = [1, 2]
"""


@pytest.fixture
def session() -> CellSession:
    """A shell with a model and a few functions."""
    session = CellSession()
    session.run(SETUP)
    return session


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model.score(X, y)", {"score": 0.5}),
        ("accuracy_score(y, p)", {"accuracy_score": 0.5}),
        ("round(accuracy_score(y, p), 3)", {"accuracy_score": 0.5}),
        ("float(model.score(X)) * 100", {"score": 50.0}),
        ("-model.score(X)", {"score": -0.5}),
        ("acc = model.score(X)\nacc", {"acc": 0.5}),
        ("n_found = sum(X)\nn_found", {"n_found": 3.0}),
        ("scores.mean()", {"scores.mean": 0.75}),
        ("np.mean(scores)", {"scores.mean": 0.75}),
        ("np.array(0.5)", {"array": 0.5}),
        ("np.float32(0.5)", {"result": 0.5}),
        ("scores[0]", {"scores": 0.5}),
        ("evaluate()['acc']", {"acc": 0.5}),
        ("model.evaluate(X)[1]", {"evaluate": 0.5}),
        ("model.best_score_", {"best_score_": 0.75}),
        ("evaluate()", {"acc": 0.5, "f1": 0.25}),
        ("found = {'acc': model.score(X), 'n': 3}\nfound", {"acc": 0.5, "n": 3.0}),
        ("1", {"result": 1.0}),
        ("%%time\nmodel.score(X)", {"score": 0.5}),
        ("float('nan') * model.score(X)", {"result": math.nan}),
    ],
)
def test_the_last_expression_is_a_metric(session: CellSession, cell: str, expected: dict[str, float]) -> None:
    """A number or a flat dict of numbers, named after what was called."""
    found = session.run(cell).taken("last")
    assert {key: repr(value) for key, (value, _) in found.items()} == {k: repr(v) for k, v in expected.items()}
    assert {source for _, source in found.values()} == {"result"}


@pytest.mark.parametrize(
    "cell",
    [
        "True", "np.bool_(True)", "'text'", "None", "[0.5]", "scores", "{'a': {'b': 1}}", "{'a': 1, 'name': 'x'}", "{}",
        "{1: 0.5}", "{'a': True}", "len(X)", "scores.shape[0]", "scores.size", "time.time()", "perf_counter() - 1",
        "start = time.time()\nend = time.time() - start\nend", "random.random()",
        "np.random.rand()", "_hidden = 0.5\n_hidden",
        "np.random.default_rng(0).normal()", "for i in range(3): pass\ni",
        "total = 0.0\nfor i in X:\n    total += i\ntotal",
        "C = 0.1\nC", "lr = len(X)\nlr", "1 + 2j", "x = model.score(X)", "print('accuracy: 0.5')", "float(len(X))",
        "model.score(X);",
        "{" + ", ".join(f"'k{i}': {i}" for i in range(21)) + "}",
    ],
)  # fmt: skip
def test_what_is_no_result(session: CellSession, cell: str) -> None:
    """Bools, text, arrays, mixed dicts, time, sizes, random numbers, loop variables, params, prints, silence."""
    assert session.run(cell).taken("last") == {}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("acc = model.score(X)", {"acc": 0.5}),
        ("loss, acc = model.evaluate(X)", {"loss": 0.25, "acc": 0.5}),
        ("err = 1 - model.score(X)", {"err": 0.5}),
        ("acc = model.score(X)\nerr = (1 - acc) ** 0.5", {"acc": 0.5, "err": math.sqrt(0.5)}),
        ("acc = np.float32(model.score(X))", {"acc": 0.5}),
        ("acc = np.array(0.5)", {"acc": 0.5}),
        ("acc = evaluate()['acc']", {"acc": 0.5}),
        ("with open('/dev/null'):\n    acc = model.score(X)", {"acc": 0.5}),
        ("if True:\n    acc = model.score(X)", {"acc": 0.5}),
        ("acc: float = model.score(X)", {"acc": 0.5}),
        ("a = b = model.score(X)", {"a": 0.5, "b": 0.5}),
        ("s = n = 0\nfor i in X:\n    s += float(i)\n    n += 1\nacc = s / n", {"acc": 1.5}),
        ("acc = model.score(X) / len(X)", {"acc": 0.25}),
        ("rmse = np.sqrt(model.score(X))", {"rmse": math.sqrt(0.5)}),
        ("m = float(np.mean(scores))", {"m": 0.75}),
    ],
)  # fmt: skip
def test_computed_floats_are_metrics(session: CellSession, cell: str, expected: dict[str, float]) -> None:
    """Top-level floats from a call, or from arithmetic on a call's result, marked auto."""
    assert session.run(cell).taken() == {key: (value, "auto") for key, value in expected.items()}


@pytest.mark.parametrize(
    "cell",
    [
        "n = len(X); m = sum(X); ok = bool(1)", "lr = 0.1; half = 1 / 2; inf = float('inf'); root = np.sqrt(2)",
        "for i in X:\n    acc = model.score(X)", "while True:\n    acc = model.score(X)\n    break",
        "start = time.time()\nelapsed = time.time() - start\nper = elapsed / 3\nrounded = round(elapsed, 2)",
        "t = perf_counter()", "x = random.random(); z = np.random.normal(); w = random.uniform(0, 1)",
        "rng = np.random.default_rng(0)\nx = rng.random()", "_acc = model.score(X)", "ratio = len(X) / 4",
        "acc = model.score(X)\nacc += 1.0", "acc = model.score(X)\ndel acc", "acc = model.score(X)\nacc = 0.5",
        "share = scores.shape[0] / 4", "[acc := model.score(X) for _ in X]", "def f():\n    acc = model.score(X)\nf()",
        "class Trial:\n    def suggest_float(self, *a): return 0.5\nlr = Trial().suggest_float('lr', 0, 1)",
        "acc = '0.5'.strip(); both = model.evaluate(X)",
    ],
)  # fmt: skip
def test_what_is_no_computed_float(session: CellSession, cell: str) -> None:
    """Ints, bools, literals, loops, time, random, sizes, accumulators, functions, text and lists."""
    assert session.run(cell).taken() == {}


def test_at_most_eight_floats_are_taken(session: CellSession) -> None:
    """Of more the last eight: what a cell computes last is nearest to its result."""
    ended = session.run("\n".join(f"m{i} = model.score(X)" for i in range(12)))
    assert ended.taken() == {f"m{i}": (0.5, "auto") for i in range(4, 12)}


SEARCH = """
class Search:
    def __init__(self, score): self.best_params_, self.best_score_ = {'C': 1}, score
    def get_params(self, deep=True): return {}
    def fit(self, X, y=None): return self
    def score(self, X): return 0.5
class Odd(Search):
    @property
    def best_score_(self): raise RuntimeError('no score')
    @best_score_.setter
    def best_score_(self, value): pass
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("s = Search(0.75).fit(X)", {"best_cv_score": (0.75, "auto")}),
        ("Search(0.75).fit(X)", {"best_cv_score": (0.75, "auto")}),
        ("s = Search(np.float64(0.75))\ns.fit(X)\nacc = s.score(X)",
         {"acc": (0.5, "auto"), "best_cv_score": (0.75, "auto")}),
        ("s = Search(0.75).fit(X)\ns.score(X)", {"score": (0.5, "result"), "best_cv_score": (0.75, "auto")}),
        ("a = Search(0.75).fit(X)\nb = Search(0.25).fit(X)",
         {"a.best_cv_score": (0.75, "auto"), "b.best_cv_score": (0.25, "auto")}),
        ("s = Search(0.75).fit(X)\nbest = s.best_score_", {"best": (0.75, "auto")}),
        ("s = Search(0.75).fit(X)\ns.best_score_", {"best_score_": (0.75, "result")}),
        ("s = Search(True).fit(X)", {}),
        ("s = Search('0.75').fit(X)", {}),
        ("s = Odd(0.75).fit(X)", {}),
    ],
)  # fmt: skip
def test_the_best_score_of_a_search(session: CellSession, cell: str, expected: dict[str, tuple[float, str]]) -> None:
    """Under mlflow's name, unless the cell has taken it under another."""
    session.run(SEARCH)
    assert session.run(cell).taken() == expected


def test_a_search_gives_no_score_where_a_metric_is_named(session: CellSession) -> None:
    """Nor with rule 4 off; and of more than eight floats it is the last."""
    session.run(SEARCH)
    ended = session.run("s = Search(0.75).fit(X)\nacc = s.score(X)\nloss = s.score(X)")
    assert ended.taken("floats", ["acc"]) == {"acc": (0.5, "named"), "loss": (0.5, "auto")}
    assert (ended.taken("last"), ended.taken("off")) == ({}, {})
    many = session.run("\n".join(["s = Search(0.75).fit(X)", *(f"m{i} = s.score(X)" for i in range(9))]))
    assert list(many.taken()) == [*(f"m{i}" for i in range(2, 9)), "best_cv_score"]


def test_the_modes_and_the_order(session: CellSession) -> None:
    """A named one wins over the result, the result over floats; off leaves only what was named."""
    ended = session.run("acc = model.score(X)\nother = model.score(X)\nloss = model.score(X)\nloss")
    assert ended.metrics("floats", ["acc"]) == AutoMetrics(
        (("acc", 0.5, "named"), ("loss", 0.5, "result"), ("other", 0.5, "auto"))
    )
    assert ended.taken("last", ["acc"]) == {"acc": (0.5, "named"), "loss": (0.5, "result")}
    assert ended.taken("off", ["acc", "acc"]) == {"acc": (0.5, "named")}


def test_a_named_metric_may_be_set_in_a_loop(session: CellSession) -> None:
    """Loop variables, accumulators, ints and text of a number are taken where they are asked for."""
    ended = session.run("total = 0\nfor i in range(3):\n    loss = model.score(X)\n    total += i\ntext = '0.25'")
    assert ended.taken("off", ["loss", "total", "i", "text"]) == {
        "loss": (0.5, "named"), "total": (3.0, "named"), "i": (2.0, "named"), "text": (0.25, "named"),
    }  # fmt: skip


def test_a_named_metric_that_a_loop_set_again_to_the_same_address_is_taken(session: CellSession) -> None:
    """Python reuses addresses of floats; running a cell twice must not make its metric an old one."""
    cell = "for i in range(2):\n    loss = model.score(X) * i"
    for _ in range(5):
        assert session.run(cell).metrics("off", ["loss"]) == AutoMetrics((("loss", 0.5, "named"),))


def test_a_missing_name_is_a_warning_with_the_nearest(session: CellSession) -> None:
    """The cell ended without it: the sentence names what was probably meant."""
    ended = session.run("accuracy = model.score(X)\nval_accuracy = model.score(X)\nn = 3")
    assert ended.metrics("off", ["acuracy", "zzz"]) == AutoMetrics(
        (),
        (
            "No metric 'acuracy': the cell ended without that name. The nearest names: accuracy, val_accuracy.",
            "No metric 'zzz': the cell ended without that name.",
        ),
    )


def test_a_value_that_cannot_be_a_metric_is_a_warning(session: CellSession) -> None:
    """The reason is said, and the other names are still taken."""
    found = session.run("losses = [0.1, 0.2]\nacc = model.score(X)\nodd = object()").metrics("off", ["losses", "acc"])
    assert found.metrics == (("acc", 0.5, "named"),)
    assert found.warnings == (
        "No metric 'losses': The metric 'losses' has 2 elements (shape (2,)); log a single number such as its mean(), "
        "one metric per element, or the whole with log_table or log_dict.",
    )


def test_an_earlier_cells_value_is_not_this_runs(session: CellSession) -> None:
    """A name that the cell did not set keeps no old number, neither by a failure nor by a misspelling."""
    session.run("acc = model.score(X)\nn = 3")
    failed = session.run("lr = 0.1\n1 / 0\nacc = model.score(X)")
    expected = "No metric 'acc': this cell did not set it, its value is an earlier one."
    assert failed.metrics("floats", ["acc"]) == AutoMetrics((), (expected,))
    assert session.run("for i in []:\n    acc = model.score(X)").metrics("off", ["acc"]).warnings == (expected,)
    assert session.run("acc_new = model.score(X)").metrics("off", ["acc"]).warnings == (
        expected + " The nearest names: acc_new.",
    )


def test_a_failed_cell_gives_what_it_computed_before(session: CellSession) -> None:
    """Floats above the failing line are metrics of the failed run."""
    assert session.run("acc = model.score(X)\n1 / 0\nloss = 0.5").taken() == {"acc": (0.5, "auto")}


WALKTHROUGH = """
class Value(float):
    def item(self): return float(self)
    def backward(self): pass
def criterion(*args): return Value(0.5)
def log_metric(*args, **kwargs): pass
class Run:
    def __enter__(self): return self
    def __exit__(self, *error): return None
def start_run(): return Run()
dataloader = [([1, 2], [0, 1])] * 3
with start_run():
    for epoch in range(5):
        running_loss = 0.0
        correct = 0
        total = 0
        for inputs, labels in dataloader:
            outputs = inputs
            loss = criterion(outputs, labels)
            loss.backward()
            running_loss += loss.item()
            _, predicted = 0, labels
            total += len(labels)
            correct += sum(predicted)
        epoch_loss = running_loss / len(dataloader)
        epoch_acc = correct / total
        log_metric("loss", epoch_loss, step=epoch)
        log_metric("accuracy", epoch_acc, step=epoch)
print("Training completed and model logged")
"""


def test_the_walkthroughs_training_loop_gives_nothing(session: CellSession) -> None:
    """Everything in it is bound by loops."""
    ended = session.run(WALKTHROUGH)
    assert ended.failed_line is None
    assert ended.metrics() == AutoMetrics()
    assert ended.taken("off", ["epoch_acc"]) == {"epoch_acc": (0.5, "named")}


def test_objects_that_raise_are_no_metrics(session: CellSession) -> None:
    """A user's object may fail on any look at it; a named one is a warning."""
    ended = session.run(
        "class Odd:\n    def __getattribute__(self, name): raise RuntimeError(name)\n"
        "    def __float__(self): raise RuntimeError('no')\n"
        "odd = Odd()\nacc = model.score(X)\nodd"
    )
    assert ended.taken() == {"acc": (0.5, "auto")}
    assert ended.metrics("off", ["odd"]).warnings == (
        "No metric 'odd': its value cannot be read (RuntimeError('__class__')).",
    )
    assert ended.metrics("off", ["missing"]).metrics == ()


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_and_names_are_read(source: str, named: list[str]) -> None:
    """Text that is no Python, and names that are no keys, raise nothing."""
    namespace: dict[str, Any] = dict.fromkeys(named, 0.5)
    auto_metrics(source, namespace, {}, 0.5, named=named)
