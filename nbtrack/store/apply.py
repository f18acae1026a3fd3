"""Applies journal records to the rows they touch: the one place where events become state.

The records are in a temporary table ``j`` (see ``records.py``), the folded tables under a prefix such as ``d.``. For each table the touched
rows are made in ``x_<table>``; readers show them over the folded ones, a fold writes them down. ``x_metrics`` and ``x_events`` hold only what
is new, as those tables only grow.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.store.schema import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ORDER = "(t, w, q)"
"""The order of records of several writers: time, then writer, then its own sequence."""

_WHOLE_TABLES = ("experiments", "experiment_tags", "settings")


def apply(con: DuckDBPyConnection, base: str) -> None:
    """Make the ``x_`` tables out of ``j`` and the folded tables under `base`."""
    for name, columns in TABLES.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE x_{name}({columns})")
    for name in _WHOLE_TABLES:
        con.execute(f"INSERT INTO x_{name} SELECT * FROM {base}{name}")
    con.execute(f"DELETE FROM j WHERE r IN (SELECT run_id FROM {base}_purged)")
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT r AS run_id FROM j WHERE r IS NOT NULL")
    kinds = {kind for (kind,) in con.execute("SELECT DISTINCT k FROM j").fetchall()}
    _runs(con, base)
    if "m" in kinds:
        _metrics(con, base)
    _params(con, base, has_new="params" in kinds)
    _tags(con, base, has_new=bool(kinds & {"tags", "untag"}))
    _artifacts(con, base, has_new="artifact" in kinds)
    _inputs(con, base, has_new="input" in kinds)
    if kinds & {"start", "experiment"}:
        _experiments(con)
    if "setting" in kinds:
        _settings(con)
    if "forget" in kinds:
        _forget(con)
    if kinds - {"m", "hdr"}:
        _events(con)


def _copy_touched(con: DuckDBPyConnection, base: str, table: str) -> None:
    con.execute(f"INSERT INTO x_{table} SELECT b.* FROM {base}{table} b SEMI JOIN touched USING (run_id)")


def _runs(con: DuckDBPyConnection, base: str) -> None:
    # A run can be touched before its start is seen (a child process was folded first); such a row has no number and
    # gives way to the real start.
    _copy_touched(con, base, "runs")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE begun AS
        SELECT r AS run_id, arg_min(o, {ORDER}) AS o, arg_min(w, {ORDER}) AS w, min(t) AS t
        FROM j WHERE k = 'start' GROUP BY r
        """
    )
    con.execute("DELETE FROM begun WHERE run_id IN (SELECT run_id FROM x_runs WHERE number IS NOT NULL)")
    con.execute("DELETE FROM x_runs WHERE number IS NULL AND run_id IN (SELECT run_id FROM begun)")
    con.execute(
        """
        INSERT INTO x_runs
        SELECT run_id, (o->>'number')::BIGINT, (o->>'experiment_id')::BIGINT, o->>'name', 'RUNNING',
               make_timestamp(coalesce((o->>'start_us')::BIGINT, t)), NULL, NULL, 'active', o->>'user', o->>'parent', w,
               make_timestamp(t), 0, NULL
        FROM begun
        """
    )
    con.execute(
        """
        INSERT INTO x_runs
        SELECT r, NULL, 0, 'run ' || r[:8], 'RUNNING', make_timestamp(min(t)), NULL, NULL, 'active', NULL, NULL,
               arg_min(w, t), make_timestamp(max(t)), 0, NULL
        FROM j WHERE r IS NOT NULL AND r NOT IN (SELECT run_id FROM x_runs) GROUP BY r
        """
    )
    _run_changes(con)


def _run_changes(con: DuckDBPyConnection) -> None:
    con.execute(
        f"""
        UPDATE x_runs SET last_seen = greatest(last_seen, make_timestamp(e.t)) FROM
            (SELECT r, max(t) AS t FROM j WHERE k NOT IN ('state', 'forget') GROUP BY r) e
        WHERE run_id = e.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET
            status = CASE e.k WHEN 'end' THEN e.o->>'status' ELSE 'RUNNING' END,
            writer = CASE e.k WHEN 'end' THEN writer ELSE e.w END,
            end_time = CASE e.k WHEN 'end' THEN make_timestamp((e.o->>'end_us')::BIGINT) END,
            duration = CASE e.k WHEN 'end' THEN (e.o->>'duration_us')::BIGINT / 1e6 END,
            lost = greatest(lost, coalesce((e.o->>'lost')::BIGINT, 0))
        FROM (SELECT r, arg_max(k, {ORDER}) AS k, arg_max(o, {ORDER}) AS o, arg_max(w, {ORDER}) AS w
              FROM j WHERE k IN ('resume', 'end') GROUP BY r) e
        WHERE run_id = e.r
        """
    )
    con.execute(
        f"""
        UPDATE x_runs SET lifecycle_stage = e.stage,
            deleted_time = CASE e.stage WHEN 'deleted' THEN make_timestamp(e.t) END
        FROM (SELECT r, arg_max(o->>'lifecycle_stage', {ORDER}) AS stage, max(t) AS t FROM j WHERE k = 'state' GROUP BY r) e
        WHERE run_id = e.r
        """
    )
    for column, tag in (("name", "mlflow.runName"), ("parent_run_id", "mlflow.parentRunId")):
        con.execute(
            f"""
            UPDATE x_runs SET {column} = e.value FROM
                (SELECT r, arg_max(p[?], {ORDER}) AS value FROM j WHERE k = 'tags' AND p[?] IS NOT NULL GROUP BY r) e
            WHERE run_id = e.r
            """,
            [tag, tag],
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


def _params(con: DuckDBPyConnection, base: str, *, has_new: bool) -> None:
    _copy_touched(con, base, "params")
    if has_new:
        con.execute(
            f"""
            INSERT INTO x_params
            SELECT run_id, key, arg_min(value, {ORDER}) FROM
                (SELECT r AS run_id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value, t, w, q FROM j WHERE k = 'params') n
            ANTI JOIN x_params USING (run_id, key) GROUP BY run_id, key
            """
        )


def _tags(con: DuckDBPyConnection, base: str, *, has_new: bool) -> None:
    _copy_touched(con, base, "tags")
    if not has_new:
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT run_id, key, arg_max({{'value': value, 't': t}}, {ORDER}) AS last FROM (
            SELECT r AS run_id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value, t, w, q FROM j WHERE k = 'tags'
            UNION ALL
            SELECT r, unnest((o->'keys')::VARCHAR[]), NULL, t, w, q FROM j WHERE k = 'untag'
        ) GROUP BY run_id, key
        """
    )
    con.execute(
        "DELETE FROM x_tags USING labels l WHERE x_tags.run_id = l.run_id AND x_tags.key = l.key "
        "AND x_tags.timestamp <= make_timestamp(l.last.t)"
    )
    con.execute(
        """
        INSERT INTO x_tags SELECT run_id, key, last.value, make_timestamp(last.t) FROM labels ANTI JOIN x_tags USING (run_id, key)
        WHERE last.value IS NOT NULL
        """
    )


def _artifacts(con: DuckDBPyConnection, base: str, *, has_new: bool) -> None:
    _copy_touched(con, base, "artifacts")
    if has_new:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE files AS
            SELECT r AS run_id, o->>'path' AS path, arg_max(o, {ORDER}) AS o, max(t) AS t FROM j WHERE k = 'artifact' GROUP BY ALL
            """
        )
        con.execute(
            "DELETE FROM x_artifacts USING files f WHERE x_artifacts.run_id = f.run_id AND x_artifacts.path = f.path"
        )
        con.execute(
            """
            INSERT INTO x_artifacts
            SELECT run_id, path, o->>'sha256', (o->>'size')::BIGINT, o->>'mime', make_timestamp(t) FROM files
            WHERE o->>'sha256' IS NOT NULL
            """
        )


def _inputs(con: DuckDBPyConnection, base: str, *, has_new: bool) -> None:
    _copy_touched(con, base, "inputs")
    if has_new:
        con.execute(
            f"""
            INSERT INTO x_inputs
            SELECT run_id, name, digest, o->>'source_type', o->>'source', o->>'schema', o->>'profile', context, o->>'tags', make_timestamp(t)
            FROM (SELECT r AS run_id, o->>'name' AS name, o->>'digest' AS digest, coalesce(o->>'context', '') AS context,
                         arg_min(o, {ORDER}) AS o, min(t) AS t FROM j WHERE k = 'input' GROUP BY ALL) n
            ANTI JOIN x_inputs USING (run_id, name, digest, context)
            """
        )


