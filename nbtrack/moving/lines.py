"""Journal records of what is moved, each with its own time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.journal.record import event_body, key_text, metrics_body
from nbtrack.names import RUN_NAME
from nbtrack.store.marks import REST
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbtrack.entities import DatasetInput
    from nbtrack.moving.moved import MovedModel, MovedRun, Points

GATHERED = 50_000
MAX_TEXTS = 1 << 20


def begun(run: MovedRun, experiment_id: int) -> Iterator[str]:
    """Yield the records of a run that is new: its beginning, tags, params, data sets."""
    about = {
        "experiment_id": experiment_id,
        "experiment": run.experiment,
        "name": run.name,
        **({"number": 0} if run.stage == LifecycleStage.CARRIER else {}),
        "user": run.user,
        "parent": run.parent,
        "start_us": run.start_us,
        "holder": REST,  # its process is none that could be seen from here
    }
    yield event_body("start", run.start_us, run.run_id, o=about)
    yield from texts("tags", run.run_id, {RUN_NAME: run.name, **run.tags}, run.start_us)
    yield from texts("params", run.run_id, run.params, run.start_us)
    for each in run.inputs:
        yield used_data(run.run_id, each, run.start_us)


def ended(run: MovedRun) -> Iterator[str]:
    """Yield the records that come last: how a new run ended, and whether it is in the trash."""
    at = end_of(run)
    if run.status != RunStatus.RUNNING:
        yield end(run, at)
    if run.stage != LifecycleStage.ACTIVE:
        yield stage(run.run_id, run.stage, run.deleted_us or at)


def end_of(run: MovedRun) -> int:
    """Return when a run ended, as far as that is known."""
    return max(run.start_us, run.end_us or 0)


def end(run: MovedRun, t: int) -> str:
    """Return the record that ends a run, or lets it go on."""
    if run.status == RunStatus.RUNNING:
        return event_body("resume", t, run.run_id, o={"holder": REST})
    duration = run.duration_us
    if duration is None and run.end_us is not None:
        duration = max(0, run.end_us - run.start_us)
    body = {"status": str(run.status), "end_us": run.end_us, "duration_us": duration, "lost": run.lost}
    return event_body("end", t, run.run_id, o=body)


def stage(run_id: str, value: str, t: int) -> str:
    """Return the record that puts a run in the trash, or takes it out."""
    return event_body("state", t, run_id, o={"lifecycle_stage": str(value)})


def texts(kind: str, run_id: str, found: dict[str, str], t: int) -> Iterator[str]:
    """Yield the records of tags or params: one, or several of at most a megabyte."""
    part: dict[str, str] = {}
    size = 0
    for key, value in found.items():
        if part and size + len(key) + len(value) > MAX_TEXTS:
            yield event_body(kind, t, run_id, p=part)
            part, size = {}, 0
        part[key] = value
        size += len(key) + len(value)
    if part:
        yield event_body(kind, t, run_id, p=part)


def used_data(run_id: str, each: DatasetInput, t: int) -> str:
    """Return the record of a data set that a run used."""
    data = each.dataset
    body = {
        "name": data.name,
        "digest": data.digest,
        "source_type": data.source_type,
        "source": data.source,
        "schema": data.schema,
        "profile": data.profile,
        "context": each.context,
        "tags": json.dumps(each.tags) if each.tags else None,
    }
    return event_body("input", t, run_id, o=body)


def file(run_id: str, path: str, sha256: str, size: int, mime: str, t: int) -> str:
    """Return the record of a file."""
    return event_body("artifact", t, run_id, o={"path": path, "sha256": sha256, "size": size, "mime": mime})


# -- points --------------------------------------------------------------------------------------------------------------


def points(run_id: str, blocks: Iterable[Points]) -> Iterator[str]:
    """Yield the records of points; those of the same moment and step are one record, as far as they come close together."""
    waiting: list[Points] = []
    n = 0
    for block in blocks:
        waiting.append(block)
        n += len(block.value)
        if n >= GATHERED:
            yield from _gathered(run_id, waiting)
            waiting, n = [], 0
    if waiting:
        yield from _gathered(run_id, waiting)


def _gathered(run_id: str, blocks: list[Points]) -> Iterator[str]:
    if len({block.key for block in blocks}) == 1:
        for block in blocks:
            yield from _of_one(run_id, block)
        return
    found: dict[tuple[int, int], dict[str, float]] = {}
    for block in blocks:
        key = block.key
        for moment, value in zip(_moments(block), block.value.tolist(), strict=True):
            values = found.setdefault(moment, {})
            if key in values:  # twice at the same moment: two records
                yield metrics_body(run_id, *moment, {key: value})
            else:
                values[key] = value
    for (t, step), values in found.items():
        yield metrics_body(run_id, t, step, values)


def _moments(block: Points) -> Iterator[tuple[int, int]]:
    return zip(block.t_us.tolist(), block.step.tolist(), strict=True)


def _of_one(run_id: str, block: Points) -> Iterator[str]:
    key = key_text(block.key)
    is_finite = np.isfinite(block.value).tolist()
    for (t, step), value, is_plain in zip(_moments(block), block.value.tolist(), is_finite, strict=True):
        shown = repr(value) if is_plain else f'"{number_to_json(value)}"'
        yield f'"k":"m","t":{t},"r":"{run_id}","s":{step},"m":{{{key}:{shown}}}'


# -- models --------------------------------------------------------------------------------------------------------------


def model(run_id: str, each: MovedModel, path: str) -> Iterator[str]:
    """Yield the records of a logged model that is new; what runs measured of it comes with :func:`measured`."""
    body: dict[str, Any] = {
        "model_id": each.model_id,
        "path": path,
        "flavors": each.flavors,
        "utc_time_created": each.utc_time_created,
        "name": each.name,
        "status": "PENDING",
        "model_type": each.model_type,
        "params": each.params,
        "tags": each.tags,
        **({"alone": True} if each.is_alone else {}),
        **({"seal": each.seal} if each.seal else {}),
    }
    yield event_body("model", each.created_us, run_id, o=body)
    change = {"status": each.status, **({"deleted": True} if each.is_deleted else {})}
    yield changed(run_id, each.model_id, change, max(each.created_us, each.updated_us))


def changed(run_id: str, model_id: str, change: dict[str, Any], t: int) -> str:
    """Return the record that changes a logged model."""
    return event_body("model", t, run_id, o={"model_id": model_id, "set": change})


def measured(model_id: str, metrics: Iterable[tuple[Any, ...]], own_run: str, t: int) -> Iterator[str]:
    """Yield the records of what runs measured of a model, one a run."""
    by_run: dict[str, list[list[Any]]] = {}
    for key, value, at_ms, step, dataset, digest, run_id in metrics:
        point = [key, number_to_json(float(value)), at_ms, step, dataset, digest]
        by_run.setdefault(run_id or own_run, []).append(point)
    for run_id, found in by_run.items():
        yield event_body("model", t, run_id, o={"model_id": model_id, "metrics": found})


def link(run_id: str, side: str, model_id: str, step: int, t: int) -> str:
    """Return the record that a run used or made a model."""
    return event_body("model", t, run_id, o={"model_id": model_id, "used": side, "step": step})
