"""Files in the database, in parts of a megabyte: for whoever has no object store beside it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.postgres.pool import Pool

PART_BYTES = 1 << 20
_COPY = "COPY nbtrack.blob_parts (sha256, n, data) FROM STDIN (FORMAT BINARY)"
_PARTS = "COPY (SELECT data FROM nbtrack.blob_parts WHERE sha256 = %s ORDER BY n) TO STDOUT (FORMAT BINARY)"


def has(pool: Pool, sha256: str) -> bool:
    """Say whether the database has a file."""
    with pool.connection() as con:
        return con.execute("SELECT FROM nbtrack.blobs WHERE sha256 = %s", (sha256,)).fetchone() is not None


def put(pool: Pool, sha256: str, path: Path) -> None:
    """Keep a file under its digest, which is checked; twice is as good as once."""
    with pool.transaction() as con:
        made = con.execute(
            "INSERT INTO nbtrack.blobs (sha256, size) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING sha256",
            (sha256, path.stat().st_size),
        ).fetchone()
        if made is None:
            return
        digest = hashlib.sha256()
        with path.open("rb") as file, con.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(["text", "int4", "bytea"])
            n = 0
            while part := file.read(PART_BYTES):
                digest.update(part)
                copy.write_row((sha256, n, part))
                n += 1
        if digest.hexdigest() != sha256:
            message = f"What is in {path.name} has not the digest {sha256[:64]!r}; nothing was kept."
            raise InvalidValueError(message)


def get(pool: Pool, sha256: str, path: Path) -> None:
    """Write a file; raises ``NotFoundError``. Whoever asks compares the digest."""
    if not has(pool, sha256):
        raise NotFoundError("Content", sha256, where="the database")
    with (
        pool.connection() as con,
        path.open("wb") as file,
        con.cursor() as cursor,
        cursor.copy(_PARTS, (sha256,)) as copy,
    ):
        copy.set_types(["bytea"])
        for (part,) in copy.rows():
            file.write(part)


def drop_unused(pool: Pool, used: set[str], *, older_than_s: float) -> int:
    """Delete files that nothing refers to, and return their bytes; younger ones stay, for their records may be on the way."""
    query = """
        DELETE FROM nbtrack.blobs WHERE sha256 <> ALL(%s) AND kept < now() - make_interval(secs => %s) RETURNING size
    """
    with pool.transaction() as con:
        return sum(size for (size,) in con.execute(query, ([*used], older_than_s)).fetchall())
