"""Two tables by key: which rows came, went and changed, and in which cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, MissingPackageError
from nbtrack.views.previews.text import decode
from nbtrack.wire import plain

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from nbtrack.store.protocol import TrackingStore

MAX_BYTES = 50_000_000
MAX_TABLE_ROWS = 200_000
MAX_COLUMNS = 200
DEFAULT_ROWS, MAX_ROWS = 200, 2000
LONGEST_CELL = 500
_SEPARATORS = {"csv": ",", "tsv": "\t"}

Cells = list[str | None]
"""One row as texts; None where the table lacks the column or the value."""


def compare_tables(
    store: TrackingStore, runs: tuple[str, str], path: str, *, keys: list[str] | None = None, limit: int = DEFAULT_ROWS
) -> dict[str, Any]:
    """Compare the table `path` of two runs.

    Parameters
    ----------
    runs : (str, str)
        Base and other run.
    keys : list of str, optional
        Columns that name a row; by default the first column that has another value in every row of both, else the row's position.
    limit : int
        At most so many differing rows are returned.

    Returns
    -------
    dict
        ``columns``, ``keys``, ``candidates`` (columns that name a row by themselves), ``sizes`` (rows before and after), ``counts``
        {same, changed, added, removed}, ``cells`` (differing cells by column) and ``rows``: ``[kind, values, values before]`` with
        kind ``+``, ``-`` or ``~``; of a changed row, the values before are null in columns that are the same.

    Raises
    ------
    InvalidValueError
        The file is no table, or too large, or a key is none of its columns.
    """
    before, after = (_read(store.artifact_file(run, path), path) for run in runs)
    shared = [name for name in before.columns if name in after.columns]
    added = [name for name in after.columns if name not in shared]
    removed = [name for name in before.columns if name not in shared]
    columns = [*shared, *added, *removed]
    candidates = [name for name in shared if before[name].is_unique and after[name].is_unique]
    chosen = candidates[:1] if keys is None else _check_keys(keys, shared)
    rows_before, rows_after = (_keyed(frame, columns, chosen) for frame in (before, after))
    return {
        "columns": columns,
        "added_columns": added,
        "removed_columns": removed,
        "keys": chosen,
        "shared": shared,
        "candidates": candidates,
        "sizes": [len(before), len(after)],
        **_differences(rows_before, rows_after, len(shared), len(columns), max(1, min(limit, MAX_ROWS))),
    }


def _differences(
    before: dict[Any, Cells], after: dict[Any, Cells], n_shared: int, n_columns: int, limit: int
) -> dict[str, Any]:
    """Walk both tables by key; columns that only one side has do not make a row a changed one."""
    counts = {"same": 0, "changed": 0, "added": 0, "removed": 0}
    cells = [0] * n_columns
    rows: list[list[Any]] = []
    for key, row in after.items():
        old = before.get(key)
        if old is None:
            counts["added"] += 1
            found: list[Any] = ["+", row, None]
        elif row[:n_shared] == old[:n_shared]:
            counts["same"] += 1
            continue
        else:
            counts["changed"] += 1
            differing = [row[i] != old[i] for i in range(n_shared)]
            for i, differs in enumerate(differing):
                cells[i] += differs
            shown = [(old[i] or "") if differs else None for i, differs in enumerate(differing)]
            found = ["~", row, shown + [None] * (n_columns - n_shared)]
        if len(rows) < limit:
            rows.append(found)
    for key, old in before.items():
        if key not in after:
            counts["removed"] += 1
            if len(rows) < limit:
                rows.append(["-", old, None])
    return {"counts": counts, "cells": cells, "rows": rows}


def _keyed(frame: pd.DataFrame, columns: list[str], keys: list[str]) -> dict[Any, Cells]:
    """Return the rows by key; of rows with the same key, each one after the first counts by its place among them."""
    texts = [_texts(frame[name]) if name in frame.columns else [None] * len(frame) for name in columns]
    rows = [list(row) for row in zip(*texts, strict=True)] if texts else [[] for _ in range(len(frame))]
    if not keys:
        return dict(enumerate(rows))
    places = [columns.index(name) for name in keys]
    seen: dict[tuple[str | None, ...], int] = {}
    keyed: dict[Any, Cells] = {}
    for row in rows:
        key = tuple(row[place] for place in places)
        seen[key] = seen.get(key, -1) + 1
        keyed[key, seen[key]] = row
    return keyed


def _texts(column: pd.Series[Any]) -> Cells:
    return [_text(value) for value in column.tolist()]


def _text(value: Any) -> str | None:
    if value is None or value != value or str(value) in ("<NA>", "NaT"):  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # a column with gaps turns whole numbers into floats
    text = json.dumps(plain(value), ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _check_keys(keys: list[str], shared: list[str]) -> list[str]:
    wrong = [key for key in keys if key not in shared]
    if wrong:
        listed = ", ".join(repr(name) for name in shared[:8])
        message = f"Column {wrong[0]!r} is not in both tables; a key can be {listed or 'no column: they share none'}."
        raise InvalidValueError(message)
    return list(dict.fromkeys(keys))


def _read(file: Path, path: str) -> pd.DataFrame:
    _check_size(path, file.stat().st_size)
    try:
        frame = _frame(file, path)
    except InvalidValueError:
        raise
    except ImportError:
        raise MissingPackageError("pyarrow", "to read tables in .parquet") from None
    except (ValueError, TypeError, KeyError, OSError) as cause:
        message = f"{path!r} cannot be read as a table ({cause})."
        raise InvalidValueError(message) from cause
    _check_shape(path, *frame.shape)
    frame.columns = [str(name) for name in frame.columns]
    return frame.loc[:, ~frame.columns.duplicated()]


def _check_size(path: str, size: int) -> None:
    if size > MAX_BYTES:
        message = f"{path!r} has {size / 1e6:.0f} MB; tables are compared up to {MAX_BYTES / 1e6:.0f} MB."
        raise InvalidValueError(message)


def _check_shape(path: str, n_rows: int, n_columns: int) -> None:
    if n_rows > MAX_TABLE_ROWS or n_columns > MAX_COLUMNS:
        message = (
            f"{path!r} has {n_rows:,} rows and {n_columns:,} columns; tables are compared up to "
            f"{MAX_TABLE_ROWS:,} rows and {MAX_COLUMNS} columns."
        )
        raise InvalidValueError(message)


def _frame(file: Path, path: str) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - loaded with the first table

    form = path.rpartition(".")[2].lower()

    if form == "parquet":
        from pyarrow import parquet  # noqa: PLC0415 - an extra

        about = parquet.read_metadata(file)  # a few bytes of Parquet can be a billion rows
        _check_shape(path, about.num_rows, about.num_columns)
        _check_size(path, sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups)))
        return pd.read_parquet(file)
    if form in _SEPARATORS:
        encoding = decode(file.read_bytes())[1]
        return pd.read_csv(file, sep=_SEPARATORS[form], dtype=str, keep_default_na=False, encoding=encoding)
    table = json.loads(file.read_bytes())
    rows = table["data"]
    return pd.DataFrame(rows, columns=[str(name) for name in table["columns"]], dtype=object)
