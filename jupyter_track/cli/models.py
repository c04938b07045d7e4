"""The registry of models in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import common
from .common import json_option, looked_at, print_json, reader_of, store_of, store_option

if TYPE_CHECKING:
    from ..records import ModelVersion, RegisteredModel
    from ..store.reader import Reader


@click.command(
    epilog="""\b
Examples:
  jupyter track models                      the registered models
  jupyter track models digits               the versions of one
  jupyter track models --json
"""
)
@click.argument("name", metavar="[NAME]", required=False)
@json_option
@store_option
@click.pass_context
def models(ctx: click.Context, name: str | None, as_json: bool, store: str | None) -> None:
    """Show the registered models, or one of them with its versions.

    A model is registered with log_model(…, registered_model_name='NAME') or register_model, and loaded from
    models:/NAME/1 or models:/NAME@ALIAS. Looking at a model runs nothing of it.
    """
    from ..store import registry
    from ..views.models import model_details, registry_details, run_numbers
    from .screen import Screen, details_parts, line

    reader = reader_of(looked_at(ctx, store))
    found = registry.models(reader.store) if name is None else [registry.model(reader.store, name)]
    versions = registry.versions(reader.store) if name is None else registry.versions_of(reader.store, name)
    if as_json:
        print_json({"store": str(store_of(ctx, store)), "models": [_plain(one, versions, reader) for one in found]})
    elif not found:
        Screen().show(line("No model is registered yet. register_model(…) or log_model(…) in Python does it."))
    elif name is None:
        Screen().show(*details_parts(registry_details(found, common.now_ms()))[1:])
    else:
        details = model_details(found[0], versions, run_numbers(reader, versions), common.now_ms())
        Screen().show(*details_parts(details))


def _plain(model: RegisteredModel, versions: list[ModelVersion], reader: Reader) -> dict[str, Any]:
    from .plain import moment

    own = [one for one in versions if one.name == model.name]
    return {
        "name": model.name,
        "description": model.description,
        "tags": dict(model.tags),
        "aliases": dict(model.aliases),
        **moment("creation_time", model.creation_timestamp),
        **moment("last_updated_time", model.last_updated_timestamp),
        "versions": [
            {
                "version": one.version,
                "title": one.title,
                "source": one.source,
                "run_id": one.run_id,
                "description": one.description,
                "tags": dict(one.tags),
                "aliases": list(one.aliases),
                "user_id": one.user_id,
                **moment("creation_time", one.creation_timestamp),
            }
            for one in own
        ],
    }
