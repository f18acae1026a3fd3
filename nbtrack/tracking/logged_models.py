"""The models of runs: which were logged, under which id, and where their files are.

What is known comes from records of kind ``model``, one for each model that was logged and one more when a newer model took its name.
The tag ``mlflow.log-model.history`` says the same in MLflow's way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import check_relative

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.models.mlmodel import MLmodel
    from nbtrack.store.protocol import Record, TrackingStore

HISTORY = "mlflow.log-model.history"
"""The tag in which MLflow 2 keeps the models of a run; `model_id` is added."""
KEPT = "models"
"""Folder of a run for models whose name was given to a newer one."""
RECORD = "model"
"""Kind of the journal records."""

_RECORDS = "SELECT run_id, body FROM events WHERE kind = 'model'"
_IN_ORDER = "ORDER BY timestamp, writer, seq"


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model of a run: where its folder is among the run's files."""

    run_id: str
    path: str
    model_id: str | None
    flavors: dict[str, Any] = field(default_factory=dict)
    utc_time_created: str | None = None

    @property
    def uri(self) -> str:
        """Return ``runs:/<run id>/<path>``."""
        return f"runs:/{self.run_id}/{self.path}"


def record(mlmodel: MLmodel, path: str | None = None) -> Record:
    """Return the journal record of a model that is at `path` of its run, where its name says by default."""
    entry = _entry(mlmodel)
    body = {
        **{name: entry[name] for name in ("model_id", "utc_time_created", "flavors")},
        "path": path or entry["artifact_path"],
    }
    return (RECORD, mlmodel.run_id, None, body)


def moved(model: LoggedModel, path: str) -> Record:
    """Return the journal record of a model that is at another path from now on."""
    body = {
        "model_id": model.model_id,
        "utc_time_created": model.utc_time_created,
        "flavors": model.flavors,
        "path": path,
    }
    return (RECORD, model.run_id, None, body)


def models_of(store: TrackingStore, run_id: str) -> list[LoggedModel]:
    """Return the models of a run, oldest first."""
    rows = store.sql(f"{_RECORDS} AND run_id = ? {_IN_ORDER}", [run_id])
    return replayed(zip(rows["run_id"], rows["body"], strict=True))


def find(store: TrackingStore, model_id: str) -> LoggedModel:
    """Return the model with this id, ``m-<32 hex digits>``; raises ``NotFoundError``."""
    rows = store.sql(f"{_RECORDS} AND contains(body, ?) {_IN_ORDER}", [model_id])
    for found in replayed(zip(rows["run_id"], rows["body"], strict=True)):
        if found.model_id == model_id:
            return found
    raise NotFoundError("Model", model_id)


def at(store: TrackingStore, run_id: str, path: str) -> LoggedModel | None:
    """Return the model that is under this path of a run; None when none was logged there."""
    return next((found for found in models_of(store, run_id) if found.path == path), None)


def replayed(records: Iterable[tuple[str, str]]) -> list[LoggedModel]:
    """Return the models that records ``(run id, body)`` make, in their order: the last record of a model says where it is."""
    models: dict[Any, LoggedModel] = {}
    for run_id, text in records:
        body = json.loads(text).get("o") or {}
        try:
            path = check_relative(body.get("path"))
        except InvalidValueError:  # no nbtrack wrote that
            continue
        models = {key: found for key, found in models.items() if (found.run_id, found.path) != (run_id, path)}
        ident = body.get("model_id")
        models[ident] = LoggedModel(run_id, path, ident, body.get("flavors") or {}, body.get("utc_time_created"))
    return list(models.values())


# -- MLflow's way of saying it -------------------------------------------------------------------------------------------


def history_of(store: TrackingStore, run_id: str) -> str | None:
    """Return the text of the tag; None when the run has none."""
    rows = store.sql("SELECT value FROM tags WHERE run_id = ? AND key = ?", [run_id, HISTORY])
    return None if rows.empty else str(rows["value"][0])


def with_entry(history: str | None, mlmodel: MLmodel) -> str:
    """Return the text of the tag with one model more; an older one of the same name is said to be where it was put."""
    entries = [found for found in _entries(history) if isinstance(found, dict)]
    for old in entries:
        if old.get("artifact_path") == mlmodel.artifact_path and old.get("model_id"):
            old["artifact_path"] = f"{KEPT}/{old['model_id']}"
    return json.dumps([*entries, _entry(mlmodel)], default=str)


def has_name(history: str | None, path: str) -> bool:
    """Say whether the tag names a model under a path."""
    return any(isinstance(found, dict) and found.get("artifact_path") == path for found in _entries(history))


def _entry(mlmodel: MLmodel) -> dict[str, Any]:
    flavors = {name: {k: v for k, v in conf.items() if k != "config"} for name, conf in mlmodel.flavors.items()}
    return {
        "run_id": mlmodel.run_id,
        "artifact_path": mlmodel.artifact_path,
        "utc_time_created": mlmodel.utc_time_created,
        "model_uuid": mlmodel.model_uuid,
        "model_id": mlmodel.model_id,
        "flavors": flavors,
    }


def _entries(text: str | None) -> list[Any]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []
