"""Pages: the token says where the next one begins, as MLflow's does."""

from __future__ import annotations

import base64
import binascii
import json

from nbtrack.server.mlflow.errors import RestError, invalid

MAX_OFFSET = 2**31


def token(offset: int) -> str:
    """Return the token of the page that begins at `offset`."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(text: str | None) -> int:
    """Return where a page begins."""
    if not text:
        return 0
    try:
        found = json.loads(base64.b64decode(text, validate=True))["offset"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        found = None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < MAX_OFFSET:
        raise RestError("Invalid page token, could not base64-decode")
    return found


def limit_of(wanted: int | None, default: int, most: int) -> int:
    """Return how many results a page has."""
    if wanted is None:
        return default
    if wanted < 1:
        raise invalid("max_results", wanted, "It must be a positive integer.")
    if wanted > most:
        raise invalid("max_results", wanted, f"It must be at most {most}, but got value {wanted}")
    return wanted
