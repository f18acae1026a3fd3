"""Copies of contents that are kept elsewhere: by SHA-256, for all stores of a user, and no more of them than there is room for."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack import config
from nbtrack.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "files"
SPARED_S = 3600.0
"""What was asked for within the last hour stays, even when there is no room: somebody may be about to open it."""
LOOK_PARTS = 20
"""The folder is looked through each time that a twentieth of its room was filled."""
UNFINISHED_S = 24 * 3600.0
LOCKS = 64
_HEX = re.compile(r"[0-9a-f]{64}")
_COMING = "coming-"


class Cache:
    """A folder of copies; those that nobody has asked for longest go first. It can be deleted at any time.

    Parameters
    ----------
    folder : Path, optional
        ``files`` under NBTRACK_CACHE by default.
    most_bytes : int, optional
        What they may take; NBTRACK_CACHE_GB by default.
    """

    def __init__(self, folder: Path | None = None, most_bytes: int | None = None) -> None:
        self.folder = folder or config.cache_folder() / FOLDER
        self.most_bytes = config.cache_bytes() if most_bytes is None else most_bytes
        self._locks, self._pid = _new_locks(), os.getpid()
        self._filled = self.most_bytes  # the first copy looks the folder through

    def find(self, sha256: str) -> Path | None:
        """Return the copy of a content, if there is one; it stays for an hour."""
        path = self._path(sha256)
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return None
            os.utime(path)
        except OSError:
            return None
        return path

    def fetch(self, sha256: str, get: Callable[[Path], object], *, place: str) -> Path:
        """Return the copy of a content, which `get` writes when it is not here; one thread at a time fetches each.

        Parameters
        ----------
        sha256 : str
        get : callable
            Writes the content to a path; what it raises is raised.
        place : str
            Where it comes from, for messages.

        Raises
        ------
        RemoteError
            What came is something else; nothing of it is kept.
        """
        if self._pid != os.getpid():  # a thread of the parent may have held one when it forked
            self._locks, self._pid = _new_locks(), os.getpid()
        with self._locks[int(sha256[:2], 16) % LOCKS]:
            return self.find(sha256) or self._fetched(sha256, get, place)

    def drop(self, sha256: str) -> None:
        """Take a copy away."""
        with suppress(OSError):
            self._path(sha256).unlink()

    def _fetched(self, sha256: str, get: Callable[[Path], object], place: str) -> Path:
        path = self._path(sha256)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix=_COMING, dir=self.folder)
        os.close(fd)
        coming = Path(name)
        try:
            get(coming)
            with coming.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise RemoteError(f"{place} sent other content than {sha256}; nothing of it was kept. Try again.")
            coming.chmod(0o444)
            size = coming.stat().st_size
            coming.replace(path)
        finally:
            coming.unlink(missing_ok=True)
        self._filled += size
        if self._filled > self.most_bytes / LOOK_PARTS:
            self._filled = 0
            self.make_room()
        return path

    def make_room(self) -> int:
        """Take away what was asked for longest ago until the rest fits, and return the bytes freed."""
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):
                state = path.lstat()
                found.append((state.st_mtime, state.st_size, path))
        too_much = sum(size for _, size, _ in found) - self.most_bytes
        freed, newest = 0, time.time() - SPARED_S
        for asked, size, path in sorted(found):
            if freed >= too_much or asked > newest:
                break
            with suppress(OSError):  # Windows deletes no open file
                path.unlink()
                freed += size
        for path in self.folder.glob(f"{_COMING}*"):  # of processes that were killed
            with suppress(OSError):
                if path.lstat().st_mtime < time.time() - UNFINISHED_S:
                    path.unlink()
        return freed

    def _path(self, sha256: str) -> Path:
        assert _HEX.fullmatch(sha256)  # whoever asks has checked it
        return self.folder / sha256[:2] / sha256


def _new_locks() -> list[threading.Lock]:
    return [threading.Lock() for _ in range(LOCKS)]
