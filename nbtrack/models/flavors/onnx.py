"""ONNX graphs, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.flavors import Saved, is_of
from nbtrack.models.folder import check_relative, inside
from nbtrack.models.trust import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nbtrack.models.flavors import Flavor, Predictor
    from nbtrack.models.trust import Trust

FILE = "model.onnx"
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
CPU = "CPUExecutionProvider"
_OPTIONS = (
    "inter_op_num_threads",
    "intra_op_num_threads",
    "execution_mode",
    "graph_optimization_level",
    "extra_session_config",
)

_HARMLESS = {
    "arena_extend_strategy", "cudnn_conv_algo_search", "cudnn_conv_use_max_workspace", "device_id", "do_copy_in_default_stream",
    "enable_cuda_graph", "gpu_mem_limit", "use_tf32", "session.intra_op.allow_spinning", "session.inter_op.allow_spinning",
    "session.set_denormal_as_zero", "session.disable_prepacking", "session.use_env_allocators",
}  # fmt: skip
"""Settings that are numbers and switches. Others name libraries to load (``trt_extra_plugin_lib_paths``, ``backend_path``) or files."""


class ONNX:
    """As ``model.onnx``, which holds data only: loading runs none of the model's code."""

    name = "onnx"
    loader_module = "mlflow.onnx"
    packages: tuple[str, ...] = ("onnx", "onnxruntime")

    def claims(self, model: Any) -> bool:
        """Say whether the model is an ``onnx.ModelProto``."""
        return is_of(model, "onnx") or type(model).__name__ == "ModelProto"

    def save(
        self,
        model: Any,
        folder: Path,
        *,
        onnx_execution_providers: Sequence[Any] | None = None,
        onnx_session_options: Mapping[str, Any] | None = None,
        save_as_external_data: bool = True,
    ) -> Saved:
        """Write ``model.onnx``.

        Parameters
        ----------
        model : onnx.ModelProto
        folder : Path
        onnx_execution_providers : sequence, optional
            What the model runs on, best first; CUDA where it is, else the processor.
        onnx_session_options : mapping, optional
            ``intra_op_num_threads``, ``inter_op_num_threads``, ``execution_mode``, ``graph_optimization_level``, ``extra_session_config``.
        save_as_external_data : bool
            Whether large tensors may be kept in files of their own.
        """
        onnx = require("onnx", "to save this model")
        unknown = set(onnx_session_options or ()) - set(_OPTIONS)
        if unknown:
            raise InvalidValueError(
                f"onnx_session_options has {', '.join(sorted(unknown))}; there are {', '.join(_OPTIONS)}."
            )
        onnx.save_model(model, str(folder / FILE), save_as_external_data=save_as_external_data)
        conf = {
            "data": FILE,
            "onnx_version": onnx.__version__,
            "providers": list(onnx_execution_providers or PROVIDERS),
            "onnx_session_options": dict(onnx_session_options) if onnx_session_options else None,
        }
        return Saved(conf, {"data": FILE})

    def risks(self, folder: Path, conf: dict[str, Any]) -> list[Risk]:  # noqa: ARG002
        """Return the settings that may load a library or name a file; the graph itself is data."""
        wanted = conf.get("providers") or ()
        given = [] if isinstance(wanted, str) else [one for one in wanted if not isinstance(one, str)]
        names = {
            str(key)
            for one in given
            for options in (one if isinstance(one, (list, tuple)) else [one])
            if isinstance(options, dict)
            for key in options
        }
        settings = conf.get("onnx_session_options") or {}
        more = settings.get("extra_session_config") if isinstance(settings, dict) else None
        names |= set(map(str, more)) if isinstance(more, dict) else set()
        unknown = tuple(sorted(names - _HARMLESS))
        return (
            [Risk("MLmodel", "settings of ONNX Runtime can load libraries and write files", unknown)] if unknown else []
        )

    def load(self, folder: Path, conf: dict[str, Any], trust: Trust) -> Any:  # noqa: ARG002 - nothing of the model's runs
        """Return the ``onnx.ModelProto``."""
        onnx = require("onnx", "to load this model")
        path = inside(folder, conf.get("data") or FILE, "Model file")
        try:
            model = onnx.load(str(path), load_external_data=False)
        except Exception as cause:
            raise InvalidValueError(f"{path} is no ONNX graph, or is damaged: {str(cause)[:200]}") from cause
        for location in _outside(onnx, model):
            inside(path.parent, check_relative(PurePosixPath(location), "Tensor file"), "Tensor file")
        onnx.checker.check_model(str(path))
        onnx.load_external_data_for_model(model, str(path.parent))
        left = next(_outside(onnx, model), None)
        if left is not None:
            raise InvalidValueError(
                f"The graph keeps a tensor at {left[:80]!r} in a place where onnx does not read one; it is not run."
            )
        return model

    def predictor(self, native: Any, conf: dict[str, Any], pyfunc_conf: dict[str, Any]) -> Predictor:  # noqa: ARG002
        """Return a function that runs the graph: frames give a frame, arrays and dicts of arrays a dict by output."""
        session = _session(native, conf)
        inputs = {one.name: one for one in session.get_inputs()}
        outputs = [one.name for one in session.get_outputs()]

        def run(data: Any, _: Any) -> Any:
            found = session.run(
                outputs, {name: _fit(array, inputs.get(name)) for name, array in _feeds(data, list(inputs)).items()}
            )
            if type(data).__name__ != "DataFrame":
                return dict(zip(outputs, found, strict=True))
            import numpy as np  # noqa: PLC0415
            import pandas as pd  # noqa: PLC0415

            return pd.DataFrame(
                {name: np.asarray(values).reshape(-1) for name, values in zip(outputs, found, strict=True)}
            )

        return run


