"""Files in the database, in parts of a megabyte: for whoever has no object store beside it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nbtrack.artifacts.places import Kept
from nbtrack.artifacts.sources import PIECE_BYTES
from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbtrack.store.postgres.pool import Pool

PART_BYTES = 1 << 20
_COPY = "COPY nbtrack.blob_parts (sha256, n, data) FROM STDIN (FORMAT BINARY)"
_PARTS = "COPY (SELECT data FROM nbtrack.blob_parts WHERE sha256 = %s ORDER BY n) TO STDOUT (FORMAT BINARY)"
_PART = "SELECT data FROM nbtrack.blob_parts WHERE sha256 = %s AND n = %s"
_ABOUT = "SELECT sha256, size, extract(epoch FROM kept)::float8 FROM nbtrack.blobs"


class DatabasePlace:
    """The tables of a database as a place for files; see :class:`nbtrack.artifacts.places.Place`.

    Parameters
    ----------
    pool : Pool
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def shown(self) -> str:
        """Return the URL of the database, without a password."""
        return self._pool.address.shown

    def prepare(self) -> None:
        """Do nothing: the tables are there."""

    def look(self) -> None:
        """Do nothing: it is looked at with the store."""

    def path(self, sha256: str) -> Path | None:  # noqa: ARG002
        """Return None: rows are no files."""
        return None

    def about(self, sha256: str) -> Kept | None:
        """Return what is known of a content."""
        with self._pool.connection() as con:
            found = con.execute(f"{_ABOUT} WHERE sha256 = %s", (sha256,)).fetchone()
        return None if found is None else Kept(*found)

    def put(self, sha256: str, path: Path) -> None:
        """Keep a file under its digest, which is checked; one that is there becomes young again."""
        with self._pool.transaction() as con:
            made = con.execute(
                "INSERT INTO nbtrack.blobs (sha256, size) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING sha256",
                (sha256, path.stat().st_size),
            ).fetchone()
            if made is None:
                con.execute("UPDATE nbtrack.blobs SET kept = now() WHERE sha256 = %s", (sha256,))
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

    def get(self, sha256: str, path: Path) -> None:
        """Write a content to a file; raises ``NotFoundError``."""
        if self.about(sha256) is None:
            raise NotFoundError("Content", sha256, where="the database")
        with (
            self._pool.connection() as con,
            path.open("wb") as file,
            con.cursor() as cursor,
            cursor.copy(_PARTS, (sha256,)) as copy,
        ):
            copy.set_types(["bytea"])
            for (part,) in copy.rows():
                file.write(part)

    def stream(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`; no connection is held while somebody reads slowly."""
        known = self.about(sha256)
        if known is None:
            raise NotFoundError("Content", sha256, where="the database")
        end = known.size if end is None else min(end, known.size)
        while start < end:
            n, inside = divmod(start, PART_BYTES)
            with self._pool.connection() as con:
                found = con.execute(_PART, (sha256, n)).fetchone()
            if found is None:
                raise NotFoundError("Content", sha256, where="the database")  # a purge, meanwhile
            piece = bytes(found[0][inside : inside + min(end - start, PIECE_BYTES)])
            start += len(piece)
            yield piece

    def link(self, sha256: str, seconds: int) -> str | None:  # noqa: ARG002
        """Return None: a database gives nothing to anybody."""
        return None

    def list(self) -> Iterator[Kept]:
        """Yield all contents."""
        with self._pool.connection() as con:
            rows = con.execute(_ABOUT).fetchall()
        return (Kept(*row) for row in rows)

    def delete(self, digests: Iterable[str]) -> None:
        """Delete contents."""
        with self._pool.transaction() as con:
            con.execute("DELETE FROM nbtrack.blobs WHERE sha256 = ANY(%s)", ([*digests],))


def drop_unused(pool: Pool, used: set[str], dropped: set[str], *, older_than_s: float) -> int:
    """Delete the files in `dropped`, and those that nothing refers to, and return their bytes.

    Of the latter, younger ones stay, for their records may be on the way.
    """
    query = """
        DELETE FROM nbtrack.blobs WHERE sha256 = ANY(%s)
        OR (sha256 <> ALL(%s) AND kept < now() - make_interval(secs => %s)) RETURNING size
    """
    with pool.transaction() as con:
        return sum(size for (size,) in con.execute(query, ([*dropped], [*used], older_than_s)).fetchall())
