"""The shared corpus in tests/data/search_cases.json, and a DuckDB database that holds its runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

PATH = Path(__file__).parents[1] / "data" / "search_cases.json"
_NON_FINITE = {"NaN", "Infinity", "-Infinity"}
_TABLES = """
CREATE TABLE experiments(experiment_id BIGINT, name VARCHAR, lifecycle_stage VARCHAR, creation_time TIMESTAMP,
    last_update_time TIMESTAMP);
CREATE TABLE experiment_tags(experiment_id BIGINT, key VARCHAR, value VARCHAR);
CREATE TABLE runs(run_id VARCHAR, number BIGINT, experiment_id BIGINT, name VARCHAR, status VARCHAR,
    start_time TIMESTAMP, end_time TIMESTAMP, duration DOUBLE, lifecycle_stage VARCHAR, user_id VARCHAR,
    parent_run_id VARCHAR, writer VARCHAR, last_seen TIMESTAMP, lost BIGINT, deleted_time TIMESTAMP);
CREATE TABLE params(run_id VARCHAR, key VARCHAR, value VARCHAR);
CREATE TABLE tags(run_id VARCHAR, key VARCHAR, value VARCHAR, timestamp TIMESTAMP);
CREATE TABLE latest(run_id VARCHAR, key VARCHAR, step BIGINT, timestamp TIMESTAMP_MS, value DOUBLE, min DOUBLE,
    max DOUBLE, count BIGINT, nans BIGINT);
CREATE TABLE inputs(run_id VARCHAR, name VARCHAR, digest VARCHAR, source_type VARCHAR, source VARCHAR, schema VARCHAR,
    profile VARCHAR, context VARCHAR, tags VARCHAR, timestamp TIMESTAMP);
"""


def load() -> dict[str, Any]:
    corpus: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    names = {one["experiment_id"]: one["name"] for one in corpus["experiments"]}
    for run in corpus["runs"]:
        run["experiment"] = names[run["experiment_id"]]
        for summary in run["metrics"].values():
            summary.update({k: float(v) for k, v in summary.items() if v in _NON_FINITE})
    return corpus


def database(runs: list[dict[str, Any]], experiments: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(_TABLES)
    for one in experiments:
        insert(connection, "experiments", {**one, **_times(one, "creation_time", "last_update_time")})
        for key, value in one["tags"].items():
            insert(connection, "experiment_tags", {"experiment_id": one["experiment_id"], "key": key, "value": value})
    for run in runs:
        _insert_run(connection, run)
    return connection


def _insert_run(connection: duckdb.DuckDBPyConnection, run: dict[str, Any]) -> None:
    run_id = run["run_id"]
    insert(connection, "runs", {**run, **_times(run, "start_time", "end_time")})
    for table in ("params", "tags"):
        for key, value in run[table].items():
            insert(connection, table, {"run_id": run_id, "key": key, "value": value})
    for key, summary in run["metrics"].items():
        insert(connection, "latest", {**summary, "run_id": run_id, "key": key, "value": summary["last"]})
    for dataset in run["datasets"]:
        insert(connection, "inputs", {**dataset, "run_id": run_id})


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    columns = [c[0] for c in connection.execute(f"DESCRIBE {table}").fetchall() if c[0] in row]
    marks = ", ".join("make_timestamp(?)" if c.endswith("_time") else "?" for c in columns)
    connection.execute(f"INSERT INTO {table}({', '.join(columns)}) VALUES ({marks})", [row[c] for c in columns])


def _times(row: dict[str, Any], *columns: str) -> dict[str, int | None]:
    return {c: None if row[c] is None else round(row[c] * 1000) for c in columns}
