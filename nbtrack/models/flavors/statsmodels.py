"""Fitted models of statsmodels: what its ``fit`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.folder import inside
from nbtrack.models.trust import Risk, Trust, pickle_risks

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor

FILE = "model.statsmodels"


class Statsmodels:
    """As the pickle that statsmodels itself writes."""

    name = "statsmodels"
    loader_module = "mlflow.statsmodels"
    packages: tuple[str, ...] = ("statsmodels",)

    def claims(self, model: Any) -> bool:
        """Say whether the model is of statsmodels."""
        return is_of(model, "statsmodels")

    def save(self, model: Any, folder: Path, *, remove_data: bool = False) -> Saved:
        """Write ``model.statsmodels``; without the data that it was fitted to when `remove_data`."""
        statsmodels = require("statsmodels", "to save this model")
        if not hasattr(model, "save") or not hasattr(model, "model"):
            raise InvalidValueError(f"A {type(model).__name__} is not fitted; give what its fit() returns.")
        model.save(str(folder / FILE), remove_data)
        return Saved({"data": FILE, "statsmodels_version": statsmodels.__version__}, {"data": FILE})

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return what unpickling would run."""
        file = conf.get("data") or FILE
        return pickle_risks(inside(folder, file, "Model file"), str(file))

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:
        """Return the fitted model."""
        require("statsmodels", "to load this model")
        return trust.unpickle(inside(folder, conf.get("data") or FILE, "Model file"))

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return a function that predicts for rows, or from ``start`` to ``end`` when the model is of a time series."""
        if not is_of(native.model, "statsmodels") or not _is_of_time(native.model):
            return lambda data, params: native.predict(data)  # noqa: ARG005 - as MLflow: no params

        def forecast(data: Any, _: Any) -> Any:
            columns = list(getattr(data, "columns", ()))
            if len(data) != 1 or not {"start", "end"} <= set(columns):
                raise InvalidValueError(
                    "A model of a time series predicts a range: give a DataFrame of one row with the columns start and end, "
                    f"not {len(data)} rows with {', '.join(map(str, columns)) or 'no columns'}."
                )
            return native.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])

        return forecast


def _is_of_time(model: Any) -> bool:
    return any(kind.__name__ == "TimeSeriesModel" for kind in type(model).__mro__)


FLAVOR: Flavor = Statsmodels()
