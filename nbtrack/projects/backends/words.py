"""What a plan is as words and variables of a process."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nbtrack.projects.plan import Plan

NOTEBOOK_JOB = "nbtrack.projects.notebook_job"


def words(plan: Plan, python: str = sys.executable) -> tuple[str, ...]:
    """Return the command of a plan: the project's own, or for a notebook `python` (with nbtrack), which runs it in a kernel."""
    if plan.notebook is None:
        return plan.argv
    order = {
        "notebook": os.fspath(plan.notebook),
        "parameters": {**plan.parameters, **plan.typed},
        "python": None if plan.python is None else os.fspath(plan.python),
    }
    return (python, "-m", NOTEBOOK_JOB, json.dumps(order))


def variables(plan: Plan) -> dict[str, str]:
    """Return all environment variables of a process that runs `plan` on this machine."""
    kept = {key: value for key, value in os.environ.items() if key not in plan.unset}
    copies = {name: os.environ[other] for name, other in plan.copies.items() if other in os.environ}
    return {**kept, **copies, **plan.variables}


def check_keys(backend: str, config: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise ``InvalidValueError`` for a key that the backend does not know."""
    allowed = sorted(known)
    for key in config:
        if key not in allowed:
            listed = f"use {', '.join(allowed)}" if allowed else "it takes none"
            raise InvalidValueError(f"backend_config of {backend} has {key!r}; {listed}.")


def tail(path: Path, most: int) -> str:
    """Return the last bytes of a file as text; "" when it is not there."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - most))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
