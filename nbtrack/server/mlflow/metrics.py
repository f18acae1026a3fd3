"""``/metrics``: the history of a metric, page by page, and of many runs at once, thinned."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.errors import NotFoundError
from nbtrack.names import INT64_MAX, INT64_MIN
from nbtrack.registry.pages import token_of
from nbtrack.server.mlflow.desk import AtDesk
from nbtrack.server.mlflow.errors import RestError, required
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.replies import page
from nbtrack.server.mlflow.runs import named
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from nbtrack.server.mlflow.desk import Desk

router = APIRouter(prefix="/metrics", tags=["metrics"])

Int64 = Annotated[int, Query(ge=INT64_MIN, le=INT64_MAX)]
Points = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]
"""Steps, times in milliseconds UTC, values; by time."""
MAX_PAGE, MAX_RUNS, MAX_PER_RUN = 50_000, 100, 2500
KEPT, KEPT_S = 4, 60.0
_kept: dict[tuple[str, str, str], tuple[float, Points]] = {}
_lock = threading.Lock()


@router.get("/get-history")
def get_history(
    desk: AtDesk,
    run_id: Annotated[str | None, Query()] = None,
    run_uuid: Annotated[str | None, Query()] = None,
    metric_key: Annotated[str | None, Query()] = None,
    max_results: Annotated[int | None, Query(ge=INT64_MIN, le=INT64_MAX)] = None,
    page_token: Annotated[str | None, Query()] = None,
) -> Response:
    """Return the points of a metric, by time."""
    run = named(run_id, run_uuid)
    if not metric_key:
        raise required("metric_key")
    limit, offset = limit_of(max_results, INT64_MAX, INT64_MAX), offset_of(page_token)
    with desk.run(run) as known:
        if metric_key not in known.metrics:
            return page("metrics", [], None)
    steps, times, values = _points(desk, run, metric_key, is_first=offset == 0)
    end = min(offset + min(limit, MAX_PAGE) if max_results else len(steps), len(steps))
    told = _told(metric_key, steps[offset:end], times[offset:end], values[offset:end])
    return page("metrics", told, token_of(end) if end < len(steps) else None)


@router.get("/get-history-bulk-interval")
def get_bulk_interval(
    desk: AtDesk,
    run_ids: Annotated[list[str] | None, Query()] = None,
    metric_key: Annotated[str | None, Query()] = None,
    start_step: Annotated[int | None, Query(ge=INT64_MIN, le=INT64_MAX)] = None,
    end_step: Annotated[int | None, Query(ge=INT64_MIN, le=INT64_MAX)] = None,
    max_results: Annotated[int | None, Query()] = None,
) -> Response:
    """Return at most so many points of each of many runs, first and last among them."""
    if not run_ids:
        raise required("run_ids")
    if not metric_key:
        raise required("metric_key")
    if len(run_ids) > MAX_RUNS:
        raise RestError(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids. Received {len(run_ids)} run_ids."
        )
    limit = MAX_PER_RUN if max_results is None else max_results
    if not 1 <= limit <= MAX_PER_RUN:
        raise RestError(f"max_results must be between 1 and {MAX_PER_RUN}.")
    if (start_step is None) != (end_step is None):
        raise RestError("If either start step or end step are specified, both must be specified.")
    if start_step is not None and end_step is not None and start_step > end_step:
        raise RestError(
            f"end_step must be greater than start_step. Found start_step={start_step} and end_step={end_step}."
        )
    found: list[dict[str, Any]] = []
    for run_id in sorted({*run_ids}):
        steps, times, values = _read(desk, run_id, metric_key)
        if start_step is not None and end_step is not None:
            inside = (steps >= start_step) & (steps <= end_step)
            steps, times, values = steps[inside], times[inside], values[inside]
        order = np.lexsort((times, steps))
        if len(order) > limit:
            order = order[np.unique(np.linspace(0, len(order) - 1, limit).round().astype(np.int64))]
        found += [{**each, "run_id": run_id} for each in _told(metric_key, steps[order], times[order], values[order])]
    return page("metrics", found, None)


@router.get("/get-history-bulk")
def get_bulk(
    desk: AtDesk,
    run_id: Annotated[list[str] | None, Query()] = None,
    metric_key: Annotated[str | None, Query()] = None,
    max_results: Annotated[int | None, Query()] = None,
) -> Response:
    """Return the points of each of many runs, all together at most so many."""
    if not run_id:
        raise RestError("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(run_id) > MAX_RUNS:
        raise RestError(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_RUNS} run_ids. Received {len(run_id)} run_ids."
        )
    if metric_key is None:
        raise RestError("GetMetricHistoryBulk request must specify a metric_key.")
    limit = limit_of(max_results, 25_000, INT64_MAX)
    found: list[dict[str, Any]] = []
    for each in sorted({*run_id}):
        steps, times, values = _read(desk, each, metric_key)
        found += [
            {**point, "run_id": each} for point in _told(metric_key, steps[:limit], times[:limit], values[:limit])
        ]
    return page("metrics", found[: min(limit, 25_000)], None)


def _points(desk: Desk, run_id: str, key: str, *, is_first: bool) -> Points:
    """Return a history; the pages after the first are of the one that was read for it, while that is not old."""
    name, now = (desk.store.uri, run_id, key), time.monotonic()
    with _lock:
        kept = _kept.get(name)
    if not is_first and kept is not None and now - kept[0] < KEPT_S:
        return kept[1]
    found = _read(desk, run_id, key)
    with _lock:
        _kept[name] = (now, found)
        for old in sorted(_kept, key=lambda n: _kept[n][0])[:-KEPT]:
            del _kept[old]
    return found


def _read(desk: Desk, run_id: str, key: str) -> Points:
    """Return a history by time, then step, then value; a point that was logged twice is there once, as in MLflow."""
    try:
        steps, stamps, values = desk.store.metric_history(run_id, key)
    except NotFoundError:  # of many runs some have not logged it
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    times = stamps.astype("datetime64[ms]").astype(np.int64)
    order = np.lexsort((values, steps, times))
    steps, times, values = steps[order], times[order], values[order]
    if len(steps) > 1:
        same = (steps[1:] == steps[:-1]) & (times[1:] == times[:-1])
        same &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        is_new = np.concatenate(([True], ~same))
        steps, times, values = steps[is_new], times[is_new], values[is_new]
    return steps, times, values


def _told(key: str, steps: Any, times: Any, values: Any) -> list[dict[str, Any]]:
    told = values.tolist()
    if not np.isfinite(values).all():
        told = [number_to_json(value) for value in told]
    return [
        {"key": key, "value": v, "timestamp": t, "step": s}
        for s, t, v in zip(steps.tolist(), times.tolist(), told, strict=True)
    ]
