"""The tables in PostgreSQL, brought up to date at the first connection."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from nbtrack.deps import require
from nbtrack.errors import StoreVersionError
from nbtrack.store.postgres.pool import GLOBAL_LOCK

if TYPE_CHECKING:
    from nbtrack.store.postgres.pool import Con, Pool

REVISIONS = ("0001", "0002")
"""Oldest first; each is a file in ``migrations/versions``."""
SCHEMA = "nbtrack"
VERSION_TABLE = "schema_version"


def prepare(pool: Pool) -> None:
    """Make the tables, or bring them up to date; one process at a time.

    Raises
    ------
    StoreVersionError
        A newer nbtrack made them.
    """
    with pool.answering(), pool.connect() as con:
        if _found(con) == REVISIONS[-1]:
            return
        # Of the session: Alembic begins and ends its own transaction on this connection.
        con.execute("SELECT pg_advisory_lock(%s)", (GLOBAL_LOCK,))
        found = _found(con)
        if found is not None and found not in REVISIONS:
            raise StoreVersionError(pool.address.shown, int(found) if found.isdigit() else 0, len(REVISIONS))
        if found != REVISIONS[-1]:
            _upgrade(con)


def _found(con: Con) -> str | None:
    name = f"{SCHEMA}.{VERSION_TABLE}"
    there = con.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    if not (there and there[0]):
        return None
    found = con.execute(f"SELECT version_num FROM {name}").fetchone()
    return None if found is None else str(found[0])


def _upgrade(con: Con) -> None:
    """Let Alembic do it, over this connection."""
    command = require("alembic.command", "to make the tables in PostgreSQL", package="alembic", extra="postgres")
    config = require("alembic.config", "to make the tables in PostgreSQL", package="alembic", extra="postgres").Config()
    config.set_main_option("script_location", str(resources.files("nbtrack.store.postgres") / "migrations"))
    config.attributes["connection"] = con
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    con.autocommit = False
    command.upgrade(config, "head")
