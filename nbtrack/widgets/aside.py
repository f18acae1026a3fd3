"""Work that must not hold up what a page says next."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[], None]


class Aside:
    """Does work of a kind one after the other, on a thread of that kind which lives while there is some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Work]] = {}
        self._threads: dict[str, threading.Thread] = {}

    def do(self, kind: str, work: Work) -> None:
        """Do `work` after all of its kind that was given before, and beside that of other kinds."""
        with self._lock:
            if kind in self._waiting:
                self._waiting[kind].append(work)
                return
            self._waiting[kind] = deque([work])
            # no daemon: a program that ends waits for it, as it may be inside DuckDB
            self._threads[kind] = threading.Thread(target=self._run, args=(kind,), name=f"nbtrack-{kind}")
            self._threads[kind].start()

    def wait(self, timeout: float = 30.0) -> None:
        """Return when all is done, or after `timeout` seconds for each kind."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _run(self, kind: str) -> None:
        while True:
            with self._lock:
                if not self._waiting[kind]:
                    del self._waiting[kind], self._threads[kind]
                    return
                work = self._waiting[kind].popleft()
            with suppress(Exception):  # the next in line must not suffer from it
                work()
