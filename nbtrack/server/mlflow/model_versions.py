"""``/model-versions``: versions of registered models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.uri import UriKind, parse
from nbtrack.names import STAGES, fully_decoded
from nbtrack.registry.pages import token_of
from nbtrack.registry.registry import MAX_VERSIONS
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow import places
from nbtrack.server.mlflow.desk import PROXY, AtDesk, Desk
from nbtrack.server.mlflow.errors import RestError
from nbtrack.server.mlflow.limits import MAX_MODEL_TAG, check_name, check_tag
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.registered_models import checked_name, fine_without, of_version, version_told
from nbtrack.server.mlflow.replies import page, reply
from nbtrack.store.registry_protocol import ModelQuery, NewVersion
from nbtrack.tracking import logged_models, registered

if TYPE_CHECKING:
    from nbtrack.entities import ModelVersion
    from nbtrack.tracking.logged_models import LoggedModel

router = APIRouter(prefix="/model-versions", tags=["model versions"])

MAX_SOURCE = 4096
VERSIONS = "mlflow.modelVersions"
"""Tag of a logged model: the versions that it has become."""


@router.post("/create")
def create(desk: AtDesk, body: m.CreateVersion) -> Response:
    """Register a version of a model that is there."""
    name = checked_name(body.name)
    tags = dict(check_tag(t.key, t.value, limit=MAX_MODEL_TAG) for t in body.tags or ())
    about: dict[str, Any] = {
        "run_link": body.run_link or "",
        "description": body.description or "",
        "tags": tags,
    }
    new = _source(desk, body, about)
    made = desk.registry.add_version(name, new)
    if made.model_id and made.source == f"models:/{made.model_id}":
        _tell_model(desk, made)
    return reply({"model_version": version_told(made)})


def _tell_model(desk: Desk, made: ModelVersion) -> None:
    """Say at the model which versions it has become, as MLflow does."""
    try:
        model = desk.model(str(made.model_id))
    except RestError:
        return
    try:
        known = json.loads(model.tags.get(VERSIONS) or "[]")
    except ValueError:
        known = []
    text = json.dumps([*(known if isinstance(known, list) else []), {"name": made.name, "version": made.version}])
    change = {"model_id": made.model_id, "set": {"tags": {VERSIONS: text}}}
    desk.store.append((logged_models.RECORD, model.run_id, None, change))


def _source(desk: Desk, body: m.CreateVersion, about: dict[str, Any]) -> NewVersion:
    """Return what is to be registered: files of this server, found again by run and path, or a place elsewhere.

    `source` stays as it was said, as in MLflow.
    """
    source = body.source
    if len(source) > MAX_SOURCE or ".." in fully_decoded(source).split("/") or "\x00" in fully_decoded(source):
        raise _refusal(source, "It must be an absolute URI without relative path references.")
    if source.startswith(PROXY):
        return _of_proxy(desk, body, about)
    try:
        uri = parse(source, allow_local=False)
    except InvalidValueError:
        raise _refusal(
            source,
            "Use runs:/, models:/ or mlflow-artifacts:/ of this server, or an object store; no path of a machine.",
        ) from None
    if uri.kind is UriKind.REMOTE:
        if places.has_secret(source):
            raise _refusal(
                places.without_secret(source), "It has a login or a signature in it, which everybody here would see."
            )
        run_id = body.run_id or None
        if run_id:
            with desk.run(run_id):
                pass
        return NewVersion(source, run_id, None, body.model_id or None, **about)
    if uri.kind is UriKind.MODEL_ID:
        _same(source, "model_id", body.model_id, uri.model_id)
        return _of_model(source, desk.model(uri.model_id), about)
    if uri.kind is UriKind.RUN:
        _same(source, "run_id", body.run_id, uri.run_id)
    try:
        found = registered.source_of(desk.store, uri)
    except NotFoundError as problem:
        if uri.kind is not UriKind.RUN or problem.what != "Model":
            raise
        return NewVersion(source, uri.run_id, uri.path, **about)  # any files of a run, as by their address
    _same(source, "run_id", body.run_id, found.run_id)
    # Also of models and aliases: the version that is meant now.
    return NewVersion(found.source if uri.is_registered else source, found.run_id, found.path, found.model_id, **about)


def _of_proxy(desk: Desk, body: m.CreateVersion, about: dict[str, Any]) -> NewVersion:
    spot = places.of_uri(desk, body.source)
    if spot is None or not spot.full:
        raise _refusal(body.source, "The run_id request parameter must identify the resource that contains the source.")
    _same(body.source, "run_id", body.run_id, spot.run_id)
    logged = logged_models.at(desk.store, spot.run_id, spot.full)
    _same(body.source, "model_id", body.model_id, logged.model_id if logged else None)
    return NewVersion(body.source, spot.run_id, spot.full, logged.model_id if logged else None, **about)


def _of_model(source: str, found: LoggedModel, about: dict[str, Any]) -> NewVersion:
    return NewVersion(source, found.run_id, found.path, found.model_id, **about)


def _same(source: str, what: str, said: str | None, meant: str | None) -> None:
    if said and meant and said != meant:
        raise _refusal(source, f"The {what} request parameter must identify the resource that contains the source.")


def _refusal(source: str, why: str) -> RestError:
    return RestError(f"Invalid model version source: '{source[:200]}'. {why}")


@router.get("/get")
def get(desk: AtDesk, name: Annotated[str, Query()], version: Annotated[str, Query()]) -> Response:
    """Return a version."""
    with of_version(name, version) as number:
        return reply({"model_version": version_told(desk.of_registry(desk.registry.version, name, number))})


@router.patch("/update")
def update(desk: AtDesk, body: m.UpdateVersion) -> Response:
    """Change the description."""
    with of_version(body.name, body.version) as number:
        desk.registry.describe(body.name, body.description, number)
        return reply({"model_version": version_told(desk.registry.version(body.name, number))})


@router.delete("/delete")
def delete(desk: AtDesk, body: m.OfVersion) -> Response:
    """Delete a version."""
    with of_version(body.name, body.version) as number:
        desk.registry.delete(body.name, number)
    return reply()


@router.post("/transition-stage")
def transition(desk: AtDesk, body: m.TransitionStage) -> Response:
    """Move a version to another stage."""
    if body.stage.lower() not in (stage.lower() for stage in STAGES):
        raise RestError(f"Invalid Model Version stage: {body.stage}. Value must be one of {', '.join(STAGES)}.")
    with of_version(body.name, body.version) as number:
        archives = bool(body.archive_existing_versions)
        moved = desk.registry.set_stage(body.name, number, body.stage, archive_existing_versions=archives)
    return reply({"model_version": version_told(moved)})


@router.get("/search")
def search(desk: AtDesk, query: Annotated[m.SearchModels, Query()]) -> Response:
    """Return a page of the versions that match."""
    limit, offset = limit_of(query.max_results, 10_000, MAX_VERSIONS), offset_of(query.page_token)
    found = desk.store.registry.search_versions(
        ModelQuery(query.filter or "", tuple(query.order_by or ()), limit + 1, offset)
    )
    shown = [version_told(v, with_aliases=False) for v in found[:limit]]
    return page("model_versions", shown, token_of(offset + limit) if len(found) > limit else None)


@router.get("/get-download-uri")
def download_uri(desk: AtDesk, name: Annotated[str, Query()], version: Annotated[str, Query()]) -> Response:
    """Return where the files of a version are."""
    with of_version(name, version) as number:
        found = desk.of_registry(desk.registry.version, name, number)
    uri = found.source
    if found.model_id:
        try:
            uri = places.uri_of_model(desk, desk.model(found.model_id, with_deleted=True))
        except (RestError, NotFoundError):
            uri = found.source
    elif found.run_id and found.path:
        uri = places.uri_of_path(desk, found.run_id, found.path)
    return reply({"artifact_uri": uri})


@router.post("/set-tag")
def set_tag(desk: AtDesk, body: m.SetVersionTag) -> Response:
    """Set a tag of a version."""
    tag = dict([check_tag(body.key, body.value, limit=MAX_MODEL_TAG)])
    with of_version(body.name, body.version) as number:
        desk.registry.set_tags(body.name, tag, number)
    return reply()


@router.delete("/delete-tag")
def delete_tag(desk: AtDesk, body: m.DeleteVersionTag) -> Response:
    """Remove a tag of a version; nothing happens when it has none of that name."""
    with of_version(body.name, body.version) as number, fine_without("Tag"):
        desk.registry.delete_tag(body.name, check_name(body.key), number)
    return reply()
