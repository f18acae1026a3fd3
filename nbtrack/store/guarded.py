"""Queries of somebody else: they see the tables of the store and nothing more of this machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import InvalidValueError
from nbtrack.store.reader import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

MAX_SECONDS = 60.0
MEMORY = "512MB"
VECTOR = 2048
"""Rows that DuckDB hands out at a time, at most."""
MAX_VECTORS = 500


def guarded_sql(path: Path, folder: Path, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
    """Run a query that can open no file and no address, in bounded memory, and not for ever.

    Raises
    ------
    InvalidValueError
        The query cannot be run; the message has what DuckDB says of it.
    """
    if not isinstance(query, str):
        message = f"A query is a text; received {type(query).__name__}."
        raise InvalidValueError(message)
    with read(path, folder, is_private=True) as reader:
        con = reader.con
        con.execute(f"SET memory_limit = '{MEMORY}'")
        con.execute("SET temp_directory = ''")
        con.execute("SET python_enable_replacements = false")  # a table named like a variable of ours is none
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        timer = threading.Timer(MAX_SECONDS, con.interrupt)
        timer.start()
        try:
            found = con.execute(query, list(values)).fetch_df_chunk(MAX_VECTORS + 1)
        except duckdb.InterruptException as cause:
            message = f"The query takes longer than {MAX_SECONDS:.0f} seconds; ask for less, or copy the store and ask the copy."
            raise InvalidValueError(message) from cause
        except duckdb.Error as cause:
            raise InvalidValueError(str(cause).strip()) from cause
        finally:
            timer.cancel()
    if len(found) > MAX_VECTORS * VECTOR:
        message = (
            f"The query gives more than {MAX_VECTORS * VECTOR:,} rows; add a LIMIT, or count and group in the query."
        )
        raise InvalidValueError(message)
    return found
