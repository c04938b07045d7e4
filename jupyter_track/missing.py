"""What of mlflow's names is not here, and what to do instead: for the error, and for the README.

As of mlflow 3.17. A test compares these names, those that are here, and mlflow's own list. What another part of the
package brings later counts as here, without a change of this table.
"""

from __future__ import annotations

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
    ("Language models", "their calls are not traced", "genai langchain openai"),
    ("Projects", "there is no server and no launcher", "projects"),
)


def hint_of(name: str) -> str:
    """Return why one of mlflow's names is not here and what to do instead; empty for a name that is none of them.

    Examples
    --------
    >>> hint_of("evaluate")[:46]
    'mlflow has it (Evaluation); here: compute the '
    >>> hint_of("log_everything")
    ''
    """
    for what, instead, names in (*GROUPS, *MODULE_GROUPS):
        if name in names.split():
            return f"mlflow has it ({what}); here: {instead}"
    return ""
