"""What tests look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import nbtrack
from nbtrack.autologging import files

DICE = np.random.default_rng(3)
X = pd.DataFrame(DICE.normal(size=(60, 3)), columns=["a", "b", "c"])
TWO = (X["a"] + DICE.normal(size=60) > 0).astype(int).to_numpy()
THREE = np.digitize(X["a"] + DICE.normal(size=60) / 2, [-0.5, 0.5])
NUMBER = (2 * X["a"] - X["b"]).to_numpy() + DICE.normal(size=60)


def runs() -> list[Any]:
    """Return every run of the store in use, the first one first."""
    files.settle()
    found = nbtrack.search_runs(order_by=["start_time ASC"])
    return [nbtrack.get_run(run_id) for run_id in found["run_id"]]


def only() -> Any:
    """Return the only run that there is."""
    (run,) = runs()
    return run


def paths(run: Any) -> set[str]:
    """Return the files of a run, but for those of its environment."""
    files.settle()
    found = nbtrack.Client().list_artifacts(run.info.run_id)
    return {each.path for each in found} - {"environment", "source"}
