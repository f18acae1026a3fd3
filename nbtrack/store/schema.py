"""The tables of the DuckDB file, their version, and the numbered steps from one version to the next."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreVersionError
from nbtrack.store.apply_registry import MODEL_TABLES, replay_everything

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = 2
STORAGE_VERSION = "v1.5.0"
BLOCK_SIZE = "65536"
"""Bytes of a block of the file. DuckDB's 256 KB make a new store of 17 tables 4 MB large, and each fold writes blocks anew."""

TABLES: dict[str, str] = {
    "experiments": (
        "experiment_id BIGINT, name VARCHAR, lifecycle_stage VARCHAR, creation_time TIMESTAMP, last_update_time TIMESTAMP"
    ),
    "experiment_tags": "experiment_id BIGINT, key VARCHAR, value VARCHAR",
    "runs": (
        "run_id VARCHAR, number BIGINT, experiment_id BIGINT, name VARCHAR, status VARCHAR, start_time TIMESTAMP, "
        "end_time TIMESTAMP, duration DOUBLE, lifecycle_stage VARCHAR, user_id VARCHAR, parent_run_id VARCHAR, "
        "writer VARCHAR, last_seen TIMESTAMP, lost BIGINT, deleted_time TIMESTAMP"
    ),
    "params": "run_id VARCHAR, key VARCHAR, value VARCHAR",
    "tags": "run_id VARCHAR, key VARCHAR, value VARCHAR, timestamp TIMESTAMP",
    "metrics": "run_id VARCHAR, key VARCHAR, step BIGINT, timestamp TIMESTAMP_MS, value DOUBLE",
    "latest": (
        "run_id VARCHAR, key VARCHAR, step BIGINT, timestamp TIMESTAMP_MS, value DOUBLE, "
        "min DOUBLE, max DOUBLE, count BIGINT, nans BIGINT"
    ),
    "artifacts": "run_id VARCHAR, path VARCHAR, sha256 VARCHAR, size BIGINT, mime VARCHAR, timestamp TIMESTAMP",
    "inputs": (
        "run_id VARCHAR, name VARCHAR, digest VARCHAR, source_type VARCHAR, source VARCHAR, schema VARCHAR, "
        "profile VARCHAR, context VARCHAR, tags VARCHAR, timestamp TIMESTAMP"
    ),
    "settings": "name VARCHAR, value VARCHAR",
    "events": (
        "writer VARCHAR, seq BIGINT, timestamp TIMESTAMP, user_id VARCHAR, kind VARCHAR, run_id VARCHAR, body VARCHAR"
    ),
    **MODEL_TABLES,
}
"""Tables that people may query, by name; every row of those with `run_id` belongs to that run."""

BOOKKEEPING: dict[str, str] = {
    "_folded": "writer VARCHAR, segment BIGINT, last_seq BIGINT",
    "_purged": "run_id VARCHAR",
    "_meta": "key VARCHAR, value VARCHAR",
}

RUN_TABLES = ("runs", "params", "tags", "metrics", "latest", "artifacts", "inputs")
"""Tables whose rows belong to one run each and are replaced or appended by run."""


def _add_registry(con: DuckDBPyConnection) -> None:
    """Version 2 has a model registry; what a newer nbtrack wrote about models is among the events already."""
    for name, columns in MODEL_TABLES.items():
        con.execute(f"CREATE TABLE {name}({columns})")
    replay_everything(con, "main.")


MIGRATIONS: dict[int, Callable[[DuckDBPyConnection], None]] = {1: _add_registry}
"""``MIGRATIONS[n]`` takes a file from version ``n`` to ``n + 1``, inside a transaction that also writes the number.

To change the schema: raise SCHEMA_VERSION, change TABLES, add the step here, and keep a store of the old version in ``tests/data``.
"""


def create_tables(con: DuckDBPyConnection, prefix: str = "") -> None:
    """Make the tables of the present version where they are missing."""
    for name, columns in {**TABLES, **BOOKKEEPING}.items():
        con.execute(f"CREATE TABLE IF NOT EXISTS {prefix}{name}({columns})")


def initialise(con: DuckDBPyConnection) -> None:
    """Make a new file's tables and say which version it has; nothing happens to a file that has them."""
    if is_ours(con):
        return
    con.execute("BEGIN")
    create_tables(con)
    con.executemany(
        "INSERT INTO _meta VALUES (?, ?)",
        [["schema_version", str(SCHEMA_VERSION)], ["store_id", secrets.token_hex(16)]],
    )
    con.execute("INSERT INTO experiments VALUES (0, 'Default', 'active', TIMESTAMP 'epoch', TIMESTAMP 'epoch')")
    con.execute("COMMIT")


def is_ours(con: DuckDBPyConnection, prefix: str = "") -> bool:
    """Say whether a file has the tables of a store; a file that somebody made with DuckDB has not."""
    try:
        con.execute(f"SELECT value FROM {prefix}_meta LIMIT 0")
    except duckdb.CatalogException:
        return False
    return True


def version_of(con: DuckDBPyConnection, prefix: str = "") -> int:
    """Return the schema version that a file says it has."""
    rows = con.execute(f"SELECT value FROM {prefix}_meta WHERE key = 'schema_version'").fetchall()
    return int(rows[0][0]) if rows else SCHEMA_VERSION


def readable_version(con: DuckDBPyConnection, path: str, prefix: str = "") -> int | None:
    """Return the version of a store's file, None for a file without its tables; raises as :func:`check_version`."""
    try:
        return check_version(con, path, prefix)
    except duckdb.CatalogException:
        return None


def check_version(con: DuckDBPyConnection, path: str, prefix: str = "") -> int:
    """Return the version of a file that this nbtrack can read, else raise :class:`StoreVersionError`."""
    found = version_of(con, prefix)
    if found > SCHEMA_VERSION:
        raise StoreVersionError(path, found, SCHEMA_VERSION)
    return found


def is_old(con: DuckDBPyConnection, prefix: str = "") -> bool:
    """Say whether a file must be brought up to date before it can be read."""
    return is_older(version_of(con, prefix))


def is_older(version: int) -> bool:
    """Say whether a file of this version must be brought up to date before it can be read."""
    return version < SCHEMA_VERSION


def migrate(con: DuckDBPyConnection) -> None:
    """Bring an older file to the present version, one step and one transaction at a time."""
    for version in range(version_of(con), SCHEMA_VERSION):
        con.execute("BEGIN")
        MIGRATIONS[version](con)
        con.execute("UPDATE _meta SET value = ? WHERE key = 'schema_version'", [str(version + 1)])
        con.execute("COMMIT")
