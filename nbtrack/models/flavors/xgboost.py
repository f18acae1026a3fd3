"""XGBoost boosters, and its models with scikit-learn's interface."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.folder import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor
    from nbtrack.models.trust import Risk, Trust

FORMATS = ("ubj", "json", "xgb")
BOOSTER = "xgboost.core.Booster"


class XGBoost:
    """In XGBoost's own format, which holds data only: loading runs none of the model's code."""

    name = "xgboost"
    loader_module = "mlflow.xgboost"
    packages: tuple[str, ...] = ()

    def claims(self, model: Any) -> bool:
        """Say whether the model is XGBoost's."""
        return is_of(model, "xgboost")

    def save(self, model: Any, folder: Path, *, model_format: str = "ubj") -> Saved:
        """Write ``model.ubj``, or ``model.json``, or ``model.xgb``."""
        xgboost = _xgboost("to save this model")
        if model_format not in FORMATS:
            raise InvalidValueError(f"model_format is {model_format!r}; use one of {', '.join(FORMATS)}.")
        kind = next((k for k in type(model).__mro__ if k.__module__.partition(".")[0] == "xgboost"), None)
        if kind is None or not hasattr(model, "save_model"):
            raise InvalidValueError(f"A {type(model).__name__} is no model of XGBoost; give a Booster or an XGBModel.")
        file = f"model.{model_format}"
        model.save_model(folder / file)
        name = f"{kind.__module__}.{kind.__qualname__}"
        conf = {"data": file, "model_class": name, "model_format": model_format, "xgb_version": xgboost.__version__}
        return Saved(conf, {"data": file}, (_distribution(), *(() if name == BOOSTER else ("scikit-learn",))))

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:  # noqa: ARG002
        """Return nothing: XGBoost reads data."""
        return []

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:  # noqa: ARG002 - nothing of the model's runs
        """Return a Booster, or the class of XGBoost that it was saved from."""
        path = inside(folder, conf.get("data"), "Model file")
        model = _class(str(conf.get("model_class") or BOOSTER))()
        model.load_model(path)
        return model

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return a function that predicts for frames and arrays, with those of the params that XGBoost knows."""
        xgboost = _xgboost("to predict with this model")
        if isinstance(native, xgboost.Booster):
            return lambda data, params: native.predict(xgboost.DMatrix(data), **_known(native.predict, params))
        predict = native.predict
        if isinstance(native, xgboost.XGBModel):
            predict = partial(predict, validate_features=True)
        return lambda data, params: predict(data, **_known(predict, params))


def _xgboost(why: str) -> Any:
    return require("xgboost", why)


def _distribution() -> str:
    from nbtrack.models.distributions import of_module  # noqa: PLC0415 - there are several that bring xgboost

    found = of_module("xgboost")
    return found.name if found is not None else "xgboost"


def _class(name: str) -> Any:
    """Return a class of XGBoost's by its dotted name; never of another package, whatever the model says."""
    parts = name.split(".")
    xgboost = _xgboost("to load this model")
    kind = getattr(xgboost, parts[-1], None)
    is_known = (
        parts[0] == "xgboost" and isinstance(kind, type) and issubclass(kind, (xgboost.Booster, xgboost.XGBModel))
    )
    if not is_known:
        raise InvalidValueError(
            f"MLmodel names the class {name[:80]!r}; that is no model of XGBoost {xgboost.__version__}."
        )
    return kind


def _known(function: Callable[..., Any], params: dict[str, Any] | None) -> dict[str, Any]:
    """Return those of the params that a function takes."""
    if not params:
        return {}
    takes = inspect.signature(function).parameters
    return {name: value for name, value in params.items() if name in takes}


FLAVOR: Flavor = XGBoost()
