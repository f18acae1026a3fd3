"""What a look at the folded tables must know first: how far each writer has been folded, and which of them live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.journal.segments import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

REST = "rest"
"""Stands for the writer of a run that was begun over MLflow's REST: no process is known whose end would be its end."""
Watermark = dict[str, tuple[int, int]]
"""Writer -> last folded segment and sequence number."""


def read_watermark(con: DuckDBPyConnection, prefix: str) -> Watermark:
    """Return how far each writer has been folded."""
    rows = con.execute(f"SELECT writer, max(segment), max(last_seq) FROM {prefix}_folded GROUP BY writer").fetchall()
    return {writer: (segment, last) for writer, segment, last in rows}


def running_writers(con: DuckDBPyConnection, runs: str) -> list[str]:
    """Return the writers with open runs."""
    rows = con.execute(f"SELECT DISTINCT writer FROM {runs} WHERE status = 'RUNNING' AND writer IS NOT NULL").fetchall()
    return [writer for (writer,) in rows]


def living(writers: Iterable[str], folder: Path) -> list[str]:
    """Return the writers whose process lives, and `REST`, which ends with no process."""
    return [REST, *(writer for writer in writers if writer != REST and is_alive(folder / "w", writer))]
