"""Appends records to this process's own journal: one ``os.write`` a call, safe against ``kill -9`` when it returns."""

from __future__ import annotations

import errno
import getpass
import os
import socket
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, JournalError
from nbtrack.journal.liveness import LifeLock
from nbtrack.journal.record import FORMAT, MAX_BYTES, event_body, line, metrics_body
from nbtrack.journal.segments import lock_path, segment_path
from nbtrack.names import new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SEGMENT_BYTES = 4 << 20
BALLAST_BYTES = 1 << 20
MAX_WAITING = 100_000

_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def now_us() -> int:
    """Return the time in microseconds UTC."""
    return time.time_ns() // 1000


def user_name() -> str:
    """Return the name of the user of this process, or an empty text."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


class Writer:
    """The journal of one process in one store.

    Nothing is made on disk before the first record. Threads may share a writer; a forked child gets files of its own. When the disk is
    full, records wait in memory and go out with the next one that fits.

    Parameters
    ----------
    folder : Path
        The ``X.nbtrack`` folder.
    version : str
        Version of nbtrack, for the header line.
    on_write : callable, optional
        Called after the first record that follows a :meth:`sync`.
    """

    def __init__(self, folder: Path, version: str, on_write: Callable[[], None] | None = None) -> None:
        self.folder = folder / "w"
        self._ballast = folder / "tmp" / "ballast"
        self._version = version
        self._on_write = on_write or (lambda: None)
        self.lost = 0
        self._begin()
        _writers.add(self)

    def _begin(self) -> None:
        self.id = new_run_id()
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._alive: LifeLock | None = None
        self._fd = -1
        self._seq = 0
        self._segment = -1
        self._size = 0
        self._last_us = 0
        self._is_dirty = False

    # -- writing ---------------------------------------------------------------------------------------------------

    def metrics(self, run_id: str, step: int, values: dict[str, float], t: int | None = None) -> None:
        """Append the metric values of one step; `t` is the points' own time in microseconds UTC."""
        with self._lock:
            self._append(metrics_body(run_id, self._now() if t is None else t, step, values))

    def event(self, kind: str, run_id: str | None, *, p: dict[str, str] | None = None, o: Any = None) -> None:
        """Append one record of any other kind."""
        self.events([(kind, run_id, p, o)])

    def events(self, records: Sequence[tuple[str, str | None, dict[str, str] | None, Any]]) -> None:
        """Append several records at once: all of them are written, or none."""
        with self._lock:
            t = self._now()
            self._append(*[event_body(kind, t, run_id, p, o) for kind, run_id, p, o in records])

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Append many metric records at once, each ``(t, step, values)``."""
        with self._lock:
            for begin in range(0, len(points), 1000):
                self._append(
                    *[metrics_body(run_id, t, step, values) for t, step, values in points[begin : begin + 1000]]
                )

    # -- keeping ---------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Make sure that what was written also survives a power cut."""
        with self._lock:
            if self._is_dirty and self._fd >= 0:
                self._is_dirty = False
                os.fdatasync(self._fd)

    def rotate(self) -> None:
        """Seal the current segment, so that it can be folded."""
        with self._lock:
            if self._fd >= 0 and self._size > 0:
                self._open_segment()

    def close(self) -> None:
        """Flush, seal and let go. A later record begins a new writer."""
        with self._lock:
            if self._fd < 0:
                return
            try:
                self._flush_waiting()
                os.fdatasync(self._fd)
            except OSError:
                self.lost += len(self._waiting)
            os.close(self._fd)
            if self._alive:
                self._alive.release()
            self._begin_again()

    @property
    def waiting(self) -> int:
        """Number of records that wait in memory for room on the disk."""
        return len(self._waiting)

    @property
    def has_segment(self) -> bool:
        """Say whether anything was written."""
        return self._fd >= 0

    def forget_in_child(self) -> None:
        """Start afresh in a forked child: its own files, no inherited locks, nothing of the parent's written twice."""
        if self._fd >= 0:
            os.close(self._fd)
            if self._alive:
                self._alive.forget_in_child()
        self._begin()

    # -- inside the lock -------------------------------------------------------------------------------------------

    def _begin_again(self) -> None:
        lock = self._lock
        self._begin()
        self._lock = lock

    def _now(self) -> int:
        # A clock that is set back must not reorder records.
        self._last_us = max(self._last_us, now_us())
        return self._last_us

    def _append(self, *bodies: str) -> None:
        try:
            if self._fd < 0:
                self._open_writer()
            if self._waiting:
                self._flush_waiting()
            data = line(self._seq, bodies[0]) if len(bodies) == 1 else self._lines(bodies)
            if len(data) > MAX_BYTES:
                self._refuse_size(data, bodies)
            self._put(data)
        except OSError as cause:
            self._keep_for_later(bodies)
            message = f"{len(bodies)} records wait in memory: {cause.strerror or cause} ({self.folder})"
            raise JournalError(cause.errno, message) from cause
        self._seq += len(bodies)
        if self._size >= SEGMENT_BYTES:
            self._open_segment()
        if not self._is_dirty:
            self._is_dirty = True
            self._on_write()

    def _flush_waiting(self) -> None:
        while self._waiting:
            self._put(line(self._seq, self._waiting[0]))
            self._seq += 1
            self._waiting.popleft()

    def _lines(self, bodies: Sequence[str]) -> bytes:
        return b"".join([line(self._seq + i, body) for i, body in enumerate(bodies)])

    def _put(self, data: bytes) -> None:
        """Write `data` whole or not at all."""
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._drop_ballast():
                raise
            written = os.write(self._fd, data)
        if written != len(data):
            os.ftruncate(self._fd, self._size)
            if self._drop_ballast():
                self._put(data)
                return
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _open_writer(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._alive is None:
            self._alive = LifeLock(lock_path(self.folder, self.id))
            self._lay_ballast()
        self._open_segment()

    def _open_segment(self) -> None:
        path = segment_path(self.folder, self.id, self._segment + 1)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size, self._segment = fd, os.fstat(fd).st_size, self._segment + 1
        header = {
            "fmt": FORMAT,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "user": user_name(),
            "version": self._version,
        }
        self._put(line(self._seq, event_body("hdr", self._now(), None, o=header)))
        self._seq += 1

    def _keep_for_later(self, bodies: Sequence[str]) -> None:
        room = MAX_WAITING - len(self._waiting)
        self._waiting.extend(bodies[:room])
        self.lost += max(0, len(bodies) - room)

    def _refuse_size(self, data: bytes, bodies: Sequence[str]) -> None:
        if len(bodies) == 1 or max(map(len, bodies)) > MAX_BYTES:
            message = (
                f"A record of {len(data) >> 20} MiB is too large (limit {MAX_BYTES >> 20} MiB); "
                "log it as a file with log_text, log_dict or log_artifact."
            )
            raise InvalidValueError(message)

    # -- a megabyte for hard times ---------------------------------------------------------------------------------

    def _lay_ballast(self) -> None:
        try:
            self._ballast.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._ballast.exists():
                self._ballast.write_bytes(bytes(BALLAST_BYTES))
        except OSError:
            self._drop_ballast()  # the disk is nearly full already

    def _drop_ballast(self) -> bool:
        try:
            self._ballast.unlink()
        except OSError:
            return False
        return True


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer.forget_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
