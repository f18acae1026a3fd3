"""What goes into ``predict``, brought into the form that the signature says: missing columns are refused by name, further ones left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError, warn
from nbtrack.models import nested, tensors
from nbtrack.models.column_types import Array, DataType, Object
from nbtrack.models.params import fitting

if TYPE_CHECKING:
    from nbtrack.models.schema import ParamSchema, Schema

MAX_NAMED = 20


def enforce_schema(data: Any, schema: Schema) -> Any:
    """Return data as a schema wants it: a DataFrame with its columns in its order, or tensors.

    Parameters
    ----------
    data : DataFrame, Series, ndarray, sparse matrix, dict, list or scalar
    schema : Schema

    Raises
    ------
    InvalidValueError
        Inputs are missing (by name), or have a type that is not safely converted.
    """
    if isinstance(data, pd.Series):
        data = pd.DataFrame(data)
    if schema.is_tensor_spec():
        if schema.has_input_names():
            _check_missing(_names_of(data, schema), schema)
        return tensors.enforce(data, schema)
    frame = _frame(data, schema)
    if nested.fits(frame, schema):
        return frame.copy(deep=False)  # what the model adds to it is not added to the caller's
    if schema.has_input_names():
        _check_missing(set(frame.columns), schema)
        return _named(frame, schema)
    return _unnamed(frame, schema)


def enforce_params(params: Any, schema: ParamSchema | None) -> dict[str, Any] | None:
    """Return params as the signature wants them, defaults included; unknown ones are left out with a warning.

    Raises
    ------
    InvalidValueError
        `params` is no dict, or values have a type that is not safely converted; all of them are named.
    """
    if schema is None:
        if params:
            names = ", ".join(map(str, params)) if isinstance(params, dict) else f"a {type(params).__name__}"
            warn(f"The model's signature has no params; ignored: {names}.")
            return {}
        return {} if isinstance(params, dict) else None
    if params is not None and not isinstance(params, dict):
        raise InvalidValueError(f"params is a {type(params).__name__}; use a dict of names and values.")
    given = {str(name): value for name, value in (params or {}).items()}
    known = {spec.name: spec for spec in schema}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        warn(f"Params {', '.join(unknown)} are not in the model's signature and ignored; it has {', '.join(known)}.")
    found, problems = {}, []
    for name in [*(name for name in given if name in known), *(name for name in known if name not in given)]:
        spec = known[name]
        try:
            found[name] = fitting(given[name], spec.dtype, spec.shape, name) if name in given else spec.default
        except InvalidValueError as problem:
            problems.append(str(problem))
    if problems:
        raise InvalidValueError(" ".join(problems))
    return found


def _names_of(data: Any, schema: Schema) -> set[Any]:
    if isinstance(data, pd.DataFrame):
        return set(data.columns)
    return set(data) if isinstance(data, dict) else set(schema.input_names())


def _check_missing(there: set[Any], schema: Schema) -> None:
    missing = [name for name in schema.required_input_names() if name not in there]
    if not missing:
        return
    known = set(schema.input_names())
    extra = sorted(str(name) for name in there if name not in known)
    further = f" It has {_listed(extra)}, which the signature does not know." if extra else ""
    raise InvalidValueError(f"The input lacks {_listed(missing)}, which the model's signature requires.{further}")


def _listed(names: list[Any]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(repr(name) for name in names[:MAX_NAMED]) + more


def _frame(data: Any, schema: Schema) -> pd.DataFrame:
    """Return anything that can be meant as a table as a DataFrame."""
    if isinstance(data, pd.DataFrame):
        return data
    try:
        if isinstance(data, dict):
            return _frame_of_dict(data, schema)
        if (
            isinstance(data, np.ndarray)
            and schema.has_input_names()
            and len(schema.required_input_names()) == 1
            and data.ndim == 1
        ):
            return pd.DataFrame({schema.required_input_names()[0]: data})
        if isinstance(data, (list, np.ndarray)):
            nested.check_lengths(data, "The input")
            return pd.DataFrame(data)
    except (ValueError, TypeError) as cause:
        raise InvalidValueError(f"The input is a {type(data).__name__} that cannot be made a table: {cause}") from cause
    if np.isscalar(data):
        return pd.DataFrame([data])
    raise InvalidValueError(f"The input is a {type(data).__name__}; the model's signature wants a DataFrame.")


def _frame_of_dict(data: dict[Any, Any], schema: Schema) -> pd.DataFrame:
    is_row = any(isinstance(spec.type, (Array, Object)) for spec in schema) or all(map(_is_cell, data.values()))
    if is_row:
        return pd.DataFrame([data])
    return pd.DataFrame(
        {
            name: value.tolist() if isinstance(value, np.ndarray) and value.ndim > 1 else value
            for name, value in data.items()
        }
    )


def _is_cell(value: Any) -> bool:
    is_texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    is_text = isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind == "U"
    return bool(np.isscalar(value)) or value is None or is_texts or is_text


def _named(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    if not frame.columns.is_unique:
        twice = sorted(set(map(str, frame.columns[frame.columns.duplicated()])))
        raise InvalidValueError(f"Columns of the input have the same name: {_listed(twice)}.")
    specs = zip(schema.input_names(), schema, strict=True)
    found = {name: _cast(frame[name], spec.type, name, required=spec.required) for name, spec in specs if name in frame}
    return pd.DataFrame(found, index=frame.index)


def _unnamed(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    if len(frame.columns) < len(schema):
        raise InvalidValueError(
            f"The input has {len(frame.columns)} columns; the model's signature wants {len(schema)}."
        )
    names = list(frame.columns[: len(schema)])
    parts = [_cast(frame.iloc[:, i], spec.type, names[i], required=True) for i, spec in enumerate(schema)]
    return pd.DataFrame(dict(zip(names, parts, strict=True)), index=frame.index)


def _cast(values: pd.Series[Any], wanted: Any, name: Any, *, required: bool) -> pd.Series[Any]:
    where = f"Column {name!r}"
    if isinstance(wanted, DataType):
        return nested.column(values, wanted, where)
    cells = [nested.enforce(cell, wanted, f"{where}, row {i}", required=required) for i, cell in enumerate(values)]
    return pd.Series(cells, index=values.index, name=name)
