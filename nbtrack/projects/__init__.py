"""Runs projects: an ``MLproject`` folder, a script or a notebook, from a folder, a git repository or a zip file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.projects.launching import run
    from nbtrack.projects.running import ProjectRun

_HOMES = {"ProjectRun": "running", "run": "launching"}

__all__ = ["ProjectRun", "run"]


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name not in _HOMES:
        message = f"module 'nbtrack.projects' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"nbtrack.projects.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
