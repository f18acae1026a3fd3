"""Python models: subclasses of ``PythonModel``, plain functions, and files of code; written as ``python_function`` and nothing else."""

from __future__ import annotations

import inspect
import sys
import typing
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models import python_model, type_hints
from nbtrack.models.config import read_config
from nbtrack.models.flavors import Saved
from nbtrack.models.folder import copy_in, inside
from nbtrack.models.from_code import run_file
from nbtrack.models.python_model import FunctionModel, PythonModel, PythonModelContext
from nbtrack.models.stand_ins import THEIRS
from nbtrack.models.trust import Risk, Trust, pickle_risks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from os import PathLike

    from nbtrack.models.signature import ModelSignature

FILE = "python_model.pkl"
ARTIFACTS = "artifacts"


class PyFunc:
    """Writes and reads Python models; see :class:`nbtrack.models.flavors.Flavor`."""

    name = "pyfunc"
    loader_module = "mlflow.pyfunc.model"
    packages = ("cloudpickle",)
    is_read_back = True

    def claims(self, model: Any) -> bool:
        """Say whether it is a Python model, a function, or the path of a Python file."""
        if isinstance(model, (str, Path)):
            return str(model).endswith(".py")
        kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(model).__mro__}
        return isinstance(model, PythonModel) or inspect.isroutine(model) or "mlflow.pyfunc.model.PythonModel" in kinds

    def signature_of(self, model: Any) -> ModelSignature | None:
        """Return the signature that the type hints of predict say; None when they say none."""
        if isinstance(model, (str, Path)):
            return None
        target = model if inspect.isroutine(model) else type(model).predict
        return type_hints.signature_of(python_model.hints_of(inspect.unwrap(target)))

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Write a Python model.

        Parameters
        ----------
        model : PythonModel, function, or path of a Python file that calls ``set_model``
        folder : Path
        artifacts : mapping of str to path, optional
            Files and folders that the model finds in ``context.artifacts``.
        model_config : mapping or path of a YAML file, optional
            Settings in ``context.model_config``.
        """
        artifacts, model_config = options.pop("artifacts", None), options.pop("model_config", None)
        if options:
            raise InvalidValueError(f"pyfunc models take no option {', '.join(sorted(options))}.")
        _check(model)
        settings = read_config(model_config)
        conf: dict[str, Any] = {"streamable": _streams(model)}
        if isinstance(model, (str, Path)):
            conf["model_code_path"] = _copy_code(Path(model), folder)
        else:
            conf |= _pickle(model, folder)
        if artifacts:
            conf["artifacts"] = _copy_artifacts(artifacts, folder)
        if settings:
            conf["config"] = settings
        return Saved(conf=None, pyfunc=conf)

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return the code or the names in the pickle that loading runs."""
        if conf.get("model_code_path"):
            path = inside(folder, _last(conf["model_code_path"]), "Code of the model")
            return [Risk(path.name, "this Python file is run")]
        path = inside(folder, conf.get("python_model"), "Python model")
        return pickle_risks(path)

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> LoadedPython:
        """Return the Python model with its context; ``load_context`` has been called."""
        trust.demand(self.risks(folder, conf) if not trust.everything else [])
        config = conf.get("config") or {}
        if conf.get("model_code_path"):
            model = run_file(inside(folder, _last(conf["model_code_path"]), "Code of the model"), config)
        else:
            model = trust.unpickle(inside(folder, conf.get("python_model"), "Python model"), THEIRS)
        if not hasattr(model, "predict"):
            model = FunctionModel(model)
        context = PythonModelContext(_artifacts_of(conf, folder), config)
        if hasattr(model, "load_context"):
            model.load_context(context)
        return LoadedPython(model, context)

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Callable[[Any, Any], Any]:  # noqa: ARG002
        """Return ``predict(data, params)``."""
        loaded: LoadedPython = native
        return loaded.predict

    def streamer(self, native: Any) -> Callable[[Any, Any], Iterator[Any]] | None:
        """Return ``predict_stream(data, params)``; None when the model has none."""
        return native.predict_stream if _streams(native.python_model) else None


FLAVOR = PyFunc()


