"""Optuna's samplers and pruners, asked and told; the study is in memory, for the store has all that it is made of.

References
----------
.. [1] T. Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.sweeps.ranges import Choices, Numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.sweeps.space import Space

EXTRA = "sweeps"
SAMPLERS = {
    "tpe": "TPESampler",
    "cmaes": "CmaEsSampler",
    "gp": "GPSampler",
    "qmc": "QMCSampler",
    "nsgaii": "NSGAIISampler",
}
NEEDS = {"cmaes": "cmaes", "gp": "torch", "qmc": "scipy"}
PRUNERS = {
    "median": "MedianPruner",
    "percentile": "PercentilePruner",
    "hyperband": "HyperbandPruner",
    "halving": "SuccessiveHalvingPruner",
}
PERCENTILE = 25.0


class Study:
    """Asks a sampler for params and a pruner for its opinion.

    Parameters
    ----------
    space : Space
    sampler : str or optuna sampler or None
        A name of `SAMPLERS`; None when the params come from elsewhere and only the pruner is asked.
    pruner : str or optuna pruner or None
    seed : int
    direction : {"max", "min"}
    name : str
        Hyperband shares trials out by it.
    """

    def __init__(self, space: Space, sampler: Any, pruner: Any, seed: int, direction: str, name: str) -> None:
        self._optuna = require("optuna", "for samplers and pruners", extra=EXTRA)
        self._space = space
        self._distributions = {} if sampler is None else self._distributions_of(space)
        self._trials: dict[int, Any] = {}
        self._imposed: dict[int, dict[str, Any]] = {}
        self._ended: set[int] = set()
        log = self._optuna.logging
        before = log.get_verbosity()
        log.set_verbosity(log.WARNING)  # a study in memory is no news
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
                self._study = self._optuna.create_study(
                    sampler=self._sampler(sampler, seed),
                    pruner=self._pruner(pruner),
                    direction="maximize" if direction == "max" else "minimize",
                    study_name=name,
                )
        finally:
            log.set_verbosity(before)

    def ask(self, number: int) -> dict[str, Any]:
        """Return the params that the sampler wants to see tried as trial `number`; constants are among them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            self._trials[number] = trial = self._study.ask(self._distributions)
        return self._values(trial.params)

    def impose(self, number: int, params: dict[str, Any]) -> None:
        """Take back what was asked for as trial `number`: other params were tried."""
        self._study.tell(self._trials[number], state=self._optuna.trial.TrialState.FAIL)
        self._imposed[number] = params

    def report(self, number: int, step: int, value: float) -> bool:
        """Tell the pruner of a step of trial `number`; returns whether to give it up."""
        trial = self._trials[number]
        if number in self._imposed or number in self._ended:
            return False
        trial.report(value, step)
        return bool(trial.should_prune())

    def tell(self, number: int, status: str, value: float | None, *, is_pruned: bool) -> None:
        """Tell how trial `number` ended."""
        states = self._optuna.trial.TrialState
        is_number = value is not None and value == value  # noqa: PLR0124 - NaN is none
        if number in self._imposed or number in self._ended:  # tried again after a failure, or not as asked for
            if is_number and status == RunStatus.FINISHED:
                self._add(number, value)
        elif is_pruned:
            self._study.tell(self._trials[number], state=states.PRUNED)
        elif is_number and status == RunStatus.FINISHED:
            self._study.tell(self._trials[number], value)
        else:
            self._study.tell(self._trials[number], state=states.FAIL)
        self._ended.add(number)

    def _add(self, number: int, value: float | None) -> None:
        params = self._imposed.get(number) or self._values(self._trials[number].params)
        create = self._optuna.trial.create_trial
        self._study.add_trial(create(params=self._asked_as(params), distributions=self._distributions, value=value))

    # -- what things are called there ----------------------------------------------------------------------------------

    def _distributions_of(self, space: Space) -> dict[str, Any]:
        kinds = self._optuna.distributions
        found: dict[str, Any] = {}
        for name, dimension in space.dimensions.items():
            if isinstance(dimension, Choices):
                if len(dimension.values) > 1:  # by their place, for Optuna keeps only some kinds of values
                    found[name] = kinds.CategoricalDistribution(tuple(range(len(dimension.values))))
            elif dimension.step is None:
                found[name] = kinds.FloatDistribution(dimension.low, dimension.high, log=dimension.is_log)
            else:
                low, step = int(dimension.low), 1 if dimension.is_log else dimension.step
                high = low + (int(dimension.high) - low) // step * step
                found[name] = kinds.IntDistribution(low, high, log=dimension.is_log, step=step)
        return found

    def _values(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, dimension in self._space.dimensions.items():
            if isinstance(dimension, Numbers):
                found[name] = asked.get(name)
            else:
                found[name] = dimension.values[asked.get(name, 0)]
        return found

    def _asked_as(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name in self._distributions:
            dimension = self._space.dimensions[name]
            found[name] = dimension.values.index(params[name]) if isinstance(dimension, Choices) else params[name]
        return found

    def _sampler(self, sampler: Any, seed: int) -> Any:
        samplers = self._optuna.samplers
        if sampler is None:
            return samplers.RandomSampler(seed=seed)
        if isinstance(sampler, samplers.BaseSampler):
            return sampler
        if sampler in NEEDS:
            require(NEEDS[sampler], f"for the sampler {sampler!r}")
        quiet = {"warn_independent_sampling": False} if sampler in ("cmaes", "gp", "qmc") else {}
        if sampler == "qmc":
            quiet["warn_asynchronous_seeding"] = False
        return getattr(samplers, SAMPLERS[sampler])(seed=seed, **quiet)

    def _pruner(self, pruner: Any) -> Any:
        pruners = self._optuna.pruners
        if pruner is None:
            return pruners.NopPruner()
        if isinstance(pruner, pruners.BasePruner):
            return pruner
        if pruner not in PRUNERS:
            message = f"Pruner {pruner!r} is not known; use {', '.join(PRUNERS)}, or an object of optuna.pruners."
            raise InvalidValueError(message)
        values = (PERCENTILE,) if pruner == "percentile" else ()
        return getattr(pruners, PRUNERS[pruner])(*values)
