"""What places of files are called, and what they lead to."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.artifacts.places import FolderPlace
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.artifacts.places import Place

ALLOWED = "a folder, s3://bucket/path, gs://bucket/path, az://container/path or abfss://…"

_OWN = re.compile(r"nbtrack-[0-9a-f]{16}")


def place_at(uri: str) -> Place:
    """Return the place at a URI or in a folder.

    Raises
    ------
    InvalidValueError
        It is none of a folder or an object store.
    MissingPackageError
        ``pip install "nbtrack[cloud]"`` brings what object stores need.
    """
    from nbtrack.artifacts.remote.uri import is_remote  # noqa: PLC0415 - read only by those who have a place

    if is_remote(uri):
        from nbtrack.artifacts.bucket import BucketPlace  # noqa: PLC0415

        return BucketPlace(uri)
    return FolderPlace(Path(uri))


def full_uri(text: str, known: Iterable[str] = ()) -> str:
    """Return the URI of a place for one store: a folder of its own in what a user names, so that no store deletes files of another.

    Parameters
    ----------
    text : str
        What the user names. A folder that a store already has is taken as it is.
    known : iterable of str
        Places that the store already has: naming what is above one of them is naming it.

    Raises
    ------
    InvalidValueError
        It is neither a folder nor the URI of an object store, or has credentials in it.
    """
    from nbtrack.artifacts.remote import uri  # noqa: PLC0415

    text = text.strip().removeprefix("file://")
    if uri.is_remote(text):
        base = str(uri.parse(text)).rstrip("/")
    elif not text or "://" in text:
        shown = text.partition("://")[0]
        raise InvalidValueError(f"Files cannot be kept at {f'{shown}://…' if shown else 'nowhere'}; use {ALLOWED}.")
    else:
        base = str(Path(text).expanduser().absolute())
    for place in known:
        if base in (place, place.replace("\\", "/").rpartition("/")[0], str(Path(place).parent)):
            return place
    if _OWN.fullmatch(base.replace("\\", "/").rpartition("/")[2]):
        return base
    return f"{base.rstrip('/')}/nbtrack-{secrets.token_hex(8)}"
