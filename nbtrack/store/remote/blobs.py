"""Files of a store on a server: those to be sent wait here, those that are asked for are fetched and kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.artifacts.blobs import Blobs
from nbtrack.artifacts.cache import Cache
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.remote.way import Way


class FetchedBlobs(Blobs):
    """Contents by their SHA-256, fetched from the server when they are not here.

    Parameters
    ----------
    folder : Path
        The outbox.
    connection : Way
    """

    def __init__(self, folder: Path, connection: Way) -> None:
        super().__init__(folder)
        self._connection = connection
        self._cache: Cache | None = None

    def path_of(self, sha256: str) -> Path:
        """Return a local file with this content; raises ``NotFoundError`` when neither this machine nor the server has it."""
        try:
            return super().path_of(sha256)
        except NotFoundError:
            if self._cache is None:
                self._cache = Cache()
            way = self._connection
        return self._cache.find(sha256) or self._cache.fetch(
            sha256, lambda path: way.get_blob(sha256, path), place=way.url
        )

    def local_path_of(self, sha256: str) -> Path:
        """Return the file with this content if it was put here; the server is not asked."""
        return super().path_of(sha256)
