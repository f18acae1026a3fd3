"""The runs that one is measured against: the best before it, the one before it, the baseline, and repeats with other seeds."""

from __future__ import annotations

import math
import re
import statistics
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.registry.remote import registry_of
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.views.goals import goal_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.entities import Run
    from nbtrack.store.protocol import TrackingStore

PINNED = "nbtrack.baseline"
"""Tag of an experiment: the id of the run that is its baseline."""
MOST_LOOKED_AT = 1000
LEAST_REPEATS = 3
BAND = 2.0
"""Standard deviations of repeated runs within which a difference is noise."""
LARGEST = 1.7e308
_SEED = re.compile(r"(?:^|[^a-z])(?:seed|random_state|rng|random_seed|manual_seed)(?:$|[^a-z])", re.IGNORECASE)


class Others:
    """What is known of the runs around one.

    Parameters
    ----------
    store : TrackingStore
    run : Run
    baseline : str, optional
        A run, or ``NAME@ALIAS`` of a registered model; the pinned run of the experiment by default.
    """

    def __init__(self, store: TrackingStore, run: Run, baseline: str | None = None) -> None:
        self.store = store
        self.run = run
        self._baseline = baseline
        self.goals = {
            name.removeprefix("goal/"): value
            for name, value in store.settings().items()
            if name.startswith("goal/") and value
        }

    def best(self, key: str, direction: str | None) -> Run | None:
        """Return the earlier finished run with the best value of a metric.

        What was said with ``set_goal`` counts, then the metric's name, then which way the expectation wants it.
        """
        goal = goal_of(key, self.goals) or direction or "max"
        name = _quoted(key)
        order = f"{name} {'DESC' if goal == 'max' else 'ASC'}"
        found = self._earlier(order, f"{name} <= {LARGEST} AND {name} >= -{LARGEST}")
        return found[0] if found else None

    def previous(self) -> Run | None:
        """Return the finished run before this one."""
        found = self._earlier("attributes.start_time DESC", "")
        return found[0] if found else None

    def baseline(self) -> Run | None:
        """Return the run that was named, else the pinned one, or None.

        Raises
        ------
        NotFoundError
            There is no such run, model or alias.
        """
        if self._baseline is None:
            tags = self.store.get_experiment(self.run.info.experiment_id).tags if self.run.info.experiment_id else {}
            pinned = tags.get(PINNED)
            return self.store.get_run(pinned) if pinned else None
        name, at, alias = self._baseline.rpartition("@")
        if not at:
            return self.store.get_run(self.store.resolve_run(self._baseline))
        version = registry_of(self.store).version_by_alias(name, alias)
        if version.run_id is None:
            raise InvalidValueError(f"{self._baseline} came from no run of this store; name a run as baseline.")
        return self.store.get_run(version.run_id)

    def holder(self, alias: str) -> Run | None:
        """Return the run of the version that has an alias, whatever model it is of."""
        models = [model for model in self.store.registry.search(ModelQuery()) if alias in model.aliases]
        if len(models) > 1:
            names = ", ".join(f"{model.name}@{alias}" for model in models[:5])
            raise InvalidValueError(f"Several models have an alias {alias!r}: say which with a baseline, as {names}.")
        if not models:
            return None
        version = registry_of(self.store).version_by_alias(models[0].name, alias)
        return None if version.run_id is None else self.store.get_run(version.run_id)

    def noise(self, key: str, *configurations: Run) -> tuple[float, int]:
        """Return how far apart equal runs with different seeds come out, and how many seeds there are; ``(0.0, 0)`` with less than three.

        Equal are earlier runs of the experiment whose params are the same but for a seed, which they have. The width is two standard
        deviations of the metric. The run itself does not count: what is worse would excuse itself.
        """
        earlier = self._earlier("attributes.start_time DESC", "", MOST_LOOKED_AT)
        widths = [(0.0, 0)]
        for configuration in configurations:
            wanted = _without_seeds(configuration.data.params)
            if len(wanted) == len(configuration.data.params):
                continue
            by_seed = {
                _seeds(run.data.params): run.data.metrics.get(key, math.nan)
                for run in earlier
                if _without_seeds(run.data.params) == wanted
            }
            known = [value for seeds, value in by_seed.items() if seeds and math.isfinite(value)]
            if len(known) >= LEAST_REPEATS:
                widths.append((BAND * statistics.stdev(known), len(known)))
        return max(widths)

    def _earlier(self, order: str, where: str, most: int = 20) -> list[Run]:
        earlier = f"attributes.start_time <= {self.run.info.start_time}"
        found = self._finished(order, f"{earlier} AND {where}" if where else earlier, most)
        return [run for run in found if not self._is_family(run)]

    def _finished(self, order: str, where: str, most: int) -> list[Run]:
        clauses = ["attributes.status = 'FINISHED'", *([where] if where else [])]
        return self.store.search_runs(
            RunQuery(
                filter_string=" AND ".join(clauses),
                experiment_ids=(self.run.info.experiment_id,) if self.run.info.experiment_id else None,
                experiment_names=None if self.run.info.experiment_id else (self.run.info.experiment_name,),
                order_by=(order,),
                max_results=most,
            )
        )

    def _is_family(self, run: Run) -> bool:
        """Say whether a run is this one, is inside it, or around it: those are no others."""
        ours = self.run.info
        return run.info.run_id in (ours.run_id, ours.parent_run_id) or run.info.parent_run_id == ours.run_id


def pin(store: TrackingStore, run: Run | None, experiment_id: str) -> None:
    """Make a run the baseline of an experiment; None takes the pin out."""
    if run is not None:
        store.set_experiment_tags(experiment_id, {PINNED: run.info.run_id})
        return
    if PINNED not in store.get_experiment(experiment_id).tags:
        raise NotFoundError("Baseline", "", where="this experiment", hint="Pin one with %track baseline RUN.")
    store.delete_experiment_tag(experiment_id, PINNED)


def _without_seeds(params: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in params.items() if not _SEED.search(key)}


def _seeds(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in params.items() if _SEED.search(key)))


def _quoted(key: str) -> str:
    return "metrics.`" + key.replace("`", "``") + "`"
