"""Applies journal records to the rows they touch: the one place where events become state.

The records are in a temporary table ``j`` (see ``records.py``), the folded tables under a prefix such as ``d.``. For each
table the touched rows are made in ``x_<table>``; readers show them over the folded ones, a fold writes them down.
``x_metrics`` and ``x_events`` hold only what is new, as those tables only grow. A run's state
follows from its events in their order, in whatever order they are folded (see ``late.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.store.apply_experiments import apply_experiments, apply_settings
from nbtrack.store.apply_registry import apply_registry, find_touched
from nbtrack.store.late import gather
from nbtrack.store.marks import REST
from nbtrack.store.schema import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ORDER = "(t, w, q)"
"""The order of records of several writers: time, then writer, then its own sequence."""
NAMED_ORDER = "{'t': t, 'w': w, 'q': q}"
"""The same as a value that a table can keep."""

HOLDER = f"CASE WHEN o->>'holder' = '{REST}' THEN '{REST}' ELSE w END"
"""Whose life a run is bound to: the writer that began it, or nobody's, when it was begun over MLflow's REST."""

_WHOLE_TABLES = ("experiments", "experiment_tags", "settings")


def apply(con: DuckDBPyConnection, base: str) -> None:
    """Make the ``x_`` tables out of ``j`` and the folded tables under `base`."""
    con.execute(";".join(f"CREATE OR REPLACE TEMP TABLE x_{name}({columns})" for name, columns in TABLES.items()))
    con.execute(";".join(f"INSERT INTO x_{name} SELECT * FROM {base}{name}" for name in _WHOLE_TABLES))
    con.execute(f"DELETE FROM j WHERE r IN (SELECT run_id FROM {base}_purged)")
    con.execute(
        f"DELETE FROM j WHERE k = 'experiment' AND 'experiment/' || (o->>'experiment_id') IN (SELECT run_id FROM {base}_purged)"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT r AS run_id FROM j WHERE r IS NOT NULL")
    find_touched(con)
    kinds = {kind for (kind,) in con.execute("SELECT DISTINCT k FROM j").fetchall()}
    if con.execute("SELECT count(*) FROM touched").fetchall()[0][0]:
        _apply_runs(con, base)
    if kinds & {"start", "experiment"}:
        apply_experiments(con, base)
    if "setting" in kinds:
        apply_settings(con, base)
    if "registry" in kinds:
        apply_registry(con, base)
    if kinds - {"m", "hdr"}:
        _events(con, base)


def _apply_runs(con: DuckDBPyConnection, base: str) -> None:
    con.execute(f"INSERT INTO x_runs SELECT b.* FROM {base}runs b SEMI JOIN touched USING (run_id)")
    gather(con, base)
    kinds = {kind for (kind,) in con.execute("SELECT DISTINCT k FROM j UNION SELECT DISTINCT k FROM e").fetchall()}
    _runs(con)
    if "m" in kinds:
        _metrics(con, base)
    else:
        con.execute(f"INSERT INTO x_latest SELECT b.* FROM {base}latest b SEMI JOIN touched USING (run_id)")
    _params(con, base, kinds)
    _tags(con, base, kinds)
    _artifacts(con, base, kinds)
    _inputs(con, base, kinds)


def _copy_settled(con: DuckDBPyConnection, base: str, table: str) -> None:
    con.execute(f"INSERT INTO x_{table} SELECT b.* FROM {base}{table} b SEMI JOIN settled USING (run_id)")


def _runs(con: DuckDBPyConnection) -> None:
    # A run can be touched before its start is seen (a child process was folded first): such a row has no number.
    con.execute(
        f"""
        INSERT INTO x_runs
        SELECT run_id, (o->>'number')::BIGINT, (o->>'experiment_id')::BIGINT, o->>'name', 'RUNNING',
               make_timestamp(coalesce((o->>'start_us')::BIGINT, t)), NULL, NULL, 'active', o->>'user', o->>'parent', w,
               make_timestamp(t), 0, NULL
        FROM (SELECT r AS run_id, arg_min(o, {ORDER}) AS o, arg_min({HOLDER}, {ORDER}) AS w, min(t) AS t
              FROM e WHERE k = 'start' GROUP BY r)
        WHERE run_id NOT IN (SELECT run_id FROM x_runs)
        """
    )
    con.execute(
        """
        INSERT INTO x_runs
        SELECT r, NULL, 0, 'run ' || r[:8], 'RUNNING', make_timestamp(min(t)), NULL, NULL, 'active', NULL, NULL,
               arg_min(w, (t, w)), NULL, 0, NULL
        FROM (SELECT r, w, t FROM j UNION ALL SELECT r, w, t FROM e UNION ALL SELECT r, w, first FROM seen)
        WHERE r IS NOT NULL AND r NOT IN (SELECT run_id FROM x_runs) GROUP BY r
        """
    )
    con.execute(
        """
        UPDATE x_runs SET last_seen = greatest(last_seen, make_timestamp(n.t)) FROM
            (SELECT r, max(t) AS t FROM (SELECT r, k, t FROM j UNION ALL SELECT r, 'm', last FROM seen)
             WHERE k NOT IN ('state', 'forget') GROUP BY r) n
        WHERE run_id = n.r
        """
    )
    _run_changes(con)


def _run_changes(con: DuckDBPyConnection) -> None:
    con.execute(
        f"""
        UPDATE x_runs SET
            status = CASE n.k WHEN 'end' THEN n.o->>'status' ELSE 'RUNNING' END,
            writer = CASE n.k WHEN 'end' THEN writer ELSE n.w END,
            end_time = CASE n.k WHEN 'end' THEN make_timestamp((n.o->>'end_us')::BIGINT) END,
            duration = CASE n.k WHEN 'end' THEN (n.o->>'duration_us')::BIGINT / 1e6 END,
            lost = greatest(x_runs.lost, n.lost)
        FROM (SELECT r, arg_max(k, {ORDER}) AS k, arg_max(o, {ORDER}) AS o, arg_max({HOLDER}, {ORDER}) AS w,
                     max(coalesce((o->>'lost')::BIGINT, 0)) AS lost
              FROM e WHERE k IN ('resume', 'end') GROUP BY r) n
        WHERE run_id = n.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET writer = n.w FROM
            (SELECT r, arg_max({HOLDER}, {ORDER}) AS w FROM e WHERE k = 'resume' GROUP BY r) n
        WHERE run_id = n.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET lifecycle_stage = n.stage,
            deleted_time = CASE n.stage WHEN 'deleted' THEN make_timestamp(n.t) END
        FROM (SELECT r, arg_max(o->>'lifecycle_stage', {ORDER}) AS stage, max(t) AS t FROM e WHERE k = 'state' GROUP BY r) n
        WHERE run_id = n.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET name = n.value FROM
            (SELECT r, arg_max(p['mlflow.runName'], {ORDER}) AS value FROM e
             WHERE k = 'tags' AND p['mlflow.runName'] IS NOT NULL GROUP BY r) n
        WHERE run_id = n.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET parent_run_id = n.parent.value FROM
            (SELECT r, arg_max({{'value': p['mlflow.parentRunId']}}, {ORDER}) AS parent FROM e
             WHERE (k = 'tags' AND p['mlflow.parentRunId'] IS NOT NULL)
                OR (k = 'untag' AND list_contains((o->'keys')::VARCHAR[], 'mlflow.parentRunId')) GROUP BY r) n
        WHERE run_id = n.r
        """
    )


def _metrics(con: DuckDBPyConnection, base: str) -> None:
    con.execute(
        """
        INSERT INTO x_metrics
        SELECT run_id, key, step, make_timestamp(t)::TIMESTAMP_MS, value FROM
            (SELECT r AS run_id, unnest(map_keys(m)) AS key, s AS step, t, unnest(map_values(m)) AS value, q FROM j WHERE k = 'm')
        ORDER BY run_id, key, q
        """
    )
    con.execute(
        f"""
        INSERT INTO x_latest
        SELECT run_id, key, arg_max(step, (step, timestamp, value)), arg_max(timestamp, (step, timestamp, value)),
               arg_max(value, (step, timestamp, value)), min(min), max(max), sum(count)::BIGINT, sum(nans)::BIGINT
        FROM (
            SELECT run_id, key, max(step) AS step, arg_max(timestamp, (step, timestamp, value)) AS timestamp,
                   arg_max(value, (step, timestamp, value)) AS value, min(value) FILTER (NOT isnan(value)) AS min,
                   max(value) FILTER (NOT isnan(value)) AS max, count(*) AS count, count(*) FILTER (isnan(value)) AS nans
            FROM x_metrics GROUP BY ALL
            UNION ALL
            SELECT b.* FROM {base}latest b SEMI JOIN touched USING (run_id)
        ) GROUP BY run_id, key
        """
    )


def _params(con: DuckDBPyConnection, base: str, kinds: set[str]) -> None:
    _copy_settled(con, base, "params")
    kept = ""
    if "forget" in kinds:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE forgotten_params AS
            SELECT run_id, key, max({NAMED_ORDER}) AS until FROM
                (SELECT r AS run_id, unnest((o->'params')::VARCHAR[]) AS key, t, w, q FROM e WHERE k = 'forget')
            GROUP BY run_id, key
            """
        )
        con.execute("DELETE FROM x_params WHERE (run_id, key) IN (SELECT (run_id, key) FROM forgotten_params)")
        kept = f"LEFT JOIN forgotten_params USING (run_id, key) WHERE until IS NULL OR {NAMED_ORDER} > until"
    if "params" in kinds:
        con.execute(
            f"""
            INSERT INTO x_params
            SELECT run_id, key, arg_min(value, {ORDER}) FROM (
                SELECT run_id, key, value, t, w, q FROM
                    (SELECT r AS run_id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value, t, w, q FROM e WHERE k = 'params')
                {kept}
            ) n ANTI JOIN x_params USING (run_id, key) GROUP BY run_id, key
            """
        )


