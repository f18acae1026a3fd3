"""The contents of a store that has places elsewhere: put here first, kept there, and fetched when they are asked for."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock

from nbtrack.artifacts.blobs import Blob, Blobs
from nbtrack.artifacts.cache import SPARED_S, Cache
from nbtrack.artifacts.mover import MOVING, Mover
from nbtrack.artifacts.sources import Source
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.artifacts.blobs import Progress
    from nbtrack.artifacts.known_places import Places
    from nbtrack.artifacts.places import Kept, Place

GOODBYE_S = 10.0
"""How long the end of a process waits until its files have gone where they are kept; they wait on after it."""
YOUNG_S = 24 * 3600.0
"""Where several machines write, what no record names stays for so long: the record may be on the way."""
RENEW_S = YOUNG_S / 2
"""What has been there for so long is written again, so that nobody deletes it before its new record has come."""
FEW = 20


class PlacedBlobs(Blobs):
    """Contents beside a store, some of which are elsewhere; as :class:`Blobs` as long as there is no place.

    Parameters
    ----------
    folder : Path
        Where contents are put first.
    places : Places
    cache : Cache, optional
        Where fetched ones are kept for a while.
    """

    def __init__(self, folder: Path, places: Places, cache: Cache | None = None) -> None:
        super().__init__(folder)
        self.places = places
        self._cache = cache

    @property
    def cache(self) -> Cache:
        """The copies of what was fetched."""
        if self._cache is None:
            self._cache = Cache()
        return self._cache

    # -- putting -----------------------------------------------------------------------------------------------------

    def put_file(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> Blob:
        """Keep the content of a file; see :class:`Blobs`."""
        blob = super().put_file(path, progress=progress)
        self._keep(blob)
        return blob

    def put_bytes(self, data: bytes) -> Blob:
        """Keep these bytes."""
        blob = super().put_bytes(data)
        self._keep(blob)
        return blob

    def _keep(self, blob: Blob) -> None:
        """See to it that what is here gets where it is kept."""
        raise NotImplementedError

    # -- reading -----------------------------------------------------------------------------------------------------

    def path_of(self, sha256: str) -> Path:
        """Return a file of this machine with a content, fetched if need be; only for reading, within the hour.

        Raises
        ------
        NotFoundError
            It is nowhere.
        RemoteError
            A place that may have it does not answer.
        """
        path = self._here(sha256)
        if path is not None:
            return path
        place, _ = self.places.find(sha256)
        return place.path(sha256) or self.cache.fetch(sha256, lambda to: place.get(sha256, to), place=place.shown)

    def source(self, sha256: str) -> Source:
        """Return where a content can be read right now, without fetching it; see :meth:`path_of` for errors."""
        path = self._here(sha256)
        if path is not None:
            return Source(sha256, path.stat().st_size, path)
        place, kept = self.places.find(sha256)
        return Source(sha256, kept.size, place.path(sha256), place)

    def link(self, sha256: str, seconds: int) -> str | None:
        """Return a URL at which the place itself gives a content to anybody for a while; None where there is none."""
        try:
            place, _ = self.places.find(sha256)
        except NotFoundError:
            return None  # it has not got there yet
        return place.link(sha256, seconds)

    def local_path_of(self, sha256: str) -> Path:
        """Return the file with this content if it was put here; no place is asked."""
        return super().path_of(sha256)

    def _here(self, sha256: str) -> Path | None:
        """Return a file of this machine, and see that it stays for an hour."""
        try:
            path = super().path_of(sha256)
        except NotFoundError:
            return self.cache.find(sha256) if self.places.named() else None
        if self.places.named():
            with suppress(OSError):
                os.utime(path)
        return path

    # -- keeping -----------------------------------------------------------------------------------------------------

    def drop(self, digests: set[str]) -> int:
        """Delete contents whose last reference has just been taken away, here and at every place; return the bytes freed."""
        freed = super().drop(digests)
        for place in self.places.all():
            there = [kept for kept in _known(place, digests) if kept.sha256 in digests]
            place.delete([kept.sha256 for kept in there])
            freed += sum(kept.size for kept in there)
        for sha256 in digests if self.places.named() else ():
            self.cache.drop(sha256)
        return freed

    def sweep(self, referenced: set[str], older_than_s: float) -> int:
        """Delete contents that nothing refers to, here and at every place; see :meth:`Blobs.sweep`."""
        return super().sweep(referenced, older_than_s) + self.places.sweep(referenced, older_than_s)

    def keep_at(self, text: str | None) -> list[str]:
        """Let files be kept at a place from now on, which is tried, and return all places; None leaves them as they are.

        Raises
        ------
        InvalidValueError, MissingPackageError, RemoteError, NotFoundError
            It is no place, or cannot be written.
        """
        if text is not None:
            self.places.name(text)
        return self.kept_at()

    def kept_at(self) -> list[str]:
        """Return all places, the one that is written to first."""
        return [place.shown for place in self.places.all()]

    def close(self) -> None:
        """Wait a little for what is on its way."""

    def flush(self, progress: Progress | None = None) -> int:  # noqa: ARG002
        """Bring what waits here where it is kept, and return how many files were brought; see :meth:`Mover.flush`."""
        return 0

    def waiting(self) -> list[tuple[str, int]]:
        """Return the digests and sizes of what waits here."""
        return []


class MovedBlobs(PlacedBlobs):
    """Contents of a store on this machine: nobody waits for their place; a thread brings them there, again and again until they are.

    Parameters
    ----------
    folder : Path
        ``X.nbtrack``: what is in its ``blobs`` and not at the place waits there, also when the process ends.
    places : Places
    cache : Cache, optional
    """

    def __init__(self, folder: Path, places: Places, cache: Cache | None = None) -> None:
        super().__init__(folder, places, cache)
        self.mover = Mover(folder, self)

    def _keep(self, blob: Blob) -> None:  # noqa: ARG002
        if self.places.named():
            self.mover.wake()

    def keep_at(self, text: str | None) -> list[str]:
        """Let files be kept at a place from now on; what is here goes there."""
        found = super().keep_at(text)
        if found:
            self.mover.wake()
        return found

    def flush(self, progress: Progress | None = None) -> int:
        """Bring what waits here where it is kept, and return how many files were brought; see :meth:`Mover.flush`."""
        return self.mover.flush(progress)

    def waiting(self) -> list[tuple[str, int]]:
        """Return the digests and sizes of what waits here."""
        return self.mover.waiting()

    @contextmanager
    def purging(self) -> Iterator[None]:
        """Bring nothing to a place while it is decided what is deleted there; raises ``RemoteError`` when one does not answer."""
        if not self.places.all():
            yield
            return
        self.places.look()
        with FileLock(self._root / MOVING, mode=0o600):
            yield

    def close(self) -> None:
        """Wait a little for what is on its way."""
        self.mover.close(patience_s=GOODBYE_S)


class SentBlobs(PlacedBlobs):
    """Contents of a store that several machines share: put when they are at their place, and not before.

    What is here is a copy, and goes an hour after it was last asked for.
    """

    _tidied = 0.0

    def _keep(self, blob: Blob) -> None:
        place = self.places.first()
        assert place is not None
        if not is_kept(place, blob.sha256, blob.size):
            place.put(blob.sha256, self.local_path_of(blob.sha256))
        if time.monotonic() - self._tidied > SPARED_S / 6:
            self._tidied = time.monotonic()
            for sha256, _ in self.put_here():
                self.tidy(sha256, SPARED_S)


def is_kept(place: Place, sha256: str, size: int | None = None) -> bool:
    """Say whether a content is at a place that several machines write to, and young enough to stay until its record has come."""
    known = place.about(sha256)
    return known is not None and known.age_s < RENEW_S and size in (None, known.size)


def _known(place: Place, digests: set[str]) -> Iterator[Kept]:
    """Yield what a place has of some contents; a few are asked for, of many it is looked up in the list of all."""
    if len(digests) > FEW:
        yield from place.list()
        return
    for sha256 in digests:
        if (kept := place.about(sha256)) is not None:
            yield kept
