"""How much each feature counts for a trained model, as far as the model says it itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

MOST = 10_000


def importance_of(model: Any) -> dict[str, float]:
    """Return importances, or coefficients, by the name of a feature; empty for a model that has none.

    Of coefficients for several classes or targets the mean of the absolute values.
    """
    names = None
    while hasattr(model, "best_estimator_") or hasattr(model, "steps"):
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            with suppress(Exception):  # a step that does not tell what it makes
                names = model[:-1].get_feature_names_out()
            model = model.steps[-1][1]
    values = getattr(model, "feature_importances_", None)
    if values is None:
        values = getattr(model, "coef_", None)
    if values is None:
        return {}
    values = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=float)
    if values.ndim > 1:
        values = values[0] if len(values) == 1 else np.abs(values).mean(axis=0)
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    if values.ndim != 1 or len(values) > MOST:
        return {}
    if names is None or len(names) != len(values):
        names = [f"x{index}" for index in range(len(values))]
    return dict(zip(map(str, names), values.tolist(), strict=True))