def _tags(con: DuckDBPyConnection, base: str, kinds: set[str]) -> None:
    _copy_settled(con, base, "tags")
    if not kinds & {"tags", "untag", "forget"}:
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT run_id, key, arg_max({{'value': value, 't': t}}, {ORDER}) AS last FROM (
            SELECT r AS run_id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value, t, w, q FROM e WHERE k = 'tags'
            UNION ALL
            SELECT r, unnest((o->'keys')::VARCHAR[]), NULL, t, w, q FROM e WHERE k = 'untag'
            UNION ALL
            SELECT r, unnest((o->'tags')::VARCHAR[]), NULL, t, w, q FROM e WHERE k = 'forget'
        ) GROUP BY run_id, key
        """
    )
    con.execute("DELETE FROM x_tags USING labels l WHERE x_tags.run_id = l.run_id AND x_tags.key = l.key")
    con.execute(
        "INSERT INTO x_tags SELECT run_id, key, last.value, make_timestamp(last.t) FROM labels WHERE last.value IS NOT NULL"
    )


def _artifacts(con: DuckDBPyConnection, base: str, kinds: set[str]) -> None:
    _copy_settled(con, base, "artifacts")
    if not kinds & {"artifact", "forget"}:
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE files AS
        SELECT run_id, path, arg_max({{'o': o, 't': t}}, {ORDER}) AS last FROM (
            SELECT r AS run_id, o->>'path' AS path, o, t, w, q FROM e WHERE k = 'artifact'
            UNION ALL
            SELECT r, unnest((o->'artifacts')::VARCHAR[]), NULL, t, w, q FROM e WHERE k = 'forget'
        ) GROUP BY ALL
        """
    )
    con.execute(
        "DELETE FROM x_artifacts USING files f WHERE x_artifacts.run_id = f.run_id AND x_artifacts.path = f.path"
    )
    con.execute(
        """
        INSERT INTO x_artifacts
        SELECT run_id, path, last.o->>'sha256', (last.o->>'size')::BIGINT, last.o->>'mime', make_timestamp(last.t) FROM files
        WHERE last.o->>'sha256' IS NOT NULL
        """
    )


