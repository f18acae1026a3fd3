"""Tables in single files, read by DuckDB: pages, sorted, and a profile of each column.

Each look is an in-memory instance of its own that can open this very file and nothing else: no other file, no network, no extension.
The file may come from anybody, so time, memory, columns and the length of a cell are bounded.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import InvalidValueError
from nbtrack.store.connect import quoted
from nbtrack.store.lending import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

MAX_COLUMNS = 200
MAX_CELL = 300
MAX_SECONDS = 10.0
MEMORY = "1GB"
SAMPLE_ROWS = 100_000
BINS = 20
MAX_HISTOGRAMS = 60
MAX_EXACT = 2**53

_SOURCES = {
    "csv": "read_csv(?{encoding})",
    "tsv": "read_csv(?, delim = '\t'{encoding})",
    "json": "read_json(?, format = 'array', maximum_object_size = 67108864)",
    "jsonl": "read_json(?, format = 'newline_delimited', maximum_object_size = 16777216)",
    "parquet": "read_parquet(?)",
    "frame": "given",
}
_LENIENT = {
    "csv": "read_csv(?, all_varchar = true, null_padding = true, strict_mode = false{encoding})",
    "tsv": "read_csv(?, delim = '\t', all_varchar = true, null_padding = true, strict_mode = false{encoding})",
}
"""When a line does not fit the types or the number of columns that the first ones showed, all columns are text."""

_NUMBERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
}


class TableFile:
    """A look at one table; made by :func:`open_table`.

    Attributes
    ----------
    columns : list of (str, str)
        Name and DuckDB type of each.
    is_lenient : bool
        Whether lines did not fit and all is read as text.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, form: str, path: Path | None, encoding: str) -> None:
        self._con = con
        self._form = form
        self._encoding = "" if encoding == "utf-8" else f", encoding = {quoted(encoding)}"
        self._source = _SOURCES[form].format(encoding=self._encoding)
        self._values = [] if path is None else [str(path)]
        self.is_lenient = False
        self.columns = self._described()

    def count(self) -> int:
        """Return the number of rows."""
        return int(self._rows(lambda: f"SELECT count(*) FROM {self._source}")[0][0])

    def page(
        self, offset: int, limit: int, sort: int | None = None, *, is_descending: bool = False
    ) -> list[tuple[Any, ...]]:
        """Return rows, each cell a number, a bool, None, or a text of at most 300 characters.

        Parameters
        ----------
        offset, limit : int
        sort : int, optional
            Column to order by; without one the rows come as they are in the file.

        Raises
        ------
        InvalidValueError
            There is no such column, or sorting takes too long.
        """
        if sort is not None and not 0 <= sort < len(self.columns):
            message = f"There is no column {sort}; the table has {len(self.columns)}."
            raise InvalidValueError(message)

        def query() -> str:
            way = "DESC" if is_descending else "ASC"
            order = "" if sort is None else f"ORDER BY {_name(self.columns[sort][0])} {way} NULLS LAST"
            return f"SELECT {self._cells()} FROM {self._source} {order} LIMIT {int(limit)} OFFSET {int(offset)}"

        found = self._rows(query)
        return [tuple(_plain(value) for value in row) for row in found]

    def profile(self) -> tuple[int, list[dict[str, Any]]]:
        """Return how many rows were looked at (at most 100,000), and for each column ``{nulls, distinct, min, max, bins}``."""

        def sample() -> str:
            # long texts would fill the memory, and nobody reads their ends
            cells = {
                name: f"left({_name(name)}, {MAX_CELL})" if kind == "VARCHAR" else _name(name)
                for name, kind in self.columns
            }
            names = ", ".join(f"{cell} AS {_name(name)}" for name, cell in cells.items())
            return f"CREATE OR REPLACE TEMP TABLE sample AS SELECT {names} FROM {self._source} LIMIT {SAMPLE_ROWS}"

        self._rows(sample)
        asked = ["count(*)"]
        for name, kind in self.columns:
            column = _name(name)
            # a nested value has no useful order; as texts, instants need no module for time zones
            text = "" if is_number(kind) or kind == "BOOLEAN" else "::VARCHAR"
            ends = f"min({column}){text}, max({column}){text}" if _is_plain(kind) else "NULL, NULL"
            asked.append(f"count({column}), approx_count_distinct({column}), {ends}")
        row = list(self._con.execute(f"SELECT {', '.join(asked)} FROM sample").fetchone() or ())
        total = int(row[0])
        found = []
        for index, (name, kind) in enumerate(self.columns):
            known, distinct, low, high = row[1 + 4 * index : 5 + 4 * index]
            has_bins = is_number(kind) and index < MAX_HISTOGRAMS
            found.append(
                {
                    "nulls": total - known,
                    "distinct": min(int(distinct), known),
                    "min": _short(low),
                    "max": _short(high),
                    "bins": self._bins(name) if has_bins and known else None,
                }
            )
        return total, found

    def _bins(self, name: str) -> list[int] | None:
        """Return how many values are in each twentieth of the range of a column; values that are no numbers are left out."""
        value = f"{_name(name)}::DOUBLE"
        rows = self._con.execute(
            f"""
            WITH v AS (SELECT {value} AS x FROM sample WHERE isfinite({value})), e AS (SELECT min(x) AS a, max(x) AS b FROM v)
            SELECT least({BINS - 1}, floor((x - a) / (b - a) * {BINS}))::INT AS bin, count(*) FROM v, e WHERE b > a GROUP BY bin
            """
        ).fetchall()
        counts = [0] * BINS
        for index, count in rows:
            if index is not None:
                counts[index] = int(count)
        return counts if rows else None

    def _cells(self) -> str:
        return ", ".join(
            _name(name) if is_number(kind) or kind == "BOOLEAN" else f"left({_name(name)}::VARCHAR, {MAX_CELL})"
            for name, kind in self.columns
        )

    def _described(self) -> list[tuple[str, str]]:
        found = self._rows(lambda: f"DESCRIBE SELECT * FROM {self._source}")
        self.n_columns = len(found)
        return [(str(row[0]), str(row[1])) for row in found[:MAX_COLUMNS]]

    def _rows(self, query: Callable[[], str]) -> list[tuple[Any, ...]]:
        try:
            return self._con.execute(query(), self._values).fetchall()
        except (duckdb.ConversionException, duckdb.InvalidInputException):
            if self.is_lenient or self._form not in _LENIENT:
                raise
            self.is_lenient, self._source = True, _LENIENT[self._form].format(encoding=self._encoding)
            self.columns = self._described()
            return self._con.execute(query(), self._values).fetchall()


