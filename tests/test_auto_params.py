"""What a cell assigns becomes params: the literals of its top level, config objects, and what it inherits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cell_session import CellSession
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.notebook.cellcode import parse_cell
from jupyter_track.notebook.ending import failed_line
from jupyter_track.notebook.params import automatic_params, cell_params, inherited_params
from jupyter_track.records import Param


@pytest.fixture
def session() -> CellSession:
    """A shell without names."""
    return CellSession()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("C = 0.1", {"C": 0.1}),
        ("lr: float = 0.1", {"lr": 0.1}),
        ("a = b = 1", {"a": 1, "b": 1}),
        ("lr, epochs = 0.1, 5", {"lr": 0.1, "epochs": 5}),
        ("(lr, (k, name)) = [0.1, (3, 'x')]", {"lr": 0.1, "k": 3, "name": "x"}),
        ("mb = 10 * 1024; rate = 1 / 4; neg = -3; p = 2 ** 8", {"mb": 10240, "rate": 0.25, "neg": -3, "p": 256}),
        ("name = 'adam'; flag = True; depth = None", {"name": "adam", "flag": True, "depth": None}),
        ("layers = [64, 32]; pair = (1, 2)", {"layers": [64, 32], "pair": [1, 2]}),
        ("p = dict(lr=0.1, net={'depth': 2})", {"p.lr": 0.1, "p.net.depth": 2}),
        ("p = {'lr': 0.1, 'model': object(), 3: 'x'}", {"p.lr": 0.1, "p.3": "x"}),
        ("with open('/dev/null') as f:\n    lr = 0.1", {"lr": 0.1}),
        ("%time lr = 0.1", {}),
        ("%%time\nlr = 0.1\n%matplotlib --list\nk = 2", {"lr": 0.1, "k": 2}),
        ("!true\nlr = 0.1", {"lr": 0.1}),
    ],
)  # fmt: skip
def test_literals_of_the_top_level_are_params(session: CellSession, cell: str, expected: dict[str, Any]) -> None:
    """Assignments, annotated and chained, unpacking, arithmetic, lists and dicts; also under %%time."""
    assert session.run(cell).values() == expected


@pytest.mark.parametrize(
    "cell",
    [
        "_hidden = 1",
        "for i in range(3):\n    lr = 0.1",
        "while True:\n    lr = 0.1\n    break",
        "if True:\n    lr = 0.1",
        "try:\n    lr = 0.1\nexcept ValueError:\n    pass",
        "def f():\n    lr = 0.1\nf()",
        "[lr for lr in (1, 2)]",
        "total = 0\nfor i in range(3):\n    total += i",
        "total = 0\ntotal += 1",
        "best = 0\nfor i in range(3):\n    best = i",
        "count = 0\ndef f():\n    global count\n    count += 1\nf()",
        "losses = [1.0]\nfor i in range(3):\n    losses.append(i)",
        "seen = {'a': 0}\nfor i in range(3):\n    seen['a'] += i",
        "history = []; cache = {}; nothing = ()",
        "n = len('abc'); m = int('3')",
        "k = 3\nm = k * 2\ndel k, m",
        "lr = 0.1\nlr = lr * 2",
        "lr = 0.1\nlr = object()",
        "import sys as C",
        "C = 1\nimport sys as C",
        "C = 1\nwith open('/dev/null') as C:\n    pass",
        "figsize = (10, 8); colors = ['r', 'g']; xlabel = 'x'; cmap = 'viridis'; title = 'Fit'; lw = 2",
        "x = {1, 2}; y = b'raw'; z = f'{1}'",
        "long_list = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
        "nested = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]]",
        f"big = dict({', '.join(f'k{i}={i}' for i in range(21))})",
        "deep = {'a': {'b': {'c': {'d': {'e': 1}}}}}",
        f"text = {'x' * 257!r}",
        "huge = 2 ** 65",
        "lr = ",
    ],
)  # fmt: skip
def test_what_is_no_param(session: CellSession, cell: str) -> None:
    """Locals of loops, branches and functions, accumulators, results, styling, empty and oversized containers."""
    assert session.run(cell).values() == {}


def test_the_limits_themselves_are_kept(session: CellSession) -> None:
    """16 leaves, 20 keys, 4 dicts deep and 256 characters are the most, and are taken."""
    ended = session.run(
        "a = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]\n"
        f"b = dict({', '.join(f'k{i}={i}' for i in range(20))})\n"
        "c = {'a': {'b': {'c': {'d': 1}}}}\n"
        f"d = {'x' * 256!r}"
    )
    assert ended.values() == {
        "a": list(range(16)),
        **{f"b.k{i}": i for i in range(20)},
        "c.a.b.c.d": 1,
        "d": "x" * 256,
    }


def test_a_huge_power_costs_nothing() -> None:
    """The text is never computed beyond 1,024 bits."""
    assert cell_params("x = 10 ** 10 ** 10\ny = 9 ** 64 ** 64\nz = (2 ** 64) ** 64", {"x": 1, "y": 1, "z": 1}, {}) == []


def test_a_param_is_a_whole_record(session: CellSession) -> None:
    """Key, value, text, type, source, and the number as written where Python prints it otherwise."""
    assert session.run("lr = 1e-3; n = 1_000; s = 'a'; k = 5; p = dict(wd=-1e-4)").params().params == (
        Param("lr", 0.001, "0.001", "float", "assign", "1e-3"),
        Param("n", 1000, "1000", "int", "assign", "1_000"),
        Param("s", "a", "a", "str", "assign", None),
        Param("k", 5, "5", "int", "assign", None),
        Param("p.wd", -0.0001, "-0.0001", "float", "assign", "-1e-4"),
    )


def test_the_value_at_the_end_counts(session: CellSession) -> None:
    """The last literal wins, an item set later replaces its entry, a function's change of a dict is seen."""
    ended = session.run(
        "lr = 0.1\nlr = 0.2\n"
        "p = {'a': 1e-3, 'b': 2}\np['a'] = 7\np['new'] = 8\n"
        "q = {'a': 1}\nq.update(b=2)\n"
        "def change(d):\n    d['a'] = 5\n    d['found'] = 6\n"
        "r = {'a': 1}\nchange(r)\n"
        "layers = [1]\nlayers.append(2)"
    )
    assert ended.values() == {
        "lr": 0.2, "p.a": 7, "p.b": 2, "p.new": 8, "q.a": 1, "q.b": 2, "r.a": 5, "layers": [1, 2],
    }  # fmt: skip
    assert {param.key: param.written for param in ended.params().params}["p.a"] is None


