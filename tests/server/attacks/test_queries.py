"""Texts that become queries: filters, orders, and the SQL of those who may read everything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from nbtrack.store.protocol import RunQuery
from tests.server.attacks.conftest import ML

if TYPE_CHECKING:
    from tests.server.attacks.conftest import Target

SQL = [
    "SELECT * FROM read_csv('{canary}')",
    "SELECT * FROM read_text('{canary}')",
    "SELECT * FROM read_blob('{canary}')",
    "SELECT * FROM read_json('{canary}')",
    "SELECT * FROM read_parquet('{canary}')",
    "SELECT * FROM '{canary}'",
    "SELECT * FROM glob('{folder}/*')",
    "FROM sniff_csv('{canary}')",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY runs FROM '{canary}'",
    "EXPORT DATABASE '{folder}/all'",
    "IMPORT DATABASE '{folder}/all'",
    "ATTACH '{folder}/other.duckdb'",
    "ATTACH '{folder}/team.duckdb' AS x",
    "DETACH d",
    "USE d",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs FROM 'http://127.0.0.1:1'",
    "SELECT getenv('HOME')",
    "SELECT getvariable('x')",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET memory_limit = '100GB'",
    "RESET enable_external_access",
    "PRAGMA enable_profiling",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE x AS SELECT 1",
    "CREATE SECRET s (TYPE s3)",
    "DELETE FROM runs",
    "UPDATE runs SET name = 'x'",
    "DROP TABLE runs",
    "ALTER TABLE runs ADD COLUMN x INT",
    "TRUNCATE runs",
    "INSERT INTO runs SELECT * FROM runs",
    "SELECT 1; DELETE FROM runs",
    "BEGIN; DROP VIEW runs",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings() WHERE name LIKE '%secret%'",
    "CREATE MACRO f() AS 1",
    "VACUUM",
    "CHECKPOINT",
    "SELECT * FROM query('SELECT * FROM read_text(''{canary}'')')",
    "SELECT * FROM target",
    "SELECT * FROM self",
    "SUMMARIZE '{canary}'",
    "DESCRIBE SELECT * FROM '{canary}'",
    "EXPLAIN ANALYZE SELECT * FROM read_text('{canary}')",
    "SELECT * FROM sql_auto_complete('SEL')",
]


@pytest.mark.parametrize("query", SQL)
def test_sql_sees_the_store_and_nothing_else(target: Target, query: str):
    before = target.tree()
    said = query.format(canary=target.outside / "canary.txt", folder=target.folder)
    found = target.call("sql", said)
    assert b"canary-" not in found.body
    assert b"root:" not in found.body
    assert found.status < 500
    assert target.tree() == before
    assert target.call("sql", said, who="mine").status == 403


def test_queries_have_changed_nothing(target: Target):
    query = RunQuery(experiment_ids=(target.experiments["theirs"],))
    assert [run.info.run_name for run in target.store.search_runs(query) if run.info.run_id == target.run] == ["theirs"]


FILTERS = [
    "params.a = 'x' OR 1=1 --",
    "params.a = 'x'; DROP TABLE runs",
    "params.`a'--` = 'x'",
    "attributes.run_id IN (SELECT run_id FROM runs)",
    "metrics.a > (SELECT 1)",
    "tags.x LIKE '%' || getenv('HOME')",
    "tags.x RLIKE '(a+)+$'",
    "tags.x REGEXP '(a|a)*b'",
    "tags.x = read_text('/etc/passwd')",
    "run_id = $1",
    "run_id = ?",
    "name = 'a' UNION SELECT 1",
    "\x00",
    "metrics.a = 1e999999",
    "NOT " * 2000 + "a = 1",
    "(" * 3000,
    "a" * 100_000,
    "metrics.x > 1 " * 500,
    " AND ".join(["metrics.x > 1"] * 5000),
    "params.a LIKE '" + "%a" * 3000 + "'",
    "start_time > '1; SELECT'",
    "'",
    '"',
    "`",
    "--",
    "/* */",
]


@pytest.mark.parametrize("text", FILTERS, ids=range(len(FILTERS)))
def test_filters_are_no_queries(target: Target, text: str):
    began = time.process_time()
    for path in ("runs/search", "experiments/search", "logged-models/search"):
        for body in ({"filter": text}, {"order_by": [text] if "logged" not in path else [{"field_name": text}]}):
            target.check(target.ask("POST", ML + path, {"experiment_ids": [target.experiments["theirs"]], **body}))
    for verb in ("search_runs", "run_columns"):
        found = target.call(verb, RunQuery(text, order_by=(text[:200],)))
        assert found.status < 500
        assert b"Traceback" not in found.body
    assert time.process_time() - began < 10


@pytest.mark.parametrize("column", ["name", "value", "x; DROP TABLE runs", "1", "(SELECT 1)", "name'--", "\x00"])
def test_orders_are_no_queries(target: Target, column: str):
    for path in ("registered-models/search", "model-versions/search"):
        found = target.ask("GET", f"{ML}{path}?order_by={column.encode().hex()}&filter={column.encode().hex()}")
        target.check(found)


def test_many_wildcards_are_no_work(target: Target):
    """A search of models reads names in Python: going back over each way to split a name would hold up everybody."""
    made = target.ask(
        "POST",
        f"{ML}logged-models",
        {"experiment_id": target.experiments["theirs"], "name": "a" * 200, "source_run_id": target.run},
    )
    assert made.status == 200, made.body
    for operator in ("LIKE", "ILIKE"):
        text = f"name {operator} '{'%a' * 100}%b'"
        found = target.ask(
            "POST", f"{ML}logged-models/search", {"experiment_ids": [target.experiments["theirs"]], "filter": text}
        )
        assert (found.status, found.json.get("models", [])) == (200, [])
