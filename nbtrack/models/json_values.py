"""Values of numpy, pandas and Python as JSON can hold them: strictly, so that every reader understands it."""

from __future__ import annotations

import base64
import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError


def plain(value: Any) -> Any:
    """Return a value as dicts, lists, texts, numbers, booleans and None.

    Missing and non-finite numbers become None (JSON has no NaN), bytes base64, dates and times ISO 8601.

    Raises
    ------
    InvalidValueError
        There is something in it that has no such form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, pd.DataFrame):
        return records(value)
    if isinstance(value, pd.Series):
        return _column(value)
    return _scalar(value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a DataFrame as dicts."""
    names = [str(name) for name in frame.columns]
    columns = [_column(frame.iloc[:, i]) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def split(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a DataFrame as ``{"columns", "data"}``; without names when they are just 0, 1, 2, …."""
    columns = [_column(frame.iloc[:, i]) for i in range(len(frame.columns))]
    data = [list(row) for row in zip(*columns, strict=True)]
    if frame.columns.equals(pd.RangeIndex(len(frame.columns))):
        return {"data": data}
    return {"columns": [plain(name) for name in frame.columns], "data": data}


def _column(values: pd.Series[Any]) -> list[Any]:
    if values.dtype.kind in "biu" and isinstance(values.dtype, np.dtype):
        return list(values.tolist())
    return [plain(value) for value in values.tolist()]


def _array(value: np.ndarray[Any, Any]) -> Any:
    if value.dtype.kind in "biu":
        return value.tolist()
    if value.dtype.kind == "f" and np.isfinite(value).all():
        return value.tolist()
    if value.dtype.kind == "M":
        return plain(np.datetime_as_string(value).tolist())
    return plain(value.tolist())


def _scalar(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(np.datetime_as_string(value))
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if hasattr(value, "model_dump"):  # pydantic
        return plain(value.model_dump())
    if type(value).__module__ == "decimal":
        return float(value)
    raise InvalidValueError(
        f"A {type(value).__module__}.{type(value).__qualname__} has no form in JSON: {str(value)[:80]}."
    )
