"""Which runs changed between two looks, so that only those travel to the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.protocol import RunColumns

Array = np.ndarray[Any, Any]


def changed_rows(old: RunColumns, new: RunColumns) -> tuple[Array, list[str]]:
    """Compare two looks at the same query.

    Returns
    -------
    changed : ndarray of bool, shape (n_new,)
        Rows of `new` that are not in `old` or differ there.
    removed : list of str
        Run ids that are only in `old`.
    """
    where_old = {run_id: row for row, run_id in enumerate(old.attributes["run_id"])}
    ids = new.attributes["run_id"]
    rows = np.array([where_old.get(run_id, -1) for run_id in ids], dtype=np.int64)
    changed = rows < 0
    known = np.flatnonzero(~changed)
    before = rows[known]
    for values_old, values_new in _pairs(old, new):
        if values_new is None:
            gone = _is_there(values_old[before])
            changed[known] |= gone
        elif values_old is None:
            changed[known] |= _is_there(values_new[known])
        else:
            changed[known] |= _differ(values_old[before], values_new[known])
    removed = [run_id for run_id in where_old if run_id not in set(ids)]
    return changed, removed


def take_rows(found: RunColumns, rows: Array) -> RunColumns:
    """Return some rows of a table, by mask or index."""
    return replace(
        found,
        attributes={name: values[rows] for name, values in found.attributes.items()},
        params={key: values[rows] for key, values in found.params.items()},
        metrics={key: {part: values[rows] for part, values in parts.items()} for key, parts in found.metrics.items()},
        tags={key: values[rows] for key, values in found.tags.items()},
    )


def _pairs(old: RunColumns, new: RunColumns) -> Iterator[tuple[Any, Any]]:
    """Yield each column of both looks, None where one has it not."""
    flat_old, flat_new = _flat(old), _flat(new)
    for name in flat_old.keys() | flat_new.keys():
        yield flat_old.get(name), flat_new.get(name)


def _flat(found: RunColumns) -> dict[tuple[str, ...], Array]:
    columns: dict[tuple[str, ...], Array] = {
        ("attributes", name): values for name, values in found.attributes.items() if name != "last_seen"
    }
    columns |= {("params", key): values for key, values in found.params.items()}
    columns |= {("tags", key): values for key, values in found.tags.items()}
    columns |= {
        ("metrics", key, part): values for key, parts in found.metrics.items() for part, values in parts.items()
    }
    return columns


def _differ(a: Array, b: Array) -> Array:
    if object in (a.dtype, b.dtype):
        return np.asarray(a.astype(object) != b.astype(object), dtype=bool)
    if a.dtype.kind in "mM":
        return np.asarray((a != b) & ~(np.isnat(a) & np.isnat(b)))
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.asarray((a != b) & ~(np.isnan(a) & np.isnan(b)))


def _is_there(values: Array) -> Array:
    if values.dtype == object:
        return np.array([value is not None for value in values], dtype=bool)
    if values.dtype.kind in "mM":
        return np.asarray(~np.isnat(values))
    return np.asarray(~np.isnan(values.astype(np.float64)) & (values != 0))
