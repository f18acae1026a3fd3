"""Runs as entities, made straight from the rows of the narrow tables: columns would be made only to be taken apart again."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from nbtrack.entities import (
    Dataset,
    DatasetInput,
    MetricSummary,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
    ViewType,
)
from nbtrack.store.marks import REST
from nbtrack.store.runs import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from nbtrack.store.parts import Parts
    from nbtrack.store.protocol import RunQuery
    from nbtrack.store.reader import Reader

Row = tuple[Any, ...]

_INFO = (
    "r.run_id, r.name, r.number, r.experiment_id, e.name, r.status, epoch_ms(r.start_time), epoch_ms(r.end_time), r.duration, "
    "r.lifecycle_stage, r.user_id, r.parent_run_id, epoch_ms(r.last_seen), r.lost"
)
_EXPERIMENT, _STATUS = 4, 5
_ALONE = [part.strip().replace("r.", "").replace("e.name", "''") for part in _INFO.split(",")] + ["writer"]
_METRIC = ("key", "value", "step", "epoch_ms(timestamp)", "min", "max", "count", "nans")
_INPUT = ("name", "digest", "source_type", "source", "schema", "profile", "context", "tags")


def entities(reader: Reader, query: RunQuery) -> list[Run]:
    """Return the runs of a query as entities."""
    con = reader.con
    if (
        reader.parts
        and query == type(query)(run_ids=query.run_ids, view=ViewType.ALL)
        and len(query.run_ids or ()) == 1
    ):
        # Four simple questions: a query over all tables at once takes longer to plan than all that it finds.
        found = _one(con, reader.parts, *(query.run_ids or ()))
        if found is not None:
            return found
    find(con, query)
    infos = con.execute(info_columns()).fetchall()
    n = len(infos)
    metrics = _grouped(con, "latest", _METRIC, n)
    params, tags = (_grouped(con, table, ("key", "value"), n) for table in ("params", "tags"))
    inputs = _grouped(con, "inputs", _INPUT, n)
    return [_run(info, *parts) for info, *parts in zip(infos, metrics, params, tags, inputs, strict=True)]


def info_columns() -> str:
    """Return the query of what :func:`info_of` takes, a row for each hit in their order."""
    return f"SELECT {_INFO} FROM hits h JOIN runs r USING (run_id) LEFT JOIN experiments e USING (experiment_id) ORDER BY h.rowid"


def inputs_of(con: DuckDBPyConnection, n_runs: int) -> list[RunInputs]:
    """Return the data sets of each hit."""
    return [RunInputs(tuple(_input(*row[:8]) for row in rows)) for rows in _grouped(con, "inputs", _INPUT, n_runs)]


def _grouped(con: DuckDBPyConnection, table: str, columns: tuple[str, ...], n_runs: int) -> list[list[Row]]:
    """Return the rows of a narrow table, a list for each hit, by their first column."""
    found: list[list[Row]] = [[] for _ in range(n_runs)]
    rows = con.execute(
        f"SELECT {', '.join(columns)}, h.rowid AS pos FROM {table} JOIN hits h USING (run_id)"
    ).fetchall()
    rows.sort(key=itemgetter(0))
    for row in rows:
        found[row[-1]].append(row)
    return found


def _one(con: DuckDBPyConnection, parts: Parts, run_id: str) -> list[Run] | None:
    """Return one run, or nothing, from where its rows are; None when a view must tell whether it is still running."""

    def rows(table: str, columns: Sequence[str]) -> list[Row]:
        source = parts.table(table, run_id)
        if table == "inputs" and not parts.has_any(con, source):
            return []  # few stores have any
        found = con.execute(f"SELECT {', '.join(columns)} FROM {source} WHERE run_id = ?", [run_id]).fetchall()
        return sorted(found, key=itemgetter(0))

    infos = rows("runs", _ALONE)
    if not infos:
        return []
    (*info, writer), *_ = infos
    if info[_STATUS] == RunStatus.RUNNING and writer != REST:
        return None
    info[_EXPERIMENT] = parts.experiment(con, info[_EXPERIMENT - 1])
    params, tags = (rows(table, ("key", "value")) for table in ("params", "tags"))
    return [_run(tuple(info), rows("latest", _METRIC), params, tags, rows("inputs", _INPUT))]


def _run(info: Row, metrics: Sequence[Row], params: Sequence[Row], tags: Sequence[Row], inputs: Sequence[Row]) -> Run:
    summaries = {
        key: MetricSummary(key, value, step, ms, _or_nan(low), _or_nan(high), count, nans)
        for key, value, step, ms, low, high, count, nans, *_ in metrics
    }
    return Run(
        info_of(info),
        RunData(
            metrics={key: summary.last for key, summary in summaries.items()},
            params={row[0]: row[1] for row in params if row[1] is not None},
            tags={row[0]: row[1] for row in tags if row[1] is not None},
            summaries=summaries,
        ),
        RunInputs(tuple(_input(*row[:8]) for row in inputs)),
    )


def info_of(row: Row) -> RunInfo:
    """Return who, when and how a run is."""
    run_id, name, number, experiment_id, experiment, status, start, end, duration, stage, user, parent, seen, lost = row
    return RunInfo(
        run_id=run_id,
        run_name=name or "",
        number=number,
        experiment_id=str(experiment_id),
        experiment_name=experiment or "",
        status=status,
        start_time=start or 0,
        end_time=end,
        duration=duration,
        lifecycle_stage=stage,
        user_id=user or "",
        parent_run_id=parent,
        last_seen=seen,
        lost=lost or 0,
    )


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _input(name: str, digest: str, *about: Any) -> DatasetInput:
    source_type, source, schema, profile, context, tags = about
    dataset = Dataset(name, digest, source_type or "code", source or "{}", schema or "{}", profile or "{}")
    return DatasetInput(dataset, context or "", json.loads(tags) if tags else {})
