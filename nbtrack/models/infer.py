"""Schemas made out from data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError
from nbtrack.models.column_types import AnyType, Array, ColumnType, DataType, Object, Property, merged
from nbtrack.models.nested import is_missing
from nbtrack.models.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

_SCALARS: dict[type, DataType] = {
    bool: DataType.boolean,
    int: DataType.long,
    float: DataType.double,
    str: DataType.string,
    bytes: DataType.binary,
    bytearray: DataType.binary,
    np.str_: DataType.string,
    np.bytes_: DataType.binary,
}


def schema_of(data: Any) -> Schema:
    """Return the schema of data: columns of DataFrames, Series, dicts and lists; tensors of arrays and sparse matrices.

    Raises
    ------
    InvalidValueError
        Its type, or that of something in it, has no place in a schema.
    """
    if isinstance(data, pd.DataFrame):
        if not data.columns.is_unique:
            raise InvalidValueError(
                f"Columns have the same name: {sorted(map(str, data.columns[data.columns.duplicated()]))}."
            )
        return Schema([_column_spec(data[name], name) for name in data.columns])
    if isinstance(data, pd.Series):
        return Schema([_column_spec(data, data.name)])
    if isinstance(data, np.ndarray) or is_sparse(data):
        return Schema([_tensor_spec(data)])
    if isinstance(data, dict):
        return _schema_of_dict(data)
    if isinstance(data, list):
        return _schema_of_list(data)
    found = type_of(data)
    if found is None:
        raise InvalidValueError("The data is empty.")
    return Schema([ColSpec(found)])


def params_of(params: Any) -> ParamSchema:
    """Return the schema of params from their values, which become the defaults."""
    if not isinstance(params, dict):
        raise InvalidValueError(f"params is a {type(params).__name__}; use a dict of names and values.")
    return ParamSchema([_param_spec(str(name), value) for name, value in params.items()])


def is_sparse(data: Any) -> bool:
    """Say whether data is a sparse matrix of scipy; scipy is not imported for it."""
    return type(data).__module__.startswith("scipy.sparse") and hasattr(data, "indptr")


def type_of(value: Any) -> ColumnType | None:
    """Return the type of a nested value; None for an empty array, which says nothing."""
    if is_missing(value) or (isinstance(value, (list, dict)) and not value):
        return AnyType()
    if isinstance(value, dict):
        return _object_of(value)
    if isinstance(value, (list, np.ndarray)):
        return _array_of(value)
    return _scalar_of(value)


def _object_of(value: dict[Any, Any]) -> Object:
    properties = []
    for name, item in value.items():
        found = type_of(item)
        if found is None:
            raise InvalidValueError(f"{name!r} is an empty array, whose type is unknown.")
        properties.append(Property(name, found, required=not isinstance(found, AnyType)))
    return Object(properties)


def _array_of(values: Any) -> Array | None:
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "biufUSM":
        return Array(from_numpy(values.dtype)) if len(values) else None
    found: ColumnType | None = None
    for item in values:
        kind = type_of(item)
        if kind is not None:
            found = kind if found is None else merged(found, kind)
    return None if found is None else Array(found)


def _scalar_of(value: Any) -> DataType:
    if type(value) in _SCALARS:
        return _SCALARS[type(value)]
    if isinstance(value, (dt.date, np.datetime64)):
        return DataType.datetime
    if isinstance(value, np.generic):
        return from_numpy(value.dtype)
    raise InvalidValueError(
        f"A {type(value).__module__}.{type(value).__qualname__} has no type in a schema: {str(value)[:80]}."
    )


def from_numpy(dtype: Any) -> DataType:
    """Return the type for one of numpy, or of pandas' nullable ones: the smallest that holds all its values."""
    kind, size = dtype.kind, int(getattr(dtype, "itemsize", 0))
    fixed = {"b": DataType.boolean, "U": DataType.string, "S": DataType.binary, "M": DataType.datetime}
    if kind in fixed:
        return fixed[kind]
    if kind in "iu" and size < (8 if kind == "u" else 9):
        return DataType.integer if size < (4 if kind == "u" else 5) else DataType.long
    if kind == "f" and size <= 8:  # noqa: PLR2004 - bytes of a double
        return DataType.float if size <= 4 else DataType.double  # noqa: PLR2004
    raise InvalidValueError(f"Values of type {dtype} have no type in a schema.")


