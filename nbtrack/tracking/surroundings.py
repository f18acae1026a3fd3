"""Adds the environment to runs in the background, so that nobody waits for git or for the list of packages."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nbtrack.tracking.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.protocol import Store

FRESH_S = 2.0

_lock = threading.Lock()
_worker: ThreadPoolExecutor | None = None
_latest: tuple[float, str, Future[Environment]] | None = None
_kept: tuple[Environment, str, list[dict[str, object]]] | None = None


class Recorded(Protocol):
    """What is needed of a run: an ``ActiveRun`` has it."""

    id: str

    @property
    def store(self) -> Store:
        """Return where the run is kept."""


def collect_soon() -> Future[Environment]:
    """Return the environment to come, collected by one background thread; one less than two seconds old is used again.

    Python waits for the thread when it exits: at most until git's time is up.
    """
    global _latest  # noqa: PLW0603
    now, folder = time.monotonic(), str(Path.cwd())
    with _lock:
        if _latest is not None and now - _latest[0] < FRESH_S and _latest[1] == folder:
            return _latest[2]
        future = _start_worker().submit(Environment.collect, folder)
        _latest = (now, folder, future)
        return future


def add_environment(run: Recorded) -> Future[None]:
    """Add commit and branch to a run as soon as they are known, also when the run has ended by then."""
    return _add_soon(run, _record_tags)


def add_environment_files(run: Recorded) -> Future[None]:
    """Add the diff and the list of packages to a run as soon as they are known."""
    return _add_soon(run, _record_files)


def add_script(run: Recorded) -> Future[None]:
    """Add what :func:`add_environment` does, and the script that runs here, the diff and the packages: with them it can be made again."""
    return _add_soon(run, _record_script)


def add_session_files(run: Recorded) -> Future[None]:
    """Add what :func:`add_environment_files` does to a run of a session that may make a thousand of them."""
    return _add_soon(run, _record_kept)


def settle(timeout_s: float = 60.0) -> None:
    """Wait until the environment of every run so far is recorded."""
    with _lock:
        done = _worker.submit(lambda: None) if _worker is not None else None
    if done is not None:
        done.result(timeout_s)


def _add_soon(run: Recorded, record: Callable[[Recorded, Environment], None]) -> Future[None]:
    collected = collect_soon()

    def add() -> None:
        with suppress(Exception):  # a run without its environment is better than none
            record(run, collected.result())

    with _lock:
        return _start_worker().submit(add)  # the one thread has collected by the time it comes to this


def _start_worker() -> ThreadPoolExecutor:
    global _worker  # noqa: PLW0603
    if _worker is None:
        _worker = ThreadPoolExecutor(1, thread_name_prefix="nbtrack-environment")
    return _worker


def _record_tags(run: Recorded, environment: Environment) -> None:
    tags = environment.tags()
    if (
        getattr(run, "tags", {}).get("mlflow.source.type") == "PROJECT"
    ):  # the code is from elsewhere, and says so itself
        tags = {key: value for key, value in tags.items() if not key.startswith("mlflow.source.")}
    if tags:
        run.store.append(("tags", run.id, tags, None))


def _record_files(run: Recorded, environment: Environment) -> None:
    for path, text in environment.artifacts().items():
        run.store.add_artifact(run.id, path, text.encode(), mime="text/plain")


def _record_script(run: Recorded, environment: Environment) -> None:
    _record_tags(run, environment)
    if environment.script:
        _record_kept(run, environment)


def _record_kept(run: Recorded, environment: Environment) -> None:
    """Write all in one go; a process that makes a thousand runs keeps its files once."""
    global _kept  # noqa: PLW0603
    if _kept is None or _kept[0] is not environment or _kept[1] != run.store.uri:
        bodies = []
        for path, text in environment.artifacts().items():
            kept = run.store.blobs.put_bytes(text.encode())
            bodies.append({"path": path, "sha256": kept.sha256, "size": kept.size, "mime": "text/plain"})
        _kept = environment, run.store.uri, bodies
    if _kept[2]:
        run.store.append(*(("artifact", run.id, None, body) for body in _kept[2]))


def _forget_in_child() -> None:
    global _latest, _lock, _worker
    _latest, _lock, _worker = None, threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
