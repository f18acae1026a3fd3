"""Goes through the trials of a sweep: begins their runs, hands them to what carries them out, writes down how they ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import RunStatus
from nbtrack.errors import warn
from nbtrack.names import MAX_NAME
from nbtrack.sweeps.jobs import Job
from nbtrack.sweeps.outcome import Outcome, write_down
from nbtrack.sweeps.plan import KEY, STATE, TOLD, TRIAL
from nbtrack.sweeps.ranges import label
from nbtrack.sweeps.standing import News, Trial
from nbtrack.sweeps.trial_run import TrialRun
from nbtrack.tracking.children import begin_child
from nbtrack.tracking.stop import StopRun
from nbtrack.tracking.surroundings import collect_soon

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.sweeps.jobs import Jobs
    from nbtrack.sweeps.plan import Plan
    from nbtrack.sweeps.proposals import Proposals
    from nbtrack.sweeps.standing import Board, Kind
    from nbtrack.tracking.run import ActiveRun

    Listener = Callable[[News], Any]

TICK_S = 0.25
LONGEST_NAME = 60
BEST = "best/"
"""The best value so far is kept as a metric of the parent whose name begins with this."""


class Engine:
    """One call of a sweep.

    Parameters
    ----------
    plan : Plan
        With a seed.
    parent : ActiveRun
        The sweep's own run, open.
    proposals, board, jobs : Proposals, Board, Jobs
    missing : sequence of (int, dict)
        Trials that were asked for before and have not ended.
    listeners : sequence of callable
        Each is told the :class:`~nbtrack.sweeps.standing.News`, in the thread that called the sweep.
    """

    def __init__(
        self,
        plan: Plan,
        parent: ActiveRun,
        proposals: Proposals,
        board: Board,
        jobs: Jobs,
        missing: Sequence[tuple[int, dict[str, Any]]],
        listeners: Sequence[Listener],
    ) -> None:
        self._plan = plan
        self._parent = parent
        self._proposals = proposals
        self._board = board
        self._jobs = jobs
        self._missing = list(missing)
        self._listeners = listeners
        self._running: dict[int, Job] = {}
        self._trials: dict[int, Trial] = {}
        self._environment = collect_soon()

    def run(self) -> bool:
        """Do what there is to do; returns False when somebody pressed Stop before all was done.

        Raises
        ------
        KeyboardInterrupt
            And whatever else is not an ``Exception``; the sweep is paused then, as by a Stop.
        """
        self._tell("begun")
        try:
            self._go_through()
        except BaseException as error:
            self._pause()
            if isinstance(error, StopRun) and error.run is self._parent:
                return False
            at = self._board.standing()
            error.add_note(f"The sweep is paused: {at.done} of {at.total} trials are done. Called again, it goes on.")
            raise
        self._jobs.close()
        self._parent.set_tag(STATE, "done")
        self._parent.end()
        self._tell("done")
        return True

    def _go_through(self) -> None:
        while True:
            while len(self._running) < self._jobs.room:
                following = self._next()
                if following is None:
                    break
                self._start(*following)
            if not self._running:
                return
            for number, outcome in self._jobs.wait(TICK_S):
                self._end(number, outcome)
            standing = self._board.standing()
            self._parent.progress(standing.done, standing.total)  # which raises when somebody pressed Stop

    def _next(self) -> tuple[int, dict[str, Any], list[int] | None] | None:
        if self._missing:
            return (*self._missing.pop(0), None)
        if self._proposals.asked >= self._plan.n_trials:
            return None
        return self._proposals.ask()

    def _start(self, number: int, params: dict[str, Any], told: list[int] | None) -> None:
        assert self._plan.seed is not None
        labels = {name: label(value) for name, value in params.items()}
        tags = {TRIAL: str(number), KEY: self._plan.key(params, self._plan.seed), **self._commit()}
        if told and self._proposals.remembers:
            tags[TOLD] = " ".join(map(str, told))
        run = begin_child(self._parent, TrialRun, name=_name(labels), params=labels, tags=tags)
        run.trial, run.given, run.seed = number, params, _seed(self._plan.seed, number)
        self._running[number] = job = Job(number, run, params)
        self._trials[number] = trial = Trial(number, params, run.id)
        self._board.start(trial)
        self._tell("started", trial)
        self._jobs.start(job)

    def _end(self, number: int, outcome: Outcome) -> None:
        job = self._running[number]
        write_down(job.run, outcome)
        del self._running[number]
        value = self._board.value_of(outcome.metrics)
        trial = replace(
            self._trials.pop(number),
            status=outcome.status,
            metrics=outcome.metrics,
            value=value,
            pruned_at=outcome.pruned_at,
            seconds=self._board.since(number),
            error=outcome.error,
        )
        is_best = self._board.end(trial)
        self._proposals.tell(number, outcome.status, value, is_pruned=outcome.pruned_at is not None)
        if is_best and value is not None:
            done = self._board.standing().done
            self._parent.record({f"{BEST}{self._board.metric}": value}, done)
        self._tell("ended", trial, is_best=is_best)

    def _pause(self) -> None:
        """End what goes on as KILLED; the sweep's own run too, with the mark that it can be taken up again."""
        self._jobs.close()
        for number, job in list(self._running.items()):
            write_down(job.run, Outcome(RunStatus.KILLED))
            self._board.kill(replace(self._trials[number], status=RunStatus.KILLED))
        self._parent.set_tag(STATE, "paused")
        self._parent.end(RunStatus.KILLED)
        self._tell("paused")

    def _tell(self, kind: Kind, trial: Trial | None = None, *, is_best: bool = False) -> None:
        if not self._listeners:
            return
        news = News(kind, trial, is_best, self._board.standing(), self._parent.id, self._plan.space)
        for listener in self._listeners:
            try:
                listener(news)
            except Exception as error:  # noqa: BLE001 - who looks on must not stop the sweep
                warn(f"Who listens to the sweep raised {type(error).__name__}: {error}")

    def _commit(self) -> dict[str, str]:
        """Return commit and branch once they are known; asked for once a sweep and not once a trial."""
        if not self._environment.done():
            return {}
        with suppress(Exception):
            return self._environment.result().tags()
        return {}


def _name(labels: dict[str, str]) -> str:
    """Return the params as the name of a run, as far as there is room."""
    text = " ".join(f"{name}={_short(value)}" for name, value in labels.items())
    printable = "".join(c if c.isprintable() else " " for c in text)[:MAX_NAME]
    return printable if len(printable) <= LONGEST_NAME else f"{printable[: LONGEST_NAME - 1]}…"


def _short(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.4g}"


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
