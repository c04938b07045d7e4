"""What was set on scikit-learn's and other estimators, and the model that names a run."""

from __future__ import annotations

from typing import Any

import pytest
from cell_session import CellSession, Ended

from jupyter_track.notebook.estimators import EstimatorParams, estimator_params, fitted_name
from jupyter_track.records import Param

SETUP = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
X = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.5, 3.0], [3.0, 0.5]])
y = np.array([0, 1, 0, 1, 0, 1])
"""


@pytest.fixture
def session() -> CellSession:
    """A shell with scikit-learn and a little data."""
    session = CellSession()
    session.run(SETUP)
    return session


def values(ended: Ended) -> dict[str, Any]:
    """Return an ended cell's estimator params as a dict."""
    found = ended.estimators()
    assert found.problems == ()
    return {param.key: param.value for param in found.params}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model = LogisticRegression(C=0.5, max_iter=100)", {"C": 0.5}),
        ("model = LogisticRegression(C=1)", {}),
        ("model = LogisticRegression(C=0.5).fit(X, y)", {"C": 0.5}),
        ("LogisticRegression(C=0.5).fit(X, y)", {"C": 0.5}),
        ("if True:\n    model = SVC(C=2)", {"C": 2}),
        ("model = RandomForestClassifier(n_estimators=3, random_state=0, class_weight={0: 1, 1: 2})",
         {"n_estimators": 3, "random_state": 0, "class_weight.0": 1, "class_weight.1": 2}),
        ("pipe = Pipeline([('sc', StandardScaler(with_mean=False)), ('clf', SVC(C=2))])",
         {"sc__with_mean": False, "clf__C": 2}),
        ("pipe = make_pipeline(StandardScaler(), LogisticRegression(C=0.5))", {"logisticregression__C": 0.5}),
        ("clf = SVC(C=2)\npipe = make_pipeline(clf)", {"svc__C": 2}),
        ("grid = GridSearchCV(Pipeline([('clf', SVC(gamma=3))]), {'clf__C': np.logspace(-1, 1, 3)}, cv=2)",
         {"estimator__clf__gamma": 3, "cv": 2, "param_grid.clf__C": [0.1, 1.0, 10.0]}),
        ("vote = VotingClassifier([('a', SVC(C=2)), ('b', Ridge(alpha=3))], voting='soft')",
         {"voting": "soft", "a__C": 2, "b__alpha": 3}),
        ("ct = ColumnTransformer([('num', StandardScaler(with_std=False), [0])])", {"num__with_std": False}),
        ("a, b = SVC(C=2), Ridge(alpha=3)", {"C": 2, "alpha": 3}),
        ("a, b = SVC(C=2), LogisticRegression(C=3, max_iter=7)", {"a.C": 2, "b.C": 3, "max_iter": 7}),
        ("for C in (1, 2):\n    model = SVC(C=C)", {}),
        ("def f():\n    model = SVC(C=2)\nf()", {}),
        ("_model = SVC(C=2)", {}),
        ("kind = SVC", {}),
    ],
)  # fmt: skip
def test_what_differs_from_the_defaults(session: CellSession, cell: str, expected: dict[str, Any]) -> None:
    """Of estimators that the cell made, nested ones flattened, under keys that do not collide."""
    assert values(session.run(cell)) == expected


def test_an_earlier_estimator_counts_where_it_is_fitted(session: CellSession) -> None:
    """Fitting in the cell counts, also in a loop; using, renaming or reading an estimator does not."""
    session.run("model = SVC(C=2)")
    assert values(session.run("model.predict if False else None")) == {}
    assert values(session.run("other = model")) == {}
    assert values(session.run("model.fit(X, y)")) == {"C": 2}
    assert values(session.run("for i in range(2):\n    model.fit(X, y)")) == {"C": 2}
    assert values(session.run("scores = cross_val_score(model, X, y, cv=2)")) == {}


