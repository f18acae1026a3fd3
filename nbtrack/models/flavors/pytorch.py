"""PyTorch modules: eager, scripted and exported ones."""

from __future__ import annotations

import pickle
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.folder import inside
from nbtrack.models.trust import Risk, Trust, pickle_risks

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor

DATA, EAGER, EXPORTED, PICKLED_BY = "data", "model.pth", "model.pt2", "pickle_module_info.txt"
MLFLOW_PICKLE = "mlflow.pytorch.pickle_module"
"""What MLflow unpickles with; it is cloudpickle under another name."""
FORMATS = ("pickle", "pt2")


class PyTorch:
    """As ``data/model.pth``, a pickle with its tensors; as ``data/model.pt2`` when the exported graph is wanted."""

    name = "pytorch"
    loader_module = "mlflow.pytorch"
    packages: tuple[str, ...] = ("torch",)

    def claims(self, model: Any) -> bool:
        """Say whether the model is an ``nn.Module`` or an exported program."""
        return is_of(model, "torch", "lightning", "pytorch_lightning")

    def save(
        self, model: Any, folder: Path, *, serialization_format: str | None = None, example: Any = None, **options: Any
    ) -> Saved:
        """Write ``data/model.pth`` or ``data/model.pt2``.

        Parameters
        ----------
        model : torch.nn.Module, scripted or not, or torch.export.ExportedProgram
        folder : Path
        serialization_format : {"pickle", "pt2"}, optional
            pt2 traces the graph with `example` and needs no code of the model's class when it is loaded.
        example : array, tensor, or tuple of them, optional
            What the graph is traced with; its first dimension may be of any size later on.
        **options
            For ``torch.save``.
        """
        torch = require("torch", "to save this model")
        is_exported = isinstance(model, torch.export.ExportedProgram)
        chosen = serialization_format or ("pt2" if is_exported else "pickle")
        if chosen not in FORMATS or (is_exported and chosen != "pt2"):
            raise InvalidValueError(
                f"serialization_format is {chosen!r}; use {'pt2' if is_exported else ' or '.join(FORMATS)}."
            )
        if not is_exported and not isinstance(model, torch.nn.Module):
            raise InvalidValueError(f"A {type(model).__name__} is no model of PyTorch; give a torch.nn.Module.")
        (folder / DATA).mkdir()
        if chosen == "pt2":
            torch.export.save(model if is_exported else _exported(torch, model, example), folder / DATA / EXPORTED)
        elif isinstance(model, torch.jit.ScriptModule):
            torch.jit.save(model, str(folder / DATA / EAGER))
        else:
            torch.save(model, folder / DATA / EAGER, pickle_module=_pickler(), **options)
        roots: tuple[str, ...] = ()
        if chosen == "pickle":
            (folder / DATA / PICKLED_BY).write_text(MLFLOW_PICKLE, encoding="utf-8")
            roots = ("cloudpickle",)
        conf = {"model_data": DATA, "pytorch_version": str(torch.__version__)}
        return Saved(conf, {"data": DATA, "pickle_module_name": MLFLOW_PICKLE, "config": {"device": None}}, roots)

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:
        """Return what loading would run."""
        path = _file(folder, conf)
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".pt2":
            return [Risk(name, "torch.export unpickles tensors in it and runs its graph")]
        if _is_scripted(path):
            return [Risk(name, "a TorchScript program is run")]
        return pickle_risks(path, name)

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:
        """Return the module, ready to predict."""
        torch = require("torch", "to load this model")
        path = _file(folder, conf)
        trust.demand([] if trust.everything else self.risks(folder, conf))
        device = (conf.get("config") or {}).get("device") or (None if torch.cuda.is_available() else "cpu")
        if path.suffix == ".pt2":
            return torch.export.load(path).module()
        if _is_scripted(path):
            return torch.jit.load(str(path), map_location=device).eval()
        require("cloudpickle", "to load this model", extra="models")
        model = torch.load(path, map_location=device, weights_only=False)
        return model.eval()

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:
        """Return a function that takes a DataFrame or an array and gives the same; tensors are on the model's device meanwhile."""
        torch = require("torch", "to predict with this model")
        wanted = (conf.get("config") or pyfunc_conf.get("config") or {}).get("device")
        device = torch.device(wanted) if wanted else _device_of(native, torch)
        if wanted and not hasattr(native, "graph"):
            native.to(device)

        def predict(data: Any, params: dict[str, Any] | None) -> Any:
            is_frame = type(data).__name__ == "DataFrame"
            array = data.to_numpy(dtype="float32") if is_frame else data
            if not hasattr(array, "__array_interface__"):
                raise InvalidValueError(
                    f"A {type(data).__name__} was given; PyTorch models take a DataFrame or an array."
                )
            with torch.no_grad():
                found = native(torch.from_numpy(array).to(device), **(params or {}))
            if not isinstance(found, torch.Tensor):
                raise InvalidValueError(
                    f"The model gives a {type(found).__name__}; a single tensor is expected of a model that is scored."
                )
            values = found.cpu().numpy()
            if not is_frame:
                return values
            import pandas as pd  # noqa: PLC0415

            return pd.DataFrame(values, index=data.index)

        return predict


def _exported(torch: Any, model: Any, example: Any) -> Any:
    """Return the graph that a model runs for an example, for any number of rows when there are two or more in it."""
    given = example if isinstance(example, (tuple, list)) else (example,)
    tensors = tuple(torch.as_tensor(one) for one in given if one is not None)
    if not tensors:
        raise InvalidValueError(
            'serialization_format="pt2" traces the model: give input_example, an array or a tensor.'
        )
    rows = tuple({0: torch.export.Dim.AUTO} if one.ndim else None for one in tensors)
    return torch.export.export(model, tensors, dynamic_shapes=rows)


def _pickler() -> Any:
    """Return what torch.save wants of a module that pickles: cloudpickle, so that classes of a notebook are taken along."""
    cloudpickle = require("cloudpickle", "to save this model", extra="models")
    names = {"dump": cloudpickle.dump, "dumps": cloudpickle.dumps, "load": pickle.load, "loads": pickle.loads}
    return SimpleNamespace(__name__="cloudpickle", Pickler=cloudpickle.Pickler, Unpickler=pickle.Unpickler, **names)


def _file(folder: Path, conf: dict[str, Any]) -> Path:
    """Return the file that holds the model, in the folder of data or named directly."""
    path = inside(folder, conf.get("model_data") or conf.get("data"), "Model data")
    if path.is_file():
        return path
    name = EAGER if (path / EAGER).exists() else EXPORTED
    return inside(folder, path.relative_to(folder) / name, "Model file")


def _is_scripted(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _device_of(model: Any, torch: Any) -> Any:
    first = next(iter(model.parameters()), None)
    return torch.device("cpu") if first is None else first.device


FLAVOR: Flavor = PyTorch()
