"""Columns and nested values, brought into the type that the signature says; only where nothing is lost."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError
from nbtrack.models.column_types import AnyType, Array, ColumnType, DataType, Map, Object, SparkMLVector

if TYPE_CHECKING:
    from nbtrack.models.schema import Schema

_EXACT_IN_DOUBLE = 4
"""Integers of so many bytes are all exact in a float64."""


def enforce(value: Any, wanted: ColumnType, where: str, *, required: bool = True) -> Any:
    """Return a nested value as `wanted`, without changing the one received.

    Raises
    ------
    InvalidValueError
        Says where in the data which type was expected and what was received.
    """
    if isinstance(wanted, DataType):
        return _scalar(value, wanted, where, required=required)
    if isinstance(wanted, (Array, SparkMLVector)):
        return _array(value, wanted, where, required=required)
    if isinstance(wanted, Object):
        return _object(value, wanted, where, required=required)
    if isinstance(wanted, Map):
        return _map(value, wanted, where, required=required)
    return value


def is_missing(value: Any) -> bool:
    """Say whether a single value is None, NaN, NA or NaT."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def check_lengths(rows: Any, where: str) -> None:
    """Refuse rows of unequal length: which cell is missing cannot be known."""
    if not isinstance(rows, list) or not any(isinstance(row, (list, tuple)) for row in rows):
        return
    lengths = sorted({len(row) if isinstance(row, (list, tuple)) else 0 for row in rows})
    if len(lengths) > 1 or not all(isinstance(row, (list, tuple)) for row in rows):
        raise InvalidValueError(
            f"{where} has rows of {lengths[0]} and of {lengths[-1]} cells; None (null) stands for a missing one."
        )


def _scalar(value: Any, wanted: DataType, where: str, *, required: bool) -> Any:
    if not required and is_missing(value):
        return None
    if not np.isscalar(value) and not isinstance(value, dt.date):
        raise InvalidValueError(f"{where} should be one value of type {wanted!r}; received a {type(value).__name__}.")
    found = column(pd.Series([value]), wanted, where)[0]
    return found.to_pydatetime() if isinstance(found, pd.Timestamp) else found


def _array(value: Any, wanted: Array | SparkMLVector, where: str, *, required: bool) -> Any:
    is_list = isinstance(value, (list, np.ndarray))
    if (not required or isinstance(wanted.dtype, AnyType)) and (value is None or (is_list and len(value) == 0)):
        return value
    if not is_list:
        raise InvalidValueError(f"{where} should be a list of {wanted.dtype!r}; received a {type(value).__name__}.")
    if len(value) == 0:
        return value
    found: Any
    if isinstance(wanted.dtype, DataType):
        if isinstance(value, np.ndarray) and value.ndim > 1:
            raise InvalidValueError(
                f"{where} should be a list of {wanted.dtype!r}; received an array of shape {value.shape}."
            )
        cast = column(pd.Series(value), wanted.dtype, where)
        found = _as_numpy(cast, wanted.dtype)
        if isinstance(value, list):
            return cast.dt.to_pydatetime().tolist() if wanted.dtype is DataType.datetime else found.tolist()
        return found
    found = [enforce(item, wanted.dtype, f"{where}[{i}]", required=required) for i, item in enumerate(value)]
    return np.array(found) if isinstance(value, np.ndarray) else found


def _as_numpy(cast: pd.Series[Any], wanted: DataType) -> np.ndarray[Any, Any]:
    if wanted in (DataType.boolean, DataType.string) and cast.isna().any():
        return cast.to_numpy(dtype=object)
    return cast.to_numpy(dtype=wanted.to_numpy())


def _object(value: Any, wanted: Object, where: str, *, required: bool) -> Any:
    if not required and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise InvalidValueError(f"{where} should be an object with {wanted!r}; received a {type(value).__name__}.")
    known = {found.name: found for found in wanted.properties}
    missing = sorted(found.name for found in wanted.properties if found.required and found.name not in value)
    if missing:
        raise InvalidValueError(f"{where} lacks {', '.join(map(repr, missing))}; it needs {wanted!r}.")
    unknown = sorted(str(name) for name in value.keys() - known.keys())
    if unknown:
        raise InvalidValueError(
            f"{where} has {', '.join(map(repr, unknown))}, which the signature does not know: {wanted!r}."
        )
    return {
        name: enforce(item, known[name].dtype, f"{where}.{name}", required=known[name].required)
        for name, item in value.items()
    }