SEARCH = """
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import HalvingGridSearchCV, RandomizedSearchCV
X, y = np.tile(X, (4, 1)), np.tile(y, 4)
steps = Pipeline([('scale', StandardScaler()), ('clf', SVC())])
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("s = GridSearchCV(SVC(), {'C': [0.5]}, cv=2).fit(X, y)", {"cv": 2, "param_grid.C": [0.5], "best_C": 0.5}),
        ("GridSearchCV(SVC(), {'C': [0.5]}).fit(X, y)", {"param_grid.C": [0.5], "best_C": 0.5}),
        ("s = RandomizedSearchCV(SVC(), {'C': [2]}, n_iter=1, cv=2)\ns.fit(X, y)",
         {"cv": 2, "n_iter": 1, "param_distributions.C": [2], "best_C": 2}),
        ("s = GridSearchCV(steps, {'clf__C': np.array([0.5])}, cv=2).fit(X, y)",
         {"cv": 2, "param_grid.clf__C": [0.5], "best_clf__C": 0.5}),
        ("s = GridSearchCV(steps, {'clf': [LogisticRegression()], 'scale': ['passthrough']}, cv=2).fit(X, y)",
         {"cv": 2, "param_grid.scale": ["passthrough"], "best_clf": "LogisticRegression", "best_scale": "passthrough"}),
        ("a = GridSearchCV(SVC(), {'C': [1]}, cv=2).fit(X, y)\nb = GridSearchCV(SVC(), {'C': [2]}, cv=2).fit(X, y)",
         {"a.cv": 2, "a.param_grid.C": [1], "a.best_C": 1, "b.cv": 2, "b.param_grid.C": [2], "b.best_C": 2}),
        ("s = GridSearchCV(SVC(), {'C': [0.5]}, cv=2)", {"cv": 2, "param_grid.C": [0.5]}),
        ("s = GridSearchCV(SVC(), {'C': [1]}, scoring=['accuracy', 'f1'], refit=False, cv=2).fit(X, y)",
         {"cv": 2, "param_grid.C": [1], "scoring": ["accuracy", "f1"], "refit": False}),
        ("class Boost(BaseEstimator):\n    best_params_ = {'C': 1}\n    best_score_ = {'valid': 0.5}\nb = Boost()", {}),
    ],
)  # fmt: skip
def test_what_a_search_found_best(session: CellSession, cell: str, expected: dict[str, Any]) -> None:
    """`best_params_` with mlflow's names, once the search is fitted; a chosen estimator by its class."""
    session.run(SEARCH)
    assert values(session.run(cell)) == expected


def test_a_search_of_an_earlier_cell_counts_where_it_is_fitted_again(session: CellSession) -> None:
    """What an earlier fit found is not of this cell: neither where it is read only, nor where this fit failed."""
    session.run("s = GridSearchCV(SVC(), {'C': [0.5]}, cv=2).fit(X, y)")
    assert values(session.run("s.predict(X)")) == {}
    failed = session.run("s.fit(X[:1], y)")
    assert (values(failed), failed.taken()) == ({"cv": 2, "param_grid.C": [0.5]}, {})
    later = session.run("s.fit(X, y)\n1 / 0")
    assert (values(later)["best_C"], list(later.taken())) == (0.5, ["best_cv_score"])


def test_what_was_not_reached_does_not_count(session: CellSession) -> None:
    """Of a failed cell only the estimators above the failing line."""
    session.run("old = SVC(C=9)")
    ended = session.run("model = SVC(C=2)\n1 / 0\nother = SVC(C=3)\nold.fit(X, y)")
    assert values(ended) == {"C": 2}
    assert ended.fitted() is None


def test_an_assigned_param_of_the_same_value_wins(session: CellSession) -> None:
    """One param where the values are equal, the estimator's under its variable where they are not."""
    ended = session.run("C = 1e-1\nmodel = SVC(C=C)")
    assert ended.params().params == (Param("C", 0.1, "0.1", "float", "assign", "1e-1"),)
    assert session.run("C = 0.1\nmodel = SVC(C=C * 2)").params().params == (
        Param("C", 0.1, "0.1", "float", "assign", None),
        Param("model.C", 0.2, "0.2", "float", "estimator", None),
    )


def test_an_estimator_that_raises_is_skipped_and_reported(session: CellSession) -> None:
    """The other estimators are still read."""
    ended = session.run(
        "class Odd:\n    def get_params(self, deep=True): raise RuntimeError('no params')\n"
        "    def fit(self, X, y): return self\n"
        "odd = Odd().fit(X, y)\nmodel = SVC(C=2)"
    )
    assert ended.params().problems == ("The params of 'odd' (Odd) cannot be read: RuntimeError('no params').",)
    assert ended.values() == {"C": 2}
    assert ended.fitted() == "Odd"


def test_defaults_are_found_through_base_classes_and_keywords(session: CellSession) -> None:
    """As in xgboost: **kwargs handed to a base class, None for what is unset, NaN as a default."""
    ended = session.run(
        "class Base:\n    def __init__(self, depth=6, missing=float('nan'), **kwargs):\n"
        "        self.all = dict(depth=depth, missing=missing, extra=None, **kwargs)\n"
        "    def get_params(self, deep=True): return self.all\n"
        "class Boost(Base):\n    def __init__(self, *, objective='binary', **kwargs):\n"
        "        super().__init__(**kwargs)\n"
        "        self.all['objective'] = objective\n"
        "a = Boost(missing=float('nan'), eta=0.3)"
    )
    assert values(ended) == {"eta": 0.3}


