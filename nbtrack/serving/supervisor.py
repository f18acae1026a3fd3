"""Keeps the worker processes of a model server going; needs uvicorn."""

from __future__ import annotations

import logging
from inspect import signature
from math import ceil
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import uvicorn
from uvicorn.supervisors import multiprocess

if TYPE_CHECKING:
    import socket

SPARE_S = 5
MAX_FAILED = 5
FAILED = 3
"""What uvicorn exits with when an application cannot start."""

log = logging.getLogger(__name__)


class Supervisor(multiprocess.Multiprocess):
    """Starts another worker for each one that ended, and says so: a model that brings its process down must not do it in silence.

    uvicorn ends the whole server when a worker exits with code 3, its sign that an application cannot start. A model may exit with any
    code at any time, so here only workers that never began to answer count, and only when it happens again and again.
    """

    def __init__(self, *args: Any, patience_s: float = 5.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience_s = patience_s  # how long a worker may keep silent
        self._begun: WeakSet[Any] = WeakSet()
        self._n_failed = 0

    def keep_subprocess_alive(self) -> None:
        """Look after the workers."""
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if self._is_well(worker):
                continue
            worker.kill()  # it may hang
            worker.join()
            code = worker.exitcode
            self._n_failed = self._n_failed + 1 if code == FAILED and not self._has_begun(worker) else 0
            if self._n_failed >= MAX_FAILED:
                log.error("%d workers in a row could not start, so the server ends.", MAX_FAILED)
                self.should_exit.set()
                return
            another = self.processes[place] = self._worker()
            another.start()
            log.warning(
                "Worker %s ended by itself (exit code %s); worker %s takes its place.", worker.pid, code, another.pid
            )

    def _is_well(self, worker: Any) -> bool:
        if not worker.is_alive(self._patience_s):
            return False
        if not self._has_begun(worker) and worker.is_ready(self._patience_s):
            self._begun.add(worker)
            self._n_failed = 0
        return True

    def _has_begun(self, worker: Any) -> bool:
        return worker in self._begun or not hasattr(type(worker), "is_ready")

    def _worker(self) -> Any:
        make: Any = multiprocess.Process
        target = [self.target] if hasattr(self, "target") else []  # of older uvicorn
        return make(self.config, *target, self.sockets)


def supervisor(app: str, open_socket: socket.socket, n_workers: int, timeout_s: float, **options: Any) -> Supervisor:
    """Return what runs `n_workers` processes on a socket.

    Parameters
    ----------
    app : str
        ``module:function`` that makes the application in each process.
    timeout_s : float
        What a prediction may take. A worker whose model keeps Python to itself for so long is at work, and not dead.
    **options
        Of uvicorn.
    """
    config = uvicorn.Config(app, factory=True, workers=n_workers, **options)
    target = (
        {"target": uvicorn.Server(config).run} if "target" in signature(multiprocess.Multiprocess).parameters else {}
    )
    return Supervisor(config, sockets=[open_socket], patience_s=ceil(timeout_s) + SPARE_S, **target)
