"""scikit-learn estimators and pipelines, and whatever has their interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.flavors import estimators as files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor
    from nbtrack.models.trust import Risk, Trust


class Sklearn:
    """As ``model.skops`` when skops can take the model, else as ``model.pkl``."""

    name = "sklearn"
    loader_module = "mlflow.sklearn"
    packages: tuple[str, ...] = ("scikit-learn",)

    def claims(self, model: Any) -> bool:
        """Say whether a class of the model is scikit-learn's, or of a package that builds on it."""
        return is_of(model, "sklearn", "imblearn", "sklearn_pandas")

    def save(
        self,
        model: Any,
        folder: Path,
        *,
        serialization_format: str | None = None,
        pyfunc_predict_fn: str = "predict",
        skops_trusted_types: Iterable[str] | None = None,
    ) -> Saved:
        """Write ``model.skops`` or ``model.pkl``.

        Parameters
        ----------
        model : estimator
        folder : Path
        serialization_format : {"skops", "cloudpickle", "pickle"}, optional
            skops by default, and cloudpickle for what it cannot take.
        pyfunc_predict_fn : str
            The method that predicts when the model is loaded as ``pyfunc``, such as ``"predict_proba"``.
        skops_trusted_types : iterable of str, optional
            Dotted names of types that skops may hold besides its own.
        """
        if not str(pyfunc_predict_fn).isidentifier() or str(pyfunc_predict_fn).startswith("_"):
            raise InvalidValueError(
                f"pyfunc_predict_fn is {pyfunc_predict_fn!r}; name a method, such as 'predict_proba'."
            )
        written = files.write(model, folder, serialization_format, skops_trusted_types)
        conf = {
            "pickled_model": written.file,
            "sklearn_version": require("sklearn", "to save this model", package="scikit-learn").__version__,
            "serialization_format": written.format,
            "skops_trusted_types": written.trusted_types,
        }
        if not hasattr(model, pyfunc_predict_fn):
            warn(
                f"{type(model).__name__} has no method {pyfunc_predict_fn}: it can be loaded as scikit-learn's, but not as pyfunc."
            )
            return Saved(conf, None, written.packages)
        return Saved(conf, {"model_path": written.file, "predict_fn": pyfunc_predict_fn}, written.packages)

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return what loading would run."""
        return files.risks(folder, _file(conf), files.format_of(conf, files.PICKLE))

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:
        """Return the estimator."""
        require("sklearn", "to load this model", package="scikit-learn")
        return files.read(folder, _file(conf), files.format_of(conf, files.PICKLE), trust)

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return the method that the model was saved to predict with."""
        name = str(pyfunc_conf.get("predict_fn") or "predict")
        if not _predicts(native, name):
            raise InvalidValueError(
                f"The model is to predict with {name[:80]!r}, which is no way to predict with a {type(native).__name__}."
            )
        method = getattr(native, name)
        return lambda data, params: method(data)  # noqa: ARG005 - as MLflow: estimators take none


def _predicts(native: Any, name: str) -> bool:
    """Say whether a method predicts: one of an estimator's. Arrays may be loaded without leave, too, and have methods that write files."""
    is_estimator = name.startswith("predict") or hasattr(type(native), "fit") or hasattr(type(native), "get_params")
    return is_estimator and not name.startswith("_") and callable(getattr(native, name, None))


def _file(conf: dict[str, Any]) -> Any:
    return conf.get("pickled_model") or conf.get("model_path")


FLAVOR: Flavor = Sklearn()
