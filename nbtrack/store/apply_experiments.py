"""Applies the records that belong to no run: experiments and settings. They are few, so each touched one is replayed from its beginning."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.store.late import PAST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Change = tuple[int, dict[str, Any], dict[str, str]]
"""Time in microseconds, object ``o`` and text map ``p`` of one experiment record."""


@dataclass(slots=True)
class State:
    """What an experiment has become; times in microseconds UTC."""

    name: str | None
    created: int
    stage: str = "active"
    updated: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    def change(self, t: int, body: dict[str, Any], tags: dict[str, str]) -> None:
        """Apply one record."""
        op = body["op"]
        if op == "create":
            self.created = min(self.created, body.get("at") or t)
        else:
            self.updated = t
        if op == "rename":
            self.name = body["name"]
        self.stage = {"delete": "deleted", "restore": "active"}.get(op, self.stage)
        self.tags.update(tags)
        for key in body.get("keys", ()):
            self.tags.pop(key, None)


def apply_experiments(con: DuckDBPyConnection, base: str, kinds: set[str]) -> bool:
    """Make ``x_experiments`` and ``x_experiment_tags`` anew; say whether ``j`` touches any experiment, else there are no such tables."""
    started = {
        i: (t, name)
        for i, t, name in con.execute(
            "SELECT (o->>'experiment_id')::BIGINT AS i, min(t), arg_min(o->>'experiment', (t, w, q)) FROM j WHERE k = 'start' GROUP BY i"
        ).fetchall()
        if i is not None
    }
    created = dict(con.execute(f"SELECT experiment_id, epoch_us(creation_time) FROM {base}experiments").fetchall())
    query = "SELECT t, o, p FROM j WHERE k = 'experiment' ORDER BY t, w, q"
    changes = _changes(con, query) if "experiment" in kinds else {}
    touched = {*changes} | {i for i, (t, _) in started.items() if i not in created or t < created[i]}
    if not touched:
        return False
    # Also for one that is new here: what another process did to it may have been folded before its making.
    past = PAST.format(base=base)
    query = f"SELECT t, o, p FROM (SELECT * FROM j UNION ALL BY NAME {past}) WHERE k = 'experiment' ORDER BY t, w, q"
    changes = _changes(con, query)
    states = {i: _replay(con, base, i, changes.get(i, []), started.get(i), created.get(i)) for i in touched}
    _write(con, base, {i: state for i, state in states.items() if state is not None})
    return True


def apply_settings(con: DuckDBPyConnection, base: str) -> None:
    """Make ``x_settings`` anew: the last value of each."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_settings AS SELECT name, last.value AS value FROM (
            SELECT o->>'name' AS name, arg_max({{'value': o->>'value'}}, (t, w, q)) AS last
            FROM (SELECT * FROM j UNION ALL BY NAME {PAST.format(base=base)}) WHERE k = 'setting' GROUP BY ALL
        ) WHERE last.value IS NOT NULL
        """
    )


def _changes(con: DuckDBPyConnection, query: str) -> dict[int, list[Change]]:
    found: dict[int, list[Change]] = {}
    for t, o, p in con.execute(query).fetchall():
        body = json.loads(o)
        found.setdefault(int(body["experiment_id"]), []).append((t, body, p or {}))
    return found


def _replay(
    con: DuckDBPyConnection,
    base: str,
    experiment_id: int,
    changes: list[Change],
    started: tuple[int, str] | None,
    created: int | None,
) -> State | None:
    """Return what became of an experiment; None when nothing says that it was ever made."""
    names = [body["name"] for _, body, _ in changes if body["op"] == "create"]
    if not names and created is not None:
        # Made by the start of a run only: the event that says so may be folded already.
        query = f"SELECT t, w, q, o FROM (SELECT * FROM j UNION ALL BY NAME {PAST.format(base=base)}) WHERE k = 'start'"
        names = [
            name
            for (name,) in con.execute(
                f"SELECT o->>'experiment' FROM ({query}) WHERE (o->>'experiment_id')::BIGINT = ? ORDER BY t, w, q LIMIT 1",
                [experiment_id],
            ).fetchall()
        ]
    if not names and started is not None:
        names = [started[1]]
    if not names and experiment_id == 0:
        names = ["Default"]
    if not names:
        return None
    times = [t for t in (created, started[0] if started else None) if t is not None]
    times += [body.get("at") or t for t, body, _ in changes if body["op"] == "create"]
    state = State(names[0] or f"experiment {experiment_id}", min(times))
    for change in changes:
        state.change(*change)
    return state


def _write(con: DuckDBPyConnection, base: str, states: dict[int, State]) -> None:
    ids = [*states]
    for table in ("experiments", "experiment_tags"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE x_{table} AS SELECT * FROM {base}{table} "
            "WHERE NOT list_contains(?::BIGINT[], experiment_id)",
            [ids],
        )
    rows = [(i, s.name, s.stage, s.created, max(s.updated, s.created)) for i, s in states.items()]
    if rows:
        con.execute(
            "INSERT INTO x_experiments SELECT id::BIGINT, name, stage, make_timestamp(created::BIGINT), make_timestamp(updated::BIGINT) "
            "FROM (SELECT unnest(?) AS id, unnest(?) AS name, unnest(?) AS stage, unnest(?) AS created, unnest(?) AS updated)",
            [list(column) for column in zip(*rows, strict=True)],
        )
    tags = [(i, key, value) for i, s in states.items() for key, value in s.tags.items()]
    if tags:
        con.execute(
            "INSERT INTO x_experiment_tags SELECT unnest(?)::BIGINT, unnest(?), unnest(?)",
            [list(column) for column in zip(*tags, strict=True)],
        )