def _experiments(con: DuckDBPyConnection) -> None:
    con.execute(
        """
        INSERT INTO x_experiments
        SELECT id, coalesce(arg_min(name, (t, w, q)), 'experiment ' || id), 'active', make_timestamp(min(t)), make_timestamp(min(t)) FROM
            (SELECT (o->>'experiment_id')::BIGINT AS id, coalesce(o->>'experiment', o->>'name') AS name, t, w, q FROM j
             WHERE k = 'start' OR (k = 'experiment' AND o->>'op' = 'create'))
        WHERE id NOT IN (SELECT experiment_id FROM x_experiments) GROUP BY id
        """
    )
    con.execute(
        """
        INSERT INTO x_experiment_tags
        SELECT id, key, value FROM
            (SELECT (o->>'experiment_id')::BIGINT AS id, unnest(map_keys(p)) AS key, unnest(map_values(p)) AS value
             FROM j WHERE k = 'experiment' AND o->>'op' = 'create' AND p IS NOT NULL) n
        WHERE NOT EXISTS (SELECT 1 FROM x_experiment_tags b WHERE b.experiment_id = n.id AND b.key = n.key)
        """
    )
    changes = con.execute(
        "SELECT t, o, p FROM j WHERE k = 'experiment' AND o->>'op' <> 'create' ORDER BY t, w, q"
    ).fetchall()
    for t, body, tags in changes:
        _change_experiment(con, t, json.loads(body), tags or {})


def _change_experiment(con: DuckDBPyConnection, t: int, change: dict[str, Any], tags: dict[str, str]) -> None:
    """Apply one rename, delete, restore or tag change; there are few, so one at a time."""
    experiment_id = change["experiment_id"]
    stage = {"delete": "deleted", "restore": "active"}.get(change["op"])
    con.execute(
        "UPDATE x_experiments SET name = coalesce(?, name), lifecycle_stage = coalesce(?, lifecycle_stage), "
        "last_update_time = make_timestamp(?::BIGINT) WHERE experiment_id = ?",
        [change.get("name"), stage, t, experiment_id],
    )
    for key in [*tags, *change.get("keys", [])]:
        con.execute("DELETE FROM x_experiment_tags WHERE experiment_id = ? AND key = ?", [experiment_id, key])
    for key, value in tags.items():
        con.execute("INSERT INTO x_experiment_tags VALUES (?, ?, ?)", [experiment_id, key, value])


def _settings(con: DuckDBPyConnection) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT o->>'name' AS name, arg_max(o, {ORDER})->>'value' AS value FROM j WHERE k = 'setting' GROUP BY ALL
        """
    )
    con.execute("DELETE FROM x_settings WHERE name IN (SELECT name FROM said)")
    con.execute("INSERT INTO x_settings SELECT * FROM said WHERE value IS NOT NULL")


def _forget(con: DuckDBPyConnection) -> None:
    for table, column in (("params", "key"), ("tags", "key"), ("artifacts", "path")):
        con.execute(
            f"""
            DELETE FROM x_{table} USING
                (SELECT r AS run_id, unnest((o->'{table}')::VARCHAR[]) AS name FROM j WHERE k = 'forget' AND o->'{table}' IS NOT NULL) f
            WHERE x_{table}.run_id = f.run_id AND x_{table}.{column} = f.name
            """
        )


def _events(con: DuckDBPyConnection) -> None:
    con.execute(
        """
        INSERT INTO x_events
        SELECT w, q, make_timestamp(t), h.user_id, k, r, to_json({p: p, o: o})::VARCHAR FROM j
        LEFT JOIN (SELECT w, any_value(o->>'user') AS user_id FROM j WHERE k = 'hdr' GROUP BY w) h USING (w)
        WHERE k NOT IN ('m', 'hdr') ORDER BY t, w, q
        """
    )