def _schema_of_dict(data: dict[Any, Any]) -> Schema:
    if all(isinstance(value, np.ndarray) for value in data.values()):
        return Schema([_tensor_spec(value, name) for name, value in data.items()])
    if not all(isinstance(name, str) for name in data):
        raise InvalidValueError(f"The keys of a dict are names of columns: {[*data][:8]} are not all texts.")
    return Schema(
        [ColSpec(_known(type_of(value), name), name, required=_is_complete(value)) for name, value in data.items()]
    )


def _schema_of_list(data: list[Any]) -> Schema:
    if not data:
        return Schema([ColSpec(DataType.string)])
    if not all(isinstance(item, dict) for item in data):
        return Schema([ColSpec(_items_of(data, "the list"))])
    names = list(dict.fromkeys(name for item in data for name in item))
    return Schema(
        [
            ColSpec(
                _items_of([item[name] for item in data if name in item], name),
                name,
                required=all(item.get(name) is not None for item in data),
            )
            for name in names
        ]
    )


def _items_of(values: list[Any], name: Any) -> ColumnType:
    found = _known(type_of(values), name)
    assert isinstance(found, Array)
    return found.dtype


def _known(found: ColumnType | None, name: Any) -> ColumnType:
    if found is None:
        raise InvalidValueError(f"{name!r} is an empty array, whose type is unknown.")
    return found


def _is_complete(value: Any) -> bool:
    return not (any(map(is_missing, value)) if isinstance(value, list) else is_missing(value))


def _column_spec(values: pd.Series[Any], name: Any) -> ColSpec:
    return ColSpec(_column_type(values), name, required=not bool(values.isna().any()))


def _column_type(values: pd.Series[Any]) -> ColumnType:
    if isinstance(values.dtype, pd.StringDtype):
        return DataType.string if len(values) == 0 or values.notna().any() else AnyType()
    if values.dtype.kind != "O":
        return from_numpy(values.dtype)
    values = values.infer_objects()
    if values.dtype.kind != "O":
        return from_numpy(values.dtype)
    if len(values) == 0:
        return DataType.string
    return _items_of(values.to_list(), values.name)


def _tensor_spec(data: Any, name: Any = None) -> TensorSpec:
    if data.ndim == 0:
        raise InvalidValueError("An array without dimensions has no rows; use shape (n,) or more.")
    dtype = data.dtype
    return TensorSpec(np.dtype(dtype.type) if dtype.char in "US" else dtype, (-1, *data.shape[1:]), name)


def _param_spec(name: str, value: Any) -> ParamSpec:
    if isinstance(value, dict):
        found = type_of(value)
        if not isinstance(found, Object):
            raise InvalidValueError(f"Param {name!r} is an empty dict, whose type is unknown.")
        return ParamSpec(name, found, value)
    if not isinstance(value, (list, np.ndarray)):
        if not np.isscalar(value) and not isinstance(value, dt.date):
            raise InvalidValueError(
                f"Param {name!r} is a {type(value).__name__}; use one value, a flat list or a dict."
            )
        return ParamSpec(name, _numeric_type([value]), value)
    if any(isinstance(item, (list, np.ndarray)) for item in value):
        raise InvalidValueError(f"Param {name!r} is a list of lists; use a flat one.")
    return ParamSpec(name, _numeric_type(list(value)), value, (-1,))


def _numeric_type(values: list[Any]) -> DataType:
    """Return one type for all values: numbers of several kinds become the widest."""
    if all(isinstance(value, (dt.date, np.datetime64)) for value in values):
        return DataType.datetime
    return from_numpy(np.array(values).dtype)
