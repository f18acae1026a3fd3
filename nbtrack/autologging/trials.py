"""What a trial of Optuna, and its study, say of themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.autologging.children import Child
from nbtrack.entities import RunStatus

if TYPE_CHECKING:
    from datetime import datetime

NUMBER, STATE = "optuna.trial", "optuna.state"
PRUNED_AT = "optuna.pruned_at"
MOST_TEXT = 500
MOST_ATTRIBUTES = 50


def child_of(study: Any, trial: Any) -> Child:
    """Return a trial that has ended as a run: params, values, what it reported on its way, state, and how long it took."""
    begin, end = trial.datetime_start, trial.datetime_complete
    begin_us = _us(begin or end)
    points = {step: {"intermediate_value": float(value)} for step, value in sorted(trial.intermediate_values.items())}
    values = dict(zip(value_names(study), trial.values or (), strict=False))
    if values:
        points.setdefault(0, {}).update({name: float(value) for name, value in values.items()})
    return Child(
        begin_us,
        max(0, _us(end) - begin_us),
        {name: str(value) for name, value in trial.params.items()},
        _tags(trial),
        points,
        status=RunStatus.FAILED if trial.state.name == "FAIL" else RunStatus.FINISHED,
    )


def value_names(study: Any) -> list[str]:
    """Return what the values of a study are called: as its user named them, else ``value``, or ``value_0`` and so on."""
    n = len(study.directions)
    named = study.metric_names
    return list(named) if named else ["value"] if n == 1 else [f"value_{index}" for index in range(n)]


def study_tags(study: Any) -> dict[str, str]:
    """Return what is known of a study before it begins."""
    return {
        "optuna.study": study.study_name,
        "optuna.directions": ", ".join(each.name.lower() for each in study.directions),
        "optuna.sampler": type(study.sampler).__name__,
        "optuna.pruner": type(study.pruner).__name__,
    }


class Spaces:
    """The distributions that the params of trials were drawn from, each once; a trial may draw from another one than the last did."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, None]] = {}

    def add(self, trial: Any) -> None:
        """Note those of a trial."""
        from optuna.distributions import distribution_to_json  # noqa: PLC0415 - it is there when a trial is

        for name, each in trial.distributions.items():
            self._found.setdefault(name, {})[distribution_to_json(each)] = None

    def text(self) -> str:
        """Return all as JSON: of each param a list; "" for none."""
        found = {name: [json.loads(each) for each in texts] for name, texts in sorted(self._found.items())}
        return json.dumps(found, indent=2) if found else ""


def _tags(trial: Any) -> dict[str, str]:
    tags = {NUMBER: str(trial.number), STATE: trial.state.name}
    if trial.state.name == "PRUNED" and trial.last_step is not None:
        tags[PRUNED_AT] = str(trial.last_step)
    own = [*trial.user_attrs.items()][:MOST_ATTRIBUTES]
    return tags | {f"optuna.user.{key}"[:250]: str(value)[:MOST_TEXT] for key, value in own}


def _us(at: datetime | None) -> int:
    import time  # noqa: PLC0415

    return time.time_ns() // 1000 if at is None else int(at.timestamp() * 1e6)
