"""Journal segments -> the temporary table ``j``: checked line by line here, decoded by DuckDB's own JSON reader."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from nbtrack.journal.segments import Segment, check_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

_COLUMNS = (
    "{q: 'BIGINT', k: 'VARCHAR', t: 'BIGINT', r: 'VARCHAR', s: 'BIGINT', m: 'MAP(VARCHAR, DOUBLE)', p: 'MAP(VARCHAR, VARCHAR)', "
    "o: 'JSON', c: 'VARCHAR'}"
)
J_COLUMNS = "w VARCHAR, q BIGINT, k VARCHAR, t BIGINT, r VARCHAR, s BIGINT, m MAP(VARCHAR, DOUBLE), p MAP(VARCHAR, VARCHAR), o JSON"

MAX_REMEMBERED = 1000
_checked: dict[Path, int] = {}
"""Bytes of a growing segment that were found whole, so that a live view checks only what is new."""


class Damage(Exception):  # noqa: N818 - not an error of the caller's: a finding
    """Lines of a segment that are not whole."""


def load(con: DuckDBPyConnection, segments: Sequence[Segment], watermark: dict[str, tuple[int, int]]) -> list[Path]:
    """Fill the temporary table ``j`` with the records of `segments` past the watermark.

    Parameters
    ----------
    con : DuckDBPyConnection
        Where ``j`` is made.
    segments : sequence of Segment
        What to read; a file that is gone raises ``FileNotFoundError``.
    watermark : dict
        Writer -> (last folded segment, last folded sequence number).

    Returns
    -------
    list of Path
        Segments with damaged lines; their whole lines are in ``j``.
    """
    found = {segment.path: _damaged_lines(segment.path) for segment in segments}
    damaged = {path: lines for path, lines in found.items() if lines is not None}
    whole = [str(path) for path in found if path not in damaged]
    if damaged:  # a folder is made only then: on a busy disk that takes longer than all the rest
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as scratch:
            _read(con, whole + [_salvage(scratch, path, lines) for path, lines in damaged.items()])
    elif whole:
        try:
            _read(con, whole)
        except duckdb.IOException as error:
            gone = [path for path in whole if not Path(path).exists()]
            if gone:  # a fold has taken it since it was checked: whoever reads looks again
                raise FileNotFoundError(gone[0]) from error
            raise
    else:
        con.execute(f"CREATE OR REPLACE TEMP TABLE j({J_COLUMNS})")
    folded = {s.writer: watermark[s.writer][1] for s in segments if s.writer in watermark}
    if folded:
        con.execute(
            "DELETE FROM j USING (SELECT unnest(?) AS w, unnest(?) AS last) mark WHERE j.w = mark.w AND j.q <= mark.last",
            [[*folded], [*folded.values()]],
        )
    return [*damaged]


def _read(con: DuckDBPyConnection, paths: list[str]) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE j AS SELECT parse_filename(filename)[1:32] AS w, q, k, t, r, s, m, p, o
        FROM read_json(?, format='newline_delimited', ignore_errors=true, filename=true, hive_partitioning=false,
                       maximum_object_size=16777216, columns={_COLUMNS})
        WHERE c IS NOT NULL AND k IS NOT NULL AND t IS NOT NULL AND (k <> 'm' OR m IS NOT NULL)
        """,
        [paths],
    )


def _damaged_lines(path: Path) -> list[bytes] | None:
    """Return the whole lines of a damaged segment, or None when nothing is wrong with it (a torn end is not wrong)."""
    start = _checked.get(path, 0)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < start:
            start = 0
        file.seek(start)
        data = file.read()
    found = check_lines(data)
    if found.bad == 0:
        if len(_checked) > MAX_REMEMBERED:
            _checked.clear()
        _checked[path] = start + data.rfind(b"\n") + 1
        return None
    kept: list[bytes] = []
    check_lines(path.read_bytes(), keep=kept)
    return kept


def _salvage(scratch: str, path: Path, lines: list[bytes]) -> str:
    copy = Path(scratch) / path.name
    copy.write_bytes(b"".join(raw + b"\n" for raw in lines))
    return str(copy)
