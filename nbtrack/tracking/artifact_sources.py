"""Files that a Python model takes along, also those of runs and of other models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.models.uri import UriKind, parse
from nbtrack.tracking import active
from nbtrack.tracking.downloads import download
from nbtrack.tracking.model_files import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OF_STORES = ("runs:/", "models:/")


def at_hand(artifacts: Mapping[str, Any], work: Path) -> dict[str, Any]:
    """Return the same artifacts with those that a URI names, ``runs:/…`` or ``models:/…``, copied to `work`.

    Raises
    ------
    NotFoundError, InvalidValueError
        There is no such run, file or model.
    """
    return {
        name: _copied(source, work / str(place)) if str(source).startswith(OF_STORES) else source
        for place, (name, source) in enumerate(artifacts.items())
    }


def _copied(source: str, folder: Path) -> Path:
    uri = parse(source)
    if uri.kind is UriKind.RUN:
        return download(active.get_store(), uri.run_id, uri.path, folder)
    return fetch(source, folder / (uri.name or "model")).folder