def _map(value: Any, wanted: Map, where: str, *, required: bool) -> Any:
    if (not required or isinstance(wanted.value_type, AnyType)) and (value is None or value == {}):
        return value
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise InvalidValueError(
            f"{where} should be a mapping of texts to {wanted.value_type!r}; received a {type(value).__name__}."
        )
    return {
        name: enforce(item, wanted.value_type, f"{where}.{name}", required=required) for name, item in value.items()
    }


def fits(frame: pd.DataFrame, schema: Schema) -> bool:
    """Say whether a table has just the columns of a schema, each in its type: most have, and nothing is to be done for them."""
    if list(frame.columns) != schema.input_names():
        return False
    return all(_is_in_type(dtype, spec.type) for dtype, spec in zip(frame.dtypes, schema, strict=True))


def _is_in_type(dtype: Any, wanted: Any) -> bool:
    if not isinstance(wanted, DataType) or wanted is DataType.binary:
        return False
    return isinstance(dtype, pd.StringDtype) if wanted is DataType.string else bool(dtype == wanted.to_numpy())


# -- columns -------------------------------------------------------------------------------------------------------------


def column(values: pd.Series[Any], wanted: DataType, where: str) -> pd.Series[Any]:
    """Return a column as `wanted`: itself where the type fits, cast where no value can change, else refused.

    int → long, float → double, int → double and smaller ones into larger ones of their kind are safe; long → double is not, but
    for a column of zeros and ones; dates come from datetimes, dates and ISO texts; decimals become doubles.
    """
    if values.dtype == object and wanted not in (DataType.binary, DataType.string):
        values = values.infer_objects()
    is_text = values.dtype == object or isinstance(values.dtype, pd.StringDtype)
    if (is_text and wanted in (DataType.string, DataType.binary)) or values.dtype == wanted.to_numpy():
        return values
    if wanted is DataType.binary and values.dtype.kind == "S":
        return values
    if wanted is DataType.datetime and (is_text or values.dtype.kind == "M"):
        return _moments(values, where)
    if wanted is DataType.boolean and values.dtype == object:
        return values
    if wanted is DataType.double and values.dtype == object:
        return _decimals(values, where)
    if not _is_safe(values, wanted.to_numpy()):
        raise InvalidValueError(
            f"{where} has the type {values.dtype}, which is not safely converted to {wanted!r} "
            f"({wanted.to_numpy()}).{_hint(values, wanted)}"
        )
    try:
        return values.astype(wanted.to_numpy())
    except (ValueError, TypeError) as cause:
        raise InvalidValueError(
            f"{where} has missing values, which a column of type {wanted!r} cannot hold."
        ) from cause


def _is_safe(values: pd.Series[Any], target: np.dtype[Any]) -> bool:
    kind, size = values.dtype.kind, int(getattr(values.dtype, "itemsize", 0))
    if kind == target.kind:
        return size <= target.itemsize
    if kind == "u" and target.kind == "i":
        return size < target.itemsize
    if kind in "iu" and target == np.float64 and size <= _EXACT_IN_DOUBLE:
        return True
    return values.dtype == np.int64 and target.kind == "f" and bool(values.isin([0, 1]).all())


def _moments(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    if getattr(values.dtype, "tz", None) is not None:
        raise InvalidValueError(
            f"{where} has times with a time zone; convert them to UTC and drop it: .dt.tz_convert(None)."
        )
    try:
        source = values.astype(object) if isinstance(values.dtype, pd.StringDtype) else values
        return source.astype(np.dtype("datetime64[ns]"))
    except (ValueError, TypeError, OverflowError) as cause:
        raise InvalidValueError(f"{where} cannot be read as dates or times: {cause}") from cause


def _decimals(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    if not all(is_missing(value) or isinstance(value, (decimal.Decimal, int, float, np.number)) for value in values):
        raise InvalidValueError(f"{where} has values that are no numbers; a column of type double is expected.")
    return values.map(lambda value: np.nan if is_missing(value) else float(value)).astype(np.float64)


def _hint(values: pd.Series[Any], wanted: DataType) -> str:
    if values.dtype.kind != "f" or wanted.to_numpy().kind != "i" or not values.isna().any():
        return ""
    return (
        " Missing values have made whole numbers into floats; infer the signature from data with missing values, or declare the "
        "column as double."
    )
