from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nbtrack.search
from nbtrack.errors import SearchSyntaxError
from nbtrack.search import compile_filter, compile_order, parse_filter, parse_order_by, show_sql
from nbtrack.search.literals import literal, literal_time
from tests.search.corpus import database, load

ROOM = Path(nbtrack.search.__file__).parent
INJECTIONS = [
    "'; DROP TABLE runs; --",
    "' OR '1'='1",
    "?",
    "%s",
    "$1",
    "{}",
    '"',
    "`",
    "\\'",
    "a\nb",
    "--",
    "/*",
    "é😀",
]


@pytest.fixture(scope="module")
def duck():
    corpus = load()
    with database(corpus["runs"], corpus["experiments"]) as connection:
        yield connection


def duck_row(query):
    return duckdb.execute(query).fetchall()[0]


def test_an_empty_filter_is_true():
    assert compile_filter(None).text == "TRUE"
    assert compile_filter(None).values == ()


def test_keys_and_values_are_bound_in_their_order():
    where = compile_filter(parse_filter("params.lr IN (0.1, 'auto', 0.2) AND tags.`a?b` LIKE 'x%'"))
    assert where.values == ("lr", 0.1, 0.2, "auto", "a?b", "x%")
    assert where.text.count("?") == 6


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_keys_and_values_never_reach_the_text(duck, text):
    key, value = text.replace("`", "``"), text.replace("'", "''")
    source = f"params.`{key}` = '{value}' OR tags.`{key}` LIKE '{value}' OR metrics.`{key}` > 1 OR name = '{value}'"
    where = compile_filter(parse_filter(source))
    assert re.fullmatch(r"[\w\s.,()=><?']+", where.text)
    assert set(where.values) == {text, 1.0}
    order = compile_order(parse_order_by([f"params.`{key}` DESC"]))
    assert set(order.values) == {text}
    query = f"SELECT name FROM runs r WHERE {where.text} ORDER BY {order.text}"
    assert duck.execute(query, [*where.values, *order.values]).fetchall() == []
    assert duck.execute(show_sql(source, [f"params.`{key}`"])).fetchall() == []
    assert duck.execute("SELECT count(*) FROM runs").fetchone() == (12,)


def test_two_hundred_terms_run(duck):
    where = compile_filter(parse_filter(" OR ".join(f"metrics.m{i} > {i}" for i in range(199)) + " OR #1"))
    assert duck.execute(f"SELECT name FROM runs r WHERE {where.text}", list(where.values)).fetchall() == [("alpha",)]


def test_fifty_levels_run(duck):
    where = compile_filter(parse_filter("NOT (" * 25 + "#1" + ")" * 25))
    found = duck.execute(f"SELECT count(*) FROM runs r WHERE {where.text}", list(where.values)).fetchone()
    assert found == (11,)


def test_two_rows_of_one_key_do_no_harm(duck):
    cursor = duck.cursor()
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO latest SELECT * FROM latest")
    for terms in (["metrics.loss"], ["metrics.loss.step DESC"], ["experiment"]):
        order = compile_order(parse_order_by(terms))
        assert (
            len(cursor.execute(f"SELECT name FROM runs r ORDER BY {order.text}", list(order.values)).fetchall()) == 12
        )
    cursor.execute("ROLLBACK")


def test_best_needs_a_goal():
    node = parse_filter("#1 OR metrics.`val/f1`.best > 0.9")
    with pytest.raises(
        SearchSyntaxError, match=r"No goal is set for metric 'val/f1'.*set_goal\('val/f1', 'min'\)"
    ) as caught:
        compile_filter(node, {"f1": "max"})
    assert caught.value.source[caught.value.start : caught.value.end] == "metrics.`val/f1`.best"
    assert "m.max" in compile_filter(node, {"val/f1": "max"}).text
    with pytest.raises(SearchSyntaxError, match="No goal"):
        compile_order(parse_order_by(["metrics.loss.best"]), {"loss": "up"})


