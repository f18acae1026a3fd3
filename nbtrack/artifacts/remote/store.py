"""An object store: put, get, list, delete and presign under one prefix."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar
from urllib.parse import quote

from nbtrack.artifacts.remote.failures import failure
from nbtrack.artifacts.remote.settings import RETRIES, Settings, settings_of
from nbtrack.artifacts.remote.uri import AZURE, GCS, S3, RemoteUri, check_key, parse
from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NotFoundError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Content = bytes | Path | BinaryIO | Iterable[bytes]

T = TypeVar("T")

CHUNK_BYTES = 8 << 20
"""Bytes of a part of an upload, and of a piece of a download."""
AT_ONCE = 4
"""Parts on their way at the same time: an upload keeps ``AT_ONCE * CHUNK_BYTES`` in memory."""
CLASSES = {S3: "S3Store", GCS: "GCSStore", AZURE: "AzureStore"}
DELETED_AT_ONCE = 1000
WEEK_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """An object: its key below the prefix, its size in bytes, when it was written, and what its server calls this content."""

    key: str
    size: int
    modified: datetime
    etag: str


class ObjectStore(Protocol):
    """Objects by key below one prefix; keys are relative, with forward slashes, and never leave the prefix."""

    def put(self, key: str, content: Content, *, only_new: bool = False) -> None:
        """Write an object, whole or not at all, from memory, a file or a stream."""

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Return an object's bytes, or those from `start` up to `end`."""

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the same in pieces, in bounded memory."""

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects in a folder and below it."""

    def about(self, key: str) -> Entry:
        """Return what is known of an object."""

    def exists(self, key: str) -> bool:
        """Say whether there is such an object."""

    def size(self, key: str) -> int:
        """Return the bytes of an object."""

    def delete(self, key: str) -> None:
        """Take an object away; fine when it is gone already."""

    def presign(self, key: str, method: str = "GET", seconds: int = 900) -> str:
        """Return a URL with which anybody may do this one thing for a while."""


