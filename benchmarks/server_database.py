"""A PostgreSQL of the benchmark's own, with its settings as they come, but for the port and the memory; and rows for MLflow's tables."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Tables = "Iterable[tuple[str, str, list[tuple[Any, ...]]]]"


class Postgres:
    """A server with databases.

    Parameters
    ----------
    root : Path
        The checkout, which knows where the programs are.
    """

    def __init__(self, root: Path) -> None:
        found = subprocess.run([root / "tools/ensure_postgres"], stdout=subprocess.PIPE, text=True, check=True)
        self._programs = Path(found.stdout.strip())
        self._folder = Path(tempfile.mkdtemp(prefix="nbtrack-bench-pg-", dir="/tmp"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        self._run("initdb", "-D", "data", "-U", "nbtrack", "--auth=trust", "-E", "UTF8", "--locale=C")
        with (self._folder / "data/postgresql.conf").open("a") as file:
            file.write(f"port = {self._port}\nunix_socket_directories = '{self._folder}'\nshared_buffers = '256MB'\n")
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "start")

    def make(self, name: str) -> str:
        """Make a database; return its address."""
        import psycopg

        with psycopg.connect(self._url("postgres"), autocommit=True) as con:
            con.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self._url(name)

    def close(self) -> None:
        """End it; nothing is left."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        return f"postgresql://nbtrack@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.getuid() == 0 else {}
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self._folder, env=env, stdout=subprocess.DEVNULL, check=True, **who)


@contextmanager
def postgres(root: Path) -> Iterator[Postgres]:
    """Have a server for the block."""
    with closing(Postgres(root)) as found:
        yield found


def insert(url: str, tables: Iterable[tuple[str, str, list[tuple[Any, ...]]]]) -> None:
    """Put rows into the tables of MLflow, in SQLite or PostgreSQL."""
    (_insert_sqlite if url.startswith("sqlite:") else _copy)(url, tables)


def analyze(url: str) -> None:
    """Let PostgreSQL know what is in its tables, as it finds out by itself within minutes."""
    if url.startswith("sqlite:"):
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as con:
        con.execute("ANALYZE")


def _insert_sqlite(url: str, tables: Iterable[tuple[str, str, list[tuple[Any, ...]]]]) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)) as con, con:
        for table, columns, rows in tables:
            marks = ", ".join("?" * len(columns.split(",")))
            con.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _copy(url: str, tables: Iterable[tuple[str, str, list[tuple[Any, ...]]]]) -> None:
    import psycopg

    with psycopg.connect(url) as con:
        for table, columns, rows in tables:
            with con.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:  # type: ignore[arg-type]
                for row in rows:
                    copy.write_row(row)
