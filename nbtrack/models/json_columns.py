"""Columns and tensors as they come out of JSON or CSV, brought into the types of a schema; refused where a value would change."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError
from nbtrack.models import nested
from nbtrack.models.column_types import AnyType, DataType
from nbtrack.models.schema import ColSpec, TensorSpec

if TYPE_CHECKING:
    from nbtrack.models.schema import Schema


def cast_frame(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return a DataFrame with its columns in the types of the schema; what the schema does not name stays as it is."""
    if nested.fits(frame, schema):
        return frame
    specs = list(schema)
    names: list[Any] = schema.input_names() if schema.has_input_names() else list(frame.columns)
    if not schema.has_input_names() and schema.is_tensor_spec():
        specs = specs * len(names)
    found = {name: frame[name] for name in frame.columns} if frame.columns.is_unique else {}
    for name, spec in zip(names, specs, strict=False):
        if name in found:
            found[name] = cast_column(found[name], spec, f"Column {name!r}")
    return pd.DataFrame(found, index=frame.index, columns=frame.columns) if found else frame


def cast_column(values: pd.Series[Any], spec: ColSpec | TensorSpec, where: str) -> pd.Series[Any]:
    """Return a column in the type of a specification; raises ``InvalidValueError``."""
    if isinstance(spec, TensorSpec):
        holds_lists = len(values) > 0 and isinstance(values.iloc[0], (list, np.ndarray))
        return (
            values
            if holds_lists or spec.type.kind == "O"
            else pd.Series(tensor(values.tolist(), spec, where), index=values.index)
        )
    wanted = spec.type
    if isinstance(wanted, AnyType):
        return values
    if not isinstance(wanted, DataType):
        cells = [
            nested.enforce(cell, wanted, f"{where}, row {i}", required=spec.required) for i, cell in enumerate(values)
        ]
        return pd.Series(cells, index=values.index, name=values.name, dtype=object)
    if wanted is DataType.string:
        return values
    if wanted is DataType.binary:
        return values.map(lambda cell: _bytes(cell, where)).astype(object)
    if wanted is DataType.datetime:
        return _moments(values, where)
    return _numbers(values, wanted, where)


def tensor(values: Any, spec: TensorSpec, where: str) -> np.ndarray[Any, Any]:
    """Return nested lists as an array of the type of a tensor; raises ``InvalidValueError`` when values would change."""
    wanted = spec.type
    try:
        if wanted.kind == "O":
            return np.array(values, dtype=object)
        found = np.array(values)
    except (ValueError, TypeError, OverflowError) as cause:
        raise InvalidValueError(f"{where} is no regular array: {cause}") from cause
    if wanted.kind in "US" or found.dtype.kind == wanted.kind == "b":
        return found.astype(wanted)
    if wanted.kind == "M":
        return _moments(pd.Series(found.ravel()), where).to_numpy().reshape(found.shape).astype(wanted)
    if found.dtype == object and wanted.kind == "f":
        found = _with_nan(found, where)
    if found.dtype.kind not in "biuf" or (found.dtype.kind == "b" and found.size):
        raise InvalidValueError(f"{where} has values of type {found.dtype}; {wanted} is expected.")
    return _exact(found, wanted, where)


def _with_nan(found: np.ndarray[Any, Any], where: str) -> np.ndarray[Any, Any]:
    """Return an array of objects as numbers: JSON writes NaN as null."""
    try:
        return np.array([np.nan if cell is None else float(cell) for cell in found.ravel()]).reshape(found.shape)
    except (TypeError, ValueError) as cause:
        raise InvalidValueError(f"{where} has values that are no numbers: {cause}") from cause


def _numbers(values: pd.Series[Any], wanted: DataType, where: str) -> pd.Series[Any]:
    target = wanted.to_numpy()
    if values.dtype == target:
        return values
    if values.dtype.kind not in "iufb" or not isinstance(values.dtype, np.dtype):
        values = _parsed(values, wanted, where)
    if wanted is DataType.boolean:
        if not values.isin([0, 1]).all():
            raise InvalidValueError(f"{where} has values other than true and false.")
        return values.astype(bool)
    if values.dtype.kind == "b" and len(values):
        raise InvalidValueError(f"{where} has true or false; a column of type {wanted!r} is expected.")
    return pd.Series(_exact(values.to_numpy(), target, where), index=values.index, name=values.name)


