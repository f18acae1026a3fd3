"""The verbs of ``MlflowClient`` for registered models, for :class:`nbtrack.tracking.client.Client`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.uri import UriKind, parse
from nbtrack.names import STAGES, check_stage
from nbtrack.registry import webhooks
from nbtrack.registry.lineage import Lineage, lineage_of
from nbtrack.registry.remote import registry_of
from nbtrack.store.registry_protocol import NewVersion
from nbtrack.tracking import registered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from nbtrack.entities import ModelGate, ModelVersion, RegisteredModel
    from nbtrack.registry.delivery import Delivery
    from nbtrack.registry.history import Holder
    from nbtrack.registry.pages import Page
    from nbtrack.registry.registry import Registry
    from nbtrack.registry.webhooks import Webhook
    from nbtrack.store.protocol import Store

Number = int | str


class RegistryVerbs:
    """Registered models by name: each verb takes what MLflow's does, and a `comment` for the history."""

    @property
    def store(self) -> Store:
        """Return the store that this client works on."""
        raise NotImplementedError

    @property
    def registry(self) -> Registry:
        """Return the registry of that store."""
        return registry_of(self.store)

    # -- registered models -------------------------------------------------------------------------------------------

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
        *,
        comment: str = "",
    ) -> RegisteredModel:
        """Make a registered model without versions. Raises ``AlreadyExistsError``."""
        _refuse_job(deployment_job_id)
        return self.registry.create(name, tags, description, comment=comment)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Return a registered model. Raises ``NotFoundError``."""
        return self.registry.get(name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return a page of the registered models that match; its ``token`` asks for the next one."""
        return self.registry.search(filter_string, max_results, order_by, page_token)

    def rename_registered_model(self, name: str, new_name: str, *, comment: str = "") -> RegisteredModel:
        """Give a registered model another name."""
        return self.registry.rename(name, new_name, comment=comment)

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None, *, comment: str = ""
    ) -> RegisteredModel:
        """Change the description of a registered model."""
        _refuse_job(deployment_job_id)
        self.registry.describe(name, description, comment=comment)
        return self.registry.get(name)

    def delete_registered_model(self, name: str, *, comment: str = "") -> None:
        """Delete a registered model with its versions; its history stays."""
        self.registry.delete(name, comment=comment)

    def set_registered_model_tag(self, name: str, key: str, value: Any, *, comment: str = "") -> None:
        """Set a tag of a registered model."""
        self.registry.set_tags(name, {key: value}, comment=comment)

    def delete_registered_model_tag(self, name: str, key: str, *, comment: str = "") -> None:
        """Remove a tag of a registered model; nothing happens when it has none of that name, as in MLflow."""
        with _fine_without("Tag"):
            self.registry.delete_tag(name, key, comment=comment)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Return the newest version of each stage, or of those asked for."""
        return self.registry.latest_versions(name, stages)

    # -- versions ----------------------------------------------------------------------------------------------------

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = None,
        model_id: str | None = None,
        *,
        comment: str = "",
    ) -> ModelVersion:
        """Register a version of a model that is there.

        Parameters
        ----------
        source : str
            ``runs:/<run id>/<path>``, ``models:/…``, or a place elsewhere such as ``s3://bucket/model``; no path of this machine.
        run_id : str, optional
            The run that it came from; must be that of the source where this names one.
        """
        del await_creation_for
        uri = parse(source, allow_local=False)
        if uri.kind is UriKind.RUN and run_id is not None and run_id != uri.run_id:
            raise InvalidValueError(f"source is of run {uri.run_id}, and run_id says {run_id}; give one of them.")
        about: dict[str, Any] = {
            "tags": {str(k): str(v) for k, v in (tags or {}).items()},
            "description": description or "",
        }
        new = registered.source_of(self.store, uri, **about)
        if uri.kind is UriKind.REMOTE:
            if run_id is not None:
                self.store.get_run(run_id)
            new = NewVersion(source, run_id, None, model_id, run_link or "", **about)
        return self.registry.add_version(name, new, comment=comment)

    def get_model_version(self, name: str, version: Number) -> ModelVersion:
        """Return a version. Raises ``NotFoundError``."""
        return self.registry.version(name, version)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version at which an alias points. Raises ``NotFoundError``."""
        return self.registry.version_by_alias(name, alias)

    def get_model_version_download_uri(self, name: str, version: Number) -> str:
        """Return where the files of a version are: ``runs:/<run id>/<path>``, or its source when they are elsewhere."""
        found = self.registry.version(name, version)
        if found.run_id is None or found.path is None:
            return found.source
        place = registered.locate(parse(found.uri), self.store)
        return f"runs:/{place.run_id}/{place.path}"

    def get_model_version_stages(self, name: str, version: Number) -> list[str]:
        """Return the stages there are."""
        self.registry.version(name, version)
        return list(STAGES)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return a page of the versions that match; its ``token`` asks for the next one."""
        return self.registry.search_versions(filter_string, max_results, order_by, page_token)

    def update_model_version(
        self, name: str, version: Number, description: str | None = None, *, comment: str = ""
    ) -> ModelVersion:
        """Change the description of a version."""
        self.registry.describe(name, description, version, comment=comment)
        return self.registry.version(name, version)

    def delete_model_version(self, name: str, version: Number, *, comment: str = "") -> None:
        """Delete a version and the aliases that point at it."""
        self.registry.delete(name, _given(version, "version"), comment=comment)

    def set_model_version_tag(
        self,
        name: str,
        version: Number | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
        *,
        comment: str = "",
    ) -> None:
        """Set a tag of a version, or of the newest one of a stage."""
        self.registry.set_tags(name, {_given(key, "key"): value}, self._meant(name, version, stage), comment=comment)

    def delete_model_version_tag(
        self,
        name: str,
        version: Number | None = None,
        key: str | None = None,
        stage: str | None = None,
        *,
        comment: str = "",
    ) -> None:
        """Remove a tag of a version, or of the newest one of a stage; nothing happens when it has none of that name."""
        with _fine_without("Tag"):
            self.registry.delete_tag(name, _given(key, "key"), self._meant(name, version, stage), comment=comment)

    def transition_model_version_stage(
        self,
        name: str,
        version: Number,
        stage: str,
        archive_existing_versions: bool = False,  # noqa: FBT001, FBT002 - MLflow's signature
        *,
        comment: str = "",
    ) -> ModelVersion:
        """Move a version to None, Staging, Production or Archived."""
        return self.registry.set_stage(
            name, version, stage, archive_existing_versions=archive_existing_versions, comment=comment
        )

    def copy_model_version(self, src_model_uri: str, dst_name: str, *, comment: str = "") -> ModelVersion:
        """Register a version once more under another model."""
        return self.registry.copy(src_model_uri, dst_name, comment=comment)

    # -- aliases, gates, history -------------------------------------------------------------------------------------

    def set_registered_model_alias(
        self, name: str, alias: str, version: Number, *, comment: str = "", force: bool = False
    ) -> None:
        """Let an alias point at a version, if the gates let it. Raises ``GateRefusedError``."""
        self.registry.set_alias(name, alias, version, comment=comment, force=force)

    def delete_registered_model_alias(self, name: str, alias: str, *, comment: str = "") -> None:
        """Take an alias away; nothing happens when there is none of that name, as in MLflow."""
        with _fine_without("Alias"):
            self.registry.delete_alias(name, alias, comment=comment)

    def rollback(self, name: str, alias: str = "champion", *, comment: str = "") -> ModelVersion:
        """Let an alias point again at the version that had it before."""
        return self.registry.rollback(name, alias, comment=comment)

    def expect(
        self, name: str, expression: str, *, alias: str | None = None, version: Number | None = None, comment: str = ""
    ) -> ModelGate:
        """Say what must hold before an alias moves."""
        return self.registry.expect(name, expression, alias=alias, version=version, comment=comment)

    def registry_history(self, name: str | None = None, alias: str | None = None) -> pd.DataFrame:
        """Return every change of a registered model, newest first."""
        return self.registry.history(name, alias)

    def registry_at(self, name: str, alias: str, when: Any) -> Holder | None:
        """Return which version had an alias at a moment."""
        return self.registry.at(name, alias, when)

    def model_lineage(self, name: str, version: Number) -> Lineage:
        """Return where a version came from."""
        return lineage_of(self.store, self.registry.version(name, version))

    # -- webhooks ----------------------------------------------------------------------------------------------------

    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[Any],
        description: str | None = None,
        secret: str | None = None,
        status: Any = None,
    ) -> Webhook:
        """Have an address told of changes. `secret` (and `url`, if you like) is ``$NAME`` of an environment variable."""
        return webhooks.Webhooks(self.store).create(name, url, events, description, secret, status)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """Return a webhook. Raises ``NotFoundError``."""
        return webhooks.Webhooks(self.store).get(webhook_id)

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> list[Webhook]:
        """Return the webhooks of the store, oldest first; all of them, for there are few."""
        del page_token
        return webhooks.Webhooks(self.store).all()[:max_results]

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: Sequence[Any] | None = None,
        secret: str | None = None,
        status: Any = None,
    ) -> Webhook:
        """Change what is given."""
        changes = {"name": name, "description": description, "url": url, "events": events, "secret": secret}
        return webhooks.Webhooks(self.store).update(webhook_id, **changes, status=status)

    def delete_webhook(self, webhook_id: str) -> None:
        """Tell an address no more."""
        webhooks.Webhooks(self.store).delete(webhook_id)

    def test_webhook(self, webhook_id: str, event: Any = None) -> Delivery:
        """Send an example to a webhook and wait for the answer; of the answer only its status is told."""
        from nbtrack.registry import delivery  # noqa: PLC0415 - loads ssl, which most never need

        hook = webhooks.Webhooks(self.store).get(webhook_id)
        name = hook.events[0] if event is None else webhooks.event_name(event)
        return delivery.deliver(hook, name, webhooks.EXAMPLES.get(name, {}), tries=1)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _meant(self, name: str, version: Number | None, stage: str | None) -> Number:
        if (version is None) == (stage is None):
            raise InvalidValueError("Give either version or stage.")
        if version is not None:
            return version
        found = self.registry.latest_versions(name, [check_stage(stage)])
        if not found:
            raise NotFoundError(
                "Version in stage", str(stage), where=f"registered model {name!r}", hint=" None is there."
            )
        return found[0].version


@contextmanager
def _fine_without(what: str) -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        if error.what != what:
            raise


def _given(value: Any, what: str) -> Any:
    if value is None:
        raise InvalidValueError(f"{what} is not given.")
    return value


def _refuse_job(deployment_job_id: str | None) -> None:
    if deployment_job_id is not None:
        raise InvalidValueError("deployment_job_id is a thing of Databricks; leave it out.")
