"""Records that come late: folded after newer ones of the same run, because another process wrote those and was folded first.

What such a run is cannot be worked out from its rows, for they no longer say when each value was set. So its events are replayed from the
beginning: they are all in the table ``events``. The order in which journals happen to be folded therefore never matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PAST = (
    "SELECT writer AS w, seq AS q, kind AS k, epoch_us(timestamp) AS t, run_id AS r, "
    "(body::JSON->'p')::MAP(VARCHAR, VARCHAR) AS p, nullif(body::JSON->'o', 'null'::JSON) AS o FROM {base}events"
)
"""Folded events with the columns of ``j``."""

_NEW = "SELECT w, q, k, t, r, p, o FROM j WHERE k <> 'm'"


@dataclass(frozen=True, slots=True)
class Events:
    """The events that decide: those of ``j``, and all earlier ones of late runs.

    Attributes
    ----------
    source : str
        What stands after FROM.
    has_late : bool
        There are late runs: ``past`` has their earlier events; ``seen`` says when and by whom they were seen first and last, which metric
        points tell too, and those are no events.
    """

    source: str = f"({_NEW})"
    has_late: bool = False


def find_late(con: DuckDBPyConnection, base: str) -> list[str]:
    """Return the touched runs that must be replayed.

    Replayed are also runs that had no start yet when they were folded, and those written down as killed of which more has come.
    """
    return [
        run_id
        for (run_id,) in con.execute(
            f"""
            SELECT run_id FROM {base}runs SEMI JOIN touched USING (run_id)
            WHERE number IS NULL OR (status = 'KILLED' AND end_time = last_seen)
            UNION
            SELECT r FROM (SELECT r, min((t, w, q)) AS first FROM j WHERE k <> 'm' GROUP BY r) n
            JOIN (SELECT run_id AS r, max((epoch_us(timestamp), writer, seq)) AS last FROM {base}events
                  WHERE run_id IN (SELECT r FROM j WHERE k <> 'm' INTERSECT SELECT run_id FROM {base}runs) GROUP BY run_id) USING (r)
            WHERE first < last
            """
        ).fetchall()
    ]


def gather(con: DuckDBPyConnection, base: str, *, are_new: bool) -> Events:
    """Return the events that decide, and make ``settled``, the touched runs that are not late; `are_new`: none of them was ever folded."""
    late = [] if are_new else find_late(con, base)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE settled AS SELECT run_id FROM touched WHERE NOT list_contains(?::VARCHAR[], run_id)",
        [late],
    )
    if not late:
        return Events()
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT run_id AS r, writer AS w, epoch_us(start_time) AS first, epoch_us(last_seen) AS last
        FROM {base}runs WHERE list_contains(?, run_id)
        """,
        [late],
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE past AS SELECT * FROM ({PAST.format(base=base)}) WHERE list_contains(?, r)",
        [late],
    )
    return Events(f"({_NEW} UNION ALL SELECT * FROM past)", has_late=True)
