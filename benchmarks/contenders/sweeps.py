"""Sweeps of a function that does next to nothing, through ``nbtrack.sweep``; and the bare function in a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbtrack
from nbtrack.sweeps import linear

from benchmarks.laps import Timed, timed

if TYPE_CHECKING:
    from pathlib import Path


def bowl(x: float, y: float, z: float) -> float:
    """Return what is searched for the smallest value of."""
    return (x - 1) ** 2 + (y + 1) ** 2 + z * z


def training(run: Any, x: float, y: float, z: float, steps: int) -> float:
    """Log as many points, and return the last."""
    for step in range(steps):
        run.log_metric("loss", bowl(x, y, z) + 1 / (step + 1), step=step)
    return bowl(x, y, z)


class Contender:
    """Sweeps in one store that grows.

    Parameters
    ----------
    folder : Path
        Where the store is made.
    """

    def __init__(self, folder: Path) -> None:
        self._store = folder / "sweeps.duckdb"

    def ready(self) -> dict[str, str]:
        """Warm up; the versions are said by others."""
        nbtrack.set_tracking_uri(self._store)
        for method in ("random", "tpe"):
            self.sweep(3, method, 0, 1)
        return {}

    def close(self) -> None:
        """Nothing is open."""

    def sweep(self, n: int, method: str, steps: int, jobs: int) -> Timed:
        """Return what `n` trials take, each with `steps` logged points."""
        space = {"x": linear(-3, 3), "y": linear(-3, 3), "z": linear(-3, 3), **({"steps": steps} if steps else {})}
        options: dict[str, Any] = {"method": method, "n_trials": n, "seed": 1, "metric": "loss", "jobs": jobs}
        took = timed(lambda: nbtrack.sweep(training if steps else bowl, space, **options, resume=False))
        return Timed(wall=took["wall"] / n, cpu=took["cpu"] / n)

    def bare(self, n: int) -> Timed:
        """Return what the function alone takes."""
        took = timed(lambda: [bowl(0.1, 0.2, index) for index in range(n)])
        return Timed(wall=took["wall"] / n, cpu=took["cpu"] / n)
