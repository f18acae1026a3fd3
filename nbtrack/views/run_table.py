"""Runs as one binary table for the page; the format is in ARCHITECTURE.md, "The widget protocol"."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import RunColumns

Array = np.ndarray[Any, Any]

TEXTS = ("run_id", "name", "experiment_id", "experiment", "status", "user_id", "parent_run_id", "lifecycle_stage")
NUMBERS = ("number", "duration", "lost")
TIMES = ("start_time", "end_time", "last_seen")
HIDDEN_TAGS = ("mlflow.runName", "mlflow.parentRunId")
"""Tags that are columns of their own."""


class _Blob:
    """Column buffers behind one another, each at a multiple of 8."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, values: Array) -> dict[str, int]:
        data = np.ascontiguousarray(values).tobytes()
        place = {"offset": self.size, "length": len(data)}
        padding = -len(data) % 8
        self.parts += [data, b"\0" * padding]
        self.size += len(data) + padding
        return place


def pack(found: RunColumns, *, version: int, store: str, mode: str = "full", removed: Sequence[str] = ()) -> bytes:
    """Return a table blob.

    Parameters
    ----------
    found : RunColumns
        The rows to send.
    version : int
        One more than that of the last blob; a page that misses one asks for a full table.
    store : str
        Name of the store, to show.
    mode : {"full", "patch"}
        Replace the page's table, or only the rows that are here.
    removed : sequence of str
        Run ids that are gone (patch).
    """
    blob = _Blob()
    columns = [*_attributes(found, blob), *_texts(found, blob), *_metrics(found, blob)]
    header = {
        "kind": "table",
        "version": version,
        "mode": mode,
        "rows": len(found),
        "removed": list(removed),
        "goals": found.goals,
        "store": {"name": store, "snapshot": found.snapshot and found.snapshot * 1000, "holder": found.holder},
        "columns": columns,
    }
    head = json.dumps(header, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    padding = b"\0" * (-(4 + len(head)) % 8)
    return b"".join([struct.pack("<I", len(head)), head, padding, *blob.parts])


def _attributes(found: RunColumns, blob: _Blob) -> list[dict[str, Any]]:
    columns = []
    for name in TEXTS:
        values = found.attributes[name]
        if name == "experiment_id":
            values = values.astype(np.int64).astype(str).astype(object)
        columns.append({"id": name, "group": "attributes", "key": name, **_dictionary(values, blob)})
    columns += [
        {"id": name, "group": "attributes", "key": name, **_floats(found.attributes[name].astype(np.float64), blob)}
        for name in NUMBERS
    ]
    for name in TIMES:
        values = found.attributes[name]
        ms = values.astype("datetime64[us]").astype(np.int64) / 1000.0
        ms[np.isnat(values)] = np.nan
        columns.append({"id": name, "group": "attributes", "key": name, **_floats(ms, blob), "type": "time"})
    return columns


def _texts(found: RunColumns, blob: _Blob) -> list[dict[str, Any]]:
    columns = [
        {"id": f"params.{key}", "group": "params", "key": key, **_dictionary(values, blob)}
        for key, values in found.params.items()
    ]
    return columns + [
        {"id": f"tags.{key}", "group": "tags", "key": key, **_dictionary(values, blob)}
        for key, values in found.tags.items()
        if key not in HIDDEN_TAGS
    ]


def _metrics(found: RunColumns, blob: _Blob) -> list[dict[str, Any]]:
    columns = []
    for key, parts in found.metrics.items():
        is_logged = parts["count"] > 0
        for stat in ("last", "min", "max", "count"):
            values = parts[stat].astype(np.float64)
            # A logged NaN is a value; the extremes of a metric that was only ever NaN are not.
            there = is_logged if stat in ("last", "count") else is_logged & ~np.isnan(values)
            place = _floats(values, blob, there)
            columns.append({"id": f"metrics.{key}.{stat}", "group": "metrics", "key": key, "stat": stat, **place})
    return columns


def _dictionary(values: Array, blob: _Blob) -> dict[str, Any]:
    """Encode texts as Int32 codes into the list of their distinct values, in order of appearance."""
    codes: dict[Any, int] = {None: -1}
    numbers = np.empty(len(values), dtype="<i4")
    for row, value in enumerate(values):
        code = codes.get(value)
        if code is None:
            code = codes[value] = len(codes) - 1
        numbers[row] = code
    del codes[None]
    return {"type": "dict", "values": list(codes), **blob.add(numbers)}


def _floats(values: Array, blob: _Blob, there: Array | None = None) -> dict[str, Any]:
    if there is None:
        there = ~np.isnan(values)
    place: dict[str, Any] = {"type": "f64", **blob.add(values.astype("<f8"))}
    if not there.all():
        place["valid"] = blob.add(there.astype(np.uint8))["offset"]
    return place
