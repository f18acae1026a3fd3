"""Names and marks of what is written for MLflow: the same for the same, so that nothing is written twice."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.moving.moved import MovedRun

MARK = ".nbtrack"
"""File in a folder of a run or model that was written here: what it was made of. Others are never changed."""
SMALLEST_ID, N_IDS = 10**17, 9 * 10**17


def experiment_id_of(name: str) -> str:
    """Return an id as MLflow's, the same for the same name."""
    if name == "Default":
        return "0"
    return str(SMALLEST_ID + int(hashlib.sha256(name.encode()).hexdigest(), 16) % N_IDS)


def sign_of(run: MovedRun) -> str:
    """Return what changes when anything of a run does."""
    files = sorted((each.path, each.sha256, each.size) for each in run.files())
    models = [model.model_id for model in run.models]
    life = [run.name, str(run.status), run.end_us, str(run.stage), run.params, run.tags, run.counts]
    return digest_of([*life, files, models, sorted(run.links), [repr(each) for each in run.inputs]])


def digest_of(found: Any) -> str:
    """Return a short text that changes when anything of `found` does."""
    return hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()


def mark_of(folder: Path) -> str:
    """Return what a folder was made of; "" for one that was not made here."""
    try:
        return (folder / MARK).read_text()
    except OSError:
        return ""