def _parsed(values: pd.Series[Any], wanted: DataType, where: str) -> pd.Series[Any]:
    """Return a column of texts or of several types as numbers; a missing value is NaN, which only a float holds."""
    cells = [_number(cell, where) for cell in values]
    if wanted in (DataType.boolean, DataType.integer, DataType.long) and any(cell is None for cell in cells):
        raise InvalidValueError(f"{where} has missing values, which a column of type {wanted!r} cannot hold.")
    kinds = {type(cell) for cell in cells}
    if bool in kinds and len(kinds) > 1:
        raise InvalidValueError(f"{where} has true or false beside numbers.")
    return pd.Series([np.nan if cell is None else cell for cell in cells], index=values.index, name=values.name)


def _number(cell: Any, where: str) -> int | float | bool | None:
    if nested.is_missing(cell):
        return None
    if isinstance(cell, (bool, int, float)):
        return cell
    if isinstance(cell, (np.integer, np.floating, np.bool_)):
        found: int | float | bool = cell.item()
        return found
    text = str(cell).strip()
    if isinstance(cell, str) and "_" not in text:
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    raise InvalidValueError(f"{where} has {str(cell)[:40]!r}, which is no number.")


def _exact(found: np.ndarray[Any, Any], target: np.dtype[Any], where: str) -> np.ndarray[Any, Any]:
    """Return numbers in another type, unless one of them would become another number; floats may lose digits."""
    if target.kind not in "iu":
        with np.errstate(over="ignore"):
            cast = found.astype(target)
        if target.kind == "f" and found.dtype.kind == "f" and (np.isinf(cast) & np.isfinite(found)).any():
            raise InvalidValueError(f"{where} has a number that is too large for {target}.")
        return cast
    if found.dtype.kind == "f" and not (np.isfinite(found) & (found == np.floor(found))).all():
        what = "missing or infinite values" if not np.isfinite(found).all() else "numbers with a fraction"
        raise InvalidValueError(f"{where} has {what}; whole numbers of type {target} are expected.")
    limits = np.iinfo(target)
    if found.size and (found.min() < limits.min or found.max() > limits.max):
        raise InvalidValueError(f"{where} has a number that does not fit into {target}.")
    return found.astype(target)


def _bytes(cell: Any, where: str) -> Any:
    if isinstance(cell, bytes) or nested.is_missing(cell):
        return None if nested.is_missing(cell) else cell
    try:
        return base64.b64decode("".join(str(cell).split()), validate=True)
    except (binascii.Error, ValueError) as cause:
        raise InvalidValueError(
            f"{where} is bytes, which JSON holds as base64; {str(cell)[:40]!r} is none: {cause}"
        ) from cause


def _moments(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Return texts, or numbers of nanoseconds since 1970, as times without a zone; others are brought to UTC."""
    is_numeric = values.dtype.kind in "iuf" and isinstance(values.dtype, np.dtype)
    if values.dtype.kind == "b":
        raise InvalidValueError(f"{where} has true or false; dates or times such as 2026-11-23T09:30:00 are expected.")
    try:
        found = values if values.dtype.kind == "M" else _read_moments(values, is_numeric=is_numeric)
    except (ValueError, TypeError, OverflowError) as cause:
        raise InvalidValueError(
            f"{where} cannot be read as dates or times such as 2026-11-23T09:30:00: {cause}"
        ) from cause
    if getattr(found.dtype, "tz", None) is not None:
        found = found.dt.tz_convert(None)
    return found.astype(np.dtype("datetime64[ns]"))


def _read_moments(values: pd.Series[Any], *, is_numeric: bool) -> pd.Series[Any]:
    if is_numeric:
        return pd.to_datetime(values)
    texts = values.astype(object)
    has_zone = texts.map(
        lambda cell: isinstance(cell, str) and (cell.endswith("Z") or "+" in cell[10:] or "-" in cell[10:])
    ).any()
    try:
        return pd.to_datetime(texts, format="ISO8601", utc=bool(has_zone))
    except ValueError:
        return pd.to_datetime(texts, utc=bool(has_zone))
