"""Pages: the token says where the next one begins, as MLflow's does; errors in its words."""

from __future__ import annotations

from nbtrack.errors import InvalidValueError
from nbtrack.registry import pages
from nbtrack.server.mlflow.errors import RestError, invalid


def offset_of(text: str | None) -> int:
    """Return where a page begins."""
    try:
        return pages.offset_of(text)
    except InvalidValueError:
        raise RestError("Invalid page token, could not base64-decode") from None


def limit_of(wanted: int | None, default: int, most: int) -> int:
    """Return how many results a page has."""
    if wanted is None:
        return default
    if wanted < 1:
        raise invalid("max_results", wanted, "It must be a positive integer.")
    if wanted > most:
        raise invalid("max_results", wanted, f"It must be at most {most}, but got value {wanted}")
    return wanted
