"""Keeps the worker processes of a model server going; needs uvicorn."""

from __future__ import annotations

import logging
from inspect import signature
from math import ceil
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

if TYPE_CHECKING:
    import socket

SPARE_S = 5

log = logging.getLogger(__name__)


class Supervisor(Multiprocess):
    """Starts another worker for each one that ended, and says so: a model that brings its process down must not do it in silence."""

    def keep_subprocess_alive(self) -> None:
        """Look after the workers."""
        before = list(self.processes)
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=False):
            if old is not new:
                code = getattr(old, "exitcode", None)
                log.warning(
                    "Worker %s ended by itself (exit code %s); worker %s takes its place.", old.pid, code, new.pid
                )


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
    patience = {"timeout_worker_healthcheck": ceil(timeout_s) + SPARE_S}
    known = signature(uvicorn.Config).parameters
    more: dict[str, Any] = {name: value for name, value in patience.items() if name in known}  # from uvicorn 0.37 on
    config = uvicorn.Config(app, factory=True, workers=n_workers, **options, **more)
    target = {"target": uvicorn.Server(config).run} if "target" in signature(Multiprocess).parameters else {}
    return Supervisor(config, sockets=[open_socket], **target)
