"""Schema and profile of data: types and shapes in MLflow's format; counts, gaps and ranges per column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

MAX_COLUMNS = 1000
MAX_ROWS_TO_COUNT = 200_000
INT32_BYTES = 4


def frame_schema(df: pd.DataFrame) -> dict[str, Any]:
    """Return names and types of the columns as MLflow's ``mlflow_colspec``; the first 1000 of them."""
    columns = [df.iloc[:, i] for i in range(min(len(df.columns), MAX_COLUMNS))]
    specs = [{"type": column_type(c), "name": str(c.name), "required": not bool(c.isna().any())} for c in columns]
    return {"mlflow_colspec": specs}


def frame_profile(df: pd.DataFrame) -> dict[str, Any]:
    """Return the number of rows and elements, and what each of the first 1000 columns holds."""
    shown = min(len(df.columns), MAX_COLUMNS)
    profile: dict[str, Any] = {
        "num_rows": len(df),
        "num_elements": int(df.size),
        "columns": [column_profile(df.iloc[:, position]) for position in range(shown)],
    }
    if shown < len(df.columns):
        profile["num_columns"] = len(df.columns)
    return profile


def column_type(column: pd.Series[Any]) -> str:
    """Return MLflow's name of a column's type: ``long``, ``double``, ``string``, ``datetime``, … or ``any``."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return column_type(dtype.categories.to_series())
    if types.is_bool_dtype(dtype):
        return "boolean"
    n_bytes = getattr(dtype, "itemsize", 8)
    if types.is_integer_dtype(dtype):
        return "integer" if n_bytes + types.is_unsigned_integer_dtype(dtype) <= INT32_BYTES else "long"
    if types.is_float_dtype(dtype):
        return "float" if n_bytes <= INT32_BYTES else "double"
    if types.is_datetime64_any_dtype(dtype):
        return "datetime"
    kind = types.infer_dtype(column.head(10_000), skipna=True)
    return {"string": "string", "bytes": "binary", "boolean": "boolean"}.get(kind, "any")


def column_profile(column: pd.Series[Any]) -> dict[str, Any]:
    """Return type, missing values, range and mean of a column, and how many values differ (up to 200,000 rows)."""
    profile: dict[str, Any] = {
        "name": str(column.name),
        "type": str(column.dtype),
        "missing": int(column.isna().sum()),
    }
    if profile["missing"] < len(column):
        profile |= _range(column)
    if len(column) <= MAX_ROWS_TO_COUNT:
        profile |= _distinct(column)
    return profile


def _range(column: pd.Series[Any]) -> dict[str, Any]:
    if types.is_datetime64_any_dtype(column.dtype):
        return {"min": column.min().isoformat(), "max": column.max().isoformat()}
    if not types.is_numeric_dtype(column.dtype) or types.is_complex_dtype(column.dtype):
        return {}
    number = int if types.is_integer_dtype(column.dtype) else float
    known = column.dropna().astype(np.float64).to_numpy()
    with np.errstate(all="ignore"):  # inf - inf
        return {"min": number(column.min()), "max": number(column.max()), "mean": float(known.mean())}


def arrays_schema(features: Any, targets: Any = None) -> dict[str, Any]:
    """Return types and shapes as MLflow's ``mlflow_tensorspec``; -1 stands for the number of rows."""
    return {
        "mlflow_tensorspec": {
            "features": _tensor_specs(features),
            "targets": None if targets is None else _tensor_specs(targets),
        }
    }


def arrays_profile(features: Any, targets: Any = None) -> dict[str, Any]:
    """Return shape, number of elements and bytes of features and targets, with MLflow's keys."""
    profile: dict[str, Any] = {}
    for part, values in (("features", features), ("targets", targets)):
        if values is not None:
            for key, of in (("shape", _shape), ("size", _size), ("nbytes", _nbytes)):
                named = isinstance(values, dict)
                profile[f"{part}_{key}"] = {str(k): of(v) for k, v in values.items()} if named else of(values)
    return profile


def _tensor_specs(values: Any) -> list[dict[str, Any]]:
    if isinstance(values, dict):
        return [{"name": str(name)} | _tensor_spec(array) for name, array in values.items()]
    return [_tensor_spec(values)]


def _tensor_spec(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    shape = [-1, *array.shape[1:]] if array.ndim else []
    dtype = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)  # without the length, as in MLflow
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}


def _shape(array: np.ndarray[Any, Any]) -> list[int]:
    return list(array.shape)


def _size(array: np.ndarray[Any, Any]) -> int:
    return array.size


def _nbytes(array: np.ndarray[Any, Any]) -> int:
    return array.nbytes


def _distinct(column: pd.Series[Any]) -> dict[str, int]:
    try:
        return {"nunique": int(column.nunique())}
    except (TypeError, ValueError):  # lists and dicts cannot be compared
        return {}
