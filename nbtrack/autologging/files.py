"""Files of a training are written beside what comes after it: nobody waits for the disk."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from nbtrack.autologging.guard import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from nbtrack.tracking.run import ActiveRun

_lock = threading.Lock()
_worker: ThreadPoolExecutor | None = None


def write(run: ActiveRun, path: str, text: str | Callable[[], str], *, is_silent: bool) -> None:
    """Store a text as a file of a run, soon; also when the run has ended by then. Python waits for it when it exits."""

    def store() -> None:
        troubles = Troubles(is_silent=is_silent)
        with troubles.guard(f"The file {path} is"):
            whole = text if isinstance(text, str) else text()
            run.store.add_artifact(run.id, path, whole.encode("utf-8", "surrogatepass"))
        troubles.tell()

    with _lock:
        _started().submit(store)


def settle(timeout_s: float = 60.0) -> None:
    """Wait until every file so far is written."""
    with _lock:
        done = None if _worker is None else _worker.submit(lambda: None)
    if done is not None:
        done.result(timeout_s)


def _started() -> ThreadPoolExecutor:
    global _worker  # noqa: PLW0603
    if _worker is None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - `autolog()` itself loads little

        _worker = ThreadPoolExecutor(1, thread_name_prefix="nbtrack-autolog")
    return _worker


def _forget_in_child() -> None:
    global _lock, _worker
    _lock, _worker = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
