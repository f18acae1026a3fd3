"""Loads what a model folder holds, after looking at what that would run."""

from __future__ import annotations

import sys
from importlib import invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.flavors import Flavor, flavor, loader_of
from nbtrack.models.flavors.loader import Loader
from nbtrack.models.folder import inside
from nbtrack.models.mlmodel import PYFUNC, MLmodel
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.trust import Risk, Trust, code_risks, pickle_risks

if TYPE_CHECKING:
    from collections.abc import Mapping


def risks_of(folder: Path, flavor_name: str | None = None) -> list[Risk]:
    """Return what loading the model in a folder would run; nothing of it is loaded.

    Parameters
    ----------
    folder : Path
        A model folder.
    flavor_name : str, optional
        Loaded as this; as ``python_function`` by default.
    """
    return _risks(folder, MLmodel.load(folder), flavor_name or PYFUNC)


def load_native(folder: Path, flavor_name: str, trust: Trust) -> Any:
    """Return the model of a library from a model folder.

    Raises
    ------
    InvalidValueError
        The model is not of this flavor.
    UntrustedModelError
        Loading would run foreign code; lists it. Nothing was loaded.
    """
    mlmodel = MLmodel.load(folder)
    conf = _conf(mlmodel, flavor_name, folder)
    trust.demand([] if trust.everything else _risks(folder, mlmodel, flavor_name))
    put_code_on_path(folder, conf)
    return flavor(flavor_name).load(folder, conf, trust)


def load_pyfunc(folder: Path, trust: Trust, model_config: Mapping[str, Any] | None = None) -> PyFuncModel:
    """Return any model that can predict, behind one interface; see :func:`load_native` for errors."""
    mlmodel = MLmodel.load(folder)
    conf = _conf(mlmodel, PYFUNC, folder)
    trust.demand([] if trust.everything else _risks(folder, mlmodel, PYFUNC))
    put_code_on_path(folder, conf)
    found = loader_of(str(conf.get("loader_module")))
    if found is None:
        stranger = Loader(str(conf.get("loader_module")))
        native = stranger.load(folder, conf, trust)
        return PyFuncModel(mlmodel, native, stranger.predictor(native, {}, conf), folder=folder)
    own = mlmodel.flavors.get(found.name, conf)
    if model_config:
        own = {**own, "config": {**(own.get("config") or {}), **model_config}}
    native = found.load(folder, own, trust)
    return PyFuncModel(
        mlmodel, native, found.predictor(native, own, conf), streamer=_streamer(found, native), folder=folder
    )


def put_code_on_path(folder: Path, conf: dict[str, Any]) -> None:
    """Let Python find the code that a model brings along, also when another model brought modules of the same names."""
    if not conf.get("code"):
        return
    code = inside(folder, conf["code"], "Code folder").resolve()
    if not code.is_dir():
        raise InvalidValueError(f"MLmodel names {conf['code']!r} as its folder of code; that is a file.")
    for entry in code.iterdir():
        _forget_other_models(entry.stem, code)
    _CODE_FOLDERS.add(code)
    if str(code) in sys.path:
        sys.path.remove(str(code))
    sys.path.insert(0, str(code))


_CODE_FOLDERS: set[Path] = set()


def has_code_on_path(folder: Path) -> bool:
    """Say whether code of the model in a folder was put on the path, so that more of it may be imported at any time."""
    return any(code.is_relative_to(folder.resolve()) for code in _CODE_FOLDERS)


def _forget_other_models(name: str, code: Path) -> None:
    """Drop a module that came from another model's code folder, so that this model's is imported; its objects keep the old one."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if (
        file is None
        or Path(file).is_relative_to(code)
        or not any(Path(file).is_relative_to(other) for other in _CODE_FOLDERS)
    ):
        return
    for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(f"{name}.")]:
        del sys.modules[loaded]
    invalidate_caches()


def _streamer(found: Flavor, native: Any) -> Any:
    streamer = getattr(found, "streamer", None)
    return streamer(native) if streamer else None


def _conf(mlmodel: MLmodel, name: str, folder: Path) -> dict[str, Any]:
    conf = mlmodel.flavors.get(name)
    if conf is None:
        there = ", ".join(sorted(mlmodel.flavors))
        where = f"runs:/{mlmodel.run_id}/{mlmodel.artifact_path}" if mlmodel.run_id else str(folder)
        raise InvalidValueError(f"The model {where} is not of flavor {name!r}; it has {there}.")
    return conf


def _risks(folder: Path, mlmodel: MLmodel, name: str) -> list[Risk]:
    conf = _conf(mlmodel, name, folder)
    found = loader_of(str(conf.get("loader_module"))) if name == PYFUNC else flavor(name)
    risks = _code_of(folder, conf)
    if found is not None:
        return risks + found.risks(folder, mlmodel.flavors.get(found.name, conf))
    risks.append(
        Risk("MLmodel", f"the module {str(conf.get('loader_module'))[:200]!r} is imported and loads the model")
    )
    data = conf.get("data") or conf.get("model_path")
    if data:
        path = inside(folder, data, "Data of the model")
        files = [path] if path.is_file() else [file for file in sorted(path.rglob("*")) if file.is_file()]
        risks += [
            risk
            for file in files[:100]
            for risk in pickle_risks(file, file.relative_to(folder).as_posix())
            if risk.names
        ]
    return risks


def _code_of(folder: Path, conf: dict[str, Any]) -> list[Risk]:
    if not conf.get("code"):
        return []
    try:
        inside(folder, conf["code"], "Code folder")
    except NotFoundError:
        return []
    return code_risks(folder, str(conf["code"]))
