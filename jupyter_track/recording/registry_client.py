"""The part of `TrackClient` that speaks of registered models: mlflow's calls on the registry in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..context.entered import check_note, check_tags
from ..errors import InvalidValue
from ..records import ModelVersion, RegisteredModel
from ..store import registry, registry_edits
from .pages import Page, offset_of, page_of
from .store_client import StoreClient

MODELS_PAGE = 100
VERSIONS_PAGE = 10_000


class RegistryClient(StoreClient):
    """Registered models, their versions and aliases."""

    # ---- registered models

    def create_registered_model(
        self, name: str, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Make a registered model without a version; AlreadyExists where the name is taken."""
        registry_edits.create_model(self._tracker.store, name, check_tags(tags or {}), check_note(description))
        return self.get_registered_model(name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Return a registered model with its newest version; NotFound where there is none."""
        return registry.model(self._tracker.store, name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = MODELS_PAGE,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return a page of registered models, by name."""
        at = offset_of(page_token)
        found = registry.models(self._tracker.store, filter_string, order_by, max_results + 1, at)
        return Page(*page_of(found, max_results, at))

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name."""
        registry_edits.rename_model(self._tracker.store, name, new_name)
        return self.get_registered_model(new_name)

    def update_registered_model(self, name: str, description: str | None = None) -> RegisteredModel:
        """Set the description of a registered model."""
        registry_edits.describe_model(self._tracker.store, name, check_note(description))
        return self.get_registered_model(name)

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model for good, with its versions; what runs logged stays."""
        registry_edits.delete_model(self._tracker.store, name)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag of a registered model."""
        registry_edits.set_model_tags(self._tracker.store, name, check_tags({key: value}))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a registered model."""
        registry_edits.delete_model_tag(self._tracker.store, name, key)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Return the newest version in a list; `stages` is accepted, mlflow gave them up for aliases."""
        return list(self.get_registered_model(name).latest_versions)

    # ---- versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register a model as the next version of a registered model that is there; `source` is its address."""
        from ..models.registry import register

        tracker = self._tracker
        registry.model(tracker.store, name)
        if run_id is not None:
            tracker, run_id = self._target(run_id)
            tracker.read(run_id)
        return register(
            tracker, source, name, tags=tags, description=check_note(description), run_id=run_id, make=False,
            model_id=model_id,
        )  # fmt: skip

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """Register a version as the next one of another name, which is made where it is new."""
        from ..models.registry import register

        if not str(src_model_uri).startswith("models:"):
            raise InvalidValue(
                f"A version is named by models:/<name>/<version> or models:/<name>@<alias>, not {src_model_uri!r}."
            )
        return register(self._tracker, src_model_uri, dst_name)

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        """Return a version; NotFound where there is none."""
        return registry.version(self._tracker.store, name, version)

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Return the address from which a version is loaded."""
        return self.get_model_version(name, version).model_uri

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = VERSIONS_PAGE,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return a page of versions, by name and the newest first."""
        at = offset_of(page_token)
        found = registry.versions(self._tracker.store, filter_string, order_by, max_results + 1, at)
        return Page(*page_of(found, max_results, at))

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        """Set the description of a version."""
        registry_edits.describe_version(self._tracker.store, name, version, check_note(description))
        return self.get_model_version(name, version)

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Delete a version for good; its number is not given again."""
        registry_edits.delete_version(self._tracker.store, name, version)

    def set_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Set a tag of a version; there are no stages."""
        number, tag = _version_and_key(version, key, stage)
        registry_edits.set_version_tags(self._tracker.store, name, number, check_tags({tag: value}))

    def delete_model_version_tag(
        self, name: str, version: str | int | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Remove a tag of a version; there are no stages."""
        number, tag = _version_and_key(version, key, stage)
        registry_edits.delete_version_tag(self._tracker.store, name, number, tag)

    # ---- aliases

    def set_registered_model_alias(self, name: str, alias: str, version: str | int) -> None:
        """Let an alias name a version: ``models:/<name>@<alias>`` loads it."""
        registry_edits.set_alias(self._tracker.store, name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Take an alias away."""
        registry_edits.delete_alias(self._tracker.store, name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version that an alias names; InvalidValue where there is no such alias."""
        return registry.version_by_alias(self._tracker.store, name, alias)


def _version_and_key(version: str | int | None, key: str | None, stage: str | None) -> tuple[str | int, str]:
    if stage is not None:
        raise InvalidValue(f"A version has no stage here ({stage!r}); name it by its number, or give it an alias.")
    if version is None or key is None:
        raise InvalidValue("Name the version (1, 2, …) and the key of its tag.")
    return version, key
