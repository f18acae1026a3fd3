"""scikit-learn: every ``fit`` that is not a part of another one. Tested with scikit-learn 1.9."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import later
from nbtrack.autologging.fits import train
from nbtrack.autologging.hooks import Hooks

if TYPE_CHECKING:
    from nbtrack.autologging.fits import Fit, Step

LIBRARY = "sklearn"
TESTED = ((1, 9), (1, 9))
FITS = ("fit", "fit_transform", "fit_predict")

PREPARING = (
    "sklearn.preprocessing",
    "sklearn.impute",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.compose._column",
)
"""These prepare data for a model: a run of their own would be noise, as MLflow says, too."""
ELSEWHERE = ("xgboost", "lightgbm")
"""Estimators that have a file of their own here."""

_hooks = Hooks()
_is_on = False


def turn_on() -> None:
    """Stand before the ``fit`` of every estimator that there is, and of each that comes."""
    global _is_on  # noqa: PLW0603
    if _is_on:
        return
    _is_on = True
    base = sys.modules["sklearn.base"].BaseEstimator

    def init_subclass(cls: type, /, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        _watch(cls)

    if "__init_subclass__" not in base.__dict__:
        base.__init_subclass__ = classmethod(init_subclass)
    waiting, seen = [base], set()
    while waiting:
        cls = waiting.pop()
        if cls not in seen:
            seen.add(cls)
            waiting += cls.__subclasses__()
            _watch(cls)


def turn_off() -> None:
    """Give every class back what it had."""
    global _is_on  # noqa: PLW0603
    _is_on = False
    base = sys.modules.get("sklearn.base")
    if base is not None:
        found = base.BaseEstimator.__dict__.get("__init_subclass__")
        if found is not None and found.__func__.__module__ == __name__:
            del base.BaseEstimator.__init_subclass__
    _hooks.remove()
    later.turn_off()


def _watch(cls: type) -> None:
    package = cls.__module__.split(".")[0]
    if package not in ELSEWHERE:
        for name in FITS:
            if name != "fit_transform" or package == LIBRARY:  # scikit-learn puts its own around those of others
                _hooks.put(cls, name, _fit)


def _fit(original: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Train an estimator, and record it."""
    if not is_model(type(model)):
        return original(*args, **kwargs)
    recorder: list[Any] = []  # its module needs numpy, and is only loaded for those who train

    def before(fit: Fit) -> list[Step]:
        from nbtrack.autologging.estimators import Estimator  # noqa: PLC0415

        recorder.append(Estimator(fit, model, original, args, kwargs))
        return list(recorder[0].before())

    return train(LIBRARY, lambda: original(*args, **kwargs), before, lambda _, __: recorder[0].after(), model)


def is_model(cls: type) -> bool:
    """Say whether a class is worth a run: not one that only prepares data."""
    module = cls.__module__
    if module.startswith("sklearn."):
        return not module.startswith(PREPARING)
    return hasattr(cls, "predict") or hasattr(cls, "score")
