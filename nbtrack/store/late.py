"""Records that come late: folded after newer ones of the same run, because another process wrote those and was folded first.

What such a run is cannot be worked out from its rows, for they no longer say when each value was set. So its events are replayed from the
beginning: they are all in the table ``events``. The order in which journals happen to be folded therefore never matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PAST = (
    "SELECT writer AS w, seq AS q, kind AS k, epoch_us(timestamp) AS t, run_id AS r, "
    "(body::JSON->'p')::MAP(VARCHAR, VARCHAR) AS p, nullif(body::JSON->'o', 'null'::JSON) AS o FROM {base}events"
)
"""Folded events with the columns of ``j``."""


def find_late(con: DuckDBPyConnection, base: str) -> bool:
    """Make ``late`` (runs to be replayed) out of ``j`` and the folded rows of the touched runs in ``x_runs``; say whether there are any.

    Replayed are also runs that had no start yet when they were folded, and those written down as killed of which more has come.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE late AS
        SELECT run_id FROM x_runs WHERE number IS NULL OR (status = 'KILLED' AND end_time = last_seen)
        """
    )
    con.execute(
        f"""
        INSERT INTO late
        SELECT r FROM (SELECT r, min((t, w, q)) AS first FROM j WHERE k <> 'm' GROUP BY r) n
        JOIN (SELECT run_id AS r, max((epoch_us(timestamp), writer, seq)) AS last FROM {base}events
              WHERE run_id IN (SELECT r FROM j WHERE k <> 'm' INTERSECT SELECT run_id FROM x_runs) GROUP BY run_id) USING (r)
        WHERE first < last AND r NOT IN (SELECT run_id FROM late)
        """
    )
    return bool(con.execute("SELECT count(*) FROM late").fetchall()[0][0])


def gather(con: DuckDBPyConnection, base: str) -> None:
    """Make ``e``, the events that decide: those of ``j``, and all earlier ones of late runs; and ``settled``, the other touched runs.

    ``seen`` says when and by whom late runs were seen first and last, which metric points tell too, and those are no events.
    """
    has_late = find_late(con, base)
    events = "SELECT w, q, k, t, r, p, o FROM j WHERE k <> 'm'"
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT run_id AS r, writer AS w, epoch_us(start_time) AS first, epoch_us(last_seen) AS last
        FROM x_runs SEMI JOIN late USING (run_id)
        """
    )
    con.execute("CREATE OR REPLACE TEMP TABLE settled AS SELECT run_id FROM touched ANTI JOIN late USING (run_id)")
    if not has_late:
        con.execute(f"CREATE OR REPLACE TEMP VIEW e AS {events}")
        return
    past = f"SELECT * FROM ({PAST.format(base=base)}) WHERE r IN (SELECT run_id FROM late)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE past AS {past}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW e AS {events} UNION ALL SELECT * FROM past")
    con.execute("DELETE FROM x_runs WHERE run_id IN (SELECT run_id FROM late)")
