"""Finds runs and returns them as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import LifecycleStage, ViewType
from nbtrack.errors import NotFoundError
from nbtrack.names import is_run_id
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.sql import compile_filter, compile_order
from nbtrack.store.experiments import id_number
from nbtrack.store.protocol import RunColumns, RunQuery

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.store.reader import Reader

Array = np.ndarray[Any, Any]

SHORTEST_PREFIX = 4
_ATTRIBUTES = (
    "r.run_id, r.number, r.name, r.experiment_id, e.name AS experiment, r.status, r.start_time, r.end_time, r.duration, "
    "r.lifecycle_stage, r.user_id, r.parent_run_id, r.last_seen, r.lost"
)


def goals_of(con: DuckDBPyConnection) -> dict[str, str]:
    """Return ``"min"`` or ``"max"`` by metric, as set once for the store."""
    rows = con.execute("SELECT substr(name, 6), value FROM settings WHERE starts_with(name, 'goal/')").fetchall()
    return dict(rows)


def find(con: DuckDBPyConnection, query: RunQuery) -> None:
    """Make the temporary table ``hits`` of run ids, in order."""
    # What is better is asked for only by those who say `.best`.
    goals = goals_of(con) if "best" in f"{query.filter_string} {query.order_by}".lower() else {}
    conditions, values = _scope(con, query)
    tree = parse_filter(query.filter_string)
    if tree is not None:
        compiled = compile_filter(tree, goals)
        conditions.append(f"({compiled.text})")
        values += compiled.values
    order = compile_order(parse_order_by(list(query.order_by)), goals)
    values += order.values
    limit = "" if query.max_results is None else f"LIMIT {int(query.max_results)} OFFSET {int(query.offset)}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE hits AS SELECT r.run_id FROM runs r WHERE {' AND '.join(conditions)} ORDER BY {order.text} {limit}",
        values,
    )


def _scope(con: DuckDBPyConnection, query: RunQuery) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if query.view != ViewType.ALL:
        conditions.append("r.lifecycle_stage = ?")
        values.append(str(LifecycleStage.ACTIVE if query.view == ViewType.ACTIVE_ONLY else LifecycleStage.DELETED))
    elif query.run_ids is None:
        conditions.append("r.lifecycle_stage <> ?")
        values.append(str(LifecycleStage.CARRIER))
    if query.experiment_names is not None:
        conditions.append("list_contains(?, r.experiment_id)")
        values.append(_ids_of(con, query.experiment_names))
    elif query.experiment_ids is None and query.run_ids is None:
        conditions.append(
            "r.experiment_id NOT IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted')"
        )
    elif query.experiment_ids is not None:
        conditions.append("list_contains(?, r.experiment_id)")
        values.append([id_number(con, i) for i in query.experiment_ids])
    if query.run_ids is not None:
        # A join, not `list_contains`: then blocks of other runs are not read.
        conditions.append("r.run_id IN (SELECT unnest(?::VARCHAR[]))")
        values.append(list(query.run_ids))
    return conditions, values


def _ids_of(con: DuckDBPyConnection, names: tuple[str, ...]) -> list[int]:
    """Return ids by name; of two with the same name the one in use counts, not the one in the trash."""
    known = dict(con.execute("SELECT name, experiment_id FROM experiments ORDER BY lifecycle_stage DESC").fetchall())
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFoundError("Experiment", missing[0], known)
    return [known[name] for name in names]


def columns(reader: Reader, query: RunQuery) -> RunColumns:
    """Return the runs of a query as columns; see :class:`RunColumns`."""
    con = reader.con
    find(con, query)
    attributes = _attributes(con)
    n_runs = len(attributes["run_id"])
    metrics = _wide(con, "latest", ("value", "min", "max", "step", "count", "nans"), n_runs)
    return RunColumns(
        attributes=attributes,
        params={key: parts["value"] for key, parts in _wide(con, "params", ("value",), n_runs).items()},
        metrics={key: {"last": parts.pop("value"), **parts} for key, parts in metrics.items()},
        tags={key: parts["value"] for key, parts in _wide(con, "tags", ("value",), n_runs).items()},
        goals=goals_of(con),
        snapshot=reader.snapshot,
        holder=reader.holder,
    )


def _attributes(con: DuckDBPyConnection) -> dict[str, Array]:
    found = con.execute(
        f"SELECT {_ATTRIBUTES} FROM hits h JOIN runs r USING (run_id) LEFT JOIN experiments e USING (experiment_id) ORDER BY h.rowid"
    ).fetchnumpy()
    return {name: _unmasked(values) for name, values in found.items()}


def _wide(con: DuckDBPyConnection, table: str, parts: tuple[str, ...], n_runs: int) -> dict[str, dict[str, Array]]:
    """Turn the narrow rows of the hits into one array a key and part.

    The pivot is done here by index, not by SQL: DuckDB's PIVOT over hundreds of keys takes seconds.
    """
    rows = con.execute(
        f"SELECT h.rowid AS pos, key, {', '.join(f'n.{p}' for p in parts)} FROM {table} n JOIN hits h USING (run_id)"
    ).fetchnumpy()
    codes: dict[str, int] = {}
    found = (codes.setdefault(key, len(codes)) for key in rows["key"])
    where = np.fromiter(found, dtype=np.int64, count=len(rows["key"])), np.asarray(rows["pos"])
    out: dict[str, dict[str, Array]] = {key: {} for key in sorted(codes)}
    for part in parts:
        values = _unmasked(rows[part])
        filled = _empty(part, values, (len(codes), n_runs))
        filled[where] = values
        for key, index in codes.items():
            out[key][part] = filled[index]
    return out


def _empty(part: str, values: Any, shape: tuple[int, int]) -> Array:
    if values.dtype == object:
        return np.full(shape, None, dtype=object)
    if part in ("count", "nans", "step"):
        return np.zeros(shape, dtype=np.int64)
    return np.full(shape, np.nan)


def _unmasked(values: Any) -> Array:
    """Return a plain array: missing numbers become NaN, missing times NaT, missing texts None."""
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    if values.dtype == object:
        plain = values.data.copy()
        plain[np.ma.getmaskarray(values)] = None  # filled(None) would mean the default fill, a question mark
        return plain
    if values.dtype.kind == "M":
        return np.asarray(values.filled(np.datetime64("NaT")))
    numbers = np.asarray(values.data, dtype=np.float64)
    numbers[np.ma.getmaskarray(values)] = np.nan
    return numbers


def resolve(con: DuckDBPyConnection, name: str | int) -> str:
    """Return the run that a person means: an id, a unique beginning of one, ``43`` or ``"#43"``, or a name (the newest)."""
    text = str(name).strip()
    if is_run_id(text):
        return text
    tries: list[tuple[str, Any]] = []
    if text.lstrip("#").isdigit():
        tries.append(("number = ?", int(text.lstrip("#"))))
    tries.append(("name = ?", text))
    if len(text) >= SHORTEST_PREFIX:
        tries.append(("starts_with(run_id, ?)", text.lower()))
    for condition, value in tries:
        rows = con.execute(
            f"SELECT run_id FROM runs WHERE {condition} ORDER BY lifecycle_stage, start_time DESC LIMIT 1", [value]
        ).fetchall()
        if rows:
            return str(rows[0][0])
    known = [
        row[0] for row in con.execute("SELECT DISTINCT name FROM runs WHERE name IS NOT NULL LIMIT 1000").fetchall()
    ]
    raise NotFoundError("Run", text, known)
