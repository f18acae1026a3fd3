"""``/registered-models``: names under which models are registered, their tags and aliases."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.errors import AlreadyExistsError, NotFoundError
from nbtrack.names import check_version
from nbtrack.registry.pages import token_of
from nbtrack.registry.registry import MAX_MODELS
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow.desk import AtDesk, Desk
from nbtrack.server.mlflow.errors import TAKEN, RestError, missing, required
from nbtrack.server.mlflow.known import pairs
from nbtrack.server.mlflow.limits import MAX_KEY, MAX_MODEL_TAG, check_name, check_tag, too_long
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.replies import page, reply
from nbtrack.store.registry_protocol import ModelQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.entities import ModelVersion, RegisteredModel

router = APIRouter(prefix="/registered-models", tags=["registered models"])

MAX_ALIAS = 255
_NOT_A_PROMPT = re.compile(r"\btags?\.`mlflow\.prompt\.is_prompt`\s*!=\s*'true'", re.IGNORECASE)
_MISSING_FITS = "(tags.`mlflow.prompt.is_prompt` IS NULL OR tags.`mlflow.prompt.is_prompt` != 'true')"


@router.post("/create")
def create(desk: AtDesk, body: m.CreateModel) -> Response:
    """Make a registered model without versions."""
    name = checked_name(body.name)
    tags = dict(check_tag(t.key, t.value, limit=MAX_MODEL_TAG) for t in body.tags or ())
    try:
        made = desk.registry.create(name, tags, body.description)
    except AlreadyExistsError:
        raise RestError(f"Registered Model (name={name}) already exists.", TAKEN) from None
    return reply({"registered_model": told(made)})


@router.get("/get")
def get(desk: AtDesk, name: Annotated[str | None, Query()] = None) -> Response:
    """Return a registered model."""
    if not name:
        raise required("name")
    return reply({"registered_model": told(desk.of_registry(desk.registry.get, name))})


@router.post("/rename")
def rename(desk: AtDesk, body: m.RenameModel) -> Response:
    """Give a registered model another name."""
    if not body.new_name.strip():
        raise required("new_name")
    try:
        made = desk.registry.rename(body.name, checked_name(body.new_name))
    except AlreadyExistsError:
        raise RestError(f"Registered Model (name={body.new_name}) already exists.", TAKEN) from None
    return reply({"registered_model": told(made)})


@router.patch("/update")
def update(desk: AtDesk, body: m.UpdateModel) -> Response:
    """Change the description."""
    desk.registry.describe(body.name, body.description)
    return reply({"registered_model": told(desk.registry.get(body.name))})


@router.delete("/delete")
def delete(desk: AtDesk, body: m.OfModel) -> Response:
    """Delete a registered model with its versions."""
    desk.registry.delete(body.name)
    return reply()


@router.get("/search")
def search(desk: AtDesk, query: Annotated[m.SearchModels, Query()]) -> Response:
    """Return a page of the registered models that match."""
    limit, offset = limit_of(query.max_results, 100, MAX_MODELS), offset_of(query.page_token)
    # MLflow's client leaves prompts out in this way, and means models without the tag, too.
    text = _NOT_A_PROMPT.sub(_MISSING_FITS, query.filter or "")
    asked = ModelQuery(text, tuple(query.order_by or ()), limit + 1, offset)
    is_of_now = "now" in text.lower()  # such a search finds others later
    find = desk.store.registry.search
    found = find(asked) if is_of_now else desk.of_registry(find, asked)
    return page(
        "registered_models", [told(x) for x in found[:limit]], token_of(offset + limit) if len(found) > limit else None
    )


@router.post("/get-latest-versions")
def latest_versions(desk: AtDesk, body: m.LatestVersions) -> Response:
    """Return the newest version of each stage."""
    return _latest(desk, body.name, body.stages)


@router.get("/get-latest-versions")
def latest_versions_by_query(
    desk: AtDesk, name: Annotated[str, Query()], stages: Annotated[list[str] | None, Query()] = None
) -> Response:
    """Return the newest version of each stage."""
    return _latest(desk, name, stages)


def _latest(desk: Desk, name: str, stages: list[str] | None) -> Response:
    return page(
        "model_versions",
        [version_told(v) for v in desk.of_registry(desk.registry.latest_versions, name, stages or None)],
        None,
    )


# -- tags ----------------------------------------------------------------------------------------------------------------


@router.post("/set-tag")
def set_tag(desk: AtDesk, body: m.SetModelTag) -> Response:
    """Set a tag of a registered model."""
    desk.registry.set_tags(body.name, dict([check_tag(body.key, body.value, limit=MAX_MODEL_TAG)]))
    return reply()


@router.delete("/delete-tag")
def delete_tag(desk: AtDesk, body: m.DeleteModelTag) -> Response:
    """Remove a tag of a registered model; nothing happens when it has none of that name."""
    with fine_without("Tag"):
        desk.registry.delete_tag(body.name, check_name(body.key))
    return reply()


# -- aliases -------------------------------------------------------------------------------------------------------------


@router.post("/alias")
def set_alias(desk: AtDesk, body: m.SetAlias) -> Response:
    """Let an alias point at a version, if the gates of the model let it."""
    check_alias(body.alias)
    with of_version(body.name, body.version) as number:
        desk.registry.set_alias(body.name, body.alias, number)
    return reply()


@router.get("/alias")
def get_by_alias(desk: AtDesk, name: Annotated[str, Query()], alias: Annotated[str, Query()]) -> Response:
    """Return the version at which an alias points."""
    try:
        return reply({"model_version": version_told(desk.of_registry(desk.registry.version_by_alias, name, alias))})
    except NotFoundError as error:
        if error.what != "Alias":
            raise
        raise RestError(f"Registered model alias {alias} not found.") from None


@router.delete("/alias")
def delete_alias(desk: AtDesk, body: m.OfAlias) -> Response:
    """Take an alias away; nothing happens when there is none of that name."""
    with fine_without("Alias"):
        desk.registry.delete_alias(body.name, body.alias)
    return reply()


def check_alias(alias: str) -> None:
    """Raise in MLflow's words for an alias that is not allowed."""
    if not alias:
        raise RestError("Registered model alias name cannot be empty.")
    if not re.fullmatch(r"[\w\-]*", alias):
        raise RestError(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    if len(alias) > MAX_ALIAS:
        raise too_long("Registered model alias name", MAX_ALIAS)
    if alias.lower() == "latest":
        raise RestError("'latest' alias name (case insensitive) is reserved.")
    if re.fullmatch(r"[vV]\d+", alias):
        raise RestError(f"Version alias name '{alias}' is reserved.")


# -- shared --------------------------------------------------------------------------------------------------------------


@contextmanager
def of_version(name: str, version: str) -> Iterator[int]:
    """Give a version number, and tell in MLflow's words when there is no such version."""
    if not re.fullmatch(r"\d{1,18}", version):
        raise RestError(f"Parameter 'version' must be an integer, got '{version}'.")
    try:
        if int(version) < 1:
            raise missing(f"Model Version (name={name}, version={version}) not found")
        yield check_version(version)
    except NotFoundError as error:
        if error.what == "Version":
            raise missing(f"Model Version (name={name}, version={version}) not found") from None
        raise


@contextmanager
def fine_without(what: str) -> Iterator[None]:
    """Let it be fine that there is nothing to take away."""
    try:
        yield
    except NotFoundError as error:
        if error.what != what:
            raise


def checked_name(name: str) -> str:
    """Return a name for a registered model; what else is not allowed, the registry says."""
    if not name.strip():
        raise required("name")
    if any(c in name for c in "/:"):
        raise RestError(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if len(name) > MAX_KEY + 6:
        raise too_long("name", MAX_KEY + 6)
    return name


def told(found: RegisteredModel) -> dict[str, Any]:
    """Return a registered model as MLflow tells it."""
    more: dict[str, Any] = {
        "description": found.description,
        "latest_versions": [version_told(version, with_aliases=False) for version in found.latest_versions],
        "tags": pairs(found.tags),
        "aliases": [{"alias": alias, "version": str(version)} for alias, version in found.aliases.items()],
    }
    return {
        "name": found.name,
        "creation_timestamp": found.creation_timestamp,
        "last_updated_timestamp": found.last_updated_timestamp,
        **{name: part for name, part in more.items() if part},
    }


def version_told(found: ModelVersion, *, with_aliases: bool = True) -> dict[str, Any]:
    """Return a version as MLflow tells it."""
    more: dict[str, Any] = {
        "run_id": found.run_id,
        "model_id": found.model_id,
        "tags": pairs(found.tags),
        "aliases": list(found.aliases) if with_aliases else [],
    }
    return {
        "name": found.name,
        "version": str(found.version),
        "creation_timestamp": found.creation_timestamp,
        "last_updated_timestamp": found.last_updated_timestamp,
        "current_stage": found.current_stage,
        "description": found.description,
        "source": found.source,
        "status": found.status,
        "run_link": found.run_link,
        **{name: part for name, part in more.items() if part},
    }
