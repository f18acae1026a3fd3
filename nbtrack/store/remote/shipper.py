"""Sends what is in an outbox, in the background: in bulk, in order, again after a failure, and without the training ever waiting."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from nbtrack.artifacts.cache import SPARED_S
from nbtrack.errors import NbtrackError, NotFoundError, UnreachableError, warn
from nbtrack.journal.outbox import Outbox
from nbtrack.journal.replica import MissingRecordsError
from nbtrack.journal.segments import is_alive
from nbtrack.store.remote.exchange import Exchange
from nbtrack.store.remote.way import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbtrack.artifacts.blobs import Blobs
    from nbtrack.journal.outbox import Delivery
    from nbtrack.journal.writer import Writer
    from nbtrack.store.remote.way import Way

PAUSE_S = 0.5
LEASE_S = 90.0
BEAT_S = 20.0
"""A writer that has nothing to say is said to live so often."""
ROTATE_S = 10.0
TIDY_S = 600.0
MAX_PAUSE_S = 30.0
FOR_EVER_S = threading.TIMEOUT_MAX / 2


class Shipper:
    """Sends the journals and files in a folder to a server.

    Parameters
    ----------
    folder : Path
        The outbox; several processes may share it, and one of them sends for all.
    writer : Writer
        The journal of this process.
    blobs : Blobs
        Where files wait.
    connection : Way

    Attributes
    ----------
    is_cut : bool
        The server did not answer when something was sent, and has taken nothing since.
    """

    def __init__(self, folder: Path, writer: Writer, blobs: Blobs, connection: Way) -> None:
        self._folder = folder
        self._writer = writer
        self._blobs = blobs
        self._connection = connection
        self.exchange = Exchange(folder, connection)
        self._outbox = Outbox(folder)
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._beaten: dict[str, float] = {}
        self._rotated = time.monotonic()
        self._tidied = -TIDY_S
        self._room = 0  # as much at once as the outbox finds right
        self._warned = ""
        self.is_cut = False

    def wake(self) -> None:
        """Say that something was written; starts the thread on first use, and again in a forked child."""
        if self._thread is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._wake, self._sending = threading.Event(), threading.Lock()
            self._outbox = Outbox(self._folder)
            self._is_closing = False
            self._thread = threading.Thread(target=self._run, name="nbtrack-shipper", daemon=True)
            self._thread.start()
        self._wake.set()

    def flush(self, *, progress: Callable[[int], None] | None = None, for_s: float = FOR_EVER_S) -> int:
        """Send all that waits, also of processes that are gone, and return how many bytes were sent.

        Parameters
        ----------
        progress : callable, optional
            Called with the bytes sent so far.
        for_s : float
            After so many seconds nothing more is sent.

        Raises
        ------
        UnreachableError
            The server does not answer, or there was not the time; what has not been sent waits on.
        NbtrackError
            The server refuses something.
        """
        if not (self._folder / "w").is_dir():
            return 0
        total, until = 0, time.monotonic() + for_s
        with self._alone(for_s):
            for writer in self._outbox.writers():
                while (delivery := self._outbox.next(writer, self._room)) is not None:
                    if time.monotonic() > until:
                        raise UnreachableError(f"{self._connection.url} takes what is sent too slowly.")
                    if not self._send(delivery):
                        continue
                    total += len(delivery.data)
                    if progress:
                        progress(total)
                    if delivery.is_end:
                        break
        return total

    @contextmanager
    def _alone(self, for_s: float) -> Iterator[None]:
        """Send while no other thread or process does."""
        problem = f"{self._connection.url} is being sent something that takes long."
        if not self._sending.acquire(timeout=for_s):
            raise UnreachableError(problem)
        try:
            with FileLock(self._folder / "ship.lock", timeout=for_s, mode=0o600):
                yield
        except Timeout:
            raise UnreachableError(problem) from None
        finally:
            self._sending.release()

    def waiting(self) -> int:
        """Return how many bytes of journals have not arrived yet, about."""
        try:
            return Outbox(self._folder).waiting()
        except FileNotFoundError:  # sent while we looked
            return self.waiting()

    def close(self, *, patience_s: float) -> None:
        """End the thread; what it is sending has at most `patience_s` seconds to arrive."""
        self._is_closing = True
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is None or self._pid != os.getpid():
            return
        thread.join(timeout=patience_s)

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = PAUSE_S
        while not self._is_closing:
            self._wake.wait(PAUSE_S if self.exchange.is_busy else BEAT_S / 2)
            self._wake.clear()
            with suppress(OSError):
                self._writer.sync()
            try:
                self._round()
                self.exchange.round()
                pause = PAUSE_S
            except NbtrackError as error:
                self.is_cut = self.is_cut or isinstance(error, UnreachableError)
                self._tell(error)
                pause = min(MAX_PAUSE_S, pause * 2)
                self._wake.set()
            except Exception as error:  # noqa: BLE001 - the training goes on whatever happens here
                self._tell(error)
                pause = MAX_PAUSE_S
            self._rest(pause)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._is_closing and time.monotonic() < until:
            time.sleep(0.05)

    def _round(self) -> None:
        if self._writer.has_segment and time.monotonic() - self._rotated > ROTATE_S:
            self._rotated = time.monotonic()
            self._writer.rotate()
        lock = FileLock(self._folder / "ship.lock", mode=0o600)
        try:
            with self._sending, lock.acquire(timeout=0):
                self._send_each()
                self._tidy()
        except Timeout:
            pass  # another process sends, for us too

    def _send_each(self) -> None:
        """Send what waits of each writer; what is refused of one does not keep the others waiting."""
        refused: NbtrackError | None = None
        for writer in self._outbox.writers():
            try:
                self._send_waiting(writer)
            except UnreachableError:
                raise
            except NbtrackError as error:
                refused = error
        if refused is not None:
            raise refused

    def _tidy(self) -> None:
        """Delete files here that have arrived, an hour after they were put: whoever asks for them gets them from there."""
        if time.monotonic() - self._tidied < TIDY_S:
            return
        self._tidied = time.monotonic()
        for sha256, path in self._blobs.put_here():
            with suppress(FileNotFoundError):
                is_old = path.stat().st_mtime < time.time() - SPARED_S
                if is_old and not self._is_closing and self._connection.has_blob(sha256):
                    self._blobs.tidy(sha256, SPARED_S)

    def _send_waiting(self, writer: str) -> None:
        while not self._is_closing and (delivery := self._outbox.next(writer, self._room)) is not None:
            if self._send(delivery) and delivery.is_end:
                return
        is_due = time.monotonic() - self._beaten.get(writer, 0.0) > BEAT_S
        if is_due and is_alive(self._folder / "w", writer):
            self._connection.deliver(writer, b"", after=-1, lease_s=LEASE_S)
            self._beaten[writer] = time.monotonic()
            self.is_cut = False

    def _send(self, delivery: Delivery) -> bool:
        """Send what is next; False when it was too much at once, and less is to be tried."""
        for sha256 in delivery.digests:
            self._send_file(sha256)
        lease_s = 0.0 if delivery.is_end else LEASE_S
        try:
            last = self._connection.deliver(delivery.writer, delivery.data, after=delivery.after, lease_s=lease_s)
        except MissingRecordsError as missing:
            # The server has lost what it once said it had: what is still here is sent from there, the rest is gone with it.
            last = self._connection.deliver(delivery.writer, delivery.data, after=missing.last, lease_s=lease_s)
        except TooLargeError:
            if delivery.data.count(b"\n") <= 1:
                raise
            self._room = len(delivery.data) // 2
            return False
        self._beaten[delivery.writer] = time.monotonic()
        self._outbox.arrived(delivery, last)
        self._warned, self.is_cut = "", False
        return True

    def _send_file(self, sha256: str) -> None:
        if self._connection.has_blob(sha256):
            return
        try:
            path = self._blobs.path_of(sha256)
        except NotFoundError:
            return  # taken back before it was sent
        self._connection.put_blob(sha256, path)

    def _tell(self, error: Exception) -> None:
        """Warn once of each kind of trouble, until something arrives again."""
        kind = type(error).__name__
        if kind == self._warned:
            return
        self._warned = kind
        waits = "" if isinstance(error, UnreachableError) else " What you record waits on this machine meanwhile."
        with suppress(UserWarning):  # where warnings are errors, this thread has nobody to raise them to
            warn(f"{error}{waits}")
