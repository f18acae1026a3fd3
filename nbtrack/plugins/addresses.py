"""``nbtrack:`` addresses as MLflow writes them: a store in a file, and what is kept in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from nbtrack.config import store_path
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

SCHEME = "nbtrack"
PROXY = "mlflow-artifacts:"
"""What the server calls the place of its files."""

_INSIDE = re.compile(r"(?P<file>.*?\.(?:duckdb|ddb|db))(?:/(?P<inner>.*))?")


def store_of(uri: str) -> Path:
    """Return the file that an address names: ``nbtrack:///abs/runs.duckdb``, or ``nbtrack:runs.duckdb`` from here.

    Raises
    ------
    InvalidValueError
        It names no file, or a server.
    """
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or parts.netloc or not parts.path or parts.query or parts.fragment:
        server = " To work with a server, give MLflow its http:// address." if parts.netloc else ""
        message = (
            f"{uri!r} names no store; write nbtrack:///home/me/runs.duckdb, or nbtrack:runs.duckdb from here.{server}"
        )
        raise InvalidValueError(message)
    return store_path(unquote(parts.path))


def split(uri: str) -> tuple[Path, str]:
    """Return the file of a store and the place in it that an address of artifacts names."""
    path = urlsplit(uri).path
    found = _INSIDE.fullmatch(path)
    if found is None:
        return store_of(uri), ""
    return store_of(f"{SCHEME}:{found['file']}"), (found["inner"] or "").strip("/")


def outer(uri: str, path: Path) -> str:
    """Return the address of what the server of a file calls ``mlflow-artifacts:/…``; others stay."""
    return (
        f"{SCHEME}://{quote(path.as_posix())}/{uri.removeprefix(PROXY).lstrip('/')}" if uri.startswith(PROXY) else uri
    )


def inner(uri: str, path: Path) -> str:
    """Return what the server of a file calls a place in it; others stay."""
    if not uri.startswith(f"{SCHEME}:"):
        return uri
    store, place = split(uri)
    return f"{PROXY}/{place}" if store == path else uri
