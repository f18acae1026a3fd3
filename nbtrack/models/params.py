"""Values of params, brought into the type that the signature says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.models import nested
from nbtrack.models.column_types import DataType, Object

_EXACT: dict[DataType, tuple[type, ...]] = {
    DataType.boolean: (bool, np.bool_),
    DataType.integer: (int, np.int32),
    DataType.long: (int, np.int64, np.int32),
    DataType.float: (float, np.float32, int, np.int32, np.int64),
    DataType.double: (float, np.float64, np.float32, int, np.int32, np.int64),
    DataType.string: (str, np.str_),
}
"""Which types of values a param of each type takes: its own, and narrower ones."""


def fitting(value: Any, dtype: DataType | Object, shape: tuple[int, ...] | None, name: str) -> Any:
    """Return a value as plain Python of the wanted type; lists for the shape (-1,).

    Raises
    ------
    InvalidValueError
        It has another type or shape, and cannot be brought into the wanted one without loss.
    """
    if shape is None:
        if isinstance(dtype, Object):
            nested.enforce(value, dtype, f"param {name!r}")
            return value
        return _one(value, dtype, name)
    if shape != (-1,):
        raise InvalidValueError(f"Param {name!r} has the shape {shape}; use None for one value, (-1,) for a list.")
    if not isinstance(value, (list, np.ndarray)) or _depth(value) != 1:
        raise InvalidValueError(f"Param {name!r} is a list of {dtype!r}; received {_shown(value)}.")
    return [fitting(item, dtype, None, name) for item in value]


def _one(value: Any, dtype: DataType, name: str) -> Any:
    if value is None:
        return None
    if dtype is DataType.datetime:
        return _moment(value, name)
    if type(value) in _EXACT.get(dtype, ()):
        return dtype.to_python()(value)
    raise InvalidValueError(
        f"Param {name!r} is of type {dtype!r}; received {_shown(value)}, which is not safely converted."
    )


def _moment(value: Any, name: str) -> dt.date:
    try:
        found = (
            np.datetime64(value).astype("datetime64[us]").item()
            if not isinstance(value, (dt.date, str))
            else np.datetime64(value).item()
        )
    except (ValueError, TypeError, OverflowError) as cause:
        raise InvalidValueError(
            f"Param {name!r} is a date or time; received {_shown(value)}. Write it as 2026-11-23T09:30:00."
        ) from cause
    if not isinstance(found, dt.date):
        raise InvalidValueError(f"Param {name!r} is a date or time; received {_shown(value)}, which is none.")
    return found


def _depth(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.ndim
    return 1 + max((_depth(item) for item in value), default=0) if isinstance(value, list) else 0


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 80 else text[:79] + '…'} ({type(value).__name__})"  # noqa: PLR2004
