"""The model registry: versions, aliases and stages that only move when their gates let them, their history, and who is told."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """The package itself, which can also be called: ``nbtrack.registry()`` shows the registered models.

    Python puts a package into its parent under its name once anything in it is imported, so the room and the function share one.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Show the registered models, see :func:`nbtrack.widgets.registry.registry`."""
        return import_module("nbtrack.widgets.registry").registry(*args, **options)


sys.modules[__name__].__class__ = _Room
