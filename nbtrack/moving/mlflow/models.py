"""Logged models of MLflow 3."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage
from nbtrack.errors import NbtrackError
from nbtrack.models.mlmodel import MLmodel
from nbtrack.moving.ids import run_id_of
from nbtrack.moving.mlflow import words
from nbtrack.moving.moved import MovedModel, MovedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from nbtrack.moving.moved import MovedFile

MAX_MLMODEL = 4 << 20


def described(
    said: dict[str, Any],
    *,
    params: dict[str, str],
    tags: dict[str, str],
    metrics: tuple[tuple[Any, ...], ...],
    files: Callable[[], Iterable[MovedFile]],
    mlmodel: Path | None = None,
) -> MovedModel:
    """Return a logged model as MLflow's files, tables and servers alike tell it; `mlmodel` is its ``MLmodel``, where that is at hand."""
    model_id = str(said["model_id"])
    if not words.MODEL_ID.fullmatch(model_id):
        message = f"{model_id!r} is no id of a logged model"
        raise ValueError(message)
    created = words.us(said.get("creation_timestamp")) or 0
    name = str(said.get("name") or model_id)
    flavors, utc = _flavors(mlmodel)
    return MovedModel(
        model_id,
        name,
        name,
        words.model_status_of(said.get("status")),
        str(said.get("model_type") or ""),
        created,
        words.us(said.get("last_updated_timestamp")) or created,
        flavors=flavors,
        utc_time_created=utc,
        params=params,
        tags=tags,
        metrics=metrics,
        files=files,
        is_deleted=bool(said.get("deleted")),
    )


def _flavors(mlmodel: Path | None) -> tuple[dict[str, Any], str]:
    """Return what a model says that it is; one that cannot be read keeps nothing back."""
    if mlmodel is None or not mlmodel.is_file() or mlmodel.stat().st_size > MAX_MLMODEL:
        return {}, ""
    try:
        found = MLmodel.from_yaml(mlmodel.read_text(encoding="utf-8"))
    except (NbtrackError, OSError, ValueError):
        return {}, ""
    flavors = {
        name: {key: value for key, value in about.items() if key != "config"} for name, about in found.flavors.items()
    }
    return flavors, str(found.utc_time_created or "")


def carrier(model: MovedModel, experiment: str) -> MovedRun:
    """Return the run that keeps the files of a model which no run made, or whose run is not there; no search shows it."""
    at = model.created_us
    return MovedRun(
        run_id_of("mlflow-model", model.model_id),
        experiment,
        model.name,
        at,
        end_us=at,
        stage=LifecycleStage.CARRIER,
        models=(replace(model, is_alone=True),),
    )
