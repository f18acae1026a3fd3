"""Whether a writer lives: one of this machine holds a lock for life, one of another machine has a lease that is renewed."""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARGIN_S = 30.0
"""A lease that ends so soon is not written under any more, and what was written under it is left alone for so long after its end."""

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_lock(fd: int, *, shared: bool) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        if shared:
            msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
        return True

else:
    import fcntl

    def _try_lock(fd: int, *, shared: bool) -> bool:
        # A look takes a shared lock, so that two lookers never mistake each other for the owner.
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except OSError as error:
            # Where the file system knows no locks, a writer goes on without, and a look takes it for alive.
            return not shared and error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
        return True


class LifeLock:
    """An exclusive lock on `path` that the kernel frees when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = self._open()
        while not _is_same(self._fd, path):
            os.close(self._fd)  # cleaned away between opening and locking
            self._fd = self._open()

    def _open(self) -> int:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        while not _try_lock(fd, shared=False):
            pass  # only a looker's momentary shared lock can be in the way: the name is ours alone
        return fd

    def release(self) -> None:
        """Let go; whoever folds the last segment removes the file."""
        os.close(self._fd)

    def forget_in_child(self) -> None:
        """Close the inherited handle; the parent goes on holding the lock."""
        os.close(self._fd)


def is_held(path: Path) -> bool:
    """Say whether a living process holds the lock at `path`."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(fd, shared=True)
    finally:
        os.close(fd)


def lease_left(path: Path) -> float:
    """Return for how many seconds the lease at `path` goes on; below 0 since when it has ended, minus infinity without one."""
    try:
        return float(path.read_text()) - time.time()
    except (OSError, ValueError):
        return -math.inf


def _is_same(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
