"""Flavors: which library a model is of, and how it is written and read. One file each, found by name.

A flavor's module holds ``FLAVOR``, an object that fits :class:`Flavor`. It is imported when a model of it is saved or loaded,
and imports its library only inside `save`, `load` and `predictor`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbtrack.models.trust import Risk, Trust

    Predictor = Callable[[Any, dict[str, Any] | None], Any]

_MODULES = {
    # Those whose models are also scikit-learn estimators come before sklearn: the first that claims a model has it.
    "xgboost": "mlflow.xgboost",
    "lightgbm": "mlflow.lightgbm",
    "pytorch": "mlflow.pytorch",
    "onnx": "mlflow.onnx",
    "statsmodels": "mlflow.statsmodels",
    "sklearn": "mlflow.sklearn",
    "pyfunc": "mlflow.pyfunc.model",
}
"""The flavors and what MLflow imports to load their models."""
_ALSO = {"mlflow.pyfunc.loaders.code_model": "pyfunc"}


@dataclass(frozen=True, slots=True)
class Saved:
    """What a flavor has written.

    Attributes
    ----------
    conf : dict or None
        The flavor's own part of ``MLmodel``, such as ``{"pickled_model": "model.skops", "sklearn_version": "1.9.1", …}``; None for a
        flavor that has none besides ``python_function``.
    pyfunc : dict or None
        What it adds to ``python_function``, such as ``{"model_path": "model.skops", "predict_fn": "predict"}``; None for a model
        that cannot predict. `loader_module`, `env`, `code` and `python_version` are added by the folder writer.
    roots : tuple of str
        Distributions that this model needs besides the flavor's `packages`, as far as known from the object.
    """

    conf: dict[str, Any] | None
    pyfunc: dict[str, Any] | None = field(default_factory=dict)
    roots: tuple[str, ...] = ()


class Flavor(Protocol):
    """How models of one library are written and read."""

    name: str
    """Its key in ``MLmodel``: ``"sklearn"``."""
    loader_module: str
    """What MLflow imports to load such a model: ``"mlflow.sklearn"``."""
    packages: tuple[str, ...]
    """Distributions that loading needs for certain: ``("scikit-learn", "cloudpickle")``."""

    def claims(self, model: Any) -> bool:
        """Say whether this is a model of the library, by the module names of its classes; imports nothing."""

    def save(self, *model_and_folder: Any, **options: Any) -> Saved:
        """Write ``save(model, folder, …)``: the model's files into an existing folder; each flavor names its options."""

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return what :meth:`load` would run besides the library's own code: names in pickles, code; [] when nothing.

        Reads files, never loads them. `conf` is the flavor's part of ``MLmodel`` (``python_function``'s when it has none).
        """

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:
        """Return the native model. Whatever runs foreign code goes through `trust`, which refuses without leave."""

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:
        """Return ``predict(data, params)`` for a native model, as MLflow's pyfunc predicts with it."""


def flavor(name: str) -> Flavor:
    """Return a flavor by name; raises ``InvalidValueError`` for an unknown one."""
    if name not in _MODULES:
        raise InvalidValueError(f"Flavor {name!r} is not known; there are {', '.join(sorted(_MODULES))}.")
    try:
        module = import_module(f"nbtrack.models.flavors.{name}")
    except ModuleNotFoundError as cause:
        if cause.name != f"nbtrack.models.flavors.{name}":
            raise
        raise InvalidValueError(f"Flavor {name!r} is not in this nbtrack.") from cause
    return cast("Flavor", module.FLAVOR)


def loader_of(loader_module: str) -> Flavor | None:
    """Return the flavor whose models MLflow loads with this module; None for a stranger."""
    names_by_module = {**{module: name for name, module in _MODULES.items()}, **_ALSO}
    return flavor(names_by_module[loader_module]) if loader_module in names_by_module else None


def flavor_of(model: Any) -> Flavor:
    """Return the flavor of a model; raises ``InvalidValueError`` when none claims it."""
    modules = sorted({kind.__module__.partition(".")[0] for kind in type(model).__mro__} - {"builtins", "abc"})
    for name in _MODULES:
        try:
            found = flavor(name)
        except InvalidValueError:
            continue
        if found.claims(model):
            return found
    raise InvalidValueError(
        f"No flavor is known for a {type(model).__module__}.{type(model).__qualname__} (of {', '.join(modules) or 'builtins'}); "
        "wrap it in a nbtrack.pyfunc.PythonModel, or log a function that predicts with it."
    )


def names() -> Sequence[str]:
    """Return the names of the flavors, in the order in which they are asked."""
    return tuple(_MODULES)


def is_of(model: Any, *packages: str) -> bool:
    """Say whether a class of `model` comes from one of these top-level packages."""
    return any(kind.__module__.partition(".")[0] in packages for kind in type(model).__mro__)
