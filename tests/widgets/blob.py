"""Reads a table blob back, as the page does."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np


def unpack(blob: bytes) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the header, and the columns as lists with None where nothing is."""
    (length,) = struct.unpack_from("<I", blob)
    header = json.loads(blob[4 : 4 + length])
    body = blob[-(-(4 + length) // 8) * 8 :]
    return header, {column["id"]: _values(column, body, header["rows"]) for column in header["columns"]}


def _values(column: dict[str, Any], body: bytes, rows: int) -> list[Any]:
    assert column["offset"] % 8 == 0
    if column["type"] == "dict":
        codes = np.frombuffer(body, "<i4", rows, column["offset"])
        return [None if code < 0 else column["values"][code] for code in codes]
    numbers = np.frombuffer(body, "<f8", rows, column["offset"])
    valid = np.frombuffer(body, "u1", rows, column["valid"]) if "valid" in column else np.ones(rows)
    return [float(n) if there else None for n, there in zip(numbers, valid, strict=True)]
