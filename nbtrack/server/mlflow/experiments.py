"""``/experiments``: groups of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.entities import LifecycleStage
from nbtrack.errors import AlreadyExistsError
from nbtrack.models.uri import parse
from nbtrack.registry.pages import token_of
from nbtrack.server.mlflow import messages as m
from nbtrack.server.mlflow.desk import LOCATION, PROXY, AtDesk, Desk
from nbtrack.server.mlflow.errors import MISSING, TAKEN, RestError, invalid, missing
from nbtrack.server.mlflow.known import pairs
from nbtrack.server.mlflow.limits import MAX_EXPERIMENT_TAG, MAX_NAME, check_name, check_tag, too_long
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.places import has_secret, without_secret
from nbtrack.server.mlflow.replies import page, reply

if TYPE_CHECKING:
    from nbtrack.entities import Experiment

router = APIRouter(prefix="/experiments", tags=["experiments"])

MAX_PAGE = 50_000


@router.get("/get-by-name")
def get_by_name(desk: AtDesk, experiment_name: Annotated[str, Query()]) -> Response:
    """Return the experiment with a name; of two, the one in use."""
    found = [e for e in desk.experiments.values() if e.name == experiment_name]
    if not found:
        raise missing(f"Could not find experiment with name '{experiment_name}'")
    return reply({"experiment": told(desk, min(found, key=lambda e: e.lifecycle_stage == LifecycleStage.DELETED))})


@router.get("/get")
def get(desk: AtDesk, experiment_id: Annotated[str, Query()]) -> Response:
    """Return an experiment."""
    return reply({"experiment": told(desk, desk.experiment(experiment_id))})


@router.post("/create")
def create(desk: AtDesk, body: m.CreateExperiment) -> Response:
    """Make an experiment."""
    name = _checked_name(body.name, "name")
    tags = dict(check_tag(t.key, t.value, limit=MAX_EXPERIMENT_TAG) for t in body.tags or ())
    if body.artifact_location:
        tags[LOCATION] = _location(body.artifact_location)
    try:
        return reply({"experiment_id": desk.store.create_experiment(name, tags)})
    except AlreadyExistsError:
        raise RestError(f"Experiment(name={name}) already exists.", TAKEN) from None


@router.post("/update")
def update(desk: AtDesk, body: m.UpdateExperiment) -> Response:
    """Give an experiment another name."""
    found = desk.experiment(body.experiment_id)
    if found.lifecycle_stage != LifecycleStage.ACTIVE:
        raise RestError("Cannot rename a non-active experiment.")
    if body.new_name:
        desk.store.rename_experiment(found.experiment_id, _checked_name(body.new_name, "new_name"))
    return reply()


@router.post("/delete")
def delete(desk: AtDesk, body: m.OfExperiment) -> Response:
    """Put an experiment with its runs in the trash."""
    found = desk.experiment(body.experiment_id)
    if found.lifecycle_stage == LifecycleStage.DELETED:
        raise missing(f"No Experiment with id={body.experiment_id} exists")
    desk.store.delete_experiment(found.experiment_id)
    return reply()


@router.post("/restore")
def restore(desk: AtDesk, body: m.OfExperiment) -> Response:
    """Take an experiment out of the trash."""
    found = desk.experiment(body.experiment_id)
    if found.lifecycle_stage == LifecycleStage.ACTIVE:
        raise missing(f"No Experiment with id={body.experiment_id} exists")
    desk.store.restore_experiment(found.experiment_id)
    return reply()


@router.post("/set-experiment-tag")
def set_tag(desk: AtDesk, body: m.SetExperimentTag) -> Response:
    """Set a tag of an experiment."""
    found = _active(desk, body.experiment_id)
    key, value = check_tag(body.key, body.value, limit=MAX_EXPERIMENT_TAG)
    if key == LOCATION:
        raise invalid("key", key, "It is set when the experiment is made.")
    desk.store.set_experiment_tags(found.experiment_id, {key: value})
    return reply()


@router.post("/delete-experiment-tag")
def delete_tag(desk: AtDesk, body: m.DeleteExperimentTag) -> Response:
    """Remove a tag of an experiment."""
    found = _active(desk, body.experiment_id)
    if check_name(body.key) not in found.tags:
        raise RestError(f"No tag with name: {body.key} in experiment with id {body.experiment_id}", MISSING)
    desk.store.delete_experiment_tag(found.experiment_id, body.key)
    return reply()


@router.post("/search")
def search(desk: AtDesk, body: m.SearchExperiments) -> Response:
    """Return a page of the experiments that match."""
    return _search(desk, body)


@router.get("/search")
def search_by_query(desk: AtDesk, query: Annotated[m.SearchExperiments, Query()]) -> Response:
    """Return a page of the experiments that match."""
    return _search(desk, query)


def _search(desk: Desk, asked: m.SearchExperiments) -> Response:
    limit, offset = limit_of(asked.max_results, 1000, MAX_PAGE), offset_of(asked.page_token)
    found = desk.store.search_experiments(
        asked.filter or "", view=asked.view_type, order_by=asked.order_by or (), max_results=offset + limit + 1
    )[offset:]
    return page(
        "experiments", [told(desk, e) for e in found[:limit]], token_of(offset + limit) if len(found) > limit else None
    )


def told(desk: Desk, found: Experiment) -> dict[str, Any]:
    """Return an experiment as MLflow tells it."""
    tags = {key: value for key, value in found.tags.items() if key != LOCATION}
    return {
        "experiment_id": found.experiment_id,
        "name": found.name,
        "artifact_location": desk.root(found.experiment_id),
        "lifecycle_stage": str(found.lifecycle_stage),
        "last_update_time": found.last_update_time,
        "creation_time": found.creation_time,
        **({"tags": pairs(tags)} if tags else {}),
    }


def _active(desk: Desk, experiment_id: str) -> Experiment:
    found = desk.experiment(experiment_id)
    if found.lifecycle_stage != LifecycleStage.ACTIVE:
        raise RestError(
            f"The experiment {experiment_id} must be in the 'active' state. Current state is {found.lifecycle_stage}."
        )
    return found


def _checked_name(name: str, path: str) -> str:
    if not name.strip():
        raise RestError(f"Invalid experiment name: '{name}'")
    if len(name) > MAX_NAME:
        raise too_long(path, MAX_NAME)
    return name


def _location(text: str) -> str:
    """Return where clients keep artifacts themselves: an object store, which this server never opens; no path of this machine."""
    if text.startswith("runs:"):
        raise RestError(f"Artifact location cannot be a runs:/ URI. Given: '{text}'")
    if text.startswith(PROXY):
        raise invalid(
            "artifact_location", text, "Leave it out: the server keeps the artifacts of each experiment in its store."
        )
    if parse(text, allow_local=False).kind != "remote":
        raise invalid("artifact_location", text, "Use an object store such as s3://bucket/folder, or leave it out.")
    if has_secret(text):
        why = "It has a login or a signature in it, which everybody here would see."
        raise invalid("artifact_location", without_secret(text), why)
    return text.rstrip("/")
