"""How large a store is on this machine, and how long its journals wait to be folded; told without opening the database."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from nbtrack.journal.segments import list_segments
from nbtrack.store.database_files import all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.served import ServedStore

WALK_S = 300.0
"""Files of artifacts are counted anew after so long: there may be a million."""
HEADER = 400
"""Bytes of a journal that has nothing but its header."""


class Sizes:
    """Sizes and ages of one store.

    Parameters
    ----------
    store : ServedStore
        Of one that is elsewhere, its copy on this machine.
    """

    def __init__(self, store: ServedStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._walked = float("-inf")
        self._slow: dict[str, int] = {}

    def parts(self) -> dict[str, int]:
        """Return bytes by part: the database and the journals as of now, files of artifacts and history as of some minutes ago."""
        path, folder = self._store.local.path, self._store.local.folder
        with self._lock:
            if time.monotonic() - self._walked > WALK_S:
                self._slow = {
                    "artifacts": sum(_sizes(str(folder / "blobs"))),
                    "history": sum(_sizes(str(folder / "history"))),
                }
                self._walked = time.monotonic()
            slow = dict(self._slow)
        database = sum(_size(str(each)) for each in all_of(path))
        return {"database": database, "journals": sum(_sizes(str(folder / "w"))), **slow}

    def fold_age(self) -> float:
        """Return the seconds since the last fold when records wait for one, else 0."""
        groups = list_segments(self._store.local.folder / "w").values()
        waiting = [segment.path for group in groups for segment in group if segment.size > HEADER]
        if not waiting:
            return 0.0
        try:
            last = self._store.local.path.stat().st_mtime
        except FileNotFoundError:  # never yet: since the journal that was written to longest ago
            last = min((_changed(str(path)) for path in waiting), default=time.time())
        return max(time.time() - last, 0.0)


def _sizes(folder: str) -> Iterator[int]:
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(entry.path)
            else:
                yield _size(entry.path)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _changed(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return time.time()
