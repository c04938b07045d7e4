"""Which way is better, and which metric comes first."""

from pathlib import Path

import pytest
from made_records import made_metric
from made_stores import add_runs, made_store

from jupyter_track.store import table_rows
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.goal_words import guess_goal, tokens_of
from jupyter_track.store.reader import Reader
from jupyter_track.views.axes import known_of
from jupyter_track.views.columns import columns_of
from jupyter_track.views.curve_choice import Asked, choose
from jupyter_track.views.found import Runs
from jupyter_track.views.goals import Goal, goal_of, main_first
from jupyter_track.views.live_columns import live_columns


@pytest.mark.parametrize(
    "key",
    [
        "loss", "val_loss", "train/loss", "validation-loss", "trainLoss", "LOSS", "losses", "eval.loss", "log_loss",
        "mse", "RMSE", "test_mae", "mean_squared_error", "meanAbsoluteError", "max_error", "error_rate",
        "perplexity", "ppl", "cross_entropy", "nll", "neg_log_likelihood", "brier_score", "brier_score_loss",
        "wer", "fid", "accuracy_loss", "kl_div/divergence", "regret", "davies_bouldin_score", "val errors",
    ],
)  # fmt: skip
def test_these_are_better_when_lower(key: str) -> None:
    """Losses and errors, whatever the prefix and the way of writing; the last telling word counts."""
    assert guess_goal(key) == "min"


@pytest.mark.parametrize(
    "key",
    [
        "accuracy", "acc", "val_acc", "valAcc", "test/accuracy", "top5_acc", "balanced_accuracy_score", "f1", "F1",
        "f1_score", "f1-macro", "roc_auc", "AUC", "average_precision", "recall", "r2", "R2_score", "score",
        "training_score", "mAP", "mean_iou", "bleu", "episode_reward", "rewards", "ndcg", "psnr",
        "neg_mean_squared_error", "neg_log_loss", "log_likelihood", "silhouette_score",
    ],
)  # fmt: skip
def test_these_are_better_when_higher(key: str) -> None:
    """Scores of all kinds; scikit-learn's negated errors too."""
    assert guess_goal(key) == "max"


@pytest.mark.parametrize(
    "key",
    ["learning_rate", "lr", "epoch", "x", "f", "glossy", "mapping", "loss_scale", "loss_weight", "error_count", ""],
)
def test_no_guess_is_made_where_the_name_does_not_say(key: str) -> None:
    """Words inside other words do not count, nor does a quantity about the metric."""
    assert guess_goal(key) is None


def test_a_name_falls_into_words_at_signs_and_capitals() -> None:
    """A digit stays with the letter only where that is a metric's name."""
    assert tokens_of("val/meanSquaredError-2") == ["val", "mean", "squared", "error", "2"]
    assert tokens_of("test.F1Score") == ["test", "f1", "score"]


def test_a_declared_goal_wins_over_the_name() -> None:
    """A guess says that it is one, in its arrow and in words."""
    assert goal_of("loss", {"loss": "max"}) == Goal("max")
    assert goal_of("loss", {"accuracy": "max"}) == Goal("min", guessed=True)
    assert goal_of("x", {}) == Goal(None)
    assert [goal_of("loss", {}).arrow, Goal("max").arrow, Goal(None).arrow] == ["↓?", "↑", ""]
    assert goal_of("loss", {}).words == "lower is better (guessed from the name)"


def test_the_main_metric_comes_first_and_captured_ones_last() -> None:
    """Declared or named on the line, then logged, then the last expression, then captured; else as logged."""
    metrics = [
        made_metric("probe", [1.0], "auto"),
        made_metric("score", [1.0], "result"),
        made_metric("loss", [1.0]),
        made_metric("accuracy", [1.0]),
        made_metric("f1", [1.0], "named"),
        made_metric("time", [1.0], "auto"),
    ]
    ordered = [metric.key for metric in main_first(metrics, {"time": "min"})]
    assert ordered == ["f1", "time", "loss", "accuracy", "score", "probe"]


def test_of_several_declared_metrics_the_first_logged_stays_the_main_one(tmp_path: Path) -> None:
    """In tables, curves, `best` of runs and of the store, also when new runs log only another one."""
    store = made_store(tmp_path)
    metrics = {"val_loss": [0.5, 0.4], "accuracy": [0.8, 0.9]}
    add_runs(store, {"name": "old", "metrics": metrics}, *({"metrics": {"accuracy": [0.1, 0.2]}} for _ in range(3)))
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("INSERT INTO metric_goals VALUES (0, 'accuracy', 'max'), (0, 'val_loss', 'min')")
    files.close()
    reader = Reader(store)
    runs = Runs(reader.runs(), store=store)
    rows = table_rows.RowReader(store).read(table_rows.active_numbers(store))
    assert columns_of(runs, None).metrics[0].key == "val_loss"
    assert live_columns(rows, {"accuracy": "max", "val_loss": "min"})[0].key == "val_loss"
    assert [chart.key for chart in choose(store, Asked()).charts] == ["val_loss", "accuracy"]
    assert runs.best().name == "old"
    assert reader.run(reader.resolve("best")).name == "old"


def test_one_with_a_value_to_reach_is_the_main_metric_before_any_other(tmp_path: Path) -> None:
    """Also where another was logged first: in tables, curves, cards, `best` of runs and of the store."""
    store = made_store(tmp_path)
    ids = add_runs(
        store,
        {"name": "quick", "metrics": {"loss": [0.5, 0.1], "accuracy": [0.1, 0.2]}},
        {"name": "right", "metrics": {"loss": [0.5, 0.4], "accuracy": [0.8, 0.9]}},
    )
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("INSERT INTO metric_goals VALUES (0, 'accuracy', 'max'), (0, 'loss', 'min')")
        row = "track.target.accuracy", "0.85"
        connection.execute("INSERT INTO experiment_tags (experiment_id, key, value) VALUES (0, ?, ?)", row)
    files.close()
    reader = Reader(store)
    runs = Runs(reader.runs(), store=store)
    rows = table_rows.RowReader(store).read(table_rows.active_numbers(store))
    assert columns_of(runs, None).metrics[0].key == "accuracy"
    assert live_columns(rows, table_rows.goals(store))[0].key == "accuracy"
    assert known_of(rows, table_rows.goals(store)).metrics == ("accuracy", "loss")
    assert [chart.key for chart in choose(store, Asked()).charts] == ["accuracy", "loss"]
    own = reader.run(ids[0])
    assert [metric.key for metric in main_first(own.metrics.values(), own.goals)] == ["accuracy", "loss"]
    assert runs.best().name == "right"
    assert reader.run(reader.resolve("best")).name == "right"
