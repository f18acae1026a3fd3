"""Models kept as code: a Python file that calls ``set_model``, run when the model is loaded."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nbtrack.errors import InvalidValueError
from nbtrack.models import config
from nbtrack.models.python_model import PythonModel, PythonModelContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_found: ContextVar[list[Any] | None] = ContextVar("nbtrack_set_model", default=None)


def set_model(model: Any) -> None:
    """Say which object of this file is the model; called in a file that is saved as a model.

    Parameters
    ----------
    model : PythonModel or callable
        ``nbtrack.models.set_model(MyModel())`` at the end of the file.
    """
    if not callable(model) and not callable(getattr(model, "predict", None)):
        raise InvalidValueError(
            f"set_model received a {type(model).__name__}; give a PythonModel or a function that predicts."
        )
    waiting = _found.get()
    if waiting is not None:
        waiting.append(model)
    elif "mlflow.models.model" in sys.modules:  # it is MLflow that runs the file
        vars(sys.modules["mlflow.models.model"])["__mlflow_model__"] = model


def run_file(path: Path, model_config: Mapping[str, Any] | None = None) -> Any:
    """Run a model's Python file and return what it handed to ``set_model``, of nbtrack's or of MLflow's.

    Raises
    ------
    InvalidValueError
        The file hands over nothing.
    """
    found: list[Any] = []
    name = f"nbtrack_model_code_{uuid4().hex}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidValueError(f"{path.name} is no Python file; a model from code is kept in a .py file.")
    module = module_from_spec(spec)
    listening = _found.set(found)
    sys.modules[name] = module
    try:
        with config.in_use(dict(model_config or {})), _mlflow_hears(model_config):
            spec.loader.exec_module(module)
        return _only(found, path)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        _found.reset(listening)


def _only(found: list[Any], path: Path) -> Any:
    if not found:
        raise InvalidValueError(
            f"{path.name} did not say which object is the model; call nbtrack.models.set_model(model) at its end."
        )
    return found[-1]


@contextmanager
def _mlflow_hears(model_config: Mapping[str, Any] | None) -> Iterator[None]:
    """Let ``mlflow.models.set_model`` in the file answer, too: MLflow's own when it is installed, a stand-in when not."""
    try:
        import mlflow.models as theirs  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    except ImportError:
        with _stand_in():
            yield
        return
    before, theirs.set_model = theirs.set_model, set_model
    settings = vars(theirs.model_config)
    set_before = settings.get("__mlflow_model_config__")
    settings["__mlflow_model_config__"] = dict(model_config) if model_config else set_before
    try:
        yield
    finally:
        theirs.set_model = before
        settings["__mlflow_model_config__"] = set_before


@contextmanager
def _stand_in() -> Iterator[None]:
    """Answer the few names of MLflow that a model's file uses, where MLflow is not installed."""
    root, models, pyfunc = (ModuleType(name) for name in ("mlflow", "mlflow.models", "mlflow.pyfunc"))
    models.__dict__.update(set_model=set_model, ModelConfig=config.ModelConfig)
    pyfunc.__dict__.update(PythonModel=PythonModel, PythonModelContext=PythonModelContext)
    root.__dict__.update(models=models, pyfunc=pyfunc, __path__=[])
    those = {"mlflow": root, "mlflow.models": models, "mlflow.pyfunc": pyfunc}
    sys.modules.update(those)
    try:
        yield
    finally:
        for name, module in those.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
