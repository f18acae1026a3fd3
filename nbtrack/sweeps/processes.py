"""Trials in processes of this machine. A process that dies is one failed trial; another takes its place."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.sweeps import pipes
from nbtrack.sweeps.outcome import Outcome
from nbtrack.sweeps.worker import Errand

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.sweeps.jobs import Job

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Numerical libraries would each use every core; set by nobody, each process gets its share."""
GRACE_S = 5.0


class Processes:
    """Carries trials out in processes of their own, started when they are needed.

    Parameters
    ----------
    room : int
        How many.
    setting : bytes
        A pickled :class:`~nbtrack.sweeps.worker.Setting`.
    asks_pruner : callable, optional
        Given number, step and value; says whether to give the trial up.
    """

    def __init__(self, room: int, setting: bytes, asks_pruner: Callable[[int, int, float], bool] | None) -> None:
        self.room = room
        self._setting = setting
        self._asks_pruner = asks_pruner or (lambda *_: False)
        self._news: queue.Queue[tuple[_Worker, Any]] = queue.Queue()
        self._idle: list[_Worker] = []
        self._busy: dict[int, _Worker] = {}

    def start(self, job: Job) -> None:
        """Send a trial to a process that has none."""
        errand = pipes.packed(Errand(job.number, job.run.info, job.params, job.run.seed))
        worker = self._idle.pop() if self._idle else _Worker(self._setting, self._news, self._environment())
        self._busy[job.number] = worker
        worker.send(errand)

    def wait(self, timeout: float) -> list[tuple[int, Outcome]]:
        """Answer what trials ask, and return those that ended."""
        ended: list[tuple[int, Outcome]] = []
        while self._busy:
            try:
                worker, message = self._news.get(timeout=0 if ended else timeout)
            except queue.Empty:
                break
            ended += self._take(worker, message)
            if not ended:
                break
        return ended

    def close(self) -> None:
        """End all processes, and what they started."""
        workers = [*self._idle, *self._busy.values()]
        self._idle, self._busy = [], {}
        for worker in workers:
            worker.end()

    def _take(self, worker: _Worker, message: Any) -> list[tuple[int, Outcome]]:
        if message is None:
            return self._bury(worker)
        kind, number, *rest = message
        if self._busy.get(number) is not worker:
            return []
        if kind == "ask":
            worker.send(pipes.pickled(self._asks_pruner(number, *rest)))
            return []
        self._idle.append(self._busy.pop(number))
        return [(number, rest[0])]

    def _bury(self, worker: _Worker) -> list[tuple[int, Outcome]]:
        """Return the trial that a process took along."""
        code = worker.end()
        if worker in self._idle:
            self._idle.remove(worker)
        for number, each in list(self._busy.items()):
            if each is worker:
                del self._busy[number]
                return [(number, Outcome(RunStatus.FAILED, error=f"The process of the trial died: {_reason(code)}."))]
        return []

    def _environment(self) -> dict[str, str]:
        share = str(max(1, (os.cpu_count() or 1) // self.room))
        own = {k: v for k, v in os.environ.items() if k != "NBTRACK_RUN_ID"}
        return dict.fromkeys(THREADS, share) | own


class _Worker:
    """One process, and a thread that hears what it says."""

    def __init__(self, setting: bytes, news: queue.Queue[tuple[_Worker, Any]], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nbtrack.sweeps.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # an interrupt of the keyboard is the sweep's, and what it starts can be ended with it
        )
        self._listening = threading.Thread(target=self._listen, args=(news,), daemon=True)
        self._listening.start()
        self.send(pipes.pickled(list(map(str, sys.path))))
        self.send(setting)

    def send(self, message: bytes) -> None:
        """Send a message; when the process is gone, the thread that listens says so."""
        assert self._process.stdin is not None
        with suppress(OSError):
            pipes.send(self._process.stdin, message)

    def end(self) -> int:
        """End the process, its own ones too, and return its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        code = self._process.poll()
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session: nobody else is in it
        else:
            self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        self._listening.join(GRACE_S)
        if not self._listening.is_alive():
            self._process.stdout.close()
        return self._process.returncode if code is None else code

    def _listen(self, news: queue.Queue[tuple[_Worker, Any]]) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                message = pipes.receive(self._process.stdout)
            except (EOFError, OSError, ValueError):
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(GRACE_S)  # so that its exit code is its own
                news.put((self, None))
                return
            news.put((self, message))


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"
