"""Models that a module of the user's loads: ``_load_pyfunc(path)`` in it gets their data and returns what can predict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.models.flavors import Saved
from nbtrack.models.folder import copy_in, inside

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from nbtrack.models.flavors import Predictor
    from nbtrack.models.trust import Risk, Trust

DATA = "data"


class Loader:
    """Writes and reads models of one such module (a :class:`nbtrack.models.flavors.Flavor`); a model is the path of the data, or None."""

    name = "pyfunc"
    packages: tuple[str, ...] = ()
    is_read_back = True

    def __init__(self, loader_module: str) -> None:
        if not all(part.isidentifier() for part in loader_module.split(".")):
            raise InvalidValueError(f"The loader module is {loader_module[:80]!r}; that is no name of a module.")
        self.loader_module = loader_module

    def claims(self, model: Any) -> bool:  # noqa: ARG002 - it is always named
        """Claim nothing."""
        return False

    def save(self, model: str | os.PathLike[str] | None, folder: Path, **options: Any) -> Saved:
        """Copy the data into the folder."""
        from pathlib import Path  # noqa: PLC0415 - here only for annotations elsewhere

        if options:
            raise InvalidValueError(f"Models of a loader module take no option {', '.join(sorted(options))}.")
        if model is None:
            return Saved(None, {})
        path = f"{DATA}/{Path(model).resolve().name}"
        copy_in(model, folder / path)
        return Saved(None, {"data": path})

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:  # noqa: ARG002 - said where all strangers are
        """Return nothing: it is said where all strangers are, in :mod:`nbtrack.models.loading`."""
        return []

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:  # noqa: ARG002 - asked before
        """Return what the module makes of the data, as MLflow does; only after everything was allowed."""
        data = conf.get("data")
        path = inside(folder, data, "Data of the model") if data else folder
        try:
            loader = import_module(self.loader_module)
        except ModuleNotFoundError as cause:
            raise InvalidValueError(
                f"The model is loaded by {self.loader_module}, which is not installed here: {cause}."
            ) from cause
        if not hasattr(loader, "_load_pyfunc"):
            raise InvalidValueError(f"{self.loader_module} has no function _load_pyfunc(path), which loads the model.")
        return loader._load_pyfunc(str(path))  # noqa: SLF001 - MLflow's name for it

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return ``predict(data, params)``; params reach a model that takes them."""
        import inspect  # noqa: PLC0415 - only for strangers

        takes_params = "params" in inspect.signature(native.predict).parameters
        return lambda data, params: native.predict(data, params=params) if takes_params else native.predict(data)
