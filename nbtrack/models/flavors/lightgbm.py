"""LightGBM boosters, and its models with scikit-learn's interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.flavors import estimators as files
from nbtrack.models.flavors.harmless import HARMLESS, LIGHTGBM
from nbtrack.models.folder import inside

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor
    from nbtrack.models.trust import Risk, Trust

BOOSTER = "lightgbm.basic.Booster"
OWN = HARMLESS | LIGHTGBM


class LightGBM:
    """Boosters as LightGBM's own text; estimators as skops, or as a pickle."""

    name = "lightgbm"
    loader_module = "mlflow.lightgbm"
    packages: tuple[str, ...] = ("lightgbm",)

    def claims(self, model: Any) -> bool:
        """Say whether the model is LightGBM's."""
        return is_of(model, "lightgbm")

    def save(
        self,
        model: Any,
        folder: Path,
        *,
        serialization_format: str | None = None,
        skops_trusted_types: Iterable[str] | None = None,
        **options: Any,
    ) -> Saved:
        """Write ``model.lgb``, ``model.skops`` or ``model.pkl``.

        Parameters
        ----------
        model : Booster or estimator of LightGBM
        folder : Path
        serialization_format : {"skops", "cloudpickle", "pickle"}, optional
            Of an estimator: skops by default, and cloudpickle for what it cannot take.
        skops_trusted_types : iterable of str, optional
            Dotted names of types that skops may hold besides its own and LightGBM's.
        **options
            For ``Booster.save_model``, such as ``num_iteration``.
        """
        lightgbm = require("lightgbm", "to save this model")
        conf: dict[str, Any] = {"lgb_version": lightgbm.__version__}
        if isinstance(model, lightgbm.Booster):
            model.save_model(folder / "model.lgb", **options)
            conf |= {"data": "model.lgb", "model_class": BOOSTER}
            return Saved(conf, {"data": "model.lgb"})
        if options:
            raise InvalidValueError(f"{', '.join(options)}: these are for a Booster; this is a {type(model).__name__}.")
        written = files.write(model, folder, serialization_format, skops_trusted_types, OWN)
        conf |= {
            "data": written.file,
            "model_class": f"{type(model).__module__}.{type(model).__qualname__}",
            "serialization_format": written.format,
            "skops_trusted_types": written.trusted_types,
        }
        return Saved(conf, {"data": written.file}, ("scikit-learn", *written.packages))

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return what loading would run: nothing for a booster."""
        if _is_booster(conf):
            return []
        return files.risks(folder, conf.get("data"), files.format_of(conf, files.CLOUDPICKLE), OWN)

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:
        """Return a Booster or an estimator."""
        lightgbm = require("lightgbm", "to load this model")
        if _is_booster(conf):
            return lightgbm.Booster(model_file=inside(folder, conf.get("data"), "Model file"))
        return files.read(folder, conf.get("data"), files.format_of(conf, files.CLOUDPICKLE), trust, OWN)

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return the model's own ``predict``."""
        return lambda data, params: native.predict(data)  # noqa: ARG005 - as MLflow: no params


def _is_booster(conf: dict[str, Any]) -> bool:
    return str(conf.get("model_class") or BOOSTER) == BOOSTER


FLAVOR: Flavor = LightGBM()
