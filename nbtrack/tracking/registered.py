"""The verbs of ``import nbtrack`` for registered models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.uri import ModelUri, UriKind, parse
from nbtrack.registry.lineage import Lineage, lineage_of
from nbtrack.registry.registry import MAX_MODELS, MAX_VERSIONS, Registry
from nbtrack.registry.remote import registry_of
from nbtrack.store.registry_protocol import NewVersion
from nbtrack.tracking import active, logged_models
from nbtrack.tracking.model_files import Place, remote_place

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbtrack.entities import ModelGate, ModelVersion, RegisteredModel
    from nbtrack.registry.history import Holder
    from nbtrack.store.protocol import Store

MLMODEL = "MLmodel"


def registry() -> Registry:
    """Return the registry of the store in use."""
    return registry_of(active.get_store())


# -- versions ------------------------------------------------------------------------------------------------------------


def register_model(
    model_uri: str | os.PathLike[str],
    name: str,
    await_registration_for: int | None = None,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: None = None,
    description: str | None = None,
    comment: str = "",
) -> ModelVersion:
    """Register a logged model as the next version of a registered model, which is made when it is not there.

    Parameters
    ----------
    model_uri : str
        ``runs:/<run id>/<path>``, ``models:/m-<32 hex digits>``, or another registered version (``models:/<name>/<version>``).
    name : str
        The registered model: 1 to 256 characters, without ``/`` and ``:``.
    await_registration_for : int, optional
        For calls written for MLflow; registering takes no time here.
    tags : mapping, optional
        Of the version.
    env_pack : None
        For calls written for MLflow; a thing of Databricks.
    description : str, optional
        Of the version, in Markdown.
    comment : str
        Stands in the history.

    Returns
    -------
    ModelVersion

    Raises
    ------
    NotFoundError
        There is no such run, or no model at that path.
    InvalidValueError
        The name is not allowed, or the URI names a folder of this machine: log it into a run first.
    """
    del await_registration_for
    if env_pack is not None:
        raise InvalidValueError("env_pack is a thing of Databricks; leave it out.")
    return register(active.get_store(), model_uri, name, tags=tags, description=description, comment=comment)


def register(
    store: Store,
    model_uri: str | os.PathLike[str],
    name: str,
    *,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    comment: str = "",
) -> ModelVersion:
    """Do what :func:`register_model` does, in a store of its own."""
    about = {"tags": {str(k): str(v) for k, v in (tags or {}).items()}, "description": description or ""}
    with store.one_look():
        new = source_of(store, parse(model_uri), **about)
    return registry_of(store).add_version(name, new, comment=comment, makes_model=True)


def source_of(store: Store, uri: ModelUri, **about: Any) -> NewVersion:
    """Return what is to be registered for a URI; the files are there, but none is loaded."""
    if uri.kind is UriKind.PATH:
        raise InvalidValueError(
            f"{uri.text!r} is a path of this machine, and a registered model is kept in the store: log it first "
            "(nbtrack.log_model, or nbtrack.log_artifacts for a folder with an MLmodel file), then register runs:/<run id>/<path>."
        )
    if uri.kind is UriKind.REMOTE:
        return NewVersion(uri.text, **about)  # where it was made; it may be out of reach from here
    if uri.is_registered:
        found = registry_of(store).find(uri)
        return NewVersion(found.uri, found.run_id, found.path, found.model_id, found.run_link, **about)
    if uri.kind is UriKind.MODEL_ID:
        logged = logged_models.find(store, uri.model_id)
        return NewVersion(logged.uri, logged.run_id, logged.path, logged.model_id, **about)
    return _of_run(store, uri, about)


def _of_run(store: Store, uri: ModelUri, about: dict[str, Any]) -> NewVersion:
    run = store.get_run(uri.run_id)
    if run.info.lifecycle_stage == "deleted":
        raise InvalidValueError(f"Run {run.info.run_name!r} ({uri.run_id}) is in the trash; restore it first.")
    logged = logged_models.at(store, uri.run_id, uri.path)
    if logged is None and not any(
        f.path == f"{uri.path}/{MLMODEL}" for f in store.list_artifacts(uri.run_id, uri.path)
    ):
        known = [m.path for m in logged_models.models_of(store, uri.run_id)]
        raise NotFoundError("Model", uri.path, known, where=f"run {run.info.run_name!r} ({uri.run_id})")
    model_id = logged.model_id if logged else None
    return NewVersion(f"runs:/{uri.run_id}/{uri.path}", uri.run_id, uri.path, model_id, **about)


def locate(uri: ModelUri, store: Store) -> Place:
    """Return where the files of a registered version are. Raises ``NotFoundError``, ``InvalidValueError``."""
    found = registry_of(store).find(uri)
    if not found.run_id or not found.path:
        return Place(uri.text, remote=remote_place(parse(found.source)))
    if found.model_id:  # a newer model of the same name may have taken its path
        logged = logged_models.find(store, found.model_id)
        return Place(uri.text, store, logged.run_id, logged.path)
    return Place(uri.text, store, found.run_id, found.path)


def get_model_version(name: str, version: int | str) -> ModelVersion:
    """Return a version of a registered model. Raises ``NotFoundError``."""
    return registry().version(name, version)


def get_model_version_by_alias(name: str, alias: str) -> ModelVersion:
    """Return the version at which an alias points. Raises ``NotFoundError``."""
    return registry().version_by_alias(name, alias)


def search_model_versions(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[ModelVersion]:
    """Return the versions that match a filter such as ``"name = 'fraud' and metrics.auc > 0.9"``, those changed last first."""
    return registry().search_versions(filter_string, max_results or MAX_VERSIONS, order_by)


def set_model_version_tag(
    name: str, version: int | str | None = None, key: str | None = None, value: Any = None, *, comment: str = ""
) -> None:
    """Set a tag of a version."""
    registry().set_tags(name, {_needed(key, "key"): value}, _needed(version, "version"), comment=comment)


def delete_model_version_tag(name: str, version: int | str, key: str, *, comment: str = "") -> None:
    """Remove a tag of a version."""
    registry().delete_tag(name, key, version, comment=comment)


def update_model_version(
    name: str, version: int | str, description: str | None = None, *, comment: str = ""
) -> ModelVersion:
    """Change the description (Markdown) of a version."""
    found = registry()
    found.describe(name, description, version, comment=comment)
    return found.version(name, version)


def delete_model_version(name: str, version: int | str, *, comment: str = "") -> None:
    """Delete a version and the aliases that point at it; its number is not given again, its run stays."""
    registry().delete(name, _needed(version, "version"), comment=comment)


def transition_model_version_stage(
    name: str, version: int | str, stage: str, *, archive_existing_versions: bool = False, comment: str = ""
) -> ModelVersion:
    """Move a version to None, Staging, Production or Archived."""
    return registry().set_stage(
        name, version, stage, archive_existing_versions=archive_existing_versions, comment=comment
    )


def copy_model_version(src_model_uri: str, dst_name: str, *, comment: str = "") -> ModelVersion:
    """Register a version (``models:/<name>/<version>``) once more under another model; both have the same files."""
    return registry().copy(src_model_uri, dst_name, comment=comment)


def promote(
    src_model_uri: str, dst_name: str, *, alias: str | None = None, comment: str = "", force: bool = False
) -> ModelVersion:
    """Copy a version to another model, as from ``fraud-dev`` to ``fraud``, and let an alias there point at it.

    Raises
    ------
    GateRefusedError
        A gate of the other model does not hold; nothing was copied. `force` with a `comment` overrides it.
    """
    return registry().promote(src_model_uri, dst_name, alias=alias, comment=comment, force=force)


# -- models --------------------------------------------------------------------------------------------------------------


def create_registered_model(
    name: str, tags: Mapping[str, Any] | None = None, description: str | None = None, *, comment: str = ""
) -> RegisteredModel:
    """Make a registered model without versions. Raises ``AlreadyExistsError``."""
    return registry().create(name, tags, description, comment=comment)


def get_registered_model(name: str) -> RegisteredModel:
    """Return a registered model: versions, aliases, tags, gates. Raises ``NotFoundError``."""
    return registry().get(name)


def search_registered_models(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[RegisteredModel]:
    """Return the registered models that match a filter such as ``"tags.team = 'risk'"``, by name."""
    return registry().search(filter_string, max_results or MAX_MODELS, order_by)


def rename_registered_model(name: str, new_name: str, *, comment: str = "") -> RegisteredModel:
    """Give a registered model another name."""
    return registry().rename(name, new_name, comment=comment)


def update_registered_model(name: str, description: str | None = None, *, comment: str = "") -> RegisteredModel:
    """Change the description (Markdown) of a registered model."""
    found = registry()
    found.describe(name, description, comment=comment)
    return found.get(name)


def set_registered_model_tag(name: str, key: str, value: Any, *, comment: str = "") -> None:
    """Set a tag of a registered model."""
    registry().set_tags(name, {key: value}, comment=comment)


def delete_registered_model_tag(name: str, key: str, *, comment: str = "") -> None:
    """Remove a tag of a registered model."""
    registry().delete_tag(name, key, comment=comment)


def delete_registered_model(name: str, *, comment: str = "") -> None:
    """Delete a registered model with its versions and aliases; its history stays, and so do runs and files."""
    registry().delete(name, comment=comment)


# -- aliases and gates ---------------------------------------------------------------------------------------------------


def set_registered_model_alias(
    name: str, alias: str, version: int | str, *, comment: str = "", force: bool = False
) -> None:
    """Let an alias such as ``champion`` point at a version, if the gates of the model let it.

    Raises
    ------
    GateRefusedError
        A gate does not hold; the message has the numbers. `force` with a `comment` overrides it, and stands in the history.
    """
    registry().set_alias(name, alias, version, comment=comment, force=force)


def delete_registered_model_alias(name: str, alias: str, *, comment: str = "") -> None:
    """Take an alias away; the version stays."""
    registry().delete_alias(name, alias, comment=comment)


def rollback(name: str, alias: str = "champion", *, comment: str = "") -> ModelVersion:
    """Let an alias point again at the version that had it before, and return that version; once more goes back further."""
    return registry().rollback(name, alias, comment=comment)


def expect(
    name: str, expression: str, *, alias: str | None = None, version: int | str | None = None, comment: str = ""
) -> ModelGate:
    """Say what must hold before an alias moves, as in ``expect("fraud", "auc >= champion.auc - 0.005")``.

    Parameters
    ----------
    expression : str
        ``auc`` is a metric of the version to which the alias is to move, ``champion.auc`` one of the version that has that alias now;
        also ``params.K``, ``tags.K``, numbers, texts in quotes, ``+ - * /``, comparisons, AND, OR, NOT and parentheses.
    alias, version : str, int, optional
        Only for moves of this alias, only for moves to this version.
    """
    return registry().expect(name, expression, alias=alias, version=version, comment=comment)


def expect_of(version: ModelVersion, expression: str, *, alias: str | None = None, comment: str = "") -> ModelGate:
    """Do what :func:`expect` does for one version, if it is of the store in use."""
    found = registry().version(version.name, version.version)
    if (found.creation_timestamp, found.source) != (version.creation_timestamp, version.source):
        raise InvalidValueError(
            f"{version.uri} of the store in use is another one; use Client(store).expect(name, …, version={version.version})."
        )
    return expect(version.name, expression, alias=alias, version=version.version, comment=comment)


def unexpect(
    name: str, expression: str, *, alias: str | None = None, version: int | str | None = None, comment: str = ""
) -> None:
    """Take back what :func:`expect` said."""
    registry().unexpect(name, expression, alias=alias, version=version, comment=comment)


# -- looking back --------------------------------------------------------------------------------------------------------


def comment_model(name: str, text: str, version: int | str | None = None) -> None:
    """Say something about a registered model or a version; it stands in the history."""
    registry().comment(name, text, version)


def registry_history(name: str | None = None, alias: str | None = None) -> pd.DataFrame:
    """Return every change of a registered model (or of all), newest first: who, when, from what to what, and why.

    Returns
    -------
    DataFrame
        Columns ``time`` (UTC), ``user``, ``name``, ``op``, ``version``, ``alias``, ``stage``, ``key``, ``before``, ``after``, ``comment``,
        ``detail``. Deleted models are found by the name that they had.
    """
    return registry().history(name, alias)


def registry_at(name: str, alias: str, when: Any) -> Holder | None:
    """Return which version had an alias at a moment: ``registry_at("fraud", "champion", "2026-11-17 12:00").version``.

    Parameters
    ----------
    when : datetime, date, str or number
        A text is in UTC, ``"now - 7d"`` works too; a number counts milliseconds since 1970.

    Returns
    -------
    Holder or None
        `version`, `since` and `until` (milliseconds UTC), `user_id`, `comment`; None when no version had it then.
    """
    return registry().at(name, alias, when)


def model_lineage(name: str, version: int | str) -> Lineage:
    """Return where a version came from: run, data sets, code of the cell, git commit, metrics and params."""
    found = registry()
    return lineage_of(found.store, found.version(name, version))


def _needed(value: Any, what: str) -> Any:
    if value is None:
        raise InvalidValueError(f"{what} is not given.")
    return value
