"""The models that are logged: fitted once, the same for every contender."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.laps import Timed, timed

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS = {"linear": "skops", "forest": "cloudpickle"}
"""How each is written: what skops takes, and an ensemble, which it does not."""
REQUIREMENTS = ["scikit-learn", "numpy", "skops", "cloudpickle"]


@cache
def fitted(kind: str) -> Any:
    """Return a fitted model whose pickle has 1 MB: one large array, or 30 trees."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    dice = np.random.default_rng(7)
    if kind == "linear":
        return LogisticRegression().fit(dice.random((50, 130_000)), np.arange(50) % 2)
    table = dice.random((1600, 20))
    noisy = table[:, 0] + dice.random(1600) > 1
    return RandomForestClassifier(30, random_state=7).fit(table, noisy)


@cache
def small() -> tuple[Any, Any]:
    """Return a classifier of 13 numbers as most are served, and the table that it was fitted to."""
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table, kinds = load_wine(return_X_y=True, as_frame=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(table, kinds), table


@cache
def boosted() -> Any:
    """Return a regressor of 100 trees for the same 13 numbers."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    _, table = small()
    dice = np.random.default_rng(7)
    many = table.sample(4000, replace=True, random_state=7) * dice.normal(1, 0.1, (4000, 1))
    return HistGradientBoostingRegressor(max_iter=100, random_state=7).fit(many, many.sum(axis=1))


def times_of(call: Callable[[], Any], n: int) -> Timed:
    """Return the median of `n` calls, after one that imports what it needs."""
    call()
    found = sorted((timed(call) for _ in range(n)), key=lambda one: one["wall"])
    return found[n // 2]
