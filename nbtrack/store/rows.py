"""All rows of a CSV or Parquet file, each cell as what is wanted of it; ``tables.py`` is for tables that are looked at."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from nbtrack.errors import InvalidValueError
from nbtrack.store.connect import quoted
from nbtrack.store.lending import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Kind = Literal["text", "number", "odd", "whole", "time"]
AT_ONCE = 5000
_SOURCES = {"csv": "read_csv(?, all_varchar = true)", "parquet": "read_parquet(?)"}
_SECONDS, _MILLISECONDS = 1e11, 1e14
_CELLS: dict[str, str] = {
    "text": "{0}::VARCHAR",
    "number": "TRY_CAST({0} AS DOUBLE)",
    "odd": "CASE WHEN TRY_CAST({0} AS DOUBLE) IS NULL THEN {0}::VARCHAR END",  # what is no number
    "whole": "TRY_CAST({0}::VARCHAR AS BIGINT)",
    # a number of this size is of seconds, milliseconds or microseconds
    "time": "coalesce(epoch_us(TRY_CAST({0}::VARCHAR AS TIMESTAMPTZ)), CASE "
    f"WHEN abs(TRY_CAST({{0}}::VARCHAR AS DOUBLE)) < {_SECONDS} THEN round(TRY_CAST({{0}}::VARCHAR AS DOUBLE) * 1e6) "
    f"WHEN abs(TRY_CAST({{0}}::VARCHAR AS DOUBLE)) < {_MILLISECONDS} THEN round(TRY_CAST({{0}}::VARCHAR AS DOUBLE) * 1e3) "
    "ELSE TRY_CAST({0}::VARCHAR AS DOUBLE) END)::BIGINT",
}


class RowFile:
    """A file that is read through; made by :func:`open_rows`.

    Attributes
    ----------
    columns : list of (str, str)
        Name and DuckDB type of each; all of a CSV file are text.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, form: str, path: Path) -> None:
        self._con = con
        self._source = _SOURCES[form]
        self._path = str(path)
        found = con.execute(f"DESCRIBE SELECT * FROM {self._source}", [self._path]).fetchall()
        self.columns = [(str(name), str(kind)) for name, kind, *_ in found]

    def rows(
        self, cells: Sequence[tuple[str, Kind]], *, where: tuple[str, str] | None = None, order: Sequence[str] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the wanted cells of all rows, None where there is nothing, or nothing of that kind.

        Parameters
        ----------
        cells : sequence of (column, kind)
            Times come as microseconds UTC; texts without a zone are UTC.
        where : (column, text), optional
            Only rows that have this text there.
        order : sequence of str
            Columns; as they are in the file when not given.
        """
        shown = ", ".join(_CELLS[kind].format(_name(column)) for column, kind in cells)
        query = f"SELECT {shown} FROM {self._source}"
        values = [self._path]
        if where is not None:
            query += f" WHERE {_name(where[0])}::VARCHAR = ?"
            values.append(where[1])
        if order:
            query += f" ORDER BY {', '.join(map(_name, order))}"
        found = self._con.cursor().execute(query, values)
        while part := found.fetchmany(AT_ONCE):
            yield from part

    def is_unique(self, column: str) -> bool:
        """Say whether no two rows have the same in a column, and each has something."""
        query = f"SELECT count(*), count(DISTINCT {_name(column)}) FROM {self._source}"
        total, distinct = self._con.execute(query, [self._path]).fetchall()[0]
        return bool(total == distinct)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._con.execute(f"SELECT count(*) FROM {self._source}", [self._path]).fetchall()[0][0])


@contextmanager
def open_rows(path: Path, form: Literal["csv", "parquet"]) -> Iterator[RowFile]:
    """Open a file to be read through; nothing else can be read meanwhile.

    Raises
    ------
    InvalidValueError
        It is no such file; the message has what DuckDB says.
    """
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    try:
        con.execute(QUIET)
        con.execute("SET TimeZone = 'UTC'")
        with suppress(
            duckdb.Error
        ):  # DuckDB 2.0 reads a column that is tried as a number as one, and fails; 1 knows no such thing
            con.execute("SET disabled_optimizers = 'type_pushdown'")
        con.execute(f"SET allowed_paths = [{quoted(path)}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield RowFile(con, form, path)
    except duckdb.Error as cause:
        message = f"{path.name} cannot be read as {form}: {str(cause).strip().splitlines()[0]}"
        raise InvalidValueError(message) from cause
    finally:
        con.close()


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
