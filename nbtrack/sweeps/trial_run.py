"""The open run of a trial: an :class:`~nbtrack.tracking.run.ActiveRun` that can be asked to give up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.tracking.run import ActiveRun
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.entities import RunInfo
    from nbtrack.store.protocol import Store


class Pruned(StopRun):
    """The pruner gave a trial up; the run ends in order. No ``Exception``, so that a training's own ``except`` does not swallow it."""


class TrialRun(ActiveRun):
    """The run of a trial, as ``fn(run, …)`` gets it and ``nbtrack.active_run()`` returns it inside ``fn``.

    Attributes
    ----------
    trial : int
        Number of the trial in its sweep, from 0.
    given : dict
        Its params, as the values that they are.
    seed : int
        For the trial's own randomness: follows from the sweep's seed and the number of the trial.
    """

    def __init__(self, store: Store, info: RunInfo, *, is_joined: bool = False) -> None:
        super().__init__(store, info, is_joined=is_joined)
        self.trial = 0
        self.given: dict[str, Any] = {}
        self.seed = 0
        self.is_implicit = True  # a training that opens a run by itself makes a child
        self._metric: str | None = None
        self._asks: Callable[[int, float], bool] | None = None
        self._reported: set[int] = set()
        self._pruned_at: int | None = None

    def listen_to(self, metric: str | None, asks: Callable[[int, float], bool] | None) -> None:
        """Ask a pruner about each step of `metric` from now on; it is given step and value, and says whether to give up."""
        self._metric = metric
        self._asks = asks

    @property
    def pruned_at(self) -> int | None:
        """Return the step at which the pruner gave the trial up."""
        return self._pruned_at

    def report(self, value: float, step: int) -> None:
        """Log the sweep's metric at a step, and end here when the pruner says so.

        Raises
        ------
        InvalidValueError
            The sweep has no metric.
        """
        if self._metric is None:
            message = "report() logs the sweep's metric, and none was named; use nbtrack.sweep(…, metric='acc'), or log_metric."
            raise InvalidValueError(message)
        self.log_metric(self._metric, value, step)

    def log_metric(self, key: str, value: float, step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of a metric; see :meth:`ActiveRun.log_metric`. One of the sweep's metric asks the pruner."""
        super().log_metric(key, value, step, timestamp)
        if self._asks is not None and key == self._metric:
            self._ask()

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of each of several metrics at the same step; the sweep's metric asks the pruner."""
        super().log_metrics(metrics, step, timestamp)
        if self._asks is not None and self._metric in metrics:
            self._ask()

    def _ask(self) -> None:
        step, value = self.last_step, self.metrics.get(self._metric or "")
        if step is None or value is None or step < 0 or step in self._reported or self._pruned_at is not None:
            return
        self._reported.add(step)
        assert self._asks is not None
        if self._asks(step, value):
            self._pruned_at = step
            raise Pruned(self, step)