def test_computed_entries_of_a_dict_are_left_out(session: CellSession) -> None:
    """Results stored in a dict or list of literals are not params, its other entries are."""
    ended = session.run(
        "p = {'a': 1, 'b': 2}\np['a'] = len('abc')\np['acc'] = float('0.9')\nl = [1]\nl.append(len('a'))"
    )
    assert ended.values() == {"p.b": 2}


def test_a_branch_that_ran_changes_the_value(session: CellSession) -> None:
    """A literal bound by a branch counts where it is the value at the end; a computed one is no param."""
    assert session.run("lr = 1e-1\nif True:\n    lr = 5e-1").params().params[0] == Param(
        "lr", 0.5, "0.5", "float", "assign", "5e-1"
    )
    assert session.run("lr = 0.1\nif False:\n    lr = float('3')").values() == {"lr": 0.1}
    assert session.run("lr = 0.1\nif True:\n    lr = float('3')").values() == {}


def test_statements_that_did_not_run_give_nothing(session: CellSession) -> None:
    """Where a cell fails half way, only what stands above counts, also where the old value is equal."""
    session.run("k = 7; C = 1")
    ended = session.run("lr = 0.5\nC = 2; n = 3\nboom = 1 / 0\nlr = 0.7\nk = 7\nC = 1")
    assert ended.failed_line == 3
    assert ended.values() == {"lr": 0.5, "C": 2, "n": 3}


