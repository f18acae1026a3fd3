"""What a classifier says of the data it was trained on: its classes and their probabilities, with nothing computed twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbtrack.autologging.searches import is_search

BY_PROBABILITY = ("ForestClassifier",)
"""In scikit-learn, what these predict is by definition the class of the highest probability."""


def of(model: Any, x: Any) -> tuple[Any, Any]:
    """Return what ``predict`` and ``predict_proba`` return; None for what a model does not have."""
    while is_search(model) and hasattr(model, "best_estimator_"):
        model = model.best_estimator_
    if _is_pipeline(model):
        model, x = model.steps[-1][1], model[:-1].transform(x)
    chances = model.predict_proba(x) if hasattr(model, "predict_proba") else None
    if isinstance(chances, np.ndarray) and _owner_of_predict(model) in BY_PROBABILITY:
        return model.classes_.take(np.argmax(chances, axis=1)), chances
    return model.predict(x), chances


def _is_pipeline(model: Any) -> bool:
    """Say whether a model is scikit-learn's own pipeline, whose parts before the last need to transform only once."""
    cls = type(model)
    return (
        (cls.__module__, cls.__name__) == ("sklearn.pipeline", "Pipeline")
        and len(model.steps) > 1
        and hasattr(model[:-1], "transform")
        and hasattr(model.steps[-1][1], "predict")
    )


def _owner_of_predict(model: Any) -> str:
    owner = next((cls for cls in type(model).__mro__ if "predict" in cls.__dict__), object)
    return owner.__name__ if owner.__module__.startswith("sklearn.") else ""
