"""``/runs/log-…``: metrics, params, tags, datasets and models of a run. Everything is checked before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from nbtrack.models.folder import check_relative
from nbtrack.server.mlflow import messages as m
from nbtrack.server.mlflow.desk import AtDesk, Desk
from nbtrack.server.mlflow.errors import RestError, required
from nbtrack.server.mlflow.limits import (
    DATASET_LIMITS,
    MAX_BATCH_BYTES,
    MAX_DATASETS,
    MAX_PARAM,
    MAX_TAG,
    check_batch,
    check_length,
    check_name,
    check_tag,
    check_unique,
)
from nbtrack.server.mlflow.replies import reply
from nbtrack.tracking import logged_models
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbtrack.server.mlflow.known import KnownRun
    from nbtrack.store.protocol import Record

router = APIRouter(prefix="/runs", tags=["runs"])

CONTEXT = "mlflow.data.context"
MODEL_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")


@router.post("/log-metric")
def log_metric(desk: AtDesk, body: m.LogMetric) -> Response:
    """Log one point of a metric."""
    check_name(body.key, "name", "Metric name")
    with desk.run(body.run_id, is_active=True) as known:
        _write_points(desk, known, [body])
    return reply()


@router.post("/log-parameter")
def log_param(desk: AtDesk, body: m.LogParam) -> Response:
    """Log one param; the first value of a key stays, and another one is refused."""
    key, value = check_name(body.key, "key", "Param key"), (body.value or "")[:MAX_PARAM]
    with desk.run(body.run_id, is_active=True) as known:
        old = known.params.get(key)
        if old is None:
            desk.store.append(("params", body.run_id, {key: value}, None))
        elif old != value:
            raise RestError(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' "
                f"for run ID='{body.run_id}'. Attempted logging new value '{value}'."
            )
    return reply()


@router.post("/log-batch")
def log_batch(desk: AtDesk, request: Request, body: m.LogBatch) -> Response:
    """Log many metrics, params and tags: all of them or, when something is not allowed, none."""
    size = int(request.headers.get("content-length", 0))
    if size > MAX_BATCH_BYTES:
        raise RestError(
            f"Batched logging API requests must be at most {MAX_BATCH_BYTES} bytes, got a request of size {size}."
        )
    metrics, params, tags = body.metrics or [], body.params or [], body.tags or []
    check_batch(len(metrics), len(params), len(tags))
    for i, point in enumerate(metrics):
        check_name(point.key, f"metrics[{i}].name", "Metric name")
    texts = {
        check_name(p.key, f"params[{i}].key", "Param key"): (p.value or "")[:MAX_PARAM] for i, p in enumerate(params)
    }
    check_unique(p.key for p in params)
    labels = dict(check_tag(t.key, t.value, limit=MAX_TAG, path=f"tags[{i}].key") for i, t in enumerate(tags))
    with desk.run(body.run_id, is_active=True) as known:
        _refuse_changes(known, texts)
        new = {key: value for key, value in texts.items() if key not in known.params}
        records: list[Record] = [
            (kind, body.run_id, found, None) for kind, found in (("params", new), ("tags", labels)) if found
        ]
        _write_points(desk, known, metrics, records)
    return reply()


def _refuse_changes(known: KnownRun, params: dict[str, str]) -> None:
    changed = [
        {"key": key, "old_value": known.params[key], "new_value": value}
        for key, value in params.items()
        if known.params.get(key, value) != value
    ]
    if changed:
        raise RestError(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run ID='{known.run_id}'."
        )


def _write_points(
    desk: Desk, known: KnownRun, metrics: Iterable[m.LogMetric | m.Point], records: Sequence[Record] = ()
) -> None:
    """Write the points that are new, what models they are of, and other records.

    A client that heard no answer sends the same once more, and a point that is the last one already is not a second one.
    """
    points: list[tuple[int, int, dict[str, float]]] = []
    of_models: dict[str, list[list[Any]]] = {}
    for each in metrics:
        step = each.step or 0
        if known.metrics.get(each.key) != (step, each.timestamp, each.value):
            points.append((each.timestamp * 1000, step, {each.key: each.value}))
        if each.model_id:
            about = [each.key, number_to_json(each.value), each.timestamp, step, each.dataset_name, each.dataset_digest]
            of_models.setdefault(each.model_id, []).append(about)
    for model_id in of_models:
        desk.model(model_id)
    told = [_of_model(known.run_id, model_id, metrics=found) for model_id, found in of_models.items()]
    desk.store.log_together(known.run_id, points, [*records, *told])


def _of_model(run_id: str, model_id: str, **body: Any) -> Record:
    return (logged_models.RECORD, run_id, None, {"model_id": model_id, **body})


# -- datasets and models -------------------------------------------------------------------------------------------------


@router.post("/log-inputs")
def log_inputs(desk: AtDesk, body: m.LogInputs) -> Response:
    """Log datasets and models that a run used."""
    datasets, models = body.datasets or [], body.models or []
    if len(datasets) > MAX_DATASETS:
        raise RestError(f"A run can log at most {MAX_DATASETS} datasets in one request; got {len(datasets)}.")
    inputs = [_input(each) for each in datasets]
    for model in models:
        desk.model(model.model_id)
    with desk.run(body.run_id, is_active=True) as known:
        records: list[Record] = [("input", body.run_id, None, each) for each in inputs if _is_new(each, known)]
        records += [_of_model(body.run_id, each.model_id, used="input", step=0) for each in models]
        if records:
            desk.store.append(*records)
    return reply()


def _is_new(found: dict[str, Any], known: KnownRun) -> bool:
    """Say whether a run has not used a dataset yet, or not in this context; without one, any will do."""
    same = [context for name, digest, context in known.inputs if (name, digest) == (found["name"], found["digest"])]
    return found["context"] not in same if found["context"] else not same


def _input(each: m.DatasetInputMessage) -> dict[str, Any]:
    found = each.dataset
    texts = {
        "name": found.name,
        "digest": found.digest,
        "source": found.source,
        "schema": found.schema_text,
        "profile": found.profile,
    }
    for name, limit in DATASET_LIMITS.items():
        check_length(texts[name], name, limit)
    tags = {check_length(t.key, "key", 255): check_length(t.value, "value", 500) for t in each.tags or ()}
    context = tags.pop(CONTEXT, "")
    return {**texts, "source_type": found.source_type, "context": context, "tags": json.dumps(tags) if tags else None}


@router.post("/outputs")
def log_outputs(desk: AtDesk, body: m.LogOutputs) -> Response:
    """Log models that a run made."""
    for model in body.models:
        desk.model(model.model_id)
    with desk.run(body.run_id, is_active=True):
        if body.models:
            desk.store.append(
                *(_of_model(body.run_id, each.model_id, used="output", step=each.step or 0) for each in body.models)
            )
    return reply()


@router.post("/log-model")
def log_model(desk: AtDesk, body: m.LogModel) -> Response:
    """Say that a run has a model among its files, as MLflow 2 does."""
    try:
        told = json.loads(body.model_json)
    except ValueError:
        raise RestError(f"Malformed model info. \n {body.model_json[:200]} \n is not a valid JSON.") from None
    absent = {*MODEL_FIELDS} - told.keys() if isinstance(told, dict) else {*MODEL_FIELDS}
    if absent:
        raise RestError(f"Model json is missing mandatory fields: {absent}")
    if not isinstance(told["flavors"], dict) or not all(isinstance(told[f], str) for f in ("artifact_path", "run_id")):
        raise required("flavors")
    path = check_relative(told["artifact_path"])
    with desk.run(body.run_id, is_active=True) as known:
        history = known.tags.get(logged_models.HISTORY)
        try:
            entries = json.loads(history or "[]")
        except ValueError:
            entries = []
        text = json.dumps([*(entries if isinstance(entries, list) else []), told])
        about = {
            "model_id": f"m-{told['model_uuid']}" if isinstance(told.get("model_uuid"), str) else None,
            "path": path,
            "flavors": told["flavors"],
            "utc_time_created": str(told["utc_time_created"]),
        }
        desk.store.append(
            (logged_models.RECORD, body.run_id, None, about), ("tags", body.run_id, {logged_models.HISTORY: text}, None)
        )
    return reply()
