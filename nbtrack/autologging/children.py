"""Child runs of something that is over already: one write for all of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.names import PARENT, RUN_NAME, new_run_id
from nbtrack.tracking.environment import Environment
from nbtrack.tracking.naming import run_name

if TYPE_CHECKING:
    from nbtrack.autologging.fits import Fit


@dataclass
class Child:
    """A run that has ended.

    Attributes
    ----------
    begin_us, duration_us : int
        When it began, and how long it took, in microseconds.
    params, tags : dict
        Texts.
    points : dict
        The metrics of each step.
    inputs : list of dict
        Datasets, as their records have them.
    """

    begin_us: int
    duration_us: int
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[int, dict[str, float]] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    status: str = RunStatus.FINISHED


def write(fit: Fit, child: Child, end_us: int) -> None:
    """Write a child of the run of a training."""
    store, info = fit.run.store, fit.run.info
    run_id, number = new_run_id(), store.next_run_number()
    name = run_name(run_id, number)
    body = {
        "experiment_id": int(info.experiment_id) if info.experiment_id else None,
        "experiment": info.experiment_name,
        "name": name,
        "number": number,
        "user": info.user_id,
        "parent": fit.run.id,
        "start_us": child.begin_us,
    }
    tags = {**Environment.quick(), **fit.tag(), **child.tags, RUN_NAME: name, PARENT: fit.run.id}
    labels = {key: str(value) for key, value in tags.items()}
    store.append(("start", run_id, None, body), ("tags", run_id, labels, None), ("params", run_id, child.params, None))
    for step, metrics in child.points.items():
        if metrics:
            store.log_metrics(run_id, step, metrics)
    for each in child.inputs:
        store.append(("input", run_id, None, each))
    end = {"status": str(child.status), "end_us": end_us, "duration_us": child.duration_us, "lost": 0}
    store.append(("end", run_id, None, end))
