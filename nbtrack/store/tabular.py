"""Tables in files, read in pieces and written in parts through DuckDB: CSV, Parquet and JSON lines of any size in bounded memory."""

from __future__ import annotations

import glob
import gzip
import json
import os
import re
import shutil
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import duckdb

from nbtrack.artifacts.remote.uri import is_remote
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.store import remote_tables
from nbtrack.store.connect import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
SUFFIXES = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv", ".tsv", ".csv.gz", ".tsv.gz"),
    "json": (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz"),
}
FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER", "json": "FORMAT json"}
PASSING = "FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1"
"""Without dictionaries, which take most of the time of writing numbers."""
MEMORY = "512MB"
VECTOR_ROWS = 2048
"""Rows of a DuckDB vector: what it hands out is a multiple of it."""


def is_left_by_a_job(path: str) -> bool:
    """Say whether a file tells of an output beside it (``out.csv.meta.json``), or is a part of one (``out.csv.parts/000000.csv``)."""
    *folders, name = str(path).replace("\\", "/").split("/")
    told = [name.removesuffix(".meta.json")] if name.endswith(".meta.json") else []
    parts = [each.removesuffix(".parts") for each in folders if each.endswith(".parts")]
    return any(each.lower().endswith(suffix) for each in told + parts for suffix in sum(SUFFIXES.values(), ()))


