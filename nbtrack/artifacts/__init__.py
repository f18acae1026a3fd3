"""The files of runs: kept once by content, and what they are."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """The package itself, which can also be called: ``nbtrack.artifacts(run)`` shows the files of a run.

    Python puts a package into its parent under its name once anything in it is imported, so the room and the function share one.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Show the files of a run, see :func:`nbtrack.widgets.artifacts.artifacts`."""
        return import_module("nbtrack.widgets.artifacts").artifacts(*args, **options)


sys.modules[__name__].__class__ = _Room