def test_now_is_now():
    (before,) = compile_filter(parse_filter("start_time < now")).values
    assert compile_filter(parse_filter("start_time < now - 1s"), now_ms=5000).values == (4000.0,)
    assert isinstance(before, float)
    assert before > 1.7e12


def test_shown_sql_reads_well():
    shown = show_sql(
        "metrics.loss.best < .3 AND start_time >= '2026-11-01 12:00' AND name != 'it''s'",
        ["metrics.loss.best DESC"],
        {"loss": "min"},
        experiment_ids=[1, "2"],
        limit=5,
    )
    best = "(SELECT max(-m.min) FROM latest m WHERE m.run_id = r.run_id AND m.key = 'loss')"
    assert shown.splitlines() == [
        "SELECT r.*",
        "FROM runs r",
        "WHERE r.lifecycle_stage = 'active'",
        "  AND r.experiment_id IN (1, 2)",
        "  AND EXISTS (SELECT 1 FROM latest m WHERE m.run_id = r.run_id AND m.key = 'loss' AND m.min < 0.3)",
        "  AND epoch_us(r.start_time) // 1000 >= epoch_ms(TIMESTAMP '2026-11-01 12:00:00')",
        "  AND r.name != 'it''s'",
        f"ORDER BY {best} NULLS LAST, r.start_time DESC NULLS LAST, r.run_id",
        "LIMIT 5",
    ]


def test_many_comparisons_read_each_table_once(duck):
    source = "metrics.loss < 1 OR metrics.acc > 0.9 AND params.lr < 0.1 OR tags.team IS NULL AND status = 'FAILED'"
    where = compile_filter(parse_filter(source))
    assert where.text.count("?") == len(where.values)
    assert [where.text.count(table) for table in ("latest m", "params p", "tags t")] == [1, 1, 1]
    assert where.values == ("loss", 1.0, "acc", 0.9, "loss", "acc", "lr", 0.1, "lr", "team", "team", "FAILED")
    shown = show_sql(source, lifecycle_stage=None).splitlines()
    loss, acc = "m.key = 'loss' AND m.value < 1", "m.key = 'acc' AND m.value > 0.9 AND NOT isnan(m.value)"
    keys = "FROM latest m WHERE m.key IN ('loss', 'acc') GROUP BY m.run_id"
    rows = f"SELECT m.run_id, bool_or({loss}) AS t0, bool_or({acc}) AS t1 {keys}"
    assert shown[2:5] == [
        "WHERE r.run_id IN (",
        "    SELECT r.run_id FROM runs r",
        f"    LEFT JOIN ({rows}) m ON m.run_id = r.run_id",
    ]


def test_shown_sql_of_nothing_shows_everything(duck):
    assert len(duck.execute(show_sql(lifecycle_stage=None)).fetchall()) == 12
    assert len(duck.execute(show_sql()).fetchall()) == 11
    assert len(duck.execute(show_sql("metrics.loss < 1 OR #8", subject="run")).fetchall()) == 6
    assert len(duck.execute(show_sql(subject="experiment")).fetchall()) == 2


@given(st.floats() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20))
@example(0.30000000000000004)
@example(-0.0)
@example(1e22)
@example(5e-324)
@example(123456789012345680.0)
@example("'; --")
def test_a_literal_is_read_back_as_it_was(value):
    (found,) = duck_row(f"SELECT {literal(value)}{'' if isinstance(value, str) else '::DOUBLE'}")
    assert found == value or (math.isnan(found) and math.isnan(value))


@given(st.floats() | st.integers(0, 253_402_300_799_999).map(float))
@example(0.0)
@example(253_402_300_799_999.0)
@example(253_402_300_800_000.0)
@example(-1.0)
@example(0.5)
def test_a_literal_time_is_read_back_as_it_was(value):
    (found,) = duck_row(f"SELECT ({literal_time(value)})::DOUBLE")
    assert found == value or (math.isnan(found) and math.isnan(value))


def test_this_room_imports_only_the_floors_below():
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                room = str(node.module).split(".")[:2]
                assert room[0] != "duckdb"
                assert room[0] != "nbtrack" or room[1] in ("errors", "names", "entities", "search")