def format_of(path: str) -> str:
    """Return ``"parquet"``, ``"csv"`` or ``"json"`` (JSON lines) by a file's suffix."""
    for name, suffixes in SUFFIXES.items():
        if str(path).lower().endswith(suffixes):
            return name
    allowed = ", ".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
    raise InvalidValueError(f"The kind of {str(path)!r} is not known by its name; it should end with one of {allowed}.")


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of rows, here or in an object store, and how many it has."""

    path: str
    format: str
    n_rows: int
    size: int
    mtime_ns: int


class Tables:
    """Reads and writes tables; one connection of its own, which :meth:`close` ends.

    Parameters
    ----------
    n_threads : int
        Of DuckDB; the model wants some, too.
    """

    def __init__(self, n_threads: int = 2) -> None:
        self._spill = tempfile.mkdtemp(prefix="nbtrack-tables-")
        self._con = duckdb.connect(config={"threads": n_threads, "memory_limit": MEMORY, "temp_directory": self._spill})

    def close(self) -> None:
        """Let go of everything."""
        self._con.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    # -- reading -----------------------------------------------------------------------------------------------------

    def files(self, pattern: str | os.PathLike[str]) -> list[TableFile]:
        """Return the files that a path, glob or URI of an object store names, by name, with their rows counted.

        A glob leaves out what scoring jobs leave beside their outputs.

        Raises
        ------
        NotFoundError
            There is none.
        InvalidValueError
            A file is of no known kind, or cannot be read as what its name says.
        """
        text = str(pattern)
        if is_remote(text):
            remote = [
                each
                for each in remote_tables.find(text)
                if str(each.uri) == text or not is_left_by_a_job(str(each.uri))
            ]
            return [self._file(str(each.uri), each.size, each.modified_ns) for each in remote]
        found = [text] if Path(text).is_file() else sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - absolute or not
        found = [each for each in found if Path(each).is_file() and (each == text or not is_left_by_a_job(each))]
        if not found:
            raise NotFoundError(
                "File", text, where=str(Path.cwd()), hint=" Give a path or a pattern such as 'in/*.parquet'."
            )
        sizes = [(each, Path(each).stat()) for each in found]
        return [self._file(each, about.st_size, about.st_mtime_ns) for each, about in sizes]

    def _file(self, path: str, size: int, mtime_ns: int) -> TableFile:
        kind = format_of(path)
        with remote_tables.head_on_disk(path, kind, size, mtime_ns) as here:
            try:
                rows = self._con.execute(f"SELECT count(*) FROM {_scan(kind)}", [glob.escape(here)]).fetchone()
            except duckdb.Error as error:
                raise InvalidValueError(
                    f"{path} cannot be read as {kind}: {_first_line(error).replace(here, path)}"
                ) from error
        return TableFile(path, kind, int(rows[0]) if rows else 0, size, mtime_ns)

    def empty(self, file: TableFile) -> pd.DataFrame:
        """Return a file's columns, without a row."""
        with remote_tables.head_on_disk(file.path, file.format, file.size, file.mtime_ns) as here:
            return self._con.execute(f"SELECT * FROM {_scan(file.format)} LIMIT 0", [glob.escape(here)]).df()

    def chunks(self, file: TableFile, first: int, n_rows: int, chunk_rows: int) -> Iterator[pd.DataFrame]:
        """Yield rows ``first`` to ``first + n_rows`` of a file as DataFrames of about `chunk_rows` rows, in their order."""
        query = f"SELECT * FROM {_scan(file.format)} LIMIT {int(n_rows)} OFFSET {int(first)}"
        with (
            remote_tables.on_disk(file.path, file.size, file.mtime_ns) as here,
            closing(self._con.cursor()) as cursor,
        ):
            try:
                cursor.execute(query, [glob.escape(here)])
                while True:
                    frame = cursor.fetch_df_chunk(max(1, chunk_rows // VECTOR_ROWS))
                    if len(frame) == 0:
                        return
                    yield frame
            except duckdb.Error as error:
                raise InvalidValueError(
                    f"{file.path} cannot be read as {file.format}: {_first_line(error).replace(here, file.path)}"
                ) from error

    # -- writing -----------------------------------------------------------------------------------------------------

    def write(self, frame: pd.DataFrame, path: Path, kind: str, *, is_passing: bool = False) -> None:
        """Write rows as a file, whole or not at all; one that is soon joined (`is_passing`) in half the time and twice the space."""
        cursor = self._con.cursor()
        try:
            cursor.register("frame", frame)
            how = PASSING if is_passing and kind == "parquet" else FORMATS[kind]
            self._copy(cursor, "SELECT * FROM frame", path, kind, how)
        finally:
            cursor.close()

    def join(self, parts: Sequence[Path], path: Path, kind: str, facts: dict[str, str]) -> None:
        """Make one file of parts, in their order, whole or not at all; a Parquet file carries `facts` in its metadata."""
        if kind == "parquet":
            names = ", ".join(quoted(glob.escape(str(part))) for part in parts)
            pairs = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in facts.items())
            how = f"{FORMATS[kind]}, KV_METADATA {{{pairs}}}" if facts else FORMATS[kind]
            self._copy(self._con, f"SELECT * FROM read_parquet([{names}])", path, kind, how)
            return
        with _beside(path) as target, target.open("wb") as file, packed(file, path.name) as out:
            for place, part in enumerate(parts):
                with part.open("rb") as source:
                    if place and kind == "csv":
                        source.readline()  # each part has a header
                    shutil.copyfileobj(source, out, 1 << 20)

    def _copy(self, con: duckdb.DuckDBPyConnection, query: str, path: Path, kind: str, options: str) -> None:
        if kind == "csv" and path.name.lower().removesuffix(".gz").endswith(".tsv"):
            options += ", DELIMITER '\t'"
        if path.name.lower().endswith(".gz"):
            options += ", COMPRESSION gzip"
        with _beside(path) as target:
            con.execute(f"COPY ({query}) TO {quoted(str(target))} ({options})")

    def facts(self, path: Path) -> dict[str, str]:
        """Return the metadata of a Parquet file."""
        rows = self._con.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
        return {bytes(key).decode(): bytes(value).decode() for key, value in rows}


@contextmanager
def packed(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Give what to write a file's text to: through gzip when its name ends with ``.gz``."""
    if not name.lower().endswith(".gz"):
        yield file
        return
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as out:
        yield out  # type: ignore[misc]


class _beside:  # noqa: N801 - used like a function
    """A temporary name beside a file, which takes the file's place when the block has gone well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._target = path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._target

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._target.replace(self._path)
        else:
            self._target.unlink(missing_ok=True)


def _scan(kind: str) -> str:
    more = ", format = 'newline_delimited'" if kind == "json" else ""
    return f"{READERS[kind]}([?]{more})"


def _first_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error).split("\n\n", maxsplit=1)[0])[:300]


def read_facts(path: Path) -> dict[str, str]:
    """Return the facts kept beside a CSV or JSON lines file, ``<name>.meta.json``."""
    found = path.with_name(path.name + ".meta.json")
    return dict(json.loads(found.read_text())) if found.is_file() else {}
