"""Shows a sweep in the notebook while it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbtrack.sweeps.ranges import Numbers, label
from nbtrack.tracking import active

if TYPE_CHECKING:
    from nbtrack.sweeps.result import SweepResult
    from nbtrack.sweeps.space import Space
    from nbtrack.sweeps.standing import News, Standing, Trial

EVERY_S = 0.2
STATES = {"paused": "paused", "done": "done"}


class SweepView:
    """Listens to one sweep, and shows its view below the cell that runs.

    Attributes
    ----------
    is_on : bool
        The sweep goes on, and is on view.
    """

    def __init__(self) -> None:
        self.is_on = False
        self._view: Any = None
        self._told_at = 0.0

    def __call__(self, news: News) -> None:
        """Show the news; a sweep of many short trials is told of a few times a second."""
        if news.kind == "begun":
            return  # nothing is known of its params yet
        is_last = news.kind in STATES
        now = time.monotonic()
        standing = facts(news.standing, STATES.get(news.kind, "running"))
        if self._view is None and news.trial is not None and news.space is not None:
            self._open(news.parent, news.space, standing)
        elif self._view is not None and (is_last or now - self._told_at >= EVERY_S):
            self._told_at = now
            self._view.tell({"number": self._view.parent.number, **standing})
        if is_last:
            self.is_on = False
            if self._view is not None:
                self._view.settle()

    def show(self, found: SweepResult) -> None:
        """Show a sweep that is over."""
        if found.trials:
            state = "done" if found.is_done else "paused"
            info = found.parent.info
            self._open(info.run_id, found.plan.space, {**facts(found.standing, state), "elapsed": info.duration or 0})
            self.is_on = False

    def _open(self, parent: str, space: Space, standing: dict[str, Any]) -> None:
        from IPython.display import display  # noqa: PLC0415 - where there is a sweep to show

        from nbtrack.widgets.sweep import Sweep  # noqa: PLC0415 - half a second the first time

        info = active.get_store().get_run(parent).info
        self._view = Sweep(active.get_store(), info, axes_of(space), {"number": info.number, **standing})
        self.is_on = True
        display(self._view)


def axes_of(space: Space) -> dict[str, str]:
    """Return the kind of axis by param: ``log`` where it is tried on that scale, else ""; constants have none."""
    kinds: dict[str, str] = {}
    for name, dimension in space.dimensions.items():
        if isinstance(dimension, Numbers) or len(dimension.values) > 1:
            kinds[name] = "log" if isinstance(dimension, Numbers) and dimension.is_log else ""
    return kinds


def facts(standing: Standing, state: str) -> dict[str, Any]:
    """Return how a sweep stands as its view shows it."""
    best = standing.best
    return {
        "state": state,
        "total": standing.total,
        "done": standing.done,
        "failed": standing.failed,
        "pruned": standing.pruned,
        "before": standing.before,
        "running": len(standing.running),
        "metric": standing.metric,
        "direction": standing.direction,
        "elapsed": round(standing.elapsed_s, 2),
        "eta": None if standing.eta_s is None else round(standing.eta_s, 2),
        "best": None if best is None or best.value is None else _best(best),
    }


def _best(trial: Trial) -> dict[str, Any]:
    params = {name: label(value) for name, value in trial.params.items()}
    return {"run": trial.run_id, "trial": trial.number, "value": trial.value, "params": params}
