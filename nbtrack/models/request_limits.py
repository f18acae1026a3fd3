"""What a request may grow into when it is read: a small body must not become a huge table."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 50_000
FREE_CELLS = 5_000_000
MAX_GROWTH = 4
"""Cells of a table for each value in the request, beyond the free ones: rows of different keys leave empty cells."""
MAX_PARQUET = 1 << 30
"""Bytes of a Parquet table in memory."""
BATCH_ROWS = 4096


def check_columns(n_columns: int, what: str) -> None:
    """Refuse a table that is wider than any: each column takes kilobytes and a slow start."""
    if n_columns > MAX_COLUMNS:
        raise InvalidValueError(f"{what} has {n_columns:,} columns; a request has at most {MAX_COLUMNS:,}.")


def check_records(rows: list[Any], what: str) -> None:
    """Refuse rows whose keys differ so much that the table of all keys would be far larger than what was sent."""
    n_values = sum(map(len, rows))
    if len(rows) * n_values <= FREE_CELLS and n_values <= MAX_COLUMNS:
        return
    names = set(rows[0]).union(*rows) if rows else set()
    check_columns(len(names), what)
    if len(rows) * len(names) > max(FREE_CELLS, MAX_GROWTH * n_values):
        raise InvalidValueError(
            f"{what} has {len(rows):,} rows with {len(names):,} different names and only {n_values:,} values; give all rows the same names."
        )


def check_csv(body: bytes) -> None:
    """Refuse a CSV table by the width of its header."""
    check_columns(body[: max(body.find(b"\n"), 0) or len(body)].count(b",") + 1, "The body")


def parquet(body: bytes) -> pd.DataFrame:
    """Return a Parquet table, read piece by piece until it is too large.

    Texts are read as indices and a list of different ones, as they are stored: a kilobyte can stand for terabytes.
    """
    import pyarrow as pa  # noqa: PLC0415 - the caller has asked for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    meta = pq.read_metadata(io.BytesIO(body))
    check_columns(meta.num_columns, "The body")
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    _check(max((group.total_byte_size for group in groups), default=0))
    names = [meta.schema.column(i) for i in range(meta.num_columns)]
    texts = [column.path for column in names if column.physical_type == "BYTE_ARRAY" and "." not in column.path]
    file = pq.ParquetFile(io.BytesIO(body), read_dictionary=texts)
    size, batches = 0, []
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        dense = [_dense_size(column) for column in batch.columns]
        size += sum(dense)
        _check(size)
        batches.append(batch)
    table = pa.Table.from_batches(batches, file.schema_arrow)
    found: pd.DataFrame = table.cast(pq.read_schema(io.BytesIO(body))).to_pandas()
    return found


def _dense_size(column: Any) -> int:
    """Return the bytes of a column without its dictionary; at least one a row, for what is stored as a count."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if not pa.types.is_dictionary(column.type):
        return max(int(column.nbytes), len(column))
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
    return int(pc.sum(lengths).as_py() or 0) + 8 * len(column)


def _check(n_bytes: int) -> None:
    if n_bytes > MAX_PARQUET:
        raise InvalidValueError(
            f"The table has more than {MAX_PARQUET >> 20} MiB in memory; score files with `nbtrack models predict`."
        )