def _feeds(data: Any, names: list[str]) -> dict[str, Any]:
    """Return the array of each of the graph's inputs, from a dict, an array or a DataFrame."""
    if isinstance(data, dict):
        return data
    if type(data).__name__ == "DataFrame":
        return {name: data[name].to_numpy() for name in names} if len(names) > 1 else {names[0]: data.to_numpy()}
    if not hasattr(data, "dtype"):
        raise InvalidValueError(
            f"A {type(data).__name__} was given; ONNX models take a DataFrame, an array or a dict of arrays."
        )
    if len(names) != 1:
        raise InvalidValueError(
            f"One array was given, and the model has the inputs {', '.join(names)}; give a dict or a DataFrame."
        )
    return {names[0]: data}


def _fit(array: Any, wanted: Any) -> Any:
    """Return an array as an input takes it: float64 as float32, which JSON cannot tell apart, and a column as a matrix."""
    import numpy as np  # noqa: PLC0415

    array = np.asarray(array)
    if wanted is None:
        return array
    if wanted.type == "tensor(float)" and array.dtype == np.float64:
        array = array.astype(np.float32)
    return array.reshape(-1, 1) if array.ndim == 1 and len(wanted.shape) == 2 else array  # noqa: PLR2004 - rows and columns


def _session(model: Any, conf: dict[str, Any]) -> Any:
    runtime = require("onnxruntime", "to predict with this model")
    wanted = conf.get("providers") or PROVIDERS
    wanted = [tuple(one) if isinstance(one, list) else one for one in ([wanted] if isinstance(wanted, str) else wanted)]
    here = set(runtime.get_available_providers())
    usable = [one for one in wanted if (one if isinstance(one, str) else one[0]) in here]
    if not usable:
        warn(
            f"The model is to run on {', '.join(map(str, wanted))}, which this onnxruntime does not have; it runs on the processor."
        )
    return runtime.InferenceSession(model.SerializeToString(), _options(runtime, conf), providers=usable or [CPU])


def _options(runtime: Any, conf: dict[str, Any]) -> Any:
    options = runtime.SessionOptions()
    given = conf.get("onnx_session_options") or {}
    for name in ("inter_op_num_threads", "intra_op_num_threads"):
        if given.get(name):
            setattr(options, name, int(given[name]))
    modes = {"SEQUENTIAL": runtime.ExecutionMode.ORT_SEQUENTIAL, "PARALLEL": runtime.ExecutionMode.ORT_PARALLEL}
    if given.get("execution_mode"):
        options.execution_mode = modes[str(given["execution_mode"]).upper()]
    if given.get("graph_optimization_level") is not None:
        options.graph_optimization_level = runtime.GraphOptimizationLevel(int(given["graph_optimization_level"]))
    for key, value in (given.get("extra_session_config") or {}).items():
        options.add_session_config_entry(str(key), str(value))
    return options


def _outside(onnx: Any, message: Any) -> Iterator[str]:
    """Yield where tensors lie that are not in the file itself, wherever in the model they are: graphs, functions, sparse tensors."""
    if isinstance(message, onnx.TensorProto):
        if message.data_location == onnx.TensorProto.EXTERNAL:
            yield from [entry.value for entry in message.external_data if entry.key == "location"] or [""]
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if hasattr(value, "__len__") else (value,):
                yield from _outside(onnx, inner)


FLAVOR: Flavor = ONNX()