def test_the_failing_line_is_found_under_a_cell_magic_and_in_functions(session: CellSession) -> None:
    """The line is the cell's, whatever it called, and that of the body under %%time."""
    assert session.run("def f():\n    return 1 / 0\nlr = 1\nf()\nk = 2").failed_line == 4
    assert session.run("%%time\nlr = 1\n1 / 0\nk = 2").values() == {"lr": 1}


def test_a_cell_that_never_ran_gives_nothing(session: CellSession) -> None:
    """A syntax error stops a cell before its first line."""
    session.run("lr = 1")
    ended = session.run("lr = 1\nfor")
    assert (ended.failed_line, ended.values()) == (1, {})


def test_an_awaiting_cell_has_params_and_a_failing_line(session: CellSession) -> None:
    """Top-level await changes nothing."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    ended = session.run("import asyncio\nlr = 0.1\nawait asyncio.sleep(0)\nk = 2\n1 / 0\nm = 3")
    assert (ended.failed_line, ended.values()) == (5, {"lr": 0.1, "k": 2})


def test_config_objects_are_flattened(session: CellSession) -> None:
    """Namespaces, dataclasses, SimpleNamespace and pydantic models made in the cell, secrets redacted."""
    ended = session.run(
        "import argparse, dataclasses, enum, pathlib\n"
        "from types import SimpleNamespace\n"
        "from pydantic import BaseModel, SecretStr\n"
        "class Mode(enum.Enum):\n    FAST = 'fast'\n"
        "@dataclasses.dataclass\nclass Opt:\n    lr: float = 0.1\n    mode: Mode = Mode.FAST\n    _inner: int = 1\n"
        "class Net(BaseModel):\n    depth: int = 2\n    opt: dict = {'wd': 0.5}\n"
        "    key: SecretStr = SecretStr('hunter2')\n"
        "parser = argparse.ArgumentParser()\n"
        "_ = parser.add_argument('--n', type=int, default=3); _ = parser.add_argument('--api-key', default='hunter2')\n"
        "args = parser.parse_args([])\n"
        "opt = Opt(lr=0.2)\nnet = Net(depth=4)\nspace = SimpleNamespace(a=1, path=pathlib.Path('x'), data=object())\n"
        "copied = dataclasses.replace(opt, lr=0.3)"
    )
    assert {param.key: (param.value, param.source) for param in ended.params().params} == {
        "args.n": (3, "config"),
        "args.api_key": ("<redacted>", "config"),
        "opt.lr": (0.2, "config"),
        "opt.mode": ("fast", "config"),
        "net.depth": (4, "config"),
        "net.opt.wd": (0.5, "config"),
        "net.key": ("<redacted>", "config"),
        "space.a": (1, "config"),
        "space.path": ("x", "config"),
        "copied.lr": (0.3, "config"),
        "copied.mode": ("fast", "config"),
    }


def test_a_dataclass_that_is_a_result_is_no_config(session: CellSession) -> None:
    """What a function computed is a result, also where a dataclass carries it; so is an alias."""
    session.run(
        "import dataclasses\n@dataclasses.dataclass\nclass Fit:\n    acc: float\n"
        "def train():\n    return Fit(0.9)\ndef load_config(path):\n    return Fit(0.5)\nold = Fit(0.1)"
    )
    assert session.run("fit = train()\nother = old").values() == {}
    assert session.run("loaded = load_config('x')").values() == {"loaded.acc": 0.5}


def test_a_config_object_that_raises_is_left_out(session: CellSession) -> None:
    """A user's object may fail on any look at it; the others are still taken."""
    ended = session.run(
        "from types import SimpleNamespace\n"
        "class Odd(SimpleNamespace):\n    def __getattribute__(self, name):\n        raise RuntimeError(name)\n"
        "odd = Odd()\nlr = 0.1"
    )
    assert ended.values() == {"lr": 0.1}


def test_secrets_are_redacted_by_name_and_by_shape(session: CellSession) -> None:
    """A secret is in no value and in no text as written."""
    ended = session.run("API_KEY = 'hunter2'\nmodel = 'hf_abcdefgh1234567890XY'\npin = 1_234\nmax_tokens = 512")
    assert ended.values() == {"API_KEY": "<redacted>", "model": "<redacted>", "pin": "<redacted>", "max_tokens": 512}
    assert [param.written for param in ended.params().params] == [None, None, None, None]


