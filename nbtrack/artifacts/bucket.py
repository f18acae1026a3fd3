"""The contents of a store in a bucket: ``<prefix>/sha256/ab/<64 hex>``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from nbtrack.artifacts.places import NOTE, NOTE_TEXT, Kept
from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.sources import PIECE_BYTES
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NbtrackError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbtrack.artifacts.remote.store import Entry

FOLDER = "sha256"
RETRIES = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}
"""Fewer than for a file that somebody waits for once: what fails here is tried again later."""
KEEP = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
"""What a browser is told that has a signed URL: to keep the file, not to show it."""
_HEX = re.compile(r"[0-9a-f]{64}")


class BucketPlace:
    """A prefix in S3, Google Cloud Storage or Azure Blob Storage; see :class:`nbtrack.artifacts.places.Place`.

    Parameters
    ----------
    uri : str
        Endpoint and credentials come from the environment, see :mod:`nbtrack.artifacts.remote.settings`.
    """

    def __init__(self, uri: str) -> None:
        self._store = RemoteStore(uri, retries=RETRIES)
        self._can_sign = True

    @property
    def shown(self) -> str:
        """Return the URI, which has no credentials."""
        return str(self._store.uri)

    def prepare(self) -> None:
        """See that it can be written, by a note that says what it is."""
        try:
            self._store.put(NOTE, NOTE_TEXT.encode(), only_new=True)
        except AlreadyExistsError:
            return

    def look(self) -> None:
        """Raise when it does not answer; asked for a list that is always empty, which also says when there is no bucket."""
        next(self._store.list(f"{FOLDER}/none"), None)

    def path(self, sha256: str) -> Path | None:  # noqa: ARG002
        """Return None: objects are no files."""
        return None

    def about(self, sha256: str) -> Kept | None:
        """Return what is known of a content."""
        try:
            return _kept(self._store.about(_key(sha256)))
        except NotFoundError as missing:
            if missing.what == "Bucket":
                raise
            return None

    def put(self, sha256: str, path: Path) -> None:
        """Keep a file; a large one goes in parts, and of one that breaks off nothing is left."""
        self._store.put(_key(sha256), path, attributes=KEEP)

    def get(self, sha256: str, path: Path) -> None:
        """Write a content to a file."""
        self._store.download(_key(sha256), path)

    def stream(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`."""
        return self._store.stream(_key(sha256), start, end, piece_bytes=PIECE_BYTES)

    def link(self, sha256: str, seconds: int) -> str | None:
        """Return a signed URL; None when these credentials cannot sign."""
        if self._can_sign:
            try:
                return self._store.presign(_key(sha256), seconds=seconds)
            except NbtrackError:
                self._can_sign = False
        return None

    def list(self) -> Iterator[Kept]:
        """Yield all contents."""
        return (_kept(entry) for entry in self._store.list(FOLDER) if _HEX.fullmatch(entry.key.rpartition("/")[2]))

    def delete(self, digests: Iterable[str]) -> None:
        """Delete contents, many with one request where the server can."""
        self._store.delete_all([_key(sha256) for sha256 in digests])


def _key(sha256: str) -> str:
    if not _HEX.fullmatch(sha256):
        raise InvalidValueError(f"Content {sha256[:80]!r} is not named by 64 lower-case hexadecimal digits.")
    return f"{FOLDER}/{sha256[:2]}/{sha256}"


def _kept(entry: Entry) -> Kept:
    return Kept(entry.key.rpartition("/")[2], entry.size, entry.modified.timestamp())
