"""Brings what was put beside a store to where it is kept: in the background, again after a failure, and without anybody waiting for it."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses read their annotations
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from nbtrack.artifacts.cache import SPARED_S
from nbtrack.errors import NbtrackError, NotFoundError, RemoteError, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.artifacts.placed import MovedBlobs
    from nbtrack.artifacts.places import Place

MOVING = "moving.lock"
"""One process at a time moves, for the others too; and none while a purge decides what is deleted."""
SMALL_BYTES = 8 << 20
"""Larger files go one after another, each in parts side by side."""
AT_ONCE = 8
PAUSE_S, MAX_PAUSE_S = 1.0, 60.0
LOCK_S = 0.2


class Mover:
    """A thread that lives as long as something waits.

    Parameters
    ----------
    folder : Path
        ``X.nbtrack``.
    blobs : MovedBlobs
    """

    def __init__(self, folder: Path, blobs: MovedBlobs) -> None:
        self._folder = folder
        self._blobs = blobs
        self._sent: dict[str, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._is_asked = self._is_closing = False
        self._warned = ""

    def wake(self) -> None:
        """Say that something was put; starts the thread when there is none, also in a forked child."""
        if self._pid != os.getpid():
            self._pid, self._lock, self._thread = os.getpid(), threading.Lock(), None
        with self._lock:
            self._is_asked = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nbtrack-mover", daemon=True)
                self._thread.start()

    def waiting(self) -> list[tuple[str, int]]:
        """Return the digests and sizes of what is here and not at its place."""
        place = self._blobs.places.first()
        there = set() if place is None else {kept.sha256 for kept in place.list()}
        return [(sha256, path.stat().st_size) for sha256, path in self._blobs.put_here() if sha256 not in there]

    def flush(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Bring all that waits where it is kept, and return how many files were brought.

        Parameters
        ----------
        progress : callable, optional
            Called with the files done and the files in all.

        Raises
        ------
        RemoteError, NotFoundError
            The place did not take something, which waits on.
        """
        with FileLock(self._folder / MOVING, mode=0o600):
            return self._round(progress)

    def close(self, *, patience_s: float) -> None:
        """End the thread when it is done, or after a while; what has not been brought waits for the next process."""
        thread = self._thread if self._pid == os.getpid() else None
        if thread is None:
            return
        self._is_closing = True
        thread.join(timeout=patience_s)
        self._is_closing = False
        if self._warned or thread.is_alive():
            with suppress(UserWarning):
                warn(
                    f"Files of runs wait in {self._folder} for their place; `nbtrack sync --store …` brings them there."
                )

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = PAUSE_S
        while True:
            self._is_asked = False
            is_done = False
            try:
                is_done = self._try()
                pause = PAUSE_S
            except NbtrackError as error:
                self._tell(error)
            except Exception as error:  # noqa: BLE001 - the training goes on whatever happens here
                self._tell(error)
            with self._lock:
                if (is_done and not self._is_asked) or self._is_closing:
                    self._thread = None
                    return
            if not is_done:
                self._rest(pause)
                pause = min(MAX_PAUSE_S, pause * 2)

    def _try(self) -> bool:
        """Do one round, unless another process is at it."""
        lock = FileLock(self._folder / MOVING, mode=0o600)
        try:
            with lock.acquire(timeout=LOCK_S):
                self._round(None)
        except Timeout:
            return False
        self._warned = ""
        return True

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._is_closing and time.monotonic() < until:
            time.sleep(0.05)

    def _tell(self, error: Exception) -> None:
        """Warn once of each kind of trouble, until a round has been done."""
        if type(error).__name__ != self._warned:
            self._warned = type(error).__name__
            with suppress(UserWarning):  # where warnings are errors, this thread has nobody to raise them to
                warn(f"{error} Files of runs wait in {self._folder} meanwhile; nothing is lost.")

    # -- one round ---------------------------------------------------------------------------------------------------

    def _round(self, progress: Callable[[int, int], None] | None) -> int:
        """Bring what is here; the lock is held."""
        place = self._blobs.places.first()
        if place is None:
            return 0
        here = self._put_here()
        new = [file for file in here if self._sent.get(file.sha256) != file.put_ns]
        n_brought = 0
        for done, is_new in enumerate(self._bring(place, new), 1):
            n_brought += is_new
            if progress:
                progress(done, len(new))
        self._sent = {file.sha256: file.put_ns for file in here}
        oldest = time.time_ns() - int(SPARED_S * 1e9)
        for file in here:
            if file.put_ns < oldest and _is_there(place, file):
                self._blobs.tidy(file.sha256, SPARED_S)
        return n_brought

    def _put_here(self) -> list[_File]:
        found = []
        for sha256, path in self._blobs.put_here():
            with suppress(FileNotFoundError):
                state = path.stat()
                found.append(_File(sha256, path, state.st_size, state.st_mtime_ns))
        return found

    def _bring(self, place: Place, files: list[_File]) -> Iterator[bool]:
        """Bring files and say of each whether it was new; the first that fails ends it."""
        small = [file for file in files if file.size <= SMALL_BYTES]
        large = [file for file in files if file.size > SMALL_BYTES]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="nbtrack-mover") as pool:
            try:
                yield from pool.map(lambda file: _bring(place, file), small)
                yield from (_bring(place, file) for file in large)
            finally:
                pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _File:
    """A content that is here, and when it was last put or asked for."""

    sha256: str
    path: Path
    size: int
    put_ns: int


def _is_there(place: Place, file: _File) -> bool:
    known = place.about(file.sha256)
    return known is not None and known.size == file.size


def _bring(place: Place, file: _File) -> bool:
    """Bring one file, unless it is there; say whether it was brought."""
    try:
        if _is_there(place, file):
            return False
        place.put(file.sha256, file.path)
        is_there = _is_there(place, file)
    except FileNotFoundError:
        return False  # taken away by a purge
    except NotFoundError as missing:  # the bucket
        raise RemoteError(str(missing)) from None
    if not is_there:
        raise RemoteError(f"{place.shown} does not have what it was sent; it is sent again.")
    return True