class LoadedPython:
    """A Python model and its context, ready to predict."""

    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self.python_model = model
        self.context = context
        target = model.function if isinstance(getattr(model, "function", None), type(_streams)) else type(model).predict
        self.hint = python_model.hints_of(inspect.unwrap(target)).input

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict; the input is brought into the form of the type hint, when there is one."""
        return python_model.call(self.python_model.predict, self.context, type_hints.convert(data, self.hint), params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """Predict piece by piece."""
        found: Iterator[Any] = python_model.call(self.python_model.predict_stream, self.context, data, params)
        return found


def _streams(model: Any) -> bool:
    kind = type(model)
    method = getattr(kind, "predict_stream", None)
    return method is not None and method.__qualname__.partition(".")[0] != "PythonModel"


def _check(model: Any) -> None:
    """Refuse what could be saved, and never predict."""
    if inspect.isclass(model):
        raise InvalidValueError(f"python_model is the class {model.__name__}; give an instance: {model.__name__}().")
    if isinstance(model, PythonModel) and type(model).predict is PythonModel.predict:
        raise InvalidValueError(f"{type(model).__name__} has no predict; write predict(self, context, model_input).")


def _pickle(model: Any, folder: Path) -> dict[str, Any]:
    cloudpickle = require("cloudpickle", "to save a Python model", extra="models")
    instance = FunctionModel(model) if inspect.isroutine(model) else model
    if not callable(getattr(instance, "predict", None)):
        raise InvalidValueError(
            f"python_model is a {type(model).__name__} without predict; give a PythonModel, a function or the path of a .py file."
        )
    _settle_hints(model)
    module = sys.modules[python_model.__name__]
    cloudpickle.register_pickle_by_value(module)
    try:
        data = cloudpickle.dumps(instance)
    except Exception as cause:
        raise InvalidValueError(
            f"{type(model).__name__} cannot be pickled ({type(cause).__name__}: {cause}). Open files, connections and locks in "
            "load_context, or save the model as code: python_model='model.py' with set_model in it."
        ) from cause
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    (folder / FILE).write_bytes(data)
    return {"python_model": FILE, "cloudpickle_version": cloudpickle.__version__}


def _settle_hints(model: Any) -> None:
    """Make type hints that are texts into types: the names in them may not be known where the model is loaded."""
    function = inspect.unwrap(model if inspect.isroutine(model) else type(model).predict)
    with suppress(Exception):  # names that exist for type checkers only, or a function of C
        function.__annotations__.update(typing.get_type_hints(function))


def _copy_code(path: Path, folder: Path) -> str:
    if path.suffix != ".py":
        raise InvalidValueError(
            f"{path} is no Python file; a model from code is a .py file that calls nbtrack.models.set_model."
        )
    if not path.is_file():
        raise NotFoundError("File", str(path), where=f"the working folder {Path.cwd()}")
    copy_in(path, folder / path.name)
    return path.name


def _copy_artifacts(artifacts: Mapping[str, str | PathLike[str]], folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, source in artifacts.items():
        origin = Path(source)
        if not origin.exists():
            raise NotFoundError(
                "Artifact", str(source), where=f"the working folder {Path.cwd()}", hint=f" It was named {name!r}."
            )
        taken = {entry["path"] for entry in found.values()}
        place = f"{ARTIFACTS}/{origin.resolve().name}"
        if place in taken:
            place = f"{ARTIFACTS}/{len(taken)}/{origin.resolve().name}"
        copy_in(origin, folder / place)
        found[str(name)] = {"path": place, "uri": origin.name}
    return found


def _artifacts_of(conf: dict[str, Any], folder: Path) -> dict[str, str]:
    found = conf.get("artifacts") or {}
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise InvalidValueError("MLmodel has `artifacts` of another form than name: {path: …}.")
    return {str(name): str(inside(folder, entry.get("path"), f"Artifact {name!r}")) for name, entry in found.items()}


def _last(path: object) -> object:
    """Return the file's name: MLflow keeps the author's whole path, and copies the file to the top of the folder."""
    return path.replace("\\", "/").rpartition("/")[2] if isinstance(path, str) else path
