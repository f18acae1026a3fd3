"""Input examples: kept as JSON beside the model, and as a request that a server of it could be sent."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models import infer, json_values, scoring_input
from nbtrack.models.folder import inside
from nbtrack.models.mlmodel import MLmodel

if TYPE_CHECKING:
    from pathlib import Path

FILE, SERVING_FILE = "input_example.json", "serving_input_example.json"
MAX_BYTES = 256 << 20
_SPARSE = {"csr_matrix": "sparse_matrix_csr", "csc_matrix": "sparse_matrix_csc"}


@dataclass(frozen=True, slots=True)
class Example:
    """An example of what a model is given.

    Attributes
    ----------
    data : object
    params : dict, optional
    kind : str
        ``dataframe``, ``ndarray``, ``json_object``, ``sparse_matrix_csr`` or ``sparse_matrix_csc``.
    stored : object
        As JSON can hold it.
    serving : dict
        The body of a request.
    """

    data: Any
    params: dict[str, Any] | None
    kind: str
    stored: Any
    serving: dict[str, Any]

    @classmethod
    def of(cls, given: Any) -> Example:
        """Return the example that was given: data, or a tuple of data and a dict of params.

        Raises
        ------
        InvalidValueError
            JSON cannot hold it.
        """
        params = None
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], dict):  # noqa: PLR2004 - a pair
            given, params = given
            infer.params_of(params)
        data = copy.deepcopy(given.to_frame() if isinstance(given, pd.Series) else given)
        kind, stored, serving = _forms(data)
        if params is not None:
            plain = json_values.plain(params)
            beside = plain if "inputs" not in serving and kind == "json_object" else {"params": plain}
            stored, serving = {"inputs": stored, "params": plain}, {**serving, **beside}
        return cls(data, copy.deepcopy(params), kind, stored, serving)

    @property
    def info(self) -> dict[str, Any]:
        """Return what ``MLmodel`` says of the example."""
        found: dict[str, Any] = {"artifact_path": FILE, "serving_input_path": SERVING_FILE, "type": self.kind}
        if self.kind == "dataframe":
            inner = self.stored["inputs"] if self.params is not None else self.stored
            found["pandas_orient"] = "split" if "columns" in inner else "values"
        if self.params:
            found["params"] = "true"
        return found

    def write(self, folder: Path) -> dict[str, Any]:
        """Write both files into a model folder and return what ``MLmodel`` says of them."""
        (folder / FILE).write_text(json.dumps(self.stored, allow_nan=False), encoding="utf-8")
        (folder / SERVING_FILE).write_text(json.dumps(self.serving, indent=2, allow_nan=False), encoding="utf-8")
        return self.info


def _forms(data: Any) -> tuple[str, Any, dict[str, Any]]:
    """Return kind, JSON form and request of data."""
    if isinstance(data, pd.DataFrame):
        split = json_values.split(data)
        return "dataframe", split, {"dataframe_split": split}
    if infer.is_sparse(data):
        stored = {name: json_values.plain(getattr(data, name)) for name in ("data", "indices", "indptr")}
        kind = _SPARSE.get(f"{data.format}_matrix")
        if kind is None:
            raise InvalidValueError(
                f"A sparse matrix of format {data.format!r} cannot be kept as an example; use .tocsr()."
            )
        return kind, {**stored, "shape": list(data.shape)}, {"inputs": json_values.plain(data.toarray())}
    is_arrays = isinstance(data, dict) and any(isinstance(value, np.ndarray) for value in data.values())
    if is_arrays and not all(isinstance(value, np.ndarray) for value in data.values()):
        raise InvalidValueError("The input example has arrays beside other values; use arrays only, or lists only.")
    kind = "ndarray" if is_arrays or isinstance(data, np.ndarray) else "json_object"
    is_kept = isinstance(data, (dict, list, np.ndarray, dt.date)) or np.isscalar(data) or hasattr(data, "model_dump")
    if not is_kept or (isinstance(data, list) and _has_array(data)):
        raise InvalidValueError(
            f"The input example is a {type(data).__name__}{' with arrays in it' if isinstance(data, list) else ''}; use a DataFrame, "
            "an array, a dict of arrays, a sparse matrix, or what JSON can hold."
        )
    stored = json_values.plain(data)
    is_chat = isinstance(stored, dict) and any(key in stored for key in scoring_input.CHAT)
    return kind, stored, stored if is_chat else {"inputs": stored}


def _has_array(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return True
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    return any(map(_has_array, inner))


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """Return an example as the JSON body of a request to a server of the model; None for None."""
    return None if input_example is None else json.dumps(Example.of(input_example).serving, indent=2, allow_nan=False)


# -- reading back --------------------------------------------------------------------------------------------------------


def load_example(folder: Path) -> Any:
    """Return the example that was saved with a model, in the types of its signature; None when there is none."""
    mlmodel = MLmodel.load(folder)
    info = mlmodel.saved_input_example_info
    if info is None:
        return None
    stored = _stored(folder, info)
    if info.get("params"):
        stored = stored["inputs"]
    signature = mlmodel.get_signature()
    schema = None if signature is None else signature.inputs
    kind = info.get("type")
    if kind == "json_object":
        return stored
    if kind == "dataframe":
        stored = stored if isinstance(stored, dict) else {"data": stored}
        return scoring_input.frame_of("dataframe_split", stored, schema)
    if kind == "ndarray":
        is_tensors = schema is not None and schema.is_tensor_spec()
        return scoring_input.tensors_of("inputs", stored, schema if is_tensors else None)
    if kind in _SPARSE.values():
        sparse = require("scipy.sparse", "to read this input example", package="scipy")
        make = sparse.csc_matrix if kind == "sparse_matrix_csc" else sparse.csr_matrix
        return make((stored["data"], stored["indices"], stored["indptr"]), shape=tuple(stored["shape"]))
    raise InvalidValueError(f"The input example is of kind {str(kind)[:40]!r}, which this nbtrack does not know.")


def load_params(folder: Path) -> dict[str, Any] | None:
    """Return the params of the example that was saved with a model; None when there are none."""
    info = MLmodel.load(folder).saved_input_example_info
    return _stored(folder, info).get("params") if info and info.get("params") else None


def load_serving_example(folder: Path) -> str | None:
    """Return the request that was saved with a model, as JSON text; None when there is none."""
    info = MLmodel.load(folder).saved_input_example_info
    if not info or not info.get("serving_input_path"):
        return None
    return _text(folder, info["serving_input_path"])


def _stored(folder: Path, info: dict[str, Any]) -> Any:
    try:
        return json.loads(_text(folder, info.get("artifact_path")))
    except (ValueError, RecursionError) as cause:
        raise InvalidValueError(f"The input example of {folder} is no JSON: {cause}") from cause


def _text(folder: Path, name: object) -> str:
    path = inside(folder, name, "Input example")
    if path.stat().st_size > MAX_BYTES:
        raise InvalidValueError(f"The input example {path} has more than {MAX_BYTES >> 20} MiB; it is not read.")
    return path.read_text(encoding="utf-8")
