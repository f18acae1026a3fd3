"""Where the contents of a store are kept when that is not beside it: another folder, a bucket, a database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nbtrack.artifacts.blobs import Blobs
from nbtrack.artifacts.sources import pieces_of
from nbtrack.errors import InvalidValueError, NotFoundError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOTE = "README.txt"
NOTE_TEXT = (
    "Files of a store of nbtrack, named by the SHA-256 of their content. The store knows which run each belongs to;\n"
    "`nbtrack purge` deletes what no run needs. Nothing else should be put here.\n"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One content at a place: its SHA-256, its bytes, and when it came there (seconds since 1970)."""

    sha256: str
    size: int
    since: float

    @property
    def age_s(self) -> float:
        """Seconds since it came."""
        return time.time() - self.since


class Place(Protocol):
    """Contents by SHA-256. Its errors are :class:`RemoteError` and :class:`NotFoundError`, and have no credentials in them."""

    @property
    def shown(self) -> str:
        """What it is called in messages and in the store; has no credentials."""

    def prepare(self) -> None:
        """Make it, and see that it can be written."""

    def look(self) -> None:
        """Raise when it does not answer."""

    def path(self, sha256: str) -> Path | None:
        """Return the file with a content, where a place has files of this machine; only for reading."""

    def about(self, sha256: str) -> Kept | None:
        """Return what is known of a content; None when it is not there."""

    def put(self, sha256: str, path: Path) -> None:
        """Keep a file, whole or not at all; twice is as good as once."""

    def get(self, sha256: str, path: Path) -> None:
        """Write a content to a file; whoever asks compares the digest."""

    def stream(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`, in pieces."""

    def link(self, sha256: str, seconds: int) -> str | None:
        """Return a URL that gives the content to anybody for a while; None where there is no such thing."""

    def list(self) -> Iterator[Kept]:
        """Yield all contents."""

    def delete(self, digests: Iterable[str]) -> None:
        """Delete contents; fine when they are gone already."""


class FolderPlace:
    """A folder, on this machine or mounted.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = Blobs(folder)

    @property
    def shown(self) -> str:
        """Return the path."""
        return str(self._folder)

    def prepare(self) -> None:
        """Make the folder; raises ``RemoteError`` where that is not possible."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (self._folder / NOTE).exists():
                (self._folder / NOTE).write_text(NOTE_TEXT)
        except OSError as cause:
            raise RemoteError(f"{self._folder} cannot be written ({cause.strerror}); name another folder.") from cause

    def look(self) -> None:
        """Refuse to work in a folder that is not there: made anew, it would hide what comes back with its disk."""
        if not self._folder.is_dir():
            raise RemoteError(f"{self._folder}, where files of runs are kept, is not there; is its disk mounted?")

    def path(self, sha256: str) -> Path | None:
        """Return the file with a content."""
        self.look()
        try:
            return self._blobs.path_of(sha256)
        except NotFoundError:
            return None

    def about(self, sha256: str) -> Kept | None:
        """Return what is known of a content."""
        found = self.path(sha256)
        return None if found is None else Kept(sha256, found.stat().st_size, found.stat().st_mtime)

    def put(self, sha256: str, path: Path) -> None:
        """Keep a file."""
        self.look()
        try:
            found = self._blobs.put_file(path)
        except OSError as cause:
            raise RemoteError(f"{self._folder} did not take a file ({cause.strerror}).") from cause
        if found.sha256 != sha256:
            self._blobs.drop({found.sha256})
            raise InvalidValueError(f"{path.name} does not have the content {sha256}; nothing was kept.")

    def get(self, sha256: str, path: Path) -> None:
        """Write a content to a file."""
        with path.open("wb") as file:
            for piece in self.stream(sha256):
                file.write(piece)

    def stream(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`."""
        self.look()
        return pieces_of(self._blobs.path_of(sha256), start, end)

    def link(self, sha256: str, seconds: int) -> str | None:  # noqa: ARG002
        """Return None: nobody else can ask for a file of this machine."""
        return None

    def list(self) -> Iterator[Kept]:
        """Yield all contents."""
        self.look()
        for path in (self._folder / "blobs" / "sha256").glob("[0-9a-f][0-9a-f]/*"):
            state = path.lstat()
            yield Kept(path.name, state.st_size, state.st_mtime)

    def delete(self, digests: Iterable[str]) -> None:
        """Delete contents."""
        self.look()
        self._blobs.drop({*digests})
