"""What a sweep is: its space, its method, and the digest by which it is known again."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_key
from nbtrack.sweeps.ranges import label
from nbtrack.sweeps.study import PRUNERS, SAMPLERS
from nbtrack.views.goals import goal_of
from nbtrack.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.sweeps.space import Space

FORMAT = 1
FILE = "sweep/plan.json"
SWEEP, STATE, SEED = "nbtrack.sweep", "nbtrack.sweep.state", "nbtrack.sweep.seed"
TRIAL, KEY, TOLD = "nbtrack.sweep.trial", "nbtrack.sweep.key", "nbtrack.sweep.told"
"""Tags: of the parent the digest, ``running``, ``paused`` or ``done``, and the seed; of a trial its number, its key, and the trials that
the sampler had been told of since it was last asked."""
OWN = ("grid", "random")
_DIRECTIONS = {"max": "max", "maximize": "max", "min": "min", "minimize": "min"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep before it begins.

    Attributes
    ----------
    space : Space
    method : str or optuna sampler
    n_trials : int
    seed : int or None
        None when nobody chose one.
    metric : str or None
    direction : {"max", "min"} or None
    pruner : str or optuna pruner or None
    function, source : str
        Name and source text of what is called.
    fingerprint : str
        Digest of the function.
    """

    space: Space
    method: Any
    n_trials: int
    seed: int | None
    metric: str | None
    direction: str | None
    pruner: Any
    function: str
    source: str
    fingerprint: str

    @property
    def is_own(self) -> bool:
        """Say whether the params follow from the number of a trial alone, and not from how others went."""
        return self.method in OWN

    @property
    def digest(self) -> str:
        """Return what tells this sweep from others; how many trials there are is not in it, so that more can be added."""
        parts: dict[str, Any] = {
            "function": self.fingerprint,
            "space": sorted(self.space.described().items()),
            "method": described(self.method),
        }
        if self.method != "random":  # for all others it matters which name comes first
            parts["names"] = list(self.space.dimensions)
        if self.method != "grid":
            parts["seed"] = self.seed
        if not self.is_own or self.pruner is not None:
            parts |= {"metric": self.metric, "direction": self.direction, "pruner": described(self.pruner)}
        return digest_of(parts)

    def key(self, params: Mapping[str, Any], seed: int) -> str:
        """Return what tells one trial from others, in all sweeps."""
        return digest_of([self.digest, {name: label(value) for name, value in params.items()}, seed])

    def with_seed(self, seed: int) -> Plan:
        """Return the plan with the seed that it gets when nobody chose one."""
        return replace(self, seed=seed)

    def as_json(self, digest: str) -> bytes:
        """Return the plan as it is kept with the parent."""
        return dumps(
            {
                "format": FORMAT,
                "digest": digest,
                "function": self.function,
                "source": self.source,
                "space": self.space.described(),
                "method": described(self.method),
                "seed": self.seed,
                "n_trials": self.n_trials,
                "metric": self.metric,
                "direction": self.direction,
                "pruner": described(self.pruner),
            },
            indent=2,
        ).encode("utf-8", "surrogatepass")


def check_method(method: Any) -> Any:
    """Return a method's name in lower case, or the sampler that it is."""
    name = method.lower().replace("-", "").replace("_", "") if isinstance(method, str) else None
    known = (*OWN, *SAMPLERS)
    if name is None and hasattr(method, "sample_relative"):
        return method
    if name not in known:
        message = f"Method {method!r} is not known; use {', '.join(known)}, or an object of optuna.samplers."
        raise InvalidValueError(message)
    return name


def check_trials(n_trials: Any, method: Any, space: Space) -> int:
    """Return how many trials there will be: all of a grid, or as many as were asked for."""
    if n_trials is not None and (isinstance(n_trials, bool) or not isinstance(n_trials, int) or n_trials < 1):
        raise InvalidValueError(f"n_trials is {n_trials!r}; use a whole number from 1.")
    if method == "grid":
        size = space.grid_size()
        return size if n_trials is None else min(size, n_trials)
    if n_trials is None:
        raise InvalidValueError(f"method={described(method)!r} goes on for ever; say how many trials: n_trials=50.")
    return n_trials


def check_goal(method: Any, pruner: Any, metric: str | None, direction: str | None) -> str | None:
    """Return ``"max"`` or ``"min"``; for a grid or random params None is fine when nobody knows."""
    if metric is not None:
        check_key(metric, "Metric key")
    if direction is not None and str(direction).lower() not in _DIRECTIONS:
        raise InvalidValueError(f"Direction {direction!r} is not allowed; use 'max' or 'min'.")
    if isinstance(pruner, str) and pruner not in PRUNERS:
        raise InvalidValueError(
            f"Pruner {pruner!r} is not known; use {', '.join(PRUNERS)}, or an object of optuna.pruners."
        )
    if pruner is not None and metric is None:
        raise InvalidValueError("A pruner looks at one metric while a trial goes on; say which: metric='val/acc'.")
    found = _DIRECTIONS[str(direction).lower()] if direction is not None else goal_of(metric, {}) if metric else None
    if found is None and (method not in OWN or pruner is not None):
        message = f"method={described(method)!r} must know which way {metric or 'the result'} is better: direction='max' or 'min'."
        raise InvalidValueError(message)
    return found


def check_jobs(jobs: Any) -> int:
    """Return how many trials go on at a time; -1 is one for each processor."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or (jobs < 1 and jobs != -1):
        raise InvalidValueError(f"jobs is {jobs!r}; use a whole number from 1, or -1 for one job a processor.")
    return jobs if jobs > 0 else (os.cpu_count() or 1)


def described(thing: Any) -> Any:
    """Return a name as it is, and of a sampler or pruner its kind and plain settings."""
    if thing is None or isinstance(thing, str):
        return thing
    plain = {k: v for k, v in vars(thing).items() if isinstance(v, (bool, int, float, str, type(None)))}
    return f"{type(thing).__name__}({', '.join(f'{k}={v!r}' for k, v in sorted(plain.items()))})"


def digest_of(value: Any) -> str:
    """Return a digest of plain values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
