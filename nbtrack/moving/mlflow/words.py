"""What MLflow's words mean: statuses, times, values, and where the files of a version are."""

from __future__ import annotations

import json
import math
import re
import sys
from datetime import UTC, datetime
from typing import Any

from nbtrack.entities import Dataset, DatasetInput, LifecycleStage
from nbtrack.errors import InvalidValueError
from nbtrack.models.folder import check_relative
from nbtrack.moving.moved import MovedModel, MovedVersion
from nbtrack.tracking.logged_models import HISTORY

STATUSES = {1: "RUNNING", 2: "RUNNING", 3: "FINISHED", 4: "FAILED", 5: "KILLED", "SCHEDULED": "RUNNING"}
MODEL_STATUSES = {0: "READY", 1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED"}
CONTEXT = "mlflow.data.context"
MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
GONE = "Deleted_Internal"
"""Stage of a version that was deleted."""
US = 1000
_OF_RUN = re.compile(r"/(?P<run>[0-9a-f]{32})/artifacts/(?P<path>.+?)/*$")
_OF_MODEL = re.compile(r"/models/(?P<model>m-[0-9a-f]{32})/artifacts/*$")
_RUNS = re.compile(r"runs:/+(?P<run>[0-9a-f]{32})/(?P<path>.+?)/*")
_LOGGED = re.compile(r"models:/+(?P<model>m-[0-9a-f]{32})/*")


def status_of(said: Any) -> str:
    """Return a status of a run; files have numbers."""
    return str(STATUSES.get(said, said if said is not None else "RUNNING"))


def stage_of(said: Any) -> str:
    """Return whether something is in the trash."""
    return str(LifecycleStage.DELETED if said == "deleted" else LifecycleStage.ACTIVE)


def model_status_of(said: Any) -> str:
    """Return a status of a logged model: files and databases have numbers, servers longer words."""
    return str(MODEL_STATUSES.get(said, str(said or "READY").removeprefix("LOGGED_MODEL_")))


def us(ms: Any) -> int | None:
    """Return microseconds of milliseconds, which may be missing."""
    return None if ms in (None, "") else int(ms) * US


def value_of(said: Any, is_nan: Any = False) -> float:  # noqa: FBT002 - a column of a table
    """Return a value of a metric; databases of MLflow keep the largest float instead of infinity, and 0 with a mark instead of NaN."""
    if is_nan or said is None:
        return math.nan
    value = float(said)
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


def dataset_input(found: dict[str, Any], tags: dict[str, str]) -> DatasetInput:
    """Return a data set that a run used; its context is a tag in MLflow."""
    rest = {key: value for key, value in tags.items() if key != CONTEXT}
    data = Dataset(
        str(found.get("name") or ""),
        str(found.get("digest") or ""),
        str(found.get("source_type") or "code"),
        str(found.get("source") or "{}"),
        str(found.get("schema") or "{}"),
        str(found.get("profile") or "{}"),
    )
    return DatasetInput(data, tags.get(CONTEXT, ""), rest)


def place_of(source: str, run_id: str | None, model_id: str | None) -> tuple[str, str | None, str | None, str | None]:
    """Return source, run id, path and model id of a version: places of another machine become those of the run or model they belong to."""
    source = source or ""
    if (found := _LOGGED.fullmatch(source) or _OF_MODEL.search(source)) is not None:
        return f"models:/{found['model']}", run_id or None, None, found["model"]
    if (found := _RUNS.fullmatch(source) or _OF_RUN.search(source)) is not None:
        return f"runs:/{found['run']}/{found['path']}", found["run"], found["path"], model_id or None
    return source, run_id or None, None, model_id or None


def version_of(said: dict[str, Any], tags: dict[str, str]) -> MovedVersion:
    """Return a version as MLflow's files, tables and servers alike tell it."""
    source, run_id, path, model_id = place_of(str(said.get("source") or ""), said.get("run_id"), said.get("model_id"))
    return MovedVersion(
        int(said["version"]),
        source,
        run_id,
        path,
        model_id,
        run_link=str(said.get("run_link") or ""),
        description=str(said.get("description") or ""),
        stage=str(said.get("current_stage") or "None"),
        user=str(said.get("user_id") or ""),
        created=int(said.get("creation_timestamp") or 0),
        updated=int(said.get("last_updated_timestamp") or 0),
        tags=tags,
    )


def history_models(tags: dict[str, str], known: set[str]) -> tuple[MovedModel, ...]:
    """Return the models of a run as MLflow 2 tells them, in a tag; their files are the run's own."""
    try:
        entries = json.loads(tags.get(HISTORY) or "[]")
    except ValueError:
        return ()
    found: dict[str, MovedModel] = {}
    for entry in entries if isinstance(entries, list) else ():
        model = _of_entry(entry)
        if model is not None and model.model_id not in known:
            found[model.path] = model  # a later one has taken its place
    return tuple(found.values())


def _of_entry(entry: Any) -> MovedModel | None:
    if not isinstance(entry, dict):
        return None
    ident = entry.get("model_id") or f"m-{entry.get('model_uuid')}"
    try:
        path = check_relative(entry.get("artifact_path"))
    except InvalidValueError:
        return None
    if not MODEL_ID.fullmatch(str(ident)):
        return None
    flavors = entry.get("flavors")
    created = str(entry.get("utc_time_created") or "")
    at = utc_us(created)
    return MovedModel(
        str(ident),
        path,
        path,
        created_us=at,
        updated_us=at,
        flavors=flavors if isinstance(flavors, dict) else {},
        utc_time_created=created,
    )


def utc_us(text: str) -> int:
    """Return the microseconds of ``2026-01-31 12:00:00.123456``; 0 when it is none."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)
    except ValueError:
        return 0
