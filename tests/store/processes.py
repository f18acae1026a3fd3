"""Other processes on a store: quick to start, each ended by the test that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess
    from pathlib import Path


def quick() -> ForkServerContext:
    """Return a way to start processes in milliseconds: forks of one that has everything loaded and nothing open."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["duckdb", "filelock", "tests.store.kit", "tests.store.processes", "nbtrack.store.rebuild"]
    )
    return context


@contextmanager
def running(*processes: BaseProcess) -> Iterator[tuple[BaseProcess, ...]]:
    """Start processes; whatever happens, none of them is left at the end."""
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            if process.pid is not None:
                kill(process)


def kill(process: BaseProcess) -> None:
    """``kill -9``, also when it is stopped."""
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()


class Acknowledged:
    """What a child says over a pipe that it has written: one line of text each."""

    def __init__(self) -> None:
        self.reader, self.writer = multiprocessing.get_context("forkserver").Pipe(duplex=False)
        self._data = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self.reader.fileno(), 1 << 16):
            self._data += chunk

    def lines(self) -> list[str]:
        """Return every whole line, once the child is gone."""
        self.writer.close()
        self._thread.join(30)
        self.reader.close()
        return bytes(self._data).decode().split("\n")[:-1]


def log_and_acknowledge(path: Path, run_id: str, said: Any) -> None:
    """Log points, a tag and a param now and then, for ever; say what is written after each call."""
    from tests.store.kit import quiet_store, start

    store = quiet_store(path)
    fd = said.fileno()
    start(store, "killed", run_id=run_id)
    os.write(fd, b"started\n")
    step = 0
    while True:
        store.log_metrics(run_id, step, {"x": float(step)})
        os.write(fd, b"%d\n" % step)
        if step % 50 == 0:
            store.append(("tags", run_id, {f"tag{step}": "1"}, None), ("params", run_id, {f"param{step}": "1"}, None))
            os.write(fd, b"texts %d\n" % step)
            store.writer.rotate()
        step += 1
        time.sleep(0.0003)


def fold_for_ever(path: Path, crash_at: str = "") -> None:
    """Fold again and again; die at the crash point named."""
    from nbtrack.store import fold as folding

    if crash_at:
        folding.crash_point = lambda point: os.kill(os.getpid(), signal.SIGKILL) if point == crash_at else None
    folder = path.with_suffix(".nbtrack")
    while True:
        folding.fold(path, folder, timeout=0.05)
        time.sleep(0.002)


def soon(what: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
