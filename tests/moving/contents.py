"""What a store holds, as plain values that can be compared with those of another store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.moving.known import plain
from nbtrack.store.registry_protocol import ModelQuery

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store

TABLES = {
    "runs": "SELECT run_id, e.name AS experiment, r.name, status, epoch_us(start_time), epoch_us(end_time), duration, "
    "r.lifecycle_stage, {user}, parent_run_id, lost, epoch_us(deleted_time) FROM runs r JOIN experiments e USING (experiment_id)",
    "params": "SELECT run_id, key, value FROM params",
    "tags": "SELECT run_id, key, value FROM tags",
    "metrics": "SELECT run_id, key, step, epoch_us(timestamp), value::VARCHAR FROM metrics",
    "latest": "SELECT run_id, key, step, epoch_us(timestamp), value::VARCHAR, min, max, count, nans FROM latest",
    "artifacts": "SELECT run_id, path, sha256, size, mime FROM artifacts",
    "inputs": "SELECT run_id, name, digest, source_type, source, schema, profile, context, tags FROM inputs",
    "experiments": "SELECT name, lifecycle_stage, epoch_ms(creation_time) FROM experiments",
    "experiment_tags": "SELECT e.name, key, value FROM experiment_tags JOIN experiments e USING (experiment_id)",
}


def contents(store: Store, *, has_users: bool = True) -> dict[str, Any]:
    """Return all that a store holds, but for what it gives out by itself: numbers, ids of experiments, on a server who wrote it."""
    queries = {name: query.format(user="user_id" if has_users else "NULL") for name, query in TABLES.items()}
    found: dict[str, Any] = {
        name: sorted(str([plain(cell) for cell in row]) for row in store.sql(query).itertuples(index=False, name=None))
        for name, query in queries.items()
    }
    found["models"] = [_model(each, has_users=has_users) for each in store.registry.search(ModelQuery())]
    found["versions"] = sorted(
        (
            v.name,
            v.version,
            v.source,
            v.run_id,
            v.model_id,
            v.current_stage,
            v.creation_timestamp,
            str(v.tags),
            v.user_id,
        )
        for v in store.registry.search_versions(ModelQuery())
    )
    found["settings"] = store.settings()
    found["files"] = {
        (run_id, path): store.artifact_file(run_id, path).read_bytes()
        for run_id, path in store.sql("SELECT run_id, path FROM artifacts").itertuples(index=False, name=None)
    }
    return found


def _model(each: Any, *, has_users: bool) -> tuple[Any, ...]:
    gates = sorted((gate.expression, str(gate.alias)) for gate in each.gates)
    user = each.user_id if has_users else ""
    return each.name, each.description, each.creation_timestamp, each.tags, each.aliases, gates, user
