"""A background thread that makes records safe against power cuts and folds them now and then; the caller never waits for it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SYNC_S = 1.0
FOLD_S = 10.0
RETRY_S = 5.0


class Keeper:
    """Looks after one store while something is being written.

    Parameters
    ----------
    sync : callable
        Flushes the journal to the disk.
    fold : callable
        Folds what is there; False when it was not possible now.
    """

    def __init__(self, sync: Callable[[], None], fold: Callable[[], bool]) -> None:
        self._sync = sync
        self._fold = fold
        self._wake = threading.Event()
        self._is_closing = False
        self._wants_fold = False
        self._pid = 0
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Say that something was written; starts the thread on first use, and again in a forked child."""
        if self._thread is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._wake = threading.Event()
            self._thread = threading.Thread(target=self._run, name="nbtrack-keeper", daemon=True)
            self._thread.start()
        self._wake.set()

    def fold_soon(self) -> None:
        """Ask for a fold at the next round: a run has ended."""
        self._wants_fold = True
        self.wake()

    def close(self) -> None:
        """End the thread."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join()  # a thread inside DuckDB must not outlive the interpreter
        self._thread = None
        self._is_closing = False

    def is_asked_to_close(self) -> bool:
        """Say whether the thread should come to its end."""
        return self._is_closing

    def _run(self) -> None:
        due = time.monotonic() + FOLD_S
        is_folded = True
        while True:
            # What came after the last fold is folded when it is due, also when nothing comes after it: each look would read it anew.
            has_news = self._wake.wait(None if is_folded else max(0.0, due - time.monotonic()))
            if self._is_closing:
                return
            if has_news:
                self._wake.clear()
                is_folded = False
                self._pause(SYNC_S)
                if self._is_closing:
                    return
                with suppress(OSError):
                    self._sync()
            if self._wants_fold or time.monotonic() >= due:
                self._wants_fold = False
                is_folded = self._try_fold()
                due = time.monotonic() + (FOLD_S if is_folded else RETRY_S)

    def _try_fold(self) -> bool:
        # Nothing that goes wrong here may reach the training; the records are safe in the journal either way.
        try:
            return self._fold()
        except Exception:  # noqa: BLE001
            return False

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._is_closing and time.monotonic() < until:
            time.sleep(0.05)
