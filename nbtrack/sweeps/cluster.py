"""Trials on a Dask cluster. Its workers need nbtrack, and the store under the same name: a server, or a file that all of them see."""

from __future__ import annotations

import pickle
import queue
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.names import new_run_id
from nbtrack.sweeps import pipes
from nbtrack.sweeps.outcome import Outcome
from nbtrack.sweeps.worker import Errand, carry_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.protocol import Store
    from nbtrack.sweeps.jobs import Job

GRACE_S = 3.0
ANSWER_S = 60


class Cluster:
    """Carries trials out as tasks of Dask.

    Parameters
    ----------
    cluster : str or distributed.Client or cluster object
        The address of a scheduler, or what is connected to one.
    room : int
        Trials at a time; 1 for as many as the cluster has threads.
    setting : bytes
        A pickled :class:`~nbtrack.sweeps.worker.Setting`.
    asks_pruner : callable, optional
        Given number, step and value; says whether to give the trial up.
    store : Store
        Where workers are asked to stop what goes on.
    """

    def __init__(
        self,
        cluster: Any,
        room: int,
        setting: bytes,
        asks_pruner: Callable[[int, int, float], bool] | None,
        store: Store,
    ) -> None:
        self._distributed = require("distributed", "to run trials on a Dask cluster", package="dask[distributed]")
        self._is_own = not isinstance(cluster, self._distributed.Client)
        self._client = self._connect(cluster) if self._is_own else cluster
        if self._client.asynchronous:
            raise InvalidValueError("The Dask client is asynchronous; use Client(…) without asynchronous=True.")
        self._setting = setting
        self._asks_pruner = asks_pruner or (lambda *_: False)
        self._store = store
        self._name = f"nbtrack-{new_run_id()}"
        self._news: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._futures: dict[int, Any] = {}
        self._runs: dict[int, str] = {}
        threads = sum(self._client.ncores().values())
        self.room = room if room > 1 else max(1, threads)
        self._client.subscribe_topic(self._name, lambda event: self._news.put(("ask", event[1])))

    def start(self, job: Job) -> None:
        """Submit a trial."""
        errand = pipes.packed(Errand(job.number, job.run.info, job.params, job.run.seed))
        future = self._client.submit(
            _task, self._setting, errand, self._name, job.run.id, key=f"{self._name}-{job.run.id}", pure=False
        )
        self._futures[job.number] = future
        self._runs[job.number] = job.run.id
        future.add_done_callback(lambda _, number=job.number: self._news.put(("done", number)))

    def wait(self, timeout: float) -> list[tuple[int, Outcome]]:
        """Answer what trials ask, and return those that ended."""
        while self._futures:
            try:
                kind, what = self._news.get(timeout=timeout)
            except queue.Empty:
                return []
            if kind == "ask":
                number, step, value = what
                answers = self._distributed.Queue(f"{self._name}-{self._runs.get(number)}", client=self._client)
                answers.put(self._asks_pruner(number, step, value))
            elif what in self._futures:
                return [(what, self._outcome(what))]
        return []

    def close(self) -> None:
        """Ask trials that go on to stop at the next thing that they log, and take back those that have not begun."""
        for number in self._futures:
            with suppress(Exception):
                self._store.post_order(self._runs[number], {"do": "stop", "id": new_run_id()})
        futures, self._futures = list(self._futures.values()), {}
        if futures:
            with suppress(Exception):
                self._distributed.wait(futures, timeout=GRACE_S)
            self._client.cancel(futures, force=True)
        self._client.unsubscribe_topic(self._name)
        if self._is_own:
            self._client.close()

    def _connect(self, cluster: Any) -> Any:
        try:
            return self._distributed.Client(cluster)
        except (OSError, TypeError, ValueError) as cause:
            message = f"There is no Dask scheduler at {cluster!r} ({cause}); use an address such as 'tcp://host:8786', or a Client."
            raise InvalidValueError(message) from cause

    def _outcome(self, number: int) -> Outcome:
        future = self._futures.pop(number)
        if future.status == "finished":
            found: Outcome = future.result()
            return found
        error = future.exception() if future.status == "error" else None
        text = "It was cancelled on the cluster." if error is None else f"{type(error).__name__}: {error}"
        return Outcome(RunStatus.FAILED, error=text)


def _task(setting: bytes, errand: bytes, name: str, run_id: str) -> Outcome:
    """Carry a trial out on a worker; one that took its worker along is not tried on another."""
    distributed = require("distributed", "to run trials on a Dask cluster", package="dask[distributed]")
    begun = distributed.Event(f"{name}-{run_id}-begun")
    if begun.is_set():
        return Outcome(RunStatus.FAILED, error="The worker of the trial died.")
    begun.set()
    own: Errand = pickle.loads(errand)  # noqa: S301 - from the sweep itself
    answers = distributed.Queue(f"{name}-{run_id}")

    def ask(step: int, value: float) -> bool:
        distributed.get_worker().log_event(name, (own.number, step, value))
        return bool(answers.get(timeout=ANSWER_S))

    return carry_out(pickle.loads(setting), own, ask)  # noqa: S301
