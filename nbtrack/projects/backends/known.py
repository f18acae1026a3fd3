"""The backends by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from nbtrack.projects.plan import Backend

_ROOMS = {"local": "LocalBackend", "dask": "DaskBackend", "slurm": "SlurmBackend", "kubernetes": "KubernetesBackend"}
NAMES = tuple(_ROOMS)


def backend(name: str) -> Backend:
    """Return the backend called `name`; raises ``NotFoundError``."""
    if name not in _ROOMS:
        raise NotFoundError("Backend", name, NAMES, where="nbtrack")
    module = import_module(f"nbtrack.projects.backends.{name}")
    return cast("Backend", getattr(module, _ROOMS[name])())
