"""The walkthrough's cells, as they stand with ``import jupyter_track as mlflow``; models come later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

import jupyter_track as track

mpl.use("agg")

SLIDE_1 = """
import jupyter_track as mlflow

# Start an MLflow experiment
mlflow.set_experiment("my_first_experiment")

with mlflow.start_run():
    # Log a parameter
    mlflow.log_param("learning_rate", 0.01)

    # Log a metric
    mlflow.log_metric("accuracy", 0.85)

    # Log an artifact (e.g., a model file)
    mlflow.log_artifact("model.pkl")
"""

SLIDE_3 = """
import jupyter_track as mlflow
from sklearn.ensemble import RandomForestClassifier

# Start an MLflow run
with mlflow.start_run():
    # Define model parameters
    n_estimators = 100
    max_depth = 5
    min_samples_split = 2

    # Log parameters
    mlflow.log_param("n_estimators", n_estimators)
    mlflow.log_param("max_depth", max_depth)
    mlflow.log_param("min_samples_split", min_samples_split)

    # Create and train the model
    rf = RandomForestClassifier(n_estimators=n_estimators,
                                max_depth=max_depth,
                                min_samples_split=min_samples_split)
    rf.fit(X_train, y_train)
"""

SLIDE_4 = """
import jupyter_track as mlflow
from sklearn.metrics import accuracy_score, precision_score, recall_score, f1_score

with mlflow.start_run():
    # Calculate various metrics
    accuracy = accuracy_score(y_test, y_pred)
    precision = precision_score(y_test, y_pred, average='weighted')
    recall = recall_score(y_test, y_pred, average='weighted')
    f1 = f1_score(y_test, y_pred, average='weighted')

    # Log metrics
    mlflow.log_metric("accuracy", accuracy)
    mlflow.log_metric("precision", precision)
    mlflow.log_metric("recall", recall)
    mlflow.log_metric("f1_score", f1)
"""

SLIDE_5 = """
import jupyter_track as mlflow
import matplotlib.pyplot as plt
from sklearn.metrics import confusion_matrix

with mlflow.start_run():
    # Create a confusion matrix plot
    cm = confusion_matrix(y_test, y_pred)
    plt.figure(figsize=(10, 8))
    plt.imshow(cm, cmap='Blues')
    plt.title('Confusion Matrix')
    plt.xlabel('Predicted')
    plt.ylabel('Actual')
    plt.savefig('confusion_matrix.png')

    # Log the plot as an artifact
    mlflow.log_artifact('confusion_matrix.png')
plt.close()
"""

SLIDE_6 = """
import jupyter_track as mlflow

# Set up a new experiment
mlflow.set_experiment("image_classification_project")

# Run multiple experiments within the same project
for model_type in ['cnn', 'resnet', 'vgg']:
    with mlflow.start_run(run_name=f"{model_type}_experiment"):
        # Log parameters
        mlflow.log_param("model_type", model_type)
        mlflow.log_param("epochs", 10)

        # Log metrics
        mlflow.log_metric("accuracy", 0.85)

print("All experiments completed and logged")
"""

SLIDE_7 = """
import jupyter_track as mlflow
from jupyter_track.tracking import MlflowClient

# Create a client
client = MlflowClient()

# Get the experiment by name
experiment = client.get_experiment_by_name("image_classification_project")

# Get all runs for the experiment
runs = client.search_runs(experiment_ids=[experiment.experiment_id])

# Print results
for run in runs:
    print(f"Run ID: {run.info.run_id}")
    print(f"Model Type: {run.data.params['model_type']}")
    print(f"Accuracy: {run.data.metrics['accuracy']}")
    print("---")

# Load the best model (assuming the highest accuracy is best)
best_run = max(runs, key=lambda r: r.data.metrics['accuracy'])
"""

SLIDE_8 = """
import jupyter_track as mlflow
import pandas as pd
import matplotlib.pyplot as plt

# Fetch experiment runs
experiment = mlflow.get_experiment_by_name("image_classification_project")
runs = mlflow.search_runs(experiment_ids=[experiment.experiment_id])

# Create a DataFrame from the runs
df = pd.DataFrame({
    'model_type': runs['params.model_type'],
    'accuracy': runs['metrics.accuracy']
})

# Create a bar plot
plt.figure(figsize=(10, 6))
plt.bar(df['model_type'], df['accuracy'])
plt.title('Model Accuracy Comparison')
plt.ylim(0, 1)

# Add value labels on top of each bar
for i, v in enumerate(df['accuracy']):
    plt.text(i, v, f'{v:.2f}', ha='center', va='bottom')

plt.tight_layout()
plt.savefig('model_comparison.png')
plt.close()

# Log the plot as an artifact in a new run
with mlflow.start_run(run_name="result_visualization"):
    mlflow.log_artifact('model_comparison.png')

print("Visualization created and logged as an artifact")
"""

SLIDE_14 = """
import jupyter_track as mlflow
from jupyter_track.tracking import MlflowClient