class RemoteStore:
    """An :class:`ObjectStore` in S3, Google Cloud Storage or Azure Blob Storage.

    Requests that fail for a reason that may pass are made again; no message, repr or pickle has credentials.

    Parameters
    ----------
    uri : str or RemoteUri
        The prefix, such as ``"s3://bucket/team"``.
    settings : Settings, optional
        Endpoint and credentials; those of the environment by default.
    retries : dict, optional
        How often, and for how long, what failed is asked again; six times within 90 seconds by default.

    Raises
    ------
    MissingPackageError, InvalidValueError
    """

    def __init__(
        self,
        uri: str | os.PathLike[str] | RemoteUri,
        settings: Settings | None = None,
        *,
        retries: dict[str, Any] | None = None,
    ) -> None:
        self.uri = uri if isinstance(uri, RemoteUri) else parse(uri)
        found = settings or settings_of(self.uri)
        self._obstore = require("obstore", "for objects in S3, Google Cloud Storage and Azure", extra="cloud")
        make = getattr(require("obstore.store", "for objects"), CLASSES[self.uri.provider])
        self._host, self._can_sign = found.host, not found.is_emulator
        self._prefix = f"{self.uri.key}/" if self.uri.key else ""
        config = {"client_options": found.client, "retry_config": retries or RETRIES, **found.config}
        self._store = self._ask("", lambda: make(self.uri.bucket, **config))

    def __repr__(self) -> str:
        return f"RemoteStore({str(self.uri)!r})"

    def __reduce__(self) -> tuple[type[RemoteStore], tuple[RemoteUri]]:
        """Pickle the place alone: whoever unpickles uses the credentials of their own environment."""
        return RemoteStore, (self.uri,)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Return an object's bytes, or those from `start` up to `end`.

        Raises
        ------
        NotFoundError, RemoteError, InvalidValueError
        """
        return b"".join(self.stream(key, start, end))

    def stream(
        self, key: str, start: int = 0, end: int | None = None, *, piece_bytes: int = CHUNK_BYTES
    ) -> Iterator[bytes]:
        """Yield the same in pieces of about `piece_bytes`, in bounded memory; see :meth:`get` for errors."""
        if start < 0 or (end is not None and end < start):
            raise InvalidValueError(f"Bytes {start} to {end} of {key} are no range; 0 <= start <= end is expected.")
        if end is not None and end == start:
            return
        wanted: Any = None if start == 0 and end is None else {"offset": start} if end is None else (start, end)
        options = {} if wanted is None else {"options": {"range": wanted}}
        path = self._path(key)
        pieces = self._ask(key, lambda: self._obstore.get(self._store, path, **options).stream(piece_bytes))
        while True:
            piece = self._ask(key, lambda: next(pieces, None))
            if piece is None:
                return
            yield bytes(piece)

    def download(self, key: str, path: Path) -> int:
        """Write an object to a file of this machine, and return its bytes; see :meth:`get` for errors."""
        n_bytes = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in self.stream(key):
                n_bytes += file.write(piece)
        return n_bytes

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects in a folder and below it, by key; none when there is no such folder.

        Raises
        ------
        RemoteError, NotFoundError
            The store does not answer; there is no such bucket.
        """
        inside = self._path(prefix) if prefix else self.uri.key
        pages = self._ask(prefix, lambda: self._obstore.list(self._store, inside or None))
        while True:
            page = self._ask(prefix, lambda: next(pages, None))
            if page is None:
                return
            for found in page:
                yield self._entry(found)

    def about(self, key: str) -> Entry:
        """Return what is known of an object; see :meth:`get` for errors."""
        path = self._path(key)
        return self._entry(self._ask(key, lambda: self._obstore.head(self._store, path)))

    def exists(self, key: str) -> bool:
        """Say whether there is such an object."""
        try:
            self.about(key)
        except NotFoundError:
            return False
        return True

    def size(self, key: str) -> int:
        """Return the bytes of an object; see :meth:`get` for errors."""
        return self.about(key).size

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(
        self, key: str, content: Content, *, only_new: bool = False, attributes: dict[str, str] | None = None
    ) -> None:
        """Write an object, whole or not at all; what is large goes in parts, side by side.

        Parameters
        ----------
        key : str
        content : bytes, Path, binary file or iterable of bytes
        only_new : bool
            Leave an object that is there already alone. The content goes in one request, so it should be small; no iterable.
        attributes : dict, optional
            What is told with it, such as ``Content-Type``.

        Raises
        ------
        AlreadyExistsError
            `only_new`, and it is there.
        RemoteError, InvalidValueError
        """
        path = self._path(key)
        how: dict[str, Any] = {"max_concurrency": AT_ONCE} | ({"attributes": attributes} if attributes else {})
        if isinstance(content, (bytes, Path)) or hasattr(content, "read"):
            how |= {"chunk_size": CHUNK_BYTES, "mode": "create" if only_new else "overwrite"}
            self._ask(key, lambda: self._obstore.put(self._store, path, content, **how))
            return
        if only_new:
            raise InvalidValueError(f"{key} cannot be written only when it is new from a stream; give its bytes.")
        # Not put(): what is read from another object cannot be asked for while obstore is at work.
        writer = self._ask(key, lambda: self._obstore.open_writer(self._store, path, buffer_size=CHUNK_BYTES, **how))
        for piece in content:
            self._ask(key, partial(writer.write, piece))
        self._ask(key, writer.close)

    def delete(self, key: str) -> None:
        """Take an object away; fine when it is gone already."""
        path = self._path(key)
        with suppress(NotFoundError):
            self._ask(key, lambda: self._obstore.delete(self._store, path))

    def delete_all(self, keys: Sequence[str]) -> None:
        """Take objects away, many at a time; fine when some are gone already."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            some = [self._path(key) for key in keys[start : start + DELETED_AT_ONCE]]
            try:
                self._ask("", partial(self._obstore.delete, self._store, some))
            except NotFoundError:  # it says so of the first one that is gone, and leaves the rest
                for key in keys[start : start + DELETED_AT_ONCE]:
                    self.delete(key)

    def presign(self, key: str, method: str = "GET", seconds: int = 900) -> str:
        """Return a URL with which anybody may do this one thing for a while: treat it as a password.

        Parameters
        ----------
        key : str
        method : {"GET", "PUT", "HEAD", "DELETE"}
        seconds : int
            Up to a week.
        """
        if method not in ("GET", "PUT", "HEAD", "DELETE"):
            raise InvalidValueError(f"Method {method!r} cannot be signed; use GET, PUT, HEAD or DELETE.")
        if not 0 < seconds <= WEEK_S:
            raise InvalidValueError(f"A signature for {seconds} seconds is not possible; use 1 to {WEEK_S}.")
        if not self._can_sign:
            raise InvalidValueError(
                f"{self._host} is an emulator (STORAGE_EMULATOR_HOST), which has nothing to sign with."
            )
        path, lasting = self._path(key), timedelta(seconds=seconds)
        if self.uri.provider == AZURE and quote(path, safe="/~") != path:  # obstore signs the path as it is encoded
            raise InvalidValueError(
                f"{key!r} cannot be signed for Azure; use letters, digits, '/', '-', '_', '.' and '~'."
            )
        return str(self._ask(key, lambda: self._obstore.sign(self._store, method, path, lasting)))

    # -- within ------------------------------------------------------------------------------------------------------

    def _path(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _entry(self, found: dict[str, Any]) -> Entry:
        key = found["path"].removeprefix(self._prefix)
        return Entry(key, int(found["size"]), found["last_modified"], str(found["e_tag"] or ""))

    def _ask(self, key: str, act: Callable[[], T]) -> T:
        """Do something at the server; what it says when it fails is told in our words, and the rest is dropped."""
        _mark_used(self.uri)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - anything it says may have a secret in it
            problem = failure(error, self.uri.with_key(f"{self._prefix}{key}".rstrip("/")), self._host)
        raise problem


# obstore's threads do not come along when a process forks, and what the child asks through the parent's epoll kills the parent.
_used = _is_child_of_user = False


def _mark_used(uri: RemoteUri) -> None:
    global _used  # noqa: PLW0603
    if _is_child_of_user:
        raise RemoteError(
            f"{uri} cannot be used in a process that was forked from one that has used an object store; start it with "
            'multiprocessing.get_context("spawn"), or before the object store is used.'
        )
    _used = True


def _note_in_child() -> None:
    global _is_child_of_user  # noqa: PLW0603
    _is_child_of_user = _used or _is_child_of_user


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_in_child)