def test_secrets_of_estimators_are_redacted(session: CellSession) -> None:
    """A client with get_params may hold a key."""
    ended = session.run(
        "class Client(BaseEstimator):\n    def __init__(self, api_key=None):\n        self.api_key = api_key\n"
        "client = Client(api_key='hunter2')"
    )
    assert values(ended) == {"api_key": "<redacted>"}


def test_slow_estimators_use_up_the_budget(session: CellSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the budget is left out, and said."""
    monkeypatch.setattr("jupyter_track.notebook.estimators._BUDGET", -1.0)
    assert session.run("model = SVC(C=2)").estimators() == EstimatorParams(
        (), ("The estimator 'model' was not read: the ones before it took over -1.0 s.",)
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model = LogisticRegression()\nmodel.fit(X, y)", "LogisticRegression"),
        ("model = LogisticRegression().fit(X, y)", "LogisticRegression"),
        ("LogisticRegression().fit(X, y)", "LogisticRegression"),
        ("acc = LogisticRegression().fit(X, y).score(X, y)", "LogisticRegression"),
        ("pipe = make_pipeline(StandardScaler(), SVC())\npipe.fit(X, y)", "SVC"),
        ("GridSearchCV(SVC(), {'C': [1, 2]}, cv=2).fit(X, y)", "GridSearchCV"),
        ("model = SVC()\nmodel.fit(X, y)\nscaled = StandardScaler().fit_transform(X)", "SVC"),
        ("scaler = MinMaxScaler()\nscaler.fit(X)", "MinMaxScaler"),
        ("a = SVC().fit(X, y)\nb = Ridge().fit(X, y)", "Ridge"),
        ("for m in (SVC(), Ridge()):\n    m.fit(X, y)", None),
        ("model = SVC()", None),
        ("x = [1]\nx.append(2)", None),
        ("def train(): pass\ntrain()", None),
        ("%%time\nmodel = SVC().fit(X, y)", "SVC"),
        ("model.fit(", None),
    ],
)
def test_the_fitted_model_names_the_run(session: CellSession, cell: str, expected: str | None) -> None:
    """The class of the last model that was fitted, of a pipeline its final step's."""
    assert session.run(cell).fitted() == expected


BROKEN = "class Broken(SVC):\n    def fit(self, X, y=None): raise ValueError('no')\n"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model = Broken().fit(X, y)", "Broken"),
        ("model = Broken().set_params().fit(X, y)", None),
        ("if not X:\n    model = SVC().set_params().fit(X, y)", None),
        ("model = SVC().fit(X, y)\nmodel = Broken().fit(X, y)", "SVC"),
        ("model.fit(X, y)\nraise ValueError", "Ridge"),
    ],
)
def test_a_fit_that_failed_names_no_run_after_the_model_of_an_earlier_cell(
    session: CellSession, cell: str, expected: str | None
) -> None:
    """The name still holds the earlier one where the assignment was not reached: what the cell itself fitted counts."""
    session.run(f"{BROKEN}model = Ridge().fit(X, y)")
    assert session.run(cell).fitted() == expected


MODULES = """
class Net:
    def parameters(self): return []
    def forward(self, x): return x
    def train(self): return self
class Trainer:
    def __init__(self, model=None): self.model = model
    def fit(self, model, data=None): pass
    def train(self): pass
class Sequential:
    def fit(self, X, y, epochs=1): return 'history'
    def predict(self, X): return X
class Timetable:
    def train(self): pass
net = Net(); trainer = Trainer(net); keras_model = Sequential()
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("for epoch in range(2):\n    net.train()", "Net"),
        ("trainer.fit(net)", "Net"),
        ("trainer.train()", "Net"),
        ("Trainer().fit(net)", "Net"),
        ("history = keras_model.fit(X, y, epochs=3)", "Sequential"),
        ("Timetable().train()", None),
        ("net.forward(1)", None),
    ],
)
def test_modules_and_trainers_name_the_run(session: CellSession, cell: str, expected: str | None) -> None:
    """torch-like modules that are trained, a trainer's model, keras-like models."""
    session.run(MODULES)
    assert session.run(cell).fitted() == expected


def test_source_that_is_no_python_gives_nothing() -> None:
    """A syntax error is no fault of the hook's."""
    assert estimator_params("model = (", {"model": object()}, {}) == EstimatorParams()
    assert fitted_name("model.fit(", {"model": object()}, {}) is None