@contextmanager
def open_table(
    path: Path, form: str, frame: pd.DataFrame | None = None, encoding: str = "utf-8"
) -> Iterator[TableFile]:
    """Open a file to be read as a table.

    Parameters
    ----------
    path : Path
        The file; it is the only one that can be read meanwhile.
    form : {"csv", "tsv", "json", "jsonl", "parquet", "frame"}
        ``"json"`` is a list of records.
    frame : DataFrame or pyarrow Table, optional
        The table itself, for ``"frame"``.
    encoding : {"utf-8", "latin-1", "utf-16"}
        Of CSV and TSV.

    Raises
    ------
    InvalidValueError
        The file is no such table, or takes too long.
    """
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    timer = threading.Timer(MAX_SECONDS, con.interrupt)
    try:
        con.execute(QUIET)
        _lock(con, path)
        if frame is not None:
            con.register("given", frame)
        timer.start()
        yield TableFile(con, form, None if frame is not None else path, encoding)
    except duckdb.InterruptException as cause:
        message = f"The table takes longer than {MAX_SECONDS:.0f} seconds to read; load the file in Python instead."
        raise InvalidValueError(message) from cause
    except duckdb.OutOfMemoryException as cause:
        message = f"The table needs more than {MEMORY} of memory this way; load the file in Python instead."
        raise InvalidValueError(message) from cause
    except duckdb.Error as cause:
        message = str(cause).strip().splitlines()[0].replace(str(path), path.name)
        raise InvalidValueError(message) from cause
    finally:
        timer.cancel()
        con.close()


def is_number(kind: str) -> bool:
    """Say whether a DuckDB type is one of numbers."""
    return kind in _NUMBERS or kind.startswith("DECIMAL")


def _is_plain(kind: str) -> bool:
    return not kind.endswith("]") and not kind.startswith(("STRUCT", "MAP", "UNION", "BLOB", "JSON"))


def _lock(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute("SET temp_directory = ''")
    con.execute("SET threads = 2")
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET allowed_paths = [{quoted(path)}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(value: Any) -> Any:
    """Return a cell as JSON can carry it; whole numbers that JavaScript would round stay text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_EXACT else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return _short(value)


def _short(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return _plain(value) if value is not None else None
    text = str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
