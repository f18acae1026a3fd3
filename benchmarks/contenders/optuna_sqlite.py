"""The same sweeps through Optuna alone, its trials kept in SQLite, as ``optuna.create_study(storage="sqlite:///…")`` does."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna

from benchmarks.laps import Timed, timed

if TYPE_CHECKING:
    from pathlib import Path


class Contender:
    """Studies in one database that grows.

    Parameters
    ----------
    folder : Path
        Where the database is made.
    """

    def __init__(self, folder: Path) -> None:
        self._storage = f"sqlite:///{folder / 'optuna.db'}"
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def ready(self) -> dict[str, str]:
        """Warm up; say which version is measured."""
        for method in ("random", "tpe"):
            self.sweep(3, method, 0)
        return {"optuna": optuna.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def sweep(self, n: int, method: str, steps: int) -> Timed:
        """Return what `n` trials take, each with `steps` reported values."""

        def objective(trial: Any) -> float:
            x, y, z = (trial.suggest_float(name, -3, 3) for name in "xyz")
            value = float((x - 1) ** 2 + (y + 1) ** 2 + z * z)
            for step in range(steps):
                trial.report(value + 1 / (step + 1), step)
            return value

        kind = optuna.samplers.RandomSampler if method == "random" else optuna.samplers.TPESampler

        def study() -> None:
            made = optuna.create_study(storage=self._storage, sampler=kind(seed=1))
            made.optimize(objective, n_trials=n)

        took = timed(study)
        return Timed(wall=took["wall"] / n, cpu=took["cpu"] / n)
