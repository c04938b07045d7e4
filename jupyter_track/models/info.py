"""What `log_model` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..records import Shown, html_form, text_form
from .folder import Model
from .signature import ModelSignature, Schema, TensorSpec

if TYPE_CHECKING:
    from ..views.details import Details

_COLUMNS = 6  # of a signature, that are shown


@dataclass(frozen=True)
class ModelInfo(Shown):
    """A model that was logged (mlflow's shape, with its format).

    Attributes
    ----------
    model_uri : str
        What `load_model` takes: ``runs:/<run id>/<name>``.
    artifact_path : str
        The model's folder among the artifacts of its run.
    flavors : mapping
    run_id : str or None
    model_uuid, utc_time_created : str
    signature : ModelSignature or None
    metadata : mapping or None
    saved_input_example_info : mapping or None
    registered_model_version : int or None
    format : str
        ``skops``, ``safetensors``, ``cloudpickle``, …: how it was saved; `why` says why it is not the safe format.
    title : str
        Flavor, class and format in a line.
    """

    model_uri: str
    artifact_path: str
    flavors: Mapping[str, Mapping[str, Any]]
    run_id: str | None
    model_uuid: str
    utc_time_created: str
    signature: ModelSignature | None = None
    metadata: Mapping[str, Any] | None = None
    saved_input_example_info: Mapping[str, Any] | None = None
    registered_model_version: int | None = None
    format: str = ""
    why: str = ""
    title: str = ""

    @property
    def model_id(self) -> str:
        """The model's id, which no other model has."""
        return self.model_uuid

    @property
    def name(self) -> str:
        """The name under which it was logged."""
        return self.artifact_path

    @property
    def signature_dict(self) -> dict[str, str | None] | None:
        """The signature as it stands in ``MLmodel``."""
        return None if self.signature is None else self.signature.to_dict()


def info_of(model: Model, uri: str, version: int | None = None) -> ModelInfo:
    """Return what is told of a model at an address."""
    return ModelInfo(
        model_uri=uri,
        artifact_path=model.artifact_path,
        flavors=model.flavors,
        run_id=model.run_id,
        model_uuid=model.model_uuid,
        utc_time_created=model.utc_time_created,
        signature=model.signature,
        metadata=model.metadata,
        saved_input_example_info=model.saved_input_example_info,
        registered_model_version=version,
        format=model.form.format if model.form is not None else "",
        why=model.form.why if model.form is not None else "",
        title=model.title,
    )


@html_form.register
def _(record: ModelInfo) -> str:
    from ..views.html import details_html

    return details_html(_details(record))


@text_form.register
def _(record: ModelInfo) -> str:
    from ..views.text import details_text

    return details_text(_details(record))


def _words(schema: Schema | None) -> str:
    """Return the columns or tensors of a schema, some of them where they are many."""
    if schema is None:
        return ""
    words = []
    for one in schema:
        shape = f" {one.shape}" if isinstance(one, TensorSpec) else "" if one.required else " (optional)"
        words.append(f"{f'{one.name} ' if one.name is not None else ''}{one.type}{shape}")
    more = len(words) - _COLUMNS
    return " · ".join([*words[:_COLUMNS], *([f"+{more} columns"] if more > 0 else [])])


def _details(info: ModelInfo) -> Details:
    from ..views.details import Details
    from ..views.format import one_line

    signature = info.signature
    facts = [
        ("what it is", info.title),
        ("takes", _words(signature.inputs if signature is not None else None)),
        ("gives", _words(signature.outputs if signature is not None else None)),
        ("registered as version", "" if info.registered_model_version is None else str(info.registered_model_version)),
        ("load it with", info.model_uri),
    ]
    return Details(name=one_line(info.name), facts=tuple((label, one_line(text)) for label, text in facts if text))
