"""Takes in what processes have written: one transaction a delivery, acknowledged when it is committed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbtrack.journal.replica import MissingRecordsError, check_writer, read_lines
from nbtrack.store.postgres.pool import WRITER_LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.journal.replica import Line
    from nbtrack.store.postgres.pool import Con, Pool

BLOCK_BYTES = 1 << 20
_RUN = re.compile(rb'"r":"([0-9a-f]{32})"')
_LAST = """
SELECT coalesce((SELECT max(last_q) FROM nbtrack.journal WHERE writer = %s), -1), EXISTS (SELECT FROM nbtrack.purged)
"""
_INSERT = "INSERT INTO nbtrack.journal (writer, last_q, lines) VALUES (%s, %s, %b)"
_COPY = "COPY nbtrack.journal (writer, last_q, lines) FROM STDIN (FORMAT BINARY)"
_LEASE = """
INSERT INTO nbtrack.writers (writer, expires) VALUES (%s, now() + make_interval(secs => %s))
ON CONFLICT (writer) DO UPDATE SET expires = excluded.expires
"""


def deliver(
    pool: Pool, writer: str, data: bytes, *, after: int, lease_s: float, rewrite: Callable[[Line], bytes]
) -> int:
    """Keep lines of one writer and return the sequence number of its last record in the database; as :meth:`Replica.receive`.

    Raises
    ------
    MissingRecordsError
        Records before `after` are not there.
    InvalidValueError
        Something is wrong with `writer` or `data`; nothing was kept.
    """
    # A caller's own transaction could still fail, and what is acknowledged must stay.
    assert not pool.is_changing
    lines = read_lines(check_writer(writer), data)
    with pool.transaction() as con:
        con.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (WRITER_LOCK, writer))
        last, has_purged = con.execute(_LAST, (writer,)).fetchone() or (-1, False)
        if after > last:
            raise MissingRecordsError(last)
        new = [each for each in lines if each[0] > last]
        if new:
            last = new[-1][0]
            stays = _without_purged(con, new) if has_purged else new
            kept = [(q, text if kind == b"m" else rewrite((q, kind, text))) for q, kind, text in stays]
            _write(con, writer, last, kept)
        if lease_s > 0:
            con.execute(_LEASE, (writer, lease_s))
        else:
            con.execute("DELETE FROM nbtrack.writers WHERE writer = %s", (writer,))
    return int(last)


def last(pool: Pool, writer: str) -> int:
    """Return the sequence number of the last record of a writer in the database, -1 when there is none."""
    with pool.connection() as con:
        found = con.execute(_LAST, (check_writer(writer),)).fetchone()
    return int(found[0]) if found else -1


def _write(con: Con, writer: str, last: int, lines: list[tuple[int, bytes]]) -> None:
    """Write blocks; the last one reaches to `last`, also where the record of that number is not kept."""
    blocks = [*_blocks(lines)]
    ends = [*(q for q, _ in blocks[:-1]), last]
    if len(blocks) <= 1:
        con.execute(_INSERT, (writer, last, blocks[0][1] if blocks else b""))
        return
    with con.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["text", "int8", "bytea"])
        for end, (_, data) in zip(ends, blocks, strict=True):
            copy.write_row((writer, end, data))


def _blocks(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Yield the last sequence number and the bytes of each block."""
    part: list[bytes] = []
    size = 0
    for i, (q, text) in enumerate(lines):
        part.append(text + b"\n")
        size += len(text) + 1
        if size >= BLOCK_BYTES or i == len(lines) - 1:
            yield q, b"".join(part)
            part, size = [], 0


def _without_purged(con: Con, lines: list[Line]) -> list[Line]:
    """Leave out late records of runs that were deleted for good."""
    runs = [found[1].decode() if (found := _RUN.search(text)) else "" for _, _, text in lines]
    gone = {
        run_id
        for (run_id,) in con.execute(
            "SELECT run_id FROM nbtrack.purged WHERE run_id = ANY(%s)", (sorted({*runs}),)
        ).fetchall()
    }
    return [line for line, run_id in zip(lines, runs, strict=True) if run_id not in gone] if gone else lines
