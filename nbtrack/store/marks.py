"""What a look at the folded tables must know first: how far each writer has been folded, and which of them live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.journal.segments import is_alive

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

Watermark = dict[str, tuple[int, int]]
"""Writer -> last folded segment and sequence number."""


def read_watermark(con: DuckDBPyConnection, prefix: str) -> Watermark:
    """Return how far each writer has been folded."""
    rows = con.execute(f"SELECT writer, max(segment), max(last_seq) FROM {prefix}_folded GROUP BY writer").fetchall()
    return {writer: (segment, last) for writer, segment, last in rows}


def living_writers(con: DuckDBPyConnection, runs: str, folder: Path) -> list[str]:
    """Return the writers with open runs whose process lives."""
    rows = con.execute(f"SELECT DISTINCT writer FROM {runs} WHERE status = 'RUNNING' AND writer IS NOT NULL").fetchall()
    return [writer for (writer,) in rows if is_alive(folder / "w", writer)]