def test_inherited_params_are_those_that_the_cell_reads(session: CellSession) -> None:
    """papermill's parameters count where the cell, or a function of the notebook that it calls, reads them."""
    parameters = "C = 1e-1\nunused = 5\nalpha = 0.5\nrebound = 3\np = {'lr': 0.1}"
    session.run(parameters)
    session.run("def inner():\n    return alpha\ndef train():\n    return inner()")
    ended = session.run("rebound = 4\nk = 2\nx = [C, train(), p['lr'], rebound]")
    assert ended.params([parameters]).params == (
        Param("rebound", 4, "4", "int", "assign", None),
        Param("k", 2, "2", "int", "assign", None),
        Param("C", 0.1, "0.1", "float", "inherited", "1e-1"),
        Param("alpha", 0.5, "0.5", "float", "inherited", None),
        Param("p.lr", 0.1, "0.1", "float", "inherited", None),
    )


def test_of_two_earlier_cells_the_later_one_counts(session: CellSession) -> None:
    """injected-parameters stands below parameters."""
    session.run("C = 1e-1")
    session.run("C = 2e-1")
    found = session.run("print(C)").params(["C = 1e-1", "C = 2e-1"]).params
    assert found == (Param("C", 0.2, "0.2", "float", "inherited", "2e-1"),)


def test_a_warning_about_the_source_is_not_given_twice(session: CellSession, recwarn: pytest.WarningsRecorder) -> None:
    """Python has warned of an odd escape already when it ran the cell."""
    parse_cell.cache_clear()
    cell_params(r"pattern = '\d'", {"pattern": r"\d"}, {})
    assert list(recwarn) == []


def test_no_error_means_no_failing_line() -> None:
    """A cell that ended well has none; an error from elsewhere counts as before the first line."""
    assert failed_line(None, "x = 1", {}) is None
    assert failed_line(SyntaxError("x"), "x = 1", {}) == 1


SNIPPETS = st.sampled_from(
    [
        "x = 1", "y, z = 1, 2", "p = dict(a=1)", "p['a'] = 2", "p.update(b=f())", "x += 1", "for x in y:\n    pass",
        "if x:\n    z = 3", "with a as b:\n    c = 3", "def f():\n    global x\n    x = 1", "class K: pass", "del x",
        "import a.b as c", "(w := 3)", "m.fit(x)", "match x:\n    case [a, *b]: pass", "x: int", "*a, b = c",
        "try:\n    q = 1\nexcept* E as e:\n    pass", "a.b.c = 1", "%magic", "p[0][x] = 3", "lambda: (y := 1)",
        "async def g(): pass", "p[0].q['r'] = 1", "c = float(x) / len(y)", "m = K().fit(x)", "m.score(x)",
    ]
)  # fmt: skip


@given(st.lists(SNIPPETS, max_size=12).map("\n".join), st.integers(1, 12) | st.none())
def test_any_statements_are_read(source: str, line: int | None) -> None:
    """Every kind of statement in any order, with or without a failing line, raises nothing."""
    namespace: dict[str, object] = dict.fromkeys("abcefmpqwxyz", 1)
    automatic_params(source, namespace, {}, failed_line=line, parameter_sources=[source])


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    """Text that is no Python gives no params."""
    automatic_params(source, {"x": 1}, {}, parameter_sources=[source])
    inherited_params(source, source, {"x": 1})


@pytest.mark.parametrize(
    "source", ["x = " + "(" * 5000, "x = " + "-" * 50_000 + "1", "x = " + "[" * 150 + "]" * 150, "\0", "x = 1" * 99]
)
def test_source_that_python_itself_refuses_gives_nothing(source: str) -> None:
    """Nesting beyond the parser's or the interpreter's limit is no fault of the hook's."""
    assert automatic_params(source, {"x": 1}, {}).params == ()
