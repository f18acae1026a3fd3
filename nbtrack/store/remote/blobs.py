"""Files of a store on a server: those to be sent wait here, those that are asked for are fetched and kept for a while."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.artifacts.blobs import Blobs
from nbtrack.errors import NotFoundError, RemoteError

if TYPE_CHECKING:
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
        self._folder = folder
        self._connection = connection

    def path_of(self, sha256: str) -> Path:
        """Return a local file with this content; raises ``NotFoundError`` when neither this machine nor the server has it."""
        try:
            return super().path_of(sha256)
        except NotFoundError:
            self._fetch(sha256)
        return super().path_of(sha256)

    def local_path_of(self, sha256: str) -> Path:
        """Return the file with this content if it is here; the server is not asked."""
        return super().path_of(sha256)

    def _fetch(self, sha256: str) -> None:
        folder = self._folder / "tmp"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix="fetch-", dir=folder)
        os.close(fd)
        path = Path(name)
        try:
            self._connection.get_blob(sha256, path)
            found = self.put_file(path)
        finally:
            path.unlink(missing_ok=True)
        if found.sha256 != sha256:
            self.drop({found.sha256})
            message = f"{self._connection.url} sent other content than was asked for; nothing of it was kept."
            raise RemoteError(message)