client = MlflowClient()
experiments = client.list_experiments()
for exp in experiments:
    runs = client.search_runs(exp.experiment_id)
    for run in runs:
        print(f"Run ID: {run.info.run_id}")
        print(f"Experiment ID: {run.info.experiment_id}")
        print(f"Status: {run.info.status}")
        print("Parameters:")
        for key, value in run.data.params.items():
            print(f"  {key}: {value}")
        print("Metrics:")
        for key, value in run.data.metrics.items():
            print(f"  {key}: {value}")
        print("---")
"""


def run_cell(source: str, **names: Any) -> dict[str, Any]:
    """Run a cell's source in a namespace of its own and return it."""
    namespace = {"__name__": "__main__", **names}
    exec(compile(source, "cell", "exec"), namespace)
    return namespace


def only_run() -> track.entities.Run:
    """Return the one run of the current experiment."""
    (run,) = track.search_runs(output_format="list")
    return run


def test_slide_1_a_param_a_metric_and_an_artifact(store: Path, tmp_path: Path) -> None:
    """The first cell of all."""
    (tmp_path / "model.pkl").write_bytes(b"model")
    run_cell(SLIDE_1)
    run = only_run()
    assert (run.experiment_name, run.status, dict(run.data.params), dict(run.data.metrics)) == (
        "my_first_experiment",
        "FINISHED",
        {"learning_rate": "0.01"},
        {"accuracy": 0.85},
    )
    copy = track.artifacts.download_artifacts(run_id=run.run_id, artifact_path="model.pkl")
    assert Path(copy).read_bytes() == b"model"


def test_slide_1_without_its_file(store: Path) -> None:
    """As it stands, with no model.pkl: the error is mlflow's, and the run is FAILED with all that was logged."""
    with pytest.raises(FileNotFoundError):
        run_cell(SLIDE_1)
    run = only_run()
    assert (run.status, dict(run.data.params), dict(run.data.metrics)) == (
        "FAILED",
        {"learning_rate": "0.01"},
        {"accuracy": 0.85},
    )


def test_slide_3_logging_parameters(store: Path) -> None:
    """Whole numbers, shown as text; the type is there."""
    rows = np.arange(20).reshape(10, 2)
    run_cell(SLIDE_3, X_train=rows, y_train=np.arange(10) % 2)
    run = only_run()
    assert dict(run.data.params) == {"n_estimators": "100", "max_depth": "5", "min_samples_split": "2"}
    assert {key: one.value for key, one in run.params.items()} == {
        "n_estimators": 100,
        "max_depth": 5,
        "min_samples_split": 2,
    }
    assert dict(run.data.metrics) == {}


def test_slide_4_logging_metrics(store: Path) -> None:
    """NumPy's floats from scikit-learn."""
    run_cell(SLIDE_4, y_test=[0, 1, 1, 0], y_pred=[0, 1, 0, 0])
    assert dict(only_run().data.metrics) == pytest.approx(
        {"accuracy": 0.75, "precision": 0.8333333333, "recall": 0.75, "f1_score": 0.7333333333}
    )


def test_slide_5_a_plot_as_an_artifact(store: Path) -> None:
    """savefig, then log_artifact: the file of the run is the picture."""
    run_cell(SLIDE_5, y_test=[0, 1, 1, 0], y_pred=[0, 1, 0, 0])
    image = track.artifacts.load_image(f"runs:/{only_run().run_id}/confusion_matrix.png")
    assert (image.size, image.format) == ((1000, 800), "PNG")


def test_slides_6_7_and_8_organize_query_and_visualize(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three runs are made, queried by the client, and compared in a picture that is a run's artifact."""
    run_cell(SLIDE_6)
    made = capsys.readouterr().out
    names = run_cell(SLIDE_7)
    printed = capsys.readouterr().out
    run_cell(SLIDE_8)
    assert made == "All experiments completed and logged\n"
    assert printed == "".join(
        f"Run ID: {run.info.run_id}\nModel Type: {kind}\nAccuracy: 0.85\n---\n"
        for run, kind in zip(names["runs"], ["vgg", "resnet", "cnn"], strict=True)
    )
    assert names["best_run"].info.run_name == "vgg_experiment"
    runs = track.search_runs(output_format="list")
    assert [run.name for run in runs] == [
        "result_visualization",
        "vgg_experiment",
        "resnet_experiment",
        "cnn_experiment",
    ]
    assert track.artifacts.load_image(f"runs:/{runs[0].run_id}/model_comparison.png").size == (1000, 600)


def test_slide_14_lists_every_experiment(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its client calls, one of which mlflow itself has dropped."""
    track.set_experiment("team_collaboration_project")
    with track.start_run() as run:
        track.log_param("param_name", 5)
        track.log_metric("metric_name", 0.5)
    run_cell(SLIDE_14)
    info = track.get_run(run.run_id).info
    assert capsys.readouterr().out == (
        f"Run ID: {info.run_id}\nExperiment ID: {info.experiment_id}\nStatus: FINISHED\nParameters:\n"
        "  param_name: 5\nMetrics:\n  metric_name: 0.5\n---\n"
    )


def test_the_cells_can_be_run_again(store: Path) -> None:
    """Every one that opens its run with `with`."""
    for _ in range(2):
        run_cell(SLIDE_6)
    assert len(track.search_runs()) == 6
