"""A PostgreSQL of the tests' own: in a temporary folder, on a port of its own, gone with the session."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from nbtrack.store.postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}


class Cluster:
    """A server that can be started and stopped; as root it runs as the user ``postgres``, for it does not run as root."""

    def __init__(self) -> None:
        ensured = subprocess.run([REPOSITORY / "tools/ensure_postgres"], stdout=subprocess.PIPE, text=True, check=True)
        self._programs = Path(ensured.stdout.strip())
        self.folder = Path(tempfile.mkdtemp(prefix="nbtrack-pg-", dir="/tmp"))  # a socket's path is short
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", "data", "-U", "nbtrack", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        lines = [f"{key} = '{value}'" for key, value in SETTINGS.items()]
        lines += [f"port = {self.port}", f"unix_socket_directories = '{self.folder}'"]
        with (self.folder / "data/postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")
        rules = self.folder / "data/pg_hba.conf"
        rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        self._numbers = itertools.count()
        self.start()
        self.ask("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")

    def start(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    def close(self) -> None:
        if self.folder.exists():
            self.stop("immediate")
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """Return the name of a database in which the tables are."""
        name = f"t{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE ready")
        return name

    def drop(self, name: str) -> None:
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str, user: str = "nbtrack") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{name}"

    def ask(self, query: str, name: str = "postgres") -> list[Any]:
        with psycopg.connect(self.url(name), autocommit=True) as con:
            cursor = con.execute(query)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        # One environment for all machines: nothing of the user's own database is touched.
        env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.getuid() == 0 else {}
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=program == "initdb", check=False, **who)
        assert done.returncode == 0, done.stderr


@functools.cache
def _shared() -> Cluster:
    found = Cluster()
    found.ask("CREATE DATABASE ready")
    first = PostgresStore(found.url("ready"))
    first.database.prepare()
    first.database.close()
    return found


def shared() -> Iterator[Cluster]:
    """Lend the one server of this process; to be used by fixtures of the session."""
    yield _shared()
    _shared().close()
