"""``/runs``: begin, change, end, look and search."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.journal.acting import acting
from nbtrack.names import PARENT, RUN_NAME, new_run_id
from nbtrack.registry.pages import token_of
from nbtrack.server.mlflow import messages as m
from nbtrack.server.mlflow.desk import REST, AtDesk, Desk
from nbtrack.server.mlflow.errors import RestError, missing, required
from nbtrack.server.mlflow.known import KnownRun
from nbtrack.server.mlflow.limits import MAX_NAME, MAX_TAG, check_name, check_run_id, check_tag, too_long
from nbtrack.server.mlflow.lists import MAX_LISTED, is_plain
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.replies import page, reply
from nbtrack.server.mlflow.run_pages import page_of
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking.naming import run_name as words

if TYPE_CHECKING:
    from nbtrack.entities import Experiment
    from nbtrack.store.protocol import Record

router = APIRouter(prefix="/runs", tags=["runs"])

MAX_PAGE = 50_000
NO_RUN = "run_id"


def named(run_id: str | None, run_uuid: str | None = None) -> str:
    """Return the run id of a query string; older clients say ``run_uuid``."""
    found = run_id or run_uuid
    if not found:
        raise required(NO_RUN)
    return check_run_id(found)


@router.post("/create")
def create(desk: AtDesk, body: m.CreateRun) -> Response:
    """Begin a run; it is running until somebody ends it."""
    experiment = desk.experiment(body.experiment_id or "0")
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise RestError(
            f"The experiment {experiment.experiment_id} must be in the 'active' state. "
            f"Current state is {experiment.lifecycle_stage}."
        )
    tags = dict(check_tag(t.key, t.value, limit=MAX_TAG, path=f"tags[{i}].key") for i, t in enumerate(body.tags or ()))
    known = begun(
        desk, experiment, _chosen_name(body.run_name, tags), body.start_time, tags, acting.get() or body.user_id or ""
    )
    return reply({"run": known.told(desk.root(known.experiment_id))})


def begun(
    desk: Desk, experiment: Experiment, name: str, start_ms: int | None, tags: dict[str, str], user: str, **more: Any
) -> KnownRun:
    """Begin a run, and return what is known of it."""
    run_id = new_run_id()
    number = more.pop("number", None)
    number = desk.store.next_run_number() if number is None else number
    name = name or words(run_id, number)
    start_ms = int(time.time() * 1000) if start_ms is None else start_ms
    body = {
        "experiment_id": int(experiment.experiment_id),
        "experiment": experiment.name,
        "name": name,
        "number": number,
        "user": user,
        "parent": tags.get(PARENT),
        "start_us": start_ms * 1000,
        **REST,
    }
    labels = {**tags, RUN_NAME: name}
    known = KnownRun(run_id, experiment.experiment_id, name, user, start_ms=start_ms, tags=labels, files={})
    records: list[Record] = [("start", run_id, None, body), ("tags", run_id, labels, None)]
    desk.begin(known, *records)
    return known


def _chosen_name(name: str | None, tags: dict[str, str]) -> str:
    tagged = tags.get(RUN_NAME)
    if name and tagged and name != tagged:
        raise RestError(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{name}', mlflow.runName='{tagged}')."
        )
    return _checked_name(name or tagged or "")


def _checked_name(name: str) -> str:
    if len(name) > MAX_NAME:
        raise too_long("run_name", MAX_NAME)
    return name


@router.get("/get")
def get(
    desk: AtDesk, run_id: Annotated[str | None, Query()] = None, run_uuid: Annotated[str | None, Query()] = None
) -> Response:
    """Return a run, also from the trash."""
    with desk.run(named(run_id, run_uuid)) as known:
        return reply({"run": known.told(desk.root(known.experiment_id))})


@router.post("/update")
def update(desk: AtDesk, body: m.UpdateRun) -> Response:
    """Change the status or name of a run; SCHEDULED is RUNNING here."""
    with desk.run(body.run_id, is_active=True) as known:
        records: list[Record] = []
        if body.status in (RunStatus.RUNNING, "SCHEDULED"):
            if known.status != RunStatus.RUNNING:
                records.append(("resume", known.run_id, None, REST))
        elif body.status is not None:
            records.append(_end(known, body.status, body.end_time))
        if body.run_name:
            records.append(("tags", known.run_id, {RUN_NAME: _checked_name(body.run_name)}, None))
        if records:
            desk.store.append(*records)
            for kind, _, texts, about in records:
                known.take(kind, texts, about)  # once more does nothing, and a run that is not remembered needs it
        return reply({"run_info": known.info(desk.root(known.experiment_id))})


def _end(known: KnownRun, status: str, end_ms: int | None) -> Record:
    end_us = (int(time.time() * 1000) if end_ms is None else end_ms) * 1000
    body = {"status": status, "end_us": end_us, "duration_us": max(0, end_us - known.start_ms * 1000), "lost": 0}
    return ("end", known.run_id, None, body)


@router.post("/delete")
def delete(desk: AtDesk, body: m.OfRun) -> Response:
    """Put a run in the trash."""
    return _move(desk, body.run_id, LifecycleStage.DELETED)


@router.post("/restore")
def restore(desk: AtDesk, body: m.OfRun) -> Response:
    """Take a run out of the trash."""
    return _move(desk, body.run_id, LifecycleStage.ACTIVE)


def _move(desk: Desk, run_id: str, stage: LifecycleStage) -> Response:
    with desk.run(run_id) as known:
        if known.stage != stage:
            desk.store.append(("state", run_id, None, {"lifecycle_stage": str(stage)}))
    return reply()


@router.post("/set-tag")
def set_tag(desk: AtDesk, body: m.SetTag) -> Response:
    """Set a tag."""
    key, value = check_tag(body.key, body.value, limit=MAX_TAG)
    with desk.run(body.run_id, is_active=True):
        desk.store.append(("tags", body.run_id, {key: value}, None))
    return reply()


@router.post("/delete-tag")
def delete_tag(desk: AtDesk, body: m.DeleteTag) -> Response:
    """Remove a tag."""
    with desk.run(body.run_id, is_active=True) as known:
        if check_name(body.key) not in known.tags:
            raise missing(f"No tag with name: {body.key} in run with id {body.run_id}")
        desk.store.append(("untag", body.run_id, None, {"keys": [body.key]}))
    return reply()


@router.post("/search")
def search(desk: AtDesk, body: m.SearchRuns) -> Response:
    """Return a page of the runs that match."""
    limit, offset = limit_of(body.max_results, 1000, MAX_PAGE), offset_of(body.page_token)
    # As MLflow: without an experiment there are no runs.
    ids = tuple(i for i in body.experiment_ids or () if i.isascii() and i.isdigit())
    query = RunQuery(body.filter or "", ids, tuple(body.order_by or ()), body.run_view_type, limit + 1, offset)
    if not is_plain(body.filter, body.order_by) or limit > MAX_LISTED:
        return page_of(desk, query, limit, offset)
    key = (ids, body.run_view_type, limit, offset)
    listed = desk.listed(key)
    if listed is not None:
        return page("runs", listed[0], token_of(offset + limit) if listed[1] else None)
    with desk.listing(key, limit) as runs:
        runs.extend(_found(desk, query))
        roots = desk.roots
        told = [known.told(roots[known.experiment_id]) for known in runs]
    return _page(told, limit, offset)


def _found(desk: Desk, query: RunQuery) -> list[KnownRun]:
    desk.look()
    before = desk.changes
    with desk.store.one_look():
        found = desk.store.search_runs(query)
        links = desk.links([run.info.run_id for run in found], before) if found else {}
    return [KnownRun.of(run, links.get(run.info.run_id, ())) for run in found]


def _page(told: list[dict[str, Any]], limit: int, offset: int) -> Response:
    return page("runs", told[:limit], token_of(offset + limit) if len(told) > limit else None)
