"""What carries trials out: one after the other here, in processes, or on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.sweeps.outcome import execute

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.sweeps.calling import Call
    from nbtrack.sweeps.outcome import Outcome
    from nbtrack.sweeps.trial_run import TrialRun


@dataclass(frozen=True, slots=True)
class Job:
    """A trial to carry out: its open run, of which this process writes start and end, and its params."""

    number: int
    run: TrialRun
    params: dict[str, Any]


class Jobs(Protocol):
    """Carries trials out.

    Attributes
    ----------
    room : int
        How many trials may go on at a time.
    """

    room: int

    def start(self, job: Job) -> None:
        """Begin a trial; there is room for it."""

    def wait(self, timeout: float) -> list[tuple[int, Outcome]]:
        """Return the trials that ended, after at most so many seconds when the trials go on elsewhere."""

    def close(self) -> None:
        """End what still goes on, at once; nothing is left running."""


class Serial:
    """One trial after the other, in this process."""

    room = 1

    def __init__(self, call: Call, metric: str | None, asks_pruner: Callable[[int, int, float], bool] | None) -> None:
        self._call = call
        self._metric = metric
        self._asks_pruner = asks_pruner
        self._job: Job | None = None

    def start(self, job: Job) -> None:
        """Take a trial; it is carried out by :meth:`wait`."""
        self._job = job

    def wait(self, timeout: float) -> list[tuple[int, Outcome]]:  # noqa: ARG002 - it is over when it is over
        """Carry the trial out."""
        job, self._job = self._job, None
        if job is None:
            return []
        asks = self._asks_pruner
        job.run.listen_to(self._metric, None if asks is None else lambda step, value: asks(job.number, step, value))
        return [(job.number, execute(self._call, job.run, self._metric))]

    def close(self) -> None:
        """Forget a trial that was not begun."""
        self._job = None
