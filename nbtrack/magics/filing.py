"""Writes a cell's files in the background, in order: a file that is safe on disk takes longer than a cell may wait."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.tracking.run import ActiveRun


class Filing:
    """The files of tracked cells that are still to be written.

    Python writes the rest when it exits. A following cell that is not tracked waits for them, so that it sees them.
    """

    def __init__(self) -> None:
        self._writer: ThreadPoolExecutor | None = None
        self._pid = os.getpid()
        self._waiting: set[Future[Any]] = set()

    def add(self, run: ActiveRun, path: str, content: Callable[[], bytes], mime: str) -> None:
        """Write one file of a run soon; `content` is called in the background."""
        self._submit(run, lambda: run.log_bytes(content(), path, mime))

    def add_all(self, run: ActiveRun, files: Callable[[], dict[str, bytes]]) -> None:
        """Write several files of a run soon; their kind follows from their names."""

        def write() -> None:
            for path, data in files().items():
                run.log_bytes(data, path)

        self._submit(run, write)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is written; says whether it is."""
        if self._pid != os.getpid():
            return True
        return not self._waiting or not wait(set(self._waiting), timeout_s).not_done

    def _submit(self, run: ActiveRun, write: Callable[[], None]) -> None:
        if self._writer is None or self._pid != os.getpid():
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="nbtrack-files")
            self._pid, self._waiting = os.getpid(), set()

        def quietly() -> None:
            try:
                write()
            except Exception:  # noqa: BLE001 - a file that cannot be made is counted on the run
                run.lost += 1

        future = self._writer.submit(quietly)
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
