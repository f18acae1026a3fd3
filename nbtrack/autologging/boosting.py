"""What XGBoost and LightGBM have in common: a metric of each data set a round, a best round, and the importance of features."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import pictures
from nbtrack.autologging.estimators import Estimator
from nbtrack.autologging.guard import quiet
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbtrack.autologging.fits import Fit, Step


class Rounds:
    """The rounds of one training, logged as they go by.

    Attributes
    ----------
    history : list of dict
        The metrics of each round.
    """

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        self.history: list[dict[str, float]] = []

    def log(self, metrics: Mapping[str, Any], step: int) -> bool:
        """Log the metrics of one round; returns whether the training should end, because somebody pressed Stop.

        A run that was opened for this training is done when the training is: it ends in order, with the model so far. In a
        run of the user's a Stop goes on to the block that opened it, as from any other call.
        """
        try:
            with quiet(), self.fit.troubles.guard("A round is"):
                numbers = {self._key(key): float(value) for key, value in metrics.items()}
                self.history.append(numbers)
                if numbers:
                    self.fit.run.log_metrics(numbers, step)
        except StopRun as stop:
            if self.fit.is_own and stop.run is self.fit.run:
                return True
            raise
        return False

    def best(self, best: int, first: int = 0) -> None:
        """Log which round was the best, and its metrics once more, after the last ones; the library counts from `first`."""
        n = len(self.history)
        self.fit.run.record({self._key("stopped_iteration"): n - 1 + first, self._key("best_iteration"): best}, 0)
        if 0 <= best - first < n:
            self.fit.run.record(self.history[best - first], n)

    def _key(self, name: str) -> str:
        name = name.replace("@", "_at_")
        return name if self.fit.nth == 1 else f"{name}-{self.fit.nth}"


class Boosted(Estimator):
    """An estimator with the interface of scikit-learn, trained in rounds.

    Parameters
    ----------
    flavor : str
        Of its model.
    finish : callable
        Returns what else to record of it when it has been trained.
    """

    has_page = False

    def __init__(self, *given: Any, flavor: str, finish: Callable[[Any, Rounds], Iterator[Step]]) -> None:
        super().__init__(*given)
        self.flavor = flavor
        self.rounds = Rounds(self.fit)
        self._finish = finish

    def after(self) -> Iterator[Step]:
        """Return what is known after the training."""
        yield from self._finish(self.model, self.rounds)
        yield from super().after()

    def importance(self) -> dict[str, float]:
        """Return nothing: the library says it itself, and more than one kind."""
        return {}


def log_importance(fit: Fit, kind: str, found: dict[str, float]) -> None:
    """Log how much each feature counts, as numbers and as a picture."""
    if found:
        fit.write(f"feature_importance_{kind}.json", json.dumps(found, indent=2))
        fit.write(f"feature_importance_{kind}.svg", pictures.bars(found, f"Feature importance ({kind})"))
