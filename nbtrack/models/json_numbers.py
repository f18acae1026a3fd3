"""Requests of nothing but numbers, straight into the types of the signature: most are, and columns one by one take ten times as long."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.models.column_types import DataType

if TYPE_CHECKING:
    from nbtrack.models.schema import Schema

_NUMBERS = frozenset((DataType.double, DataType.float, DataType.long, DataType.integer))
_KINDS = frozenset((int, float))
_EXACT = 2.0**53
"""Below it, whole numbers are exact in a float64."""
_SMALL = 2.0**31
"""Below it, whole numbers fit every type, and others are finite in a float32."""


def plain_numbers(form: str, payload: Any, schema: Schema) -> pd.DataFrame | None:
    """Return what a request holds as the signature wants it; None for all that is not quite plain, which then goes the long way.

    Plain is: every column of the signature in its order and no other, at least one row, each cell an int or a float that its type can hold
    unchanged. Nothing is refused here: who goes the long way is told what is wrong.

    Parameters
    ----------
    form : {"dataframe_split", "dataframe_records", "instances", "inputs"}
    payload : parsed JSON
    schema : Schema
    """
    names, types = tuple(schema.input_names()), schema.input_types()
    if not schema.has_input_names() or not all(type(each) is DataType and each in _NUMBERS for each in types):
        return None
    rows, columns = _cells(form, payload, list(names))
    cells = rows or columns
    if not cells:
        return None
    kinds = set(map(type, chain.from_iterable(cells)))
    if not kinds <= _KINDS:
        return None
    try:
        found = np.array(cells, dtype=np.float64)
    except OverflowError:  # a whole number of more than 308 digits
        return None
    if rows:
        found = np.ascontiguousarray(found.T)  # a row a column, as a table of columns has them
    if int in kinds and not (np.abs(found) < _EXACT).all():
        return None
    return _table(found, types, _index(names).view())


def _cells(form: str, payload: Any, names: list[Any]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return rows, or columns, all of one length; nothing when names or lengths are not those of the signature."""
    if form == "dataframe_split":
        if not isinstance(payload, dict) or payload.keys() != {"columns", "data"} or payload["columns"] != names:
            return [], []
        rows = payload["data"]
        is_plain = isinstance(rows, list) and all(type(row) is list and len(row) == len(names) for row in rows)
        return rows if is_plain else [], []
    if isinstance(payload, list):
        is_plain = all(type(row) is dict and list(row) == names for row in payload)
        return [list(row.values()) for row in payload] if is_plain else [], []
    if form != "inputs" or type(payload) is not dict or list(payload) != names:
        return [], []
    columns = list(payload.values())
    if not any(type(column) is list for column in columns):
        return [columns], []
    is_plain = all(type(column) is list and len(column) == len(columns[0]) > 0 for column in columns)
    return [], columns if is_plain else []


def _table(found: np.ndarray[Any, Any], types: list[Any], index: pd.Index[Any]) -> pd.DataFrame | None:
    """Return float64 numbers, a row for each column of the table, in the wanted types; None when one of them would change."""
    if types.count(DataType.double) == len(types):
        return pd.DataFrame(found.T, columns=index, copy=False)
    columns = {}
    for place, (values, wanted) in enumerate(zip(found, types, strict=True)):
        target = wanted.to_numpy()
        if wanted is not DataType.double and not (np.abs(values) < _SMALL).all():
            return None
        if target.kind == "i" and not (values == np.floor(values)).all():
            return None
        columns[place] = values.astype(target)
    table = pd.DataFrame(columns)
    table.columns = index
    return table


@lru_cache(maxsize=64)
def _index(names: tuple[Any, ...]) -> pd.Index[Any]:
    """Return the names of the columns; who is given it should view it, as its own name can be changed."""
    found: pd.Index[Any] = pd.Index(names)
    return found
