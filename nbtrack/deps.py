"""Optional packages: imported when first needed, with a reason when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from nbtrack.errors import MissingPackageError


def require(module: str, why: str, *, package: str | None = None, extra: str | None = None) -> Any:
    """Import an optional package, or say why it is needed and how to get it.

    Parameters
    ----------
    module : str
        Dotted module name, such as ``"PIL.Image"``.
    why : str
        Completes "… is needed", such as ``"to log images"``.
    package : str, optional
        Name to install when it differs from the module's first part.
    extra : str, optional
        The extra of nbtrack that brings it.

    Raises
    ------
    MissingPackageError
        The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        raise MissingPackageError(package or module.split(".", maxsplit=1)[0], why, extra) from cause
