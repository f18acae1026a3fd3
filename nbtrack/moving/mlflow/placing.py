"""Where MLflow keeps the files of a run: its own, and those of its logged models."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from nbtrack.tracking.logged_models import HISTORY

if TYPE_CHECKING:
    from nbtrack.moving.moved import MovedFile, MovedModel, MovedRun

FORBIDDEN = ("/", ":", ".", "%", '"', "'")
"""In names of logged models of MLflow 3."""


def is_of_mlflow_2(run: MovedRun, model: MovedModel) -> bool:
    """Say whether a model is kept as MLflow 2 does, among the files of its run: MLflow 3 would not take its name, or it came from there."""
    if any(mark in model.name for mark in FORBIDDEN):
        return True
    try:
        entries = json.loads(run.tags.get(HISTORY) or "[]")
    except ValueError:
        return False
    mine = [each for each in entries if isinstance(each, dict) and f"m-{each.get('model_uuid')}" == model.model_id]
    return any(not each.get("model_id") for each in mine)


def split_files(run: MovedRun) -> tuple[list[MovedFile], dict[str, list[MovedFile]]]:
    """Return the files of a run itself, and those of each of its logged models, with paths within the model."""
    places = {f"{model.path}/": model.model_id for model in run.models if not is_of_mlflow_2(run, model)}
    inside: list[MovedFile] = []
    of_models: dict[str, list[MovedFile]] = {model.model_id: [] for model in run.models}
    for each in run.files():
        start = next((start for start in sorted(places, key=len, reverse=True) if each.path.startswith(start)), None)
        if start is None:
            inside.append(each)
        else:
            of_models[places[start]].append(replace(each, path=each.path.removeprefix(start)))
    return inside, of_models
