"""Applies journal records to the rows they touch: the one place where events become state.

The records are in a temporary table ``j`` (see ``records.py``), the folded tables under a prefix such as ``d.``. For each
table that changes, the touched rows are made in ``x_<table>``; readers show them over the folded ones, a fold writes them down.
``metrics`` and ``events`` only grow, there it is what is new. A run's state
follows from its events in their order, in whatever order they are folded (see ``late.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.store.apply_experiments import apply_experiments, apply_settings
from nbtrack.store.apply_registry import MODEL_TABLES, apply_registry
from nbtrack.store.apply_runs import ORDER, apply_runs
from nbtrack.store.late import gather

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAMED_ORDER = "{'t': t, 'w': w, 'q': q}"
"""The order of records as a value that a table can keep."""

Rows = dict[str, str]
"""What of the tables changes: by name, the query of the touched rows, or, of a table that only grows, of the new ones."""

GROWING = ("metrics", "events")
"""Tables that only grow."""
WHOLE = ("experiments", "experiment_tags", "settings")
"""Small tables that are made anew as a whole."""


def touched_by(name: str) -> tuple[str, str]:
    """Return the column that says to whom a row of a table belongs, and the temporary table of those who are touched."""
    return ("registry_id", "touched_models") if name in MODEL_TABLES else ("run_id", "touched")


def apply(con: DuckDBPyConnection, base: str) -> Rows:
    """Make the rows that ``j`` changes out of it and the folded tables under `base`; tables that are not named stay as they are."""
    if con.execute(f"SELECT count(*) FROM {base}_purged").fetchall()[0][0]:
        con.execute(
            f"""
            DELETE FROM j WHERE r IN (SELECT run_id FROM {base}_purged)
            OR (k = 'experiment' AND 'experiment/' || (o->>'experiment_id') IN (SELECT run_id FROM {base}_purged))
            """
        )
    kinds, has_runs, are_new, is_headed = con.execute(
        f"""
        SELECT list(DISTINCT k), count(r) > 0, count(*) FILTER (r IN (SELECT run_id FROM {base}runs)) = 0,
               count(DISTINCT w) = count(DISTINCT w) FILTER (k = 'hdr') FROM j
        """
    ).fetchall()[0]
    kinds = {*(kinds or ())}
    made: list[str] = []
    if has_runs:
        made += _of_runs(con, base, kinds, are_new=are_new)
    if kinds & {"start", "experiment"} and apply_experiments(con, base, kinds):
        made += ["experiments", "experiment_tags"]
    if "setting" in kinds:
        apply_settings(con, base)
        made.append("settings")
    if "registry" in kinds:
        apply_registry(con, base)
        made += MODEL_TABLES
    rows = {name: f"SELECT * FROM x_{name}" for name in made}
    if kinds - {"m", "hdr"}:
        rows["events"] = _events(base, is_headed=is_headed)
    return rows


def _of_runs(con: DuckDBPyConnection, base: str, kinds: set[str], *, are_new: bool) -> list[str]:
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT r AS run_id FROM j WHERE r IS NOT NULL")
    events = gather(con, base, are_new=are_new)
    if events.has_late:
        kinds = kinds | {kind for (kind,) in con.execute("SELECT DISTINCT k FROM past").fetchall()}
    apply_runs(con, base, kinds, events, are_new=are_new)
    made = ["runs"]
    if "m" in kinds:
        _metrics(con, base, are_new=are_new)
        made += ["metrics", "latest"]
    for name, (told_by, make) in _TOLD_BY.items():
        if events.has_late or kinds & told_by:
            kept = None if are_new else f"SELECT b.* FROM {base}{name} b SEMI JOIN settled USING (run_id)"
            make(con, kept or f"SELECT * FROM {base}{name} LIMIT 0", events.source, kinds)
            made.append(name)
    return made


def _metrics(con: DuckDBPyConnection, base: str, *, are_new: bool) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE x_metrics AS
        SELECT run_id, key, step, make_timestamp(t)::TIMESTAMP_MS AS timestamp, value FROM
            (SELECT r AS run_id, unnest(map_keys(m)) AS key, s AS step, t, unnest(map_values(m)) AS value, q FROM j WHERE k = 'm')
        ORDER BY run_id, key, q
        """
    )
    newest = """
        SELECT run_id, key, max(step) AS step, arg_max(timestamp, (step, timestamp, value)) AS timestamp,
               arg_max(value, (step, timestamp, value)) AS value, min(value) FILTER (NOT isnan(value)) AS min,
               max(value) FILTER (NOT isnan(value)) AS max, count(*) AS count, count(*) FILTER (isnan(value)) AS nans
        FROM x_metrics GROUP BY run_id, key
    """
    if not are_new:
        newest = f"""
            SELECT run_id, key, arg_max(step, (step, timestamp, value)) AS step, arg_max(timestamp, (step, timestamp, value)) AS timestamp,
                   arg_max(value, (step, timestamp, value)) AS value, min(min) AS min, max(max) AS max,
                   sum(count)::BIGINT AS count, sum(nans)::BIGINT AS nans
            FROM ({newest} UNION ALL SELECT b.* FROM {base}latest b SEMI JOIN touched USING (run_id)) GROUP BY run_id, key
        """
    con.execute(f"CREATE OR REPLACE TEMP TABLE x_latest AS {newest}")


