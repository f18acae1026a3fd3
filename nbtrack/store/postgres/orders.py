"""What is asked of runs that are open somewhere, and what they say of themselves; see :mod:`nbtrack.journal.control`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.store.verbs import MAX_STATE, known_order

if TYPE_CHECKING:
    from nbtrack.store.postgres.pool import Pool

MOST = 1000


class Orders:
    """The verbs about open runs, over tables.

    Parameters
    ----------
    pool : Pool
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def orders(self, run_ids: dict[str, int]) -> dict[str, Any]:
        """Return what was asked of runs since the numbers that are given with them: ``{run id: (orders, number)}``; below 0 none."""
        query = """
            SELECT asked.run_id, coalesce(max(o.id), 0), json_agg(o.body ORDER BY o.id) FILTER (WHERE asked.since >= 0)
            FROM unnest(%s::text[], %s::bigint[]) AS asked(run_id, since)
            LEFT JOIN LATERAL (
                SELECT id, body FROM nbtrack.orders o WHERE o.run_id = asked.run_id AND id > asked.since ORDER BY id LIMIT %s
            ) o ON true
            GROUP BY asked.run_id, asked.since HAVING asked.since < 0 OR count(o.id) > 0
        """
        with self._pool.connection() as con:
            rows = con.execute(query, ([*run_ids], [*run_ids.values()], MOST)).fetchall()
        return {run_id: ([json.loads(body) for body in bodies or []], last) for run_id, last, bodies in rows}

    def post_order(self, run_id: str, order: Any) -> None:
        """Ask something of a run."""
        body = json.dumps(known_order(order))
        with self._pool.connection() as con:
            con.execute("INSERT INTO nbtrack.orders (run_id, body) VALUES (%s, %s)", (run_id, body))

    def put_state(self, run_id: str, state: dict[str, Any] | None) -> None:
        """Keep what a run says of itself; None when it has ended."""
        with self._pool.transaction() as con:
            if state is None:
                con.execute("DELETE FROM nbtrack.states WHERE run_id = %s", (run_id,))
                con.execute("DELETE FROM nbtrack.orders WHERE run_id = %s", (run_id,))
            elif len(body := json.dumps(state)) <= MAX_STATE:
                con.execute(
                    "INSERT INTO nbtrack.states VALUES (%s, %s) ON CONFLICT (run_id) DO UPDATE SET body = excluded.body",
                    (run_id, body),
                )

    def live_state(self, run_id: str) -> dict[str, Any]:
        """Return what an open run says of itself; {} when it says nothing."""
        with self._pool.connection() as con:
            found = con.execute("SELECT body FROM nbtrack.states WHERE run_id = %s", (run_id,)).fetchone()
        return dict(json.loads(found[0])) if found else {}
