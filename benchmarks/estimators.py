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


TRAININGS = ("pipeline", "forest", "search")
"""What is trained while a tracker looks on."""


def training(kind: str) -> Callable[[], Any]:
    """Return what trains a new model on a table of 178 rows: a pipeline, 30 trees, or a search among six candidates."""
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table, kinds = load_wine(return_X_y=True, as_frame=True)

    def new() -> Any:
        if kind == "forest":
            return RandomForestClassifier(30, random_state=7)
        pipeline = make_pipeline(StandardScaler(), LogisticRegression())
        strengths = {"logisticregression__C": [0.01, 0.03, 0.1, 0.3, 1, 3]}
        return pipeline if kind == "pipeline" else GridSearchCV(pipeline, strengths, cv=3)

    return lambda: new().fit(table, kinds)


def overhead(kind: str, n: int, turn: Callable[[bool], None]) -> dict[str, float]:
    """Return what a tracker adds to a training, in seconds: medians of `n` trainings with it and without, the first not counted."""
    train = training(kind)
    found = {}
    for is_on in (True, False):
        turn(is_on)
        train()
        found[is_on] = [timed(train) for _ in range(n)]
    turn(False)
    return {part: _middle(found[True], part) - _middle(found[False], part) for part in ("wall", "cpu")} | {
        "bare": _middle(found[False], "wall")
    }


def _middle(laps: list[Timed], part: Any) -> float:
    return float(sorted(one[part] for one in laps)[len(laps) // 2])
