"""Predictions as the JSON of an answer."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def n_rows(found: Any) -> int:
    """Return how many predictions there are; 1 for what is not a table or a list."""
    shape = getattr(found, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) > 0 else 1
    return len(found) if isinstance(found, (list, tuple)) else 1


def as_json(found: Any) -> bytes:
    """Return ``{"predictions": …}`` in strict JSON.

    A DataFrame becomes a list of records, a Series or an array a list; NaN and infinities, which JSON has not, become null; times are
    ISO 8601, bytes base64, as MLflow writes them.
    """
    content = {"predictions": plain(found)}
    try:
        return json.dumps(content, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return json.dumps(_finite(content), allow_nan=False, ensure_ascii=False).encode()


def plain(found: Any) -> Any:
    """Return predictions as lists, dicts and plain values."""
    if found is None or isinstance(found, (bool, int, float, str)):
        return found
    if isinstance(found, np.ndarray):
        values = found.astype("datetime64[us]") if found.dtype.kind == "M" else found
        return values.tolist() if values.dtype.kind in "biufU" else plain(values.tolist())
    if isinstance(found, Mapping):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple, set)):
        return [plain(each) for each in found]
    return _plain_scalar(found)


def _plain_scalar(found: Any) -> Any:
    if isinstance(found, np.generic):
        return plain(found.item())
    if type(found).__name__ in ("NAType", "NaTType"):  # what pandas has for nothing
        return None
    if isinstance(found, (bytes, bytearray)):
        return base64.b64encode(found).decode()
    if isinstance(found, (dt.datetime, dt.date, dt.time)):
        return found.isoformat()
    return _of_library(found)


def _of_library(found: Any) -> Any:
    """Return what a table, series, sparse matrix or tensor holds."""
    if hasattr(found, "to_dict") and hasattr(found, "columns"):
        columns = {str(name): plain(found.iloc[:, place].to_numpy()) for place, name in enumerate(found.columns)}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for method in ("to_numpy", "toarray", "numpy"):
        if hasattr(found, method):
            return plain(getattr(found, method)())
    if hasattr(found, "detach"):
        return plain(found.detach().cpu().numpy())
    if hasattr(found, "tolist"):
        return plain(found.tolist())
    return str(found)


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, list):
        return [_finite(each) for each in content]
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    return content
