"""``/logged-models``: the models of runs, from their beginning until they are ready, with what is said and measured of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.errors import NbtrackError
from nbtrack.models.folder import check_relative as check_model_path
from nbtrack.models.mlmodel import MLmodel
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow import places
from nbtrack.server.mlflow.desk import AtDesk, Desk
from nbtrack.server.mlflow.errors import RestError, missing
from nbtrack.server.mlflow.known import pairs
from nbtrack.server.mlflow.limits import MAX_PARAM, MAX_TAG, check_name, check_tag
from nbtrack.server.mlflow.replies import reply
from nbtrack.server.mlflow.runs import begun
from nbtrack.tracking import logged_models
from nbtrack.tracking.naming import run_name as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.server.mlflow.known import KnownRun
    from nbtrack.server.mlflow.messages import KeyValue
    from nbtrack.store.protocol import Record
    from nbtrack.tracking.logged_models import LoggedModel

router = APIRouter(prefix="/logged-models", tags=["logged models"])

FORBIDDEN = ("/", ":", ".", "%", '"', "'")
MLMODEL = "MLmodel"
MAX_MLMODEL = 4 << 20


@router.post("")
def create(desk: AtDesk, body: m.CreateLoggedModel) -> Response:
    """Begin a model; its files come to its artifact URI."""
    model_id = f"m-{uuid4().hex}"
    name = words(model_id[2:], int(time.time()) % 1000) if body.name is None else body.name
    if not name or any(c in name for c in FORBIDDEN):
        raise RestError(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain the "
            f"following characters: {FORBIDDEN}"
        )
    check_model_path(name)
    about = {
        "name": name,
        "status": "PENDING",
        "model_type": body.model_type or "",
        "params": _params(body.params),
        "tags": _tags(body.tags),
    }
    experiment = desk.experiment(body.experiment_id)
    if body.source_run_id:
        with desk.run(body.source_run_id, is_active=True) as known:
            _record(desk, known, model_id, name, about)
    else:
        # Files belong to runs: a model that no run made gets one that no search shows.
        known = begun(desk, experiment, name, None, {}, "", number=0)
        end = {"status": str(RunStatus.FINISHED), "end_us": known.start_ms * 1000, "duration_us": 0, "lost": 0}
        desk.store.append(
            ("end", known.run_id, None, end),
            ("state", known.run_id, None, {"lifecycle_stage": str(LifecycleStage.CARRIER)}),
        )
        with desk.run(known.run_id) as held:
            _record(desk, held, model_id, name, {**about, "alone": True})
    return _model(desk, desk.model(model_id))


def _record(desk: Desk, known: KnownRun, model_id: str, name: str, about: dict[str, Any]) -> None:
    """Write that there is a model. It has its name's folder, as nbtrack's own have; an older model of the name goes aside."""
    aside: list[Record] = []
    path = name
    with desk.store.one_look():
        inside = [path for path in desk.files(known) if path.startswith(f"{name}/") or path == name]
        old = [found for found in logged_models.models_of(desk.store, known.run_id) if found.path == name]
    if old:
        aside = _put_aside(desk, known, old[0], inside)
    elif inside:
        path = f"{logged_models.KEPT}/{model_id}"
    body = {"model_id": model_id, "path": path, "flavors": {}, "utc_time_created": _utc(), **about}
    desk.store.append(*aside, (logged_models.RECORD, known.run_id, None, body))


def _put_aside(desk: Desk, known: KnownRun, old: LoggedModel, inside: list[str]) -> list[Record]:
    kept, files = f"{logged_models.KEPT}/{old.model_id}", desk.files(known)
    records: list[Record] = []
    for path in inside:
        file = files[path]
        new = {"path": kept + path[len(old.path) :], "sha256": file.sha256, "size": file.size, "mime": file.mime}
        gone = {"path": path, "sha256": None, "size": 0, "mime": None}
        records += [("artifact", known.run_id, None, new), ("artifact", known.run_id, None, gone)]
    return [*records, logged_models.moved(old, kept)]


def _utc() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


@router.get("/{model_id}")
def get(desk: AtDesk, model_id: str, allow_deleted: Annotated[bool, Query()] = False) -> Response:  # noqa: FBT002
    """Return a model."""
    return _model(desk, desk.model(model_id, with_deleted=allow_deleted))


@router.patch("/{model_id}")
def finalize(desk: AtDesk, model_id: str, body: m.FinalizeLoggedModel) -> Response:
    """Say that the files of a model have come, or that they did not."""
    found = desk.model(model_id)
    change: dict[str, Any] = {"status": body.status}
    if body.status == "READY":
        change |= _flavors(desk, found)
    _change(desk, found, **change)
    return _model(desk, desk.model(model_id))


def _flavors(desk: Desk, found: LoggedModel) -> dict[str, Any]:
    """Return what the model's own description says that it is; one that cannot be read is none of this route's business."""
    with desk.run(found.run_id) as known:
        file = desk.files(known).get(f"{found.path}/{MLMODEL}")
    if file is None or file.size > MAX_MLMODEL:
        return {}
    try:
        text = desk.store.blobs.path_of(file.sha256).read_text(encoding="utf-8")
        flavors = MLmodel.from_yaml(text).flavors
    except (NbtrackError, UnicodeDecodeError, OSError):
        return {}
    return {"flavors": {name: {k: v for k, v in conf.items() if k != "config"} for name, conf in flavors.items()}}


@router.delete("/{model_id}")
def delete(desk: AtDesk, model_id: str) -> Response:
    """Delete a model; its files stay with its run."""
    _change(desk, desk.model(model_id), deleted=True)
    return reply()


@router.patch("/{model_id}/tags")
def set_tags(desk: AtDesk, model_id: str, body: m.ModelTags) -> Response:
    """Set tags of a model."""
    tags = _tags(body.tags)
    found = desk.model(model_id)
    if tags:
        _change(desk, found, tags=tags)
    return reply()


@router.delete("/{model_id}/tags/{key:path}")
def delete_tag(desk: AtDesk, model_id: str, key: str) -> Response:
    """Remove a tag of a model."""
    found = desk.model(model_id)
    if key not in found.tags:
        raise missing(f"No tag with key {key!r} found for model with ID {model_id!r}.")
    _change(desk, found, untag=[key])
    return reply()


@router.post("/{model_id}/params")
def log_params(desk: AtDesk, model_id: str, body: m.ModelParams) -> Response:
    """Log params of a model; the first value of a key stays."""
    found, params = desk.model(model_id), _params(body.params)
    changed = [key for key, value in params.items() if found.params.get(key, value) != value]
    if changed:
        raise RestError(
            f"Changing param values is not allowed. Params {changed} of model {model_id!r} were logged before."
        )
    new = {key: value for key, value in params.items() if key not in found.params}
    if new:
        _change(desk, found, params=new)
    return reply()


@router.get("/{model_id}/artifacts/directories")
def list_artifacts(
    desk: AtDesk, model_id: str, artifact_directory_path: Annotated[str | None, Query()] = None
) -> Response:
    """Return the files and folders of a model directly under a folder."""
    found = desk.model(model_id)
    folder = places.check_relative(artifact_directory_path)
    start = f"{folder}/" if folder else ""
    with desk.run(found.run_id) as known:
        names = places.listed(desk.files(known).items(), "/".join(p for p in (found.path, folder) if p))
    told = [
        {"path": start + name, "is_dir": size is None, **({} if size is None else {"file_size": size})}
        for name, size in names
    ]
    return reply({"root_uri": places.uri_of_model(desk, found), **({"files": told} if told else {})})


def _change(desk: Desk, found: LoggedModel, **change: Any) -> None:
    body = {"model_id": found.model_id, "set": change}
    desk.store.append((logged_models.RECORD, found.run_id, None, body))


def _params(given: Iterable[KeyValue] | None) -> dict[str, str]:
    return {check_name(p.key, f"params[{i}].key"): (p.value or "")[:MAX_PARAM] for i, p in enumerate(given or ())}


def _tags(given: Iterable[KeyValue] | None) -> dict[str, str]:
    return dict(check_tag(t.key, t.value, limit=MAX_TAG, path=f"tags[{i}].key") for i, t in enumerate(given or ()))


def _model(desk: Desk, found: LoggedModel) -> Response:
    return reply({"model": told(desk, found)})


def told(desk: Desk, found: LoggedModel) -> dict[str, Any]:
    """Return a model as MLflow tells it."""
    info = {
        "model_id": found.model_id,
        "experiment_id": found.experiment_id,
        "name": found.name,
        "creation_timestamp_ms": found.created_ms,
        "last_updated_timestamp_ms": found.updated_ms,
        "artifact_uri": places.uri_of_model(desk, found),
        "status": m.PREFIX + found.status,
        "model_type": found.model_type,
        "source_run_id": "" if found.is_alone else found.run_id,
        **({"tags": pairs(found.tags)} if found.tags else {}),
    }
    data = {"params": pairs(found.params), "metrics": [_metric(str(found.model_id), point) for point in found.metrics]}
    return {"info": info, "data": {name: part for name, part in data.items() if part}}


def _metric(model_id: str, point: tuple[Any, ...]) -> dict[str, Any]:
    key, value, time_ms, step, dataset, digest, run_id = point
    about = {"dataset_name": dataset, "dataset_digest": digest, "run_id": run_id}
    return {
        "key": key,
        "value": value,
        "timestamp": time_ms,
        "step": step,
        "model_id": model_id,
        **{name: found for name, found in about.items() if found},
    }
