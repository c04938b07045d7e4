"""What of mlflow's names is not here, and what to do instead: for the error, and for the README.

As of mlflow 3.17. A test compares these names, those that are here, and mlflow's own list. What another part of the
package brings later counts as here, without a change of this table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MLFLOW_VERSION = "3.17"

# What it is, why it is not here or what to do instead, and the names.
GROUPS: tuple[tuple[str, str, str], ...] = (
    (
        "Traces and assessments",
        "what a program of language models did is not recorded; mlflow's tracing can go on beside it",
        "trace start_span start_span_no_context add_trace get_trace get_active_trace_id get_current_active_span"
        " get_last_active_trace_id log_trace search_traces search_sessions update_current_trace set_trace_tag"
        " delete_trace_tag get_assessment log_assessment update_assessment delete_assessment override_feedback"
        " log_expectation log_feedback log_issue flush_trace_async_logging",
    ),
    (
        "Prompts",
        "log the text with log_text, or as a param; the history of a param is kept",
        "load_prompt register_prompt search_prompts set_prompt_alias delete_prompt_alias",
    ),
    (
        "Logged models as things of their own",
        "a model belongs to its run here, whose tags and metrics tell about it: log_model, and run.load_model()",
        "ActiveModel clear_active_model create_external_model delete_logged_model_tag finalize_logged_model"
        " get_active_model_id get_logged_model initialize_logged_model last_logged_model log_model_params log_outputs"
        " search_logged_models set_active_model set_logged_model_tags import_checkpoints",
    ),
    (
        "The model registry",
        "it lies in the store that set_tracking_uri names; TrackClient has set_model_version_tag and the rest",
        "set_model_version_tag get_registry_uri set_registry_uri",
    ),
    (
        "Evaluation",
        "compute the numbers and log them with log_metrics; log_table keeps predictions, and a comparison shows both",
        "evaluate validate_evaluation_results",
    ),
    (
        "Servers, workspaces and projects",
        "there is no server: the store is a file. 'jupyter track status' and 'doctor' look after it",
        "create_workspace delete_workspace get_workspace list_workspaces set_workspace update_workspace login gateway"
        " run test doctor context",
    ),
    ("Images as values", "log_image and log_table take Pillow images and arrays", "Image"),
)

MODULE_GROUPS: tuple[tuple[str, str, str], ...] = (
    (
        "Flavors",
        "save the model with its own library and log_artifact the file, or wrap it for pyfunc.log_model",
        "tensorflow keras xgboost lightgbm catboost spark statsmodels prophet onnx transformers sentence_transformers",
    ),
    ("Evaluation", "log the numbers with log_metrics", "metrics"),
    ("Explanations", "call shap itself; log_figure keeps its plots, and the cell its figures", "shap"),
    ("Types of columns", "infer_signature(data, predictions) of jupyter_track.models reads them from data", "types"),
    ("Language models", "their calls are not traced", "genai langchain openai"),
    ("Projects", "there is no server and no launcher", "projects"),
)

# What modules and the client of mlflow have within them; a test holds each of these against what is here.
WITHIN: tuple[tuple[str, str, str], ...] = (
    (
        "Evaluation",
        "compute the numbers and log them with log_metrics; log_table keeps predictions, and a comparison shows both",
        "models.evaluate models.make_metric models.EvaluationMetric models.EvaluationResult"
        " models.validate_evaluation_results models.MetricThreshold",
    ),
    (
        "Spark",
        "load the model with load_model and call it on pandas: within mapInPandas, for one",
        "pyfunc.spark_udf",
    ),
    (
        "Serving",
        "there is no server: load_model gives what predicts, and any web framework can call it",
        "models.build_docker models.predict",
    ),
    (
        "Models from code",
        "log the object itself: log_model takes estimators, modules and a PythonModel",
        "models.set_model models.set_retriever_schema",
    ),
    (
        "Stages of versions",
        "aliases do that: set_registered_model_alias(name, 'production', version), then models:/name@production",
        "TrackClient.transition_model_version_stage TrackClient.get_model_version_stages",
    ),
    (
        "Logged models as things of their own",
        "a model belongs to its run here: log_model, and run.load_model()",
        "TrackClient.create_logged_model TrackClient.get_logged_model TrackClient.search_logged_models"
        " TrackClient.finalize_logged_model TrackClient.delete_logged_model TrackClient.set_logged_model_tags"
        " TrackClient.delete_logged_model_tag TrackClient.log_model_params TrackClient.log_model_artifact"
        " TrackClient.log_model_artifacts TrackClient.log_outputs",
    ),
    (
        "Datasets of any run",
        "log_input(dataset) logs them to the run that is open",
        "TrackClient.log_inputs",
    ),
    (
        "Traces",
        "what a program of language models did is not recorded; mlflow's tracing can go on beside it",
        "TrackClient.start_trace TrackClient.end_trace TrackClient.start_span TrackClient.end_span"
        " TrackClient.get_trace TrackClient.search_traces TrackClient.delete_traces TrackClient.set_trace_tag"
        " TrackClient.delete_trace_tag",
    ),
    (
        "Prompts",
        "log the text with log_text, or as a param; the history of a param is kept",
        "TrackClient.register_prompt TrackClient.load_prompt TrackClient.search_prompts TrackClient.create_prompt"
        " TrackClient.get_prompt TrackClient.set_prompt_alias TrackClient.delete_prompt_alias",
    ),
)


def hint_of(name: str) -> str:
    """Return why one of mlflow's names is not here and what to do instead; empty for a name that is none of them.

    Examples
    --------
    >>> hint_of("evaluate")[:46]
    'mlflow has it (Evaluation); here: compute the '
    >>> hint_of("log_everything")
    ''
    >>> hint_of("pyfunc.spark_udf")[:34]
    'mlflow has it (Spark); here: load '
    """
    for what, instead, names in (*GROUPS, *MODULE_GROUPS, *WITHIN):
        if name in names.split():
            return f"mlflow has it ({what}); here: {instead}"
    return ""


def explained(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module of the package: it says of mlflow's names what to do instead."""

    def absent(name: str) -> Any:
        hint = hint_of(f"{module.partition('.')[2]}.{name}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}{f': {hint}.' if hint else ''}")

    return absent
