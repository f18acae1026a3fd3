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
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, JournalError, warn
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
MAX_UNSYNCED = 8

_FULL = {errno.ENOSPC, errno.EDQUOT}
_URGENT = {"start", "resume", "end", "state", "registry"}
"""Kinds that may use the ballast: they are few and small, and without them a run or model is not what it was."""

_fdatasync = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter

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
    full, records wait in memory and go out with the next one that fits; starts and ends of runs then use a megabyte kept for them.

    Parameters
    ----------
    folder : Path
        The ``X.nbtrack`` folder.
    version : str
        Version of nbtrack, for the header line.
    on_write : callable, optional
        Called after the first record that follows a :meth:`sync`.

    Attributes
    ----------
    lost : int
        Number of records that will never be written: memory or the disk was full to the end.
    """

    def __init__(self, folder: Path, version: str, on_write: Callable[[], None] | None = None) -> None:
        self.folder = folder / "w"
        self._ballast = folder / "tmp" / "ballast"
        self._version = version
        self._on_write = on_write or (lambda: None)
        self.lost = 0
        self._lock = threading.Lock()
        self._begin()
        _writers.add(self)

    def _begin(self) -> None:
        self.id = new_run_id()
        self._waiting: deque[str] = deque()
        self._alive: LifeLock | None = None
        self._fd = -1
        self._unsynced: list[int] = []
        self._seq = 0
        self._segment = -1
        self._size = 0
        self._header_size = 0
        self._last_us = 0
        self._is_dirty = False

    # -- writing ---------------------------------------------------------------------------------------------------

    def metrics(self, run_id: str, step: int, values: dict[str, float], t: int | None = None) -> None:
        """Append the metric values of one step; `t` is the points' own time in microseconds UTC."""
        with self._lock:
            body = metrics_body(run_id, self._now() if t is None else t, step, values)
            # The short way, for when nothing is in it: a training loop spends its time here.
            if self._is_dirty and self._size < SEGMENT_BYTES and not self._waiting and self._put_quickly(body):
                return
            self._append((body,))

    def event(self, kind: str, run_id: str | None, *, p: dict[str, str] | None = None, o: Any = None) -> None:
        """Append one record of any other kind."""
        self.events([(kind, run_id, p, o)])

    def events(self, records: Sequence[tuple[str, str | None, dict[str, str] | None, Any]]) -> None:
        """Append several records at once: all of them are written, or none."""
        if not records:
            return
        with self._lock:
            t = self._now()
            bodies = [event_body(kind, t, run_id, p, o) for kind, run_id, p, o in records]
            self._append(bodies, is_urgent=any(kind in _URGENT for kind, *_ in records))

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Append many metric records at once, each ``(t, step, values)``."""
        with self._lock:
            for begin in range(0, len(points), 1000):
                self._append(
                    [metrics_body(run_id, t, step, values) for t, step, values in points[begin : begin + 1000]]
                )

    @property
    def last_us(self) -> int:
        """Return the time of the last record, in microseconds UTC."""
        return self._last_us

    def not_before(self, us: int) -> None:
        """Give what follows a time of `us` or later: the clock may have been set back since then."""
        with self._lock:
            self._last_us = max(self._last_us, us)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Make sure that what was written also survives a power cut; nobody who writes meanwhile waits for the disk."""
        with self._lock:
            if not self._is_dirty or self._fd < 0:
                return
            self._is_dirty = False
            fds = [*self._unsynced, os.dup(self._fd)]
            self._unsynced = []
        try:
            for fd in fds:
                _fdatasync(fd)
        finally:
            for fd in fds:
                os.close(fd)

    def rotate(self) -> None:
        """Seal the current segment, so that it can be folded; without room for a new one it stays open."""
        with self._lock:
            if self._fd >= 0 and self._size > self._header_size:
                self._next_segment()

    def close(self) -> None:
        """Flush, seal and let go. A later record begins a new writer."""
        with self._lock:
            if self._waiting:
                with suppress(OSError):
                    self._with_ballast(self._flush_waiting)
            if self._fd >= 0:
                with suppress(OSError):
                    _fdatasync(self._fd)
                os.close(self._fd)
            for fd in self._unsynced:
                os.close(fd)
            if self._alive:
                self._alive.release()
            lost = len(self._waiting)
            self.lost += lost
            self._begin()
        if lost:
            warn(f"{lost} records are lost: there was no room for them in {self.folder} to the end.")

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
        for fd in (self._fd, *self._unsynced):
            if fd >= 0:
                os.close(fd)
        if self._alive:
            self._alive.forget_in_child()
        self._lock = threading.Lock()  # another thread of the parent may have held it
        self._begin()

    # -- inside the lock -------------------------------------------------------------------------------------------

    def _now(self) -> int:
        # A clock that is set back must not reorder records.
        us = time.time_ns() // 1000
        if us < self._last_us:
            return self._last_us
        self._last_us = us
        return us

    def _append(self, bodies: Sequence[str], *, is_urgent: bool = False) -> None:
        data = self._lines(bodies)
        if len(data) > MAX_BYTES:
            refuse_size(bodies)
        try:
            if is_urgent:
                self._with_ballast(lambda: self._put(bodies))
            else:
                if self._waiting:
                    self._flush_waiting()
                    data = b""  # made with sequence numbers that are taken now
                self._put(bodies, data)
        except OSError as cause:
            raise self._keep_for_later(bodies, cause) from cause
        if is_urgent and self._waiting:
            with suppress(OSError):
                self._flush_waiting()
        if self._size >= SEGMENT_BYTES:
            self._next_segment()
        if not self._is_dirty:
            self._is_dirty = True
            self._on_write()

    def _put_quickly(self, body: str) -> bool:
        """Write one record with one call, or say no and leave nothing: the long way knows what to do then."""
        data = line(self._seq, body)
        size = len(data)
        if size > MAX_BYTES:
            return False
        try:
            written = os.write(self._fd, data)
        except OSError:
            written = -1
        if written != size:
            self._take_back()
            return False
        self._size += size
        self._seq += 1
        return True

    def _lines(self, bodies: Sequence[str]) -> bytes:
        if len(bodies) == 1:
            return line(self._seq, bodies[0])
        return b"".join([line(self._seq + i, body) for i, body in enumerate(bodies)])

    def _put(self, bodies: Sequence[str], data: bytes = b"") -> None:
        """Write records whole or not at all; `data` are their lines when nothing was written since those were made."""
        if self._fd < 0:
            self._open_writer()
            data = b""  # the header took a sequence number
        data = data or self._lines(bodies)
        try:
            _write_whole(self._fd, data)
        except OSError:
            self._take_back()
            raise
        self._size += len(data)
        self._seq += len(bodies)

    def _take_back(self) -> None:
        """Cut off what a failed write has left; a segment that cannot be cut is left behind, the next one goes on."""
        if self._fd < 0:
            return
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            os.close(self._fd)
            self._fd = -1

    def _flush_waiting(self) -> None:
        while self._waiting:
            self._put((self._waiting[0],))
            self._waiting.popleft()

    def _keep_for_later(self, bodies: Sequence[str], cause: OSError) -> JournalError:
        room = MAX_WAITING - len(self._waiting)
        self._waiting.extend(bodies[:room])
        lost = max(0, len(bodies) - room)
        self.lost += lost
        what = "records are lost, memory for them is full too" if lost else "records wait in memory until there is room"
        error = JournalError(cause.errno, f"{what}: {cause.strerror or cause} ({self.folder})")
        error.lost = lost
        return error

    def _open_writer(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._alive is None:
            self._alive = LifeLock(lock_path(self.folder, self.id))
            self._lay_ballast()
        self._open_segment()

    def _next_segment(self) -> None:
        with suppress(OSError):
            self._open_segment()

    def _open_segment(self) -> None:
        """Begin the next segment; its file appears with its header, for the moment it appears the present one counts as sealed."""
        path = segment_path(self.folder, self.id, self._segment + 1)
        new = path.with_suffix(".new")
        # Not later than the record that it is made for, whose time is what `last_us` tells.
        header = line(self._seq, event_body("hdr", self._last_us or self._now(), None, o=self._about()))
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write_whole(fd, header)
            new.replace(path)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                new.unlink()
            raise
        if self._fd >= 0:
            self._unsynced.append(self._fd)
            if len(self._unsynced) > MAX_UNSYNCED:
                os.close(self._unsynced.pop(0))
        self._fd, self._size, self._header_size = fd, len(header), len(header)
        self._segment += 1
        self._seq += 1

    def _about(self) -> dict[str, Any]:
        return {
            "fmt": FORMAT,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "user": user_name(),
            "version": self._version,
        }

    # -- a megabyte for hard times ---------------------------------------------------------------------------------

    def _with_ballast(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            if error.errno not in _FULL or not self._drop_ballast():
                raise
            action()

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


def _write_whole(fd: int, data: bytes) -> None:
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def refuse_size(bodies: Sequence[str]) -> None:
    """Raise `InvalidValueError` when one of these lines is longer than a journal takes."""
    largest = max(len(body.encode()) for body in bodies)
    if largest > MAX_BYTES:
        raise InvalidValueError(
            f"A record of {largest >> 20} MiB is too large (limit {MAX_BYTES >> 20} MiB); "
            "log it as a file with log_text, log_dict or log_artifact."
        )


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer.forget_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
