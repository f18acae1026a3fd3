"""The models of runs: which were logged, under which id, and where their files are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NotFoundError
from nbtrack.models.folder import check_relative

if TYPE_CHECKING:
    from nbtrack.models.mlmodel import MLmodel
    from nbtrack.store.local import LocalStore

HISTORY = "mlflow.log-model.history"
"""The tag in which MLflow 2 keeps the models of a run; `model_id` is added."""
KEPT = "models"
"""Folder of a run for models whose name was given to a newer one."""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model of a run: where its folder is among the run's files."""

    run_id: str
    path: str
    model_id: str | None
    flavors: dict[str, Any]
    utc_time_created: str | None = None

    @property
    def uri(self) -> str:
        """Return ``runs:/<run id>/<path>``."""
        return f"runs:/{self.run_id}/{self.path}"


def entry(mlmodel: MLmodel) -> dict[str, Any]:
    """Return what the history says of a model."""
    flavors = {name: {k: v for k, v in conf.items() if k != "config"} for name, conf in mlmodel.flavors.items()}
    return {
        "run_id": mlmodel.run_id,
        "artifact_path": mlmodel.artifact_path,
        "utc_time_created": mlmodel.utc_time_created,
        "model_uuid": mlmodel.model_uuid,
        "model_id": mlmodel.model_id,
        "flavors": flavors,
    }


def models_of(store: LocalStore, run_id: str) -> list[LoggedModel]:
    """Return the models of a run, oldest first; what cannot be read in the tag is left out."""
    rows = store.sql("SELECT value FROM tags WHERE run_id = ? AND key = ?", [run_id, HISTORY])
    return [found for text in rows["value"] for found in _read(text, run_id)]


def find(store: LocalStore, model_id: str) -> LoggedModel:
    """Return the model with this id, ``m-<32 hex digits>``; raises ``NotFoundError``."""
    rows = store.sql("SELECT run_id, value FROM tags WHERE key = ? AND contains(value, ?)", [HISTORY, model_id])
    for run_id, text in zip(rows["run_id"], rows["value"], strict=True):
        for found in reversed(_read(text, run_id)):
            if found.model_id == model_id:
                return found
    raise NotFoundError("Model", model_id)


def at(store: LocalStore, run_id: str, path: str) -> LoggedModel | None:
    """Return the model that was logged under this path of a run last; None when none was."""
    return next((found for found in reversed(models_of(store, run_id)) if found.path == path), None)


def with_entry(history: str | None, mlmodel: MLmodel) -> str:
    """Return the text of the tag with one model more; an older one of the same name is said to be where it was put."""
    entries = [found for found in _entries(history) if isinstance(found, dict)]
    for old in entries:
        if old.get("artifact_path") == mlmodel.artifact_path and old.get("model_id"):
            old["artifact_path"] = f"{KEPT}/{old['model_id']}"
    return json.dumps([*entries, entry(mlmodel)], default=str)


def _read(text: str | None, run_id: str) -> list[LoggedModel]:
    found = []
    for one in _entries(text):
        if not isinstance(one, dict) or not isinstance(one.get("flavors") or {}, dict):
            continue
        try:
            path = check_relative(one.get("artifact_path"))
        except ValueError:
            continue
        found.append(
            LoggedModel(run_id, path, one.get("model_id"), one.get("flavors") or {}, one.get("utc_time_created"))
        )
    return found


def _entries(text: str | None) -> list[Any]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []
