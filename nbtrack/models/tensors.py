"""Arrays and what can be meant as such, compared with the tensors of a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError
from nbtrack.models.infer import is_sparse

if TYPE_CHECKING:
    from nbtrack.models.schema import Schema, TensorSpec


def enforce(data: Any, schema: Schema) -> Any:
    """Return an array, a sparse matrix, or a dict of arrays by name, as the tensors of a schema want them.

    Raises
    ------
    InvalidValueError
        Shape or type differ; nothing is cast, but for the values of columns and lists, which have no type of their own.
    """
    specs: list[Any] = schema.inputs
    if not schema.has_input_names():
        return _single(data, specs[0])
    if isinstance(data, pd.DataFrame):
        return {spec.name: _from_column(data[spec.name], spec) for spec in specs}
    if isinstance(data, dict):
        return {spec.name: check(_array(data[spec.name], spec), spec) for spec in specs}
    if isinstance(data, np.ndarray) and len(specs) == 1:
        return {specs[0].name: check(data, specs[0])}
    raise InvalidValueError(
        f"The input is a {type(data).__name__}; the model's signature wants a dict of arrays: {', '.join(map(repr, specs))}."
    )


def check(values: Any, spec: TensorSpec) -> Any:
    """Return an array or sparse matrix if it fits a tensor; raises ``InvalidValueError``."""
    dtype = values.dtype
    wanted = spec.shape
    is_ragged = values.ndim == 1 and dtype.kind == "O"
    if (wanted == (-1,) and spec.type.kind == "O") or (is_ragged and len(wanted) > 1 and -1 in wanted[1:]):
        return values
    fits = len(wanted) == values.ndim and all(n in (-1, m) for n, m in zip(wanted, values.shape, strict=True))
    if not fits:
        raise InvalidValueError(f"{_called(spec)} has the shape {wanted}; received {values.shape}.")
    if (np.dtype(dtype.type) if dtype.char in "US" else dtype) != spec.type:
        raise InvalidValueError(
            f"{_called(spec)} is of type {spec.type}; received {dtype}. Convert it with .astype({str(spec.type)!r})."
        )
    return values


def _single(data: Any, spec: TensorSpec) -> Any:
    if isinstance(data, np.ndarray) or is_sparse(data):
        return check(data, spec)
    if not isinstance(data, pd.DataFrame):
        raise InvalidValueError(
            f"The input is a {type(data).__name__}; the model's signature wants an array: {spec!r}."
        )
    if data.empty:
        raise InvalidValueError("The input is an empty DataFrame.")
    if len(data.columns) == 1:
        return _from_column(data.iloc[:, 0], spec)
    if spec.shape != (-1, len(data.columns)):
        raise InvalidValueError(
            f"{_called(spec)} has the shape {spec.shape}; received a DataFrame with {len(data.columns)} columns."
        )
    return check(data.to_numpy(), spec)


def _array(value: Any, spec: TensorSpec) -> np.ndarray[Any, Any]:
    if not isinstance(value, np.ndarray):
        raise InvalidValueError(f"{_called(spec)} is an array; received a {type(value).__name__}. Use numpy.array(…).")
    return value


def _from_column(values: pd.Series[Any], spec: TensorSpec) -> np.ndarray[Any, Any]:
    """Return the cells of a column, numbers or flattened arrays, as one tensor."""
    if spec.shape[0] != -1 or -1 in spec.shape[1:]:
        raise InvalidValueError(
            f"{_called(spec)} has the shape {spec.shape}; only (-1, …) with fixed lengths can come in a DataFrame."
        )
    if values.empty:
        raise InvalidValueError(f"{_called(spec)} has no rows.")
    first = values.iloc[0]
    kind = next((kind for kind in (list, np.ndarray) if isinstance(first, kind)), None)
    if kind is None and not np.isscalar(first):
        raise InvalidValueError(f"{_called(spec)} is a tensor; received a column of {type(first).__name__}.")
    if kind is None and spec.shape not in ((-1,), (-1, 1)):
        raise InvalidValueError(f"{_called(spec)} has the shape {spec.shape}; received a column of single values.")
    try:
        if kind is None:
            return np.array(values, dtype=spec.type).reshape(spec.shape)
        found = np.vstack(values.tolist()).reshape(spec.shape)
        is_safe = kind is list or np.can_cast(found.dtype, spec.type, "safe")
        found = found.astype(spec.type) if is_safe else found
    except (ValueError, TypeError) as cause:
        raise InvalidValueError(
            f"{_called(spec)} has the shape {spec.shape} and type {spec.type}; the column cannot be made one: {cause}"
        ) from cause
    if len(found) != len(values):
        raise InvalidValueError(
            f"{_called(spec)} has the shape {spec.shape}; {len(values)} rows make {len(found)} of it."
        )
    fitting: np.ndarray[Any, Any] = check(found, spec)
    return fitting


def _called(spec: TensorSpec) -> str:
    return "The input" if spec.name is None else f"Input {spec.name!r}"
