"""Applies the records of the model registry. Each model that is touched is replayed from its beginning, in the order of all writers.

A model is known by the id that its ``create`` record gave it, not by its name: what was done to it while another process renamed it, or
after it was deleted and its name taken anew, belongs to no other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.store.model_life import Life, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

MODEL_TABLES: dict[str, str] = {
    "registered_models": (
        "registry_id VARCHAR, name VARCHAR, description VARCHAR, creation_time TIMESTAMP, last_update_time TIMESTAMP, user_id VARCHAR"
    ),
    "registered_model_tags": "registry_id VARCHAR, name VARCHAR, key VARCHAR, value VARCHAR",
    "model_versions": (
        "registry_id VARCHAR, name VARCHAR, version BIGINT, source VARCHAR, run_id VARCHAR, model_id VARCHAR, path VARCHAR, "
        "run_link VARCHAR, stage VARCHAR, status VARCHAR, description VARCHAR, user_id VARCHAR, creation_time TIMESTAMP, "
        "last_update_time TIMESTAMP"
    ),
    "model_version_tags": "registry_id VARCHAR, name VARCHAR, version BIGINT, key VARCHAR, value VARCHAR",
    "model_aliases": (
        "registry_id VARCHAR, name VARCHAR, alias VARCHAR, version BIGINT, timestamp TIMESTAMP, user_id VARCHAR"
    ),
    "model_gates": (
        "registry_id VARCHAR, name VARCHAR, alias VARCHAR, version BIGINT, expression VARCHAR, timestamp TIMESTAMP, user_id VARCHAR"
    ),
    "model_events": (
        "registry_id VARCHAR, number BIGINT, name VARCHAR, timestamp TIMESTAMP, user_id VARCHAR, op VARCHAR, version BIGINT, "
        "alias VARCHAR, stage VARCHAR, key VARCHAR, before VARCHAR, after VARCHAR, comment VARCHAR, detail VARCHAR"
    ),
}
"""Tables of the registry by name; every row belongs to the model `registry_id`."""

MAX_LOOKED_FOR = 8
_FOLDED = """
    SELECT body->'o'->>'id' AS id, epoch_us(timestamp) AS t, writer AS w, seq AS q, user_id, body->>'o' AS o,
           (body->'p')::MAP(VARCHAR, VARCHAR) AS p
    FROM (SELECT writer, seq, timestamp, user_id, body::JSON AS body FROM {base}events WHERE kind = 'registry' {where})
"""
_NEW = """
    SELECT o->>'id' AS id, t, w, q, user_id, o::VARCHAR AS o, p FROM j
    LEFT JOIN (SELECT w, any_value(o->>'user') AS user_id FROM j WHERE k = 'hdr' GROUP BY w) USING (w) WHERE k = 'registry'
"""


def apply_registry(con: DuckDBPyConnection, base: str) -> None:
    """Make ``touched_models`` out of ``j``, and these models anew in the ``x_`` tables."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_models AS "
        "SELECT DISTINCT o->>'id' AS registry_id FROM j WHERE k = 'registry' AND (o->>'id') IS NOT NULL"
    )
    con.execute(";".join(f"CREATE OR REPLACE TEMP TABLE x_{name}({columns})" for name, columns in MODEL_TABLES.items()))
    touched = [i for (i,) in con.execute("SELECT registry_id FROM touched_models").fetchall()]
    # Looking for a few ids in the texts is quicker than reading them all as JSON.
    is_few = len(touched) <= MAX_LOOKED_FOR
    where = f"AND ({' OR '.join(['contains(body, ?)'] * len(touched))})" if is_few else ""
    records = con.execute(
        f"SELECT * FROM ({_NEW} UNION ALL {_FOLDED.format(base=base, where=where)}) "
        "WHERE id IN (SELECT registry_id FROM touched_models) ORDER BY t, w, q",
        touched if is_few else [],
    ).fetchall()
    _write(con, "x_", _lives(records))


def replay_everything(con: DuckDBPyConnection, base: str) -> None:
    """Fill the empty tables of the registry from the folded events."""
    records = con.execute(
        f"SELECT * FROM ({_FOLDED.format(base=base, where='')}) WHERE id IS NOT NULL ORDER BY t, w, q"
    )
    _write(con, base, _lives(records.fetchall()))


def recorded_lives(con: DuckDBPyConnection) -> list[Life]:
    """Return all models of an open look, folded or not, each as it stands."""
    records = con.execute(f"SELECT * FROM ({_FOLDED.format(base='', where='')}) WHERE id IS NOT NULL ORDER BY t, w, q")
    return _lives(records.fetchall())


def _lives(records: Iterable[tuple[Any, ...]]) -> list[Life]:
    found: dict[str, list[Record]] = {}
    for i, t, _, _, user, o, p in records:
        body = json.loads(o)
        found.setdefault(i, []).append(record_of(t, user, body, p))
    # Without its beginning a model is nothing yet: that record is still to come, and brings all others along.
    return [Life.of(i, records) for i, records in found.items() if any(r.op == "create" for r in records)]


def record_of(t: int, user: str | None, body: dict[str, Any], tags: dict[str, str] | None) -> Record:
    """Return a record of the journal; what was taken over from elsewhere says itself when it was, and by whom."""
    return Record(body.get("at") or t, body.get("by") or user, body, tags or {})


def _write(con: DuckDBPyConnection, prefix: str, lives: Sequence[Life]) -> None:
    for table, columns in MODEL_TABLES.items():
        rows = [row for life in lives for row in life.rows(table)]
        if not rows:
            continue
        shown = ", ".join(_shown(number, column.split()[1]) for number, column in enumerate(columns.split(", ")))
        names = ", ".join(
            f"unnest(?::{_kept_as(column.split()[1])}[]) AS c{n}" for n, column in enumerate(columns.split(", "))
        )
        con.execute(
            f"INSERT INTO {prefix}{table} SELECT {shown} FROM (SELECT {names})",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _kept_as(kind: str) -> str:
    return "BIGINT" if kind == "TIMESTAMP" else kind


def _shown(number: int, kind: str) -> str:
    return f"make_timestamp(c{number})" if kind == "TIMESTAMP" else f"c{number}"
