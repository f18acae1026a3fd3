"""What a sweep returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.store.protocol import RunQuery
from nbtrack.sweeps.plan import TRIAL
from nbtrack.tracking.frames import runs_frame
from nbtrack.views import importance

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.entities import Run
    from nbtrack.store.protocol import Store
    from nbtrack.sweeps.plan import Plan
    from nbtrack.sweeps.standing import Standing, Trial

MOST_SHOWN = 4


class SweepResult:
    """The trials of a sweep, the best of them, and its run.

    Attributes
    ----------
    plan : Plan
    trials : list of Trial
        By number.
    best : Trial or None
        None when no trial has a value, or nobody knows which way the metric is better.
    executed : int
        How many trials this call carried out.
    is_done : bool
        All are done; calling again goes on where a paused sweep stopped.
    standing : Standing
    """

    def __init__(
        self, store: Store, plan: Plan, parent_id: str, trials: list[Trial], standing: Standing, *, executed: int
    ) -> None:
        self._store = store
        self._parent_id = parent_id
        self.plan = plan
        self.trials = trials
        self.standing = standing
        self.executed = executed
        self.best = standing.best
        self.is_done = standing.done >= standing.total

    @property
    def params(self) -> dict[str, Any]:
        """Return the params of the best trial; {} when there is none."""
        return {} if self.best is None else dict(self.best.params)

    @property
    def value(self) -> float | None:
        """Return the best value of the metric."""
        return None if self.best is None else self.best.value

    @property
    def metric(self) -> str | None:
        """Return the metric that trials are compared by."""
        return self.standing.metric

    @property
    def parent(self) -> Run:
        """Return the sweep's own run, as it is stored."""
        return self._store.get_run(self._parent_id)

    @property
    def runs(self) -> pd.DataFrame:
        """Return one row a trial, by its number (column ``trial``), with the columns of :func:`nbtrack.search_runs`.

        Of a trial that was tried several times it is the run that counts.
        """
        ids = tuple(trial.run_id for trial in self.trials)
        frame = runs_frame(self._store.run_columns(RunQuery(run_ids=ids)))
        frame.insert(0, "trial", frame.pop(f"tags.{TRIAL}").astype(int))
        return frame.sort_values("trial", ignore_index=True)

    @property
    def failed(self) -> list[Trial]:
        """Return the trials that failed; ``nbtrack.sweep(…, retry_failed=True)`` tries them again."""
        return [trial for trial in self.trials if trial.status == RunStatus.FAILED]

    def importance(self) -> list[dict[str, Any]]:
        """Return which params move the metric, the strongest first; [] for fewer than ten trials with a value.

        Each has ``column``, ``importance`` (of a random forest, with scikit-learn), ``std``, ``spearman``, ``p`` and ``weak``; see
        :mod:`nbtrack.views.importance`.
        """
        if self.metric is None:
            return []
        question = {"metric": self.metric, "where": f"parent_run_id = '{self._parent_id}'"}
        found: list[dict[str, Any]] = importance.answer(self._store, question)[0]["shares"]
        return found

    def __repr__(self) -> str:
        """Say how many trials there are, and which is the best."""
        at = self.standing
        parts = [f"{at.done} of {at.total} trials"]
        parts += [f"{at.failed} failed"] if at.failed else []
        parts += [f"{at.pruned} pruned"] if at.pruned else []
        if self.best is not None and self.best.value is not None:
            shown = [f"{name}={value}" for name, value in self.params.items()]
            more = ["…"] * (len(shown) > MOST_SHOWN)
            parts.append(f"best {self.metric} {self.best.value:.6g} with {' '.join([*shown[:MOST_SHOWN], *more])}")
        return f"<Sweep {' · '.join(parts)}>"
