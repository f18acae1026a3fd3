"""A study of Optuna while it is recorded: its run, and those of its trials."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import children, trials
from nbtrack.autologging.guard import quiet
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.autologging.fits import Fit
    from nbtrack.tracking.run import ActiveRun

BEST = "best_value"


class Recorded:
    """A study whose trials become child runs when they have ended.

    Parameters
    ----------
    fit : Fit
        Where it is recorded.
    study : optuna.Study
    first : int, optional
        Number of the first trial that belongs here; by default that of the next one to begin.
    """

    def __init__(self, fit: Fit, study: Any, first: int | None = None) -> None:
        self.fit = fit
        self.study = study
        self._spaces = trials.Spaces()
        self._changing = threading.Lock()
        self._seen: set[int] = set()
        self._first = 0
        with quiet(), fit.troubles.guard("A study is"):
            self._first = len(study.get_trials(deepcopy=False)) if first is None else first
            fit.run.set_tags(trials.study_tags(study))

    def ended(self, study: Any, trial: Any) -> None:
        """Record a trial; Optuna calls it at the end of each."""
        with self._changing:
            is_new = trial.number not in self._seen
            self._seen.add(trial.number)
        if not is_new:
            return
        with quiet(), self.fit.troubles.guard("A trial is"):
            self.write(trials.child_of(study, trial), trial)
            with self._changing:
                self._spaces.add(trial)
        self._log_best(study, trial)

    def write(self, child: children.Child, _: Any) -> None:
        """Write a trial that has ended."""
        children.write(self.fit, child, child.begin_us + child.duration_us)

    def end(self, error: BaseException | None) -> None:
        """Record what Optuna did not tell of, which is a trial that ended the study, and the best of all."""
        with quiet(), self.fit.troubles.guard("The end of a study is"):
            for trial in self.study.get_trials(deepcopy=False)[self._first :]:
                if trial.state.is_finished() and self.is_own(trial.number):
                    self.ended(self.study, trial)
            with self._changing:
                text = self._spaces.text()
            if text:
                self.fit.write("distributions.json", text)
            best = self._best(self.study)
            if best is not None:
                self.fit.log_params({"best_trial": best.number} | {f"best_{k}": v for k, v in best.params.items()})
        self.leave(error)
        self.fit.end(error)

    def leave(self, error: BaseException | None) -> None:
        """End what is open of trials."""

    def is_own(self, _: int) -> bool:
        """Say whether a trial that nobody has told of is one of this call."""
        return True

    def _log_best(self, study: Any, trial: Any) -> None:
        """Log the best value so far; a Stop of the study's own run lets the trials that go on end, and no more begin."""
        try:
            with quiet(), self.fit.troubles.guard("The best value is"):
                best = self._best(study)
                if best is not None:
                    key = BEST if self.fit.nth == 1 else f"{BEST}-{self.fit.nth}"
                    self.fit.run.log_metrics({key: float(best.value)}, trial.number)
        except StopRun as stop:
            if not (self.fit.is_own and stop.run is self.fit.run):
                raise
            study.stop()

    @staticmethod
    def _best(study: Any) -> Any:
        if len(study.directions) > 1:
            return None
        try:
            return study.best_trial
        except ValueError:
            return None  # none is complete


class Watched(Recorded):
    """A study of ``autolog``: the run of a trial is open while its objective is called, and takes what is trained and logged in it."""

    def __init__(self, fit: Fit, study: Any) -> None:
        super().__init__(fit, study)
        self._runs: dict[int, ActiveRun] = {}
        self._errors: dict[int, BaseException] = {}

    def call(self, objective: Callable[[Any], Any], trial: Any) -> Any:
        """Call the objective of a trial inside its run."""
        with quiet(), self.fit.troubles.guard("A trial is"):
            self._open(trial.number)
        try:
            return objective(trial)
        except StopRun as stop:
            if stop.run is not self._runs.get(trial.number):
                raise
            raise sys.modules["optuna"].TrialPruned("Stop was pressed.") from stop
        except BaseException as error:
            if not isinstance(error, sys.modules["optuna"].TrialPruned):
                self._errors[trial.number] = error
            raise

    def _open(self, number: int) -> None:
        from nbtrack.tracking.starting import start_run  # noqa: PLC0415

        run = start_run(
            tags={**self.fit.tag(), trials.NUMBER: number}, parent_run_id=self.fit.run.id, log_system_metrics=False
        )
        run.is_implicit = True  # a run that the objective opens by itself is a child of it
        self._runs[number] = run

    def write(self, child: children.Child, trial: Any) -> None:
        """Write what Optuna knows into the run of a trial, and end it."""
        run, error = self._runs.pop(trial.number, None), self._errors.pop(trial.number, None)
        if run is None:
            super().write(child, trial)
            return
        try:
            run.record_params({key: text for key, text in child.params.items() if key not in run.params})
            run.set_tags(child.tags)
            for step, metrics in child.points.items():
                run.record(metrics, step)
        finally:
            if error is None:
                run.end(child.status)
            else:
                run.end_with(error)

    def is_own(self, number: int) -> bool:
        """Say whether the trial was begun here; other processes may work at the same study."""
        return number in self._runs

    def leave(self, error: BaseException | None) -> None:
        """End the run of every trial that Optuna forgot."""
        for run in self._runs.values():
            with quiet(), self.fit.troubles.guard("The end of a run is"):
                run.end_with(error)
        self._runs.clear()