def _inputs(con: DuckDBPyConnection, base: str, kinds: set[str]) -> None:
    _copy_settled(con, base, "inputs")
    if "input" in kinds:
        con.execute(
            f"""
            INSERT INTO x_inputs
            SELECT run_id, name, digest, o->>'source_type', o->>'source', o->>'schema', o->>'profile', context, o->>'tags',
                   make_timestamp(t)
            FROM (SELECT r AS run_id, o->>'name' AS name, o->>'digest' AS digest, coalesce(o->>'context', '') AS context,
                         arg_min(o, {ORDER}) AS o, min(t) AS t FROM e WHERE k = 'input' GROUP BY ALL) n
            ANTI JOIN x_inputs USING (run_id, name, digest, context)
            """
        )


def _events(con: DuckDBPyConnection, base: str) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE authors AS SELECT w, any_value(o->>'user') AS user_id FROM j WHERE k = 'hdr' GROUP BY w"
    )
    # A writer of another machine goes on without a new header when its journal was folded meanwhile.
    if con.execute("SELECT count(*) FROM (SELECT DISTINCT w FROM j ANTI JOIN authors USING (w))").fetchall()[0][0]:
        con.execute(
            f"""
            INSERT INTO authors SELECT writer, any_value(user_id) FROM {base}events
            WHERE writer IN (SELECT w FROM j) AND writer NOT IN (SELECT w FROM authors) GROUP BY writer
            """
        )
    con.execute(
        """
        INSERT INTO x_events
        SELECT w, q, make_timestamp(t), user_id, k, r, to_json({p: p, o: o})::VARCHAR FROM j LEFT JOIN authors USING (w)
        WHERE k NOT IN ('m', 'hdr') ORDER BY t, w, q
        """
    )