def _params(con: DuckDBPyConnection, kept: str, events: str, kinds: set[str]) -> None:
    values = f"""
        SELECT r AS run_id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value, t, w, q FROM {events} WHERE k = 'params'
    """
    if "forget" in kinds:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE forgotten_params AS
            SELECT run_id, key, max({NAMED_ORDER}) AS until FROM
                (SELECT r AS run_id, unnest((o->'params')::VARCHAR[]) AS key, t, w, q FROM {events} WHERE k = 'forget')
            GROUP BY run_id, key
            """
        )
        kept = f"SELECT * FROM ({kept}) ANTI JOIN forgotten_params USING (run_id, key)"
        values = f"""
            SELECT run_id, key, value, t, w, q FROM ({values})
            LEFT JOIN forgotten_params USING (run_id, key) WHERE until IS NULL OR {NAMED_ORDER} > until
        """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_params AS WITH kept AS ({kept})
        SELECT * FROM kept UNION ALL
        SELECT run_id, key, arg_min(value, {ORDER}) FROM ({values}) ANTI JOIN kept USING (run_id, key) GROUP BY run_id, key
        """
    )


def _tags(con: DuckDBPyConnection, kept: str, events: str, kinds: set[str]) -> None:
    told = {
        "tags": "unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value",
        "untag": "unnest((o->'keys')::VARCHAR[]) AS key, NULL::VARCHAR AS value",
        "forget": "unnest((o->'tags')::VARCHAR[]) AS key, NULL::VARCHAR AS value",
    }
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_tags AS WITH labels AS (
            SELECT run_id, key, arg_max({{'value': value, 't': t}}, {ORDER}) AS last
            FROM ({_told(told, events, kinds)}) GROUP BY run_id, key
        )
        SELECT * FROM ({kept}) ANTI JOIN labels USING (run_id, key) UNION ALL
        SELECT run_id, key, last.value, make_timestamp(last.t) FROM labels WHERE last.value IS NOT NULL
        """
    )


def _artifacts(con: DuckDBPyConnection, kept: str, events: str, kinds: set[str]) -> None:
    told = {
        "artifact": "o->>'path' AS path, o",
        "forget": "unnest((o->'artifacts')::VARCHAR[]) AS path, NULL::JSON AS o",
    }
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_artifacts AS WITH files AS (
            SELECT run_id, path, arg_max({{'o': o, 't': t}}, {ORDER}) AS last
            FROM ({_told(told, events, kinds)}) GROUP BY run_id, path
        )
        SELECT * FROM ({kept}) ANTI JOIN files USING (run_id, path) UNION ALL
        SELECT run_id, path, last.o->>'sha256', (last.o->>'size')::BIGINT, last.o->>'mime', make_timestamp(last.t) FROM files
        WHERE last.o->>'sha256' IS NOT NULL
        """
    )


def _told(told: dict[str, str], events: str, kinds: set[str]) -> str:
    """Return the query of what the events of several kinds say of a run; of those kinds that there are, or of the first."""
    found = [kind for kind in told if kind in kinds] or [*told][:1]
    return " UNION ALL ".join(
        f"SELECT r AS run_id, {told[kind]}, t, w, q FROM {events} WHERE k = '{kind}'" for kind in found
    )


def _inputs(con: DuckDBPyConnection, kept: str, events: str, kinds: set[str]) -> None:
    told = f"""
        SELECT r AS run_id, o->>'name' AS name, o->>'digest' AS digest, coalesce(o->>'context', '') AS context, o, t, w, q
        FROM {events} WHERE k = 'input'
    """
    if "forget" in kinds:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE forgotten_inputs AS
            SELECT run_id, name, max({NAMED_ORDER}) AS until FROM
                (SELECT r AS run_id, unnest((o->'inputs')::VARCHAR[]) AS name, t, w, q FROM {events} WHERE k = 'forget')
            GROUP BY run_id, name
            """
        )
        kept = f"SELECT * FROM ({kept}) ANTI JOIN forgotten_inputs USING (run_id, name)"
        told = f"""
            SELECT run_id, name, digest, context, o, t, w, q FROM ({told})
            LEFT JOIN forgotten_inputs USING (run_id, name) WHERE until IS NULL OR {NAMED_ORDER} > until
        """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_inputs AS WITH kept AS ({kept})
        SELECT * FROM kept UNION ALL
        SELECT run_id, name, digest, o->>'source_type', o->>'source', o->>'schema', o->>'profile', context, o->>'tags',
               make_timestamp(t)
        FROM (SELECT run_id, name, digest, context, arg_min(o, {ORDER}) AS o, min(t) AS t FROM ({told}) GROUP BY ALL) n
        ANTI JOIN kept USING (run_id, name, digest, context)
        """
    )


_TOLD_BY = {
    "params": ({"params", "forget"}, _params),
    "tags": ({"tags", "untag", "forget"}, _tags),
    "artifacts": ({"artifact", "forget"}, _artifacts),
    "inputs": ({"input", "forget"}, _inputs),
}
"""Tables that follow from the events of a run, the kinds of records that change them, and what makes them of those."""


def _events(base: str, *, is_headed: bool) -> str:
    authors = "SELECT w, any_value(o->>'user') AS user_id FROM j WHERE k = 'hdr' GROUP BY w"
    if not is_headed:  # a writer of another machine goes on without a new header when its journal was folded meanwhile
        authors += (
            f" UNION ALL SELECT writer, any_value(user_id) FROM {base}events WHERE writer IN (SELECT w FROM j) "
            "AND writer NOT IN (SELECT w FROM j WHERE k = 'hdr') GROUP BY writer"
        )
    return (
        "SELECT w AS writer, q AS seq, make_timestamp(t) AS timestamp, user_id, k AS kind, r AS run_id, "
        f"to_json({{p: p, o: o}})::VARCHAR AS body FROM j LEFT JOIN ({authors}) USING (w) WHERE k NOT IN ('m', 'hdr')"
    )
