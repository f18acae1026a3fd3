"""Questions to a database of MLflow: a sqlite file is read with Python's own module, others with SQLAlchemy where that is installed."""

from __future__ import annotations

import re
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AT_ONCE = 20_000
SQLITE = "sqlite:///"
SCHEMES = ("postgresql", "mysql", "mssql")
_KEY = re.compile(r"\[(\w+)\]")


class Rows(Protocol):
    """A database. In queries ``[key]`` stands for a column whose name is a word of SQL, ``?`` for a value."""

    title: str
    home: Path

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows, some at a time."""

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns; none when there is no such table."""

    def close(self) -> None:
        """Let go of it."""


class SqliteRows:
    """A sqlite file, which is only read."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            message = f"There is no file {path}; name one such as sqlite:///mlflow.db."
            raise InvalidValueError(message)
        self.title = f"sqlite {path}"
        self.home = path.resolve().parent
        self._path = path
        self._con = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=30.0)
        self._con.text_factory = lambda data: data.decode("utf-8", "replace")
        self._con.execute("PRAGMA trusted_schema = off")

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows, some at a time."""
        try:
            found = self._con.execute(query, list(values))
            while some := found.fetchmany(AT_ONCE):
                yield from some
        except sqlite3.Error as error:
            message = f"{self._path} cannot be read: {error}."
            raise StoreError(message) from error

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns."""
        return {row[1] for row in self.rows(f"PRAGMA table_info({table})")}

    def close(self) -> None:
        """Let go of the file."""
        self._con.close()


class OtherRows:
    """A database that SQLAlchemy opens."""

    def __init__(self, url: str) -> None:
        self._sql = require("sqlalchemy", f"to read {url.split(':', 1)[0]} databases of MLflow")
        try:
            self._engine = self._sql.create_engine(_with_driver(url))
            self._con = self._engine.connect().execution_options(stream_results=True, postgresql_readonly=True)
        except ModuleNotFoundError as error:
            scheme = url.split(":", 1)[0]
            message = (
                f"{scheme}:// needs the module {error.name!r}, which is not installed; "
                f"install it, or name another driver, as in {scheme.partition('+')[0]}+DRIVER://…"
            )
            raise StoreError(message) from None
        except Exception as error:  # noqa: BLE001 - each driver has its own
            # What it says may hold the password.
            message = f"The database cannot be opened ({type(error).__name__}); does it answer, and are user and password right?"
            raise StoreError(message) from None
        self.title = f"{self._engine.dialect.name} {self._engine.url.database}"
        self.home = Path()
        self._inspector = self._sql.inspect(self._engine)

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows, some at a time."""
        quoted = self._engine.dialect.identifier_preparer.quote_identifier
        text = _KEY.sub(lambda found: str(quoted(found[1])), query)
        parts = text.split("?")
        text = "".join(part + (f":v{i}" if i < len(parts) - 1 else "") for i, part in enumerate(parts))
        found = self._con.execute(self._sql.text(text), {f"v{i}": value for i, value in enumerate(values)})
        while some := found.fetchmany(AT_ONCE):
            yield from (tuple(row) for row in some)

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns."""
        if not self._inspector.has_table(table):
            return set()
        return {column["name"] for column in self._inspector.get_columns(table)}

    def close(self) -> None:
        """Let go of it."""
        self._con.close()
        self._engine.dispose()


def _with_driver(url: str) -> str:
    """Return the URL with the driver that our own databases need, where the one that SQLAlchemy would take is not installed."""
    scheme, _, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme == "postgresql" and find_spec("psycopg2") is None else url


def open_rows(uri: str) -> Rows:
    """Open a database by MLflow's URI, ``sqlite:///mlflow.db``, ``postgresql://…``, ``mysql+pymysql://…``; or a sqlite file."""
    if uri.startswith(SQLITE):
        return SqliteRows(Path(unquote(uri.removeprefix(SQLITE).partition("?")[0])))
    return OtherRows(uri) if uri.split(":", 1)[0].split("+", 1)[0] in SCHEMES else SqliteRows(Path(uri))
