"""What a model's URI stands for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


def key_of(model_uri: str | os.PathLike[str]) -> str:
    """Return what a URI stands for now, so that another answer means another model: a version for an alias, a stage or the latest."""
    from nbtrack.models.uri import parse  # noqa: PLC0415 - a worker is quick to say that it is there
    from nbtrack.tracking.registered import registry  # noqa: PLC0415

    uri = parse(model_uri)
    return registry().find(uri).uri if uri.is_registered else uri.text


def can_move(model_uri: str | os.PathLike[str]) -> bool:
    """Say whether a URI may stand for another model one day: it names an alias, a stage or the latest version."""
    from nbtrack.models.uri import UriKind, parse  # noqa: PLC0415

    return parse(model_uri).kind in (UriKind.ALIAS, UriKind.STAGE, UriKind.LATEST)
