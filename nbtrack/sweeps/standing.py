"""How a sweep stands: which trials there are, which is the best so far, and when it will be done."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbtrack.entities import RunStatus
from nbtrack.sweeps.outcome import OBJECTIVE
from nbtrack.views.goals import goal_of, headlines

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.sweeps.plan import Plan
    from nbtrack.sweeps.space import Space

Kind = Literal["begun", "started", "ended", "paused", "done"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial, as it stands.

    Attributes
    ----------
    number : int
        From 0, in the order in which params were chosen.
    params : dict
        By name, as the values that they are.
    run_id : str
    status : str
        RUNNING, FINISHED, FAILED or KILLED.
    metrics : dict
        The last value of each.
    value : float or None
        Of the sweep's metric.
    pruned_at : int or None
        Step at which the pruner gave it up.
    seconds : float or None
        How long it took.
    error : str
    """

    number: int
    params: dict[str, Any]
    run_id: str
    status: str = RunStatus.RUNNING
    metrics: dict[str, float] = field(default_factory=dict)
    value: float | None = None
    pruned_at: int | None = None
    seconds: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A sweep at one moment.

    Attributes
    ----------
    total, done, failed, pruned, before : int
        Trials in all, ended (failed and pruned ones too), failed, given up by the pruner; and those of `done` that ended before this call.
    running : tuple of int
        Numbers of the trials that go on.
    best : Trial or None
    metric, direction : str or None
    elapsed_s : float
        Since this call began.
    eta_s : float or None
        Seconds until it is done, from how long trials took; None before one has ended.
    """

    total: int
    done: int
    failed: int
    pruned: int
    before: int
    running: tuple[int, ...]
    best: Trial | None
    metric: str | None
    direction: str | None
    elapsed_s: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class News:
    """What a listener hears: ``begun`` and ``paused`` or ``done`` once; ``started`` and ``ended`` for each trial.

    Attributes
    ----------
    kind : {"begun", "started", "ended", "paused", "done"}
    trial : Trial or None
        The one that started or ended.
    is_best : bool
        It is the best so far.
    standing : Standing
    parent : str
        Id of the sweep's own run.
    space : Space or None
    """

    kind: Kind
    trial: Trial | None
    is_best: bool
    standing: Standing
    parent: str
    space: Space | None = None


class Board:
    """Keeps account of trials.

    Parameters
    ----------
    plan : Plan
    jobs : int
        How many trials go on at a time.
    """

    def __init__(self, plan: Plan, jobs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.metric = plan.metric
        self.direction = plan.direction
        self.trials: dict[int, Trial] = {}
        self.best: Trial | None = None
        self._total = plan.n_trials
        self._jobs = jobs
        self._before = 0
        self._clock = clock
        self._begun = clock()
        self._since: dict[int, float] = {}

    def remember(self, trial: Trial) -> None:
        """Take over a trial that ended before this call."""
        self._before += 1
        self.end(trial)

    def start(self, trial: Trial) -> None:
        """Take in that a trial begins."""
        self.trials[trial.number] = trial
        self._since[trial.number] = self._clock()

    def end(self, trial: Trial) -> bool:
        """Take in how a trial ended; returns whether it is the best so far."""
        self._since.pop(trial.number, None)
        self.trials[trial.number] = trial
        if trial.status != RunStatus.FINISHED or trial.pruned_at is not None or not self._is_better(trial.value):
            return False
        self.best = trial
        return True

    def kill(self, trial: Trial) -> None:
        """Take in that a trial was ended before its time: it is not done."""
        self._since.pop(trial.number, None)
        self.trials[trial.number] = trial

    def forget(self, number: int) -> None:
        """Leave a trial out that failed before and is going to be tried again."""
        if self.trials.pop(number, None) is not None:
            self._before -= 1

    def value_of(self, metrics: dict[str, float]) -> float | None:
        """Return the value of the sweep's metric; when nobody named one, the first trial with metrics does."""
        if self.metric is None and metrics:
            self.metric = OBJECTIVE if OBJECTIVE in metrics else next(iter(headlines(metrics, {})), None)
            if self.metric is not None and self.direction is None:
                self.direction = goal_of(self.metric, {})
        return None if self.metric is None else metrics.get(self.metric)

    def since(self, number: int) -> float:
        """Return for how many seconds a trial has been going on."""
        return self._clock() - self._since.get(number, self._clock())

    def standing(self) -> Standing:
        """Return how the sweep stands now."""
        ended = [t for t in self.trials.values() if t.number not in self._since and t.status != RunStatus.KILLED]
        return Standing(
            total=max(self._total, len(self.trials)),
            done=len(ended),
            failed=sum(trial.status == RunStatus.FAILED for trial in ended),
            pruned=sum(trial.pruned_at is not None for trial in ended),
            before=self._before,
            running=tuple(sorted(self._since)),
            best=self.best,
            metric=self.metric,
            direction=self.direction,
            elapsed_s=self._clock() - self._begun,
            eta_s=self._eta(ended),
        )

    def _eta(self, ended: list[Trial]) -> float | None:
        took = [trial.seconds for trial in ended if trial.seconds is not None]
        if not took:
            return None
        mean = sum(took) / len(took)
        waiting = max(0, self._total - len(ended) - len(self._since))
        going = [max(0.0, mean - self.since(number)) for number in self._since]
        return (waiting * mean + sum(going)) / min(self._jobs, max(1, waiting + len(going)))

    def _is_better(self, value: float | None) -> bool:
        if value is None or math.isnan(value) or self.direction is None:
            return False
        if self.best is None or self.best.value is None:
            return True
        return value > self.best.value if self.direction == "max" else value < self.best.value
