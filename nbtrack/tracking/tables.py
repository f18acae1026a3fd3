"""Tables as files, in MLflow's formats: JSON with ``columns`` and ``data``, or Parquet."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from nbtrack.artifacts.kinds import TABLE, mime_of
from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_artifact_path
from nbtrack.tracking.files import File, suffix_of
from nbtrack.wire import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("json", "parquet")
INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}


def table_file(existing: bytes | None, data: dict[str, Any] | pd.DataFrame, path: str) -> File:
    """Return a table as a file, its rows after those that are there already.

    JSON is ``{"columns": [...], "data": [[...], ...]}``, strict: NaN and missing values are ``null``, infinities the
    texts ``"Infinity"`` and ``"-Infinity"``, times ISO 8601. Columns that one side lacks are ``null`` there. An index
    with a name, or of texts or times, becomes a column; one that only counts is left out.

    Parameters
    ----------
    existing : bytes or None
        The file so far.
    data : dict or DataFrame
        A dict has one list per column (one value stands for every row), or one value per column: a single row.
    path : str
        Name that ends in ``.json`` or ``.parquet``.

    Raises
    ------
    InvalidValueError
        The columns differ in length, a name is there twice, or the file so far is no table.
    MissingPackageError
        Parquet is asked for and pyarrow is not installed.
    """
    path, form = check_artifact_path(path), table_format(path)
    frame = _frame(data)
    if form == "json":
        return File(path, _append_json(existing, frame, path), TABLE)
    return File(path, _append_parquet(existing, frame, path), mime_of(path))


def read_table(data: bytes, path: str) -> pd.DataFrame:
    """Return the table in a file that :func:`table_file` (or MLflow's ``log_table``) made.

    In JSON, a column of nothing but numbers and ``"Infinity"`` or ``"-Infinity"`` is one of numbers; times are texts.
    """
    if table_format(path) == "parquet":
        return _read_parquet(data, path)
    columns, rows = _read_json(data, path)
    return pd.DataFrame({name: _column([row[i] for row in rows]) for i, name in enumerate(columns)}, columns=columns)


def table_format(path: str) -> str:
    """Return ``"json"`` or ``"parquet"``, as the extension says."""
    form = suffix_of(path)
    if form not in FORMATS:
        message = f"File name {path!r} does not end in a format of tables; use .json or .parquet."
        raise InvalidValueError(message)
    return form


# ---------------------------------------------------------------- what was given


def _frame(data: Any) -> pd.DataFrame:
    """Return a DataFrame with distinct text column names and an index that only counts."""
    if isinstance(data, dict):
        frame = pd.DataFrame(_equal_columns(data))
    elif isinstance(data, pd.DataFrame):
        keeps_index = any(name is not None for name in data.index.names) or data.index.dtype.kind not in "iub"
        frame = data.reset_index(drop=not (keeps_index and len(data)), allow_duplicates=True)
    else:
        message = (
            f"A table was expected, not a {type(data).__name__}; log a dict of columns such as "
            "{'text': ['a', 'b'], 'score': [0.1, 0.9]}, or a DataFrame."
        )
        raise InvalidValueError(message)
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    twice = sorted(set(frame.columns[frame.columns.duplicated()]))
    if twice:
        message = f"Table column {twice[0]!r} is there twice; give each column a name of its own."
        raise InvalidValueError(message)
    return frame


def _equal_columns(data: dict[str, Any]) -> dict[str, Any]:
    """Return columns as lists of one length; a single value is repeated."""
    lists = {name: _items(value) for name, value in data.items()}
    lengths = {name: len(items) for name, items in lists.items() if items is not None}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {n}" for name, n in list(lengths.items())[:8])
        message = f"Table columns have different lengths: {listed}; give each the same number of values."
        raise InvalidValueError(message)
    n_rows = next(iter(lengths.values()), 1)
    return {name: items if items is not None else [data[name]] * n_rows for name, items in lists.items()}


def _items(value: Any) -> Sequence[Any] | None:
    """Return the values of a column as a list, array or Series without its index; None for a single value."""
    if isinstance(value, (str, bytes, dict)) or value is None:
        return None
    if isinstance(value, (list, tuple, range)):
        return list(value)
    ndim = getattr(value, "ndim", None)
    if ndim is None:
        return list(value) if isinstance(value, Iterable) else None
    if ndim == 0:
        return None
    if hasattr(value, "array"):  # Series and Index: by position, whatever the labels
        return value.array  # type: ignore[no-any-return]  # whatever the user logs
    return list(value) if ndim > 1 or not hasattr(value, "dtype") else value


# ---------------------------------------------------------------- JSON


def _append_json(existing: bytes | None, frame: pd.DataFrame, path: str) -> bytes:
    columns, rows = ([], []) if existing is None else _read_json(existing, path)
    names = [*columns, *(name for name in frame.columns if name not in set(columns))]
    old = [row + [None] * (len(names) - len(columns)) for row in rows]
    # Cells are read out column by column: `frame.values` would turn whole numbers next to floats into floats.
    here = {name: [_cell(value) for value in frame[name].tolist()] for name in frame.columns}
    empty = [None] * len(frame)
    new = [list(row) for row in zip(*(here.get(name, empty) for name in names), strict=True)]
    return _json_bytes({"columns": names, "data": old + new})


def _cell(value: Any) -> Any:
    """Return a value as strict JSON can say it."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else plain(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cell(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _cell(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # numpy scalars and arrays, tensors, Series
        return _cell(value.tolist())
    return None if _is_missing(value) else plain(value)


def _is_missing(value: Any) -> bool:
    return value is pd.NA or value is pd.NaT


def _json_bytes(table: Any) -> bytes:
    text = json.dumps(table, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate, from an odd file name
        return json.dumps(table, allow_nan=False, separators=(",", ":")).encode()


def _read_json(data: bytes, path: str) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and rows of a JSON table; pandas' own reader would turn "001" into 1."""
    try:
        table = json.loads(data)
        columns, rows = [str(name) for name in table["columns"]], table["data"]
        if all(len(row) == len(columns) for row in rows) and len(set(columns)) == len(columns):
            return columns, [list(row) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    message = f"{path!r} is not a table: it is not JSON with 'columns' and 'data'; use another file name."
    raise InvalidValueError(message)


def _column(values: list[Any]) -> list[Any]:
    """Turn the names of infinities back into numbers in a column that has nothing but numbers beside them."""
    texts = [value for value in values if isinstance(value, str)]
    others = {type(value) for value in values if not isinstance(value, str)}
    if not texts or not others <= {int, float, type(None)} or not INFINITIES.keys() >= set(texts):
        return values
    return [INFINITIES[value] if isinstance(value, str) else value for value in values]


# ---------------------------------------------------------------- Parquet


def _append_parquet(existing: bytes | None, frame: pd.DataFrame, path: str) -> bytes:
    _require_parquet()
    if existing is not None:
        before = _read_parquet(existing, path)
        frame = pd.concat([part for part in (before, frame) if len(part)] or [before], ignore_index=True)
    out = io.BytesIO()
    try:
        frame.to_parquet(out, index=False, engine="pyarrow")
    except (ValueError, TypeError, NotImplementedError) as cause:  # what pyarrow's errors derive from
        message = f"The table does not fit into Parquet: {cause}; make each column one type, or use .json."
        raise InvalidValueError(message) from cause
    return out.getvalue()


def _read_parquet(data: bytes, path: str) -> pd.DataFrame:
    _require_parquet()
    try:
        return pd.read_parquet(io.BytesIO(data), engine="pyarrow")
    except (ValueError, OSError) as cause:
        message = f"{path!r} is not a Parquet table ({cause}); use another file name."
        raise InvalidValueError(message) from cause


def _require_parquet() -> None:
    require("pyarrow", "for tables in .parquet (.json needs nothing more)")
