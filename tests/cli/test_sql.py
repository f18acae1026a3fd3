from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_a_table(desk: Desk) -> None:
    query = "select number, status, parent_run_id is null as top, duration / 3 as third from runs where number < 4"
    assert desk.lines("sql", f"{query} order by number") == [
        "number  status    top    third",
        "     1  FINISHED  True     4.1",
        "     2  FINISHED  False    4.1",
        "     3  FINISHED  True   83.33",
        "3 rows",
    ]


def test_null_is_not_nan(desk: Desk) -> None:
    rows = desk.json("sql", "select number, value from runs left join latest using (run_id) where key = 'accuracy'")
    assert {row["number"]: row["value"] for row in rows}[4] == "NaN"
    assert desk.json("sql", "select NULL::DOUBLE as x, 1 as i, 'a' as t") == [{"x": None, "i": 1, "t": "a"}]
    assert "NULL" in desk.lines("sql", "select NULL as x")[1]


def test_values_of_every_kind_are_strict_json(desk: Desk) -> None:
    query = (
        "select TIMESTAMP '2026-01-02 03:04:05' as t, DATE '2026-01-02' as d, 1.50::DECIMAL(4,2) as m, [1, NULL] as l, "
        "{'a': 'inf'::DOUBLE} as s, uuid() as u, 'x'::BLOB as b, INTERVAL 3 HOURS as i, 2::HUGEINT ** 70 as h"
    )
    row = desk.json("sql", query)[0]
    assert (row["t"], row["d"], row["l"], row["s"]) == (
        "2026-01-02T03:04:05",
        "2026-01-02",
        [1, None],
        {"a": "Infinity"},
    )


def test_a_name_that_comes_twice_is_kept_twice(desk: Desk) -> None:
    assert desk.json("sql", "select 1 as x, 2 as x, 3 as x") == [{"x": 1, "x_1": 2, "x_2": 3}]


def test_what_is_not_folded_yet_is_seen(desk: Desk) -> None:
    assert desk.json("sql", "select count(*) as n from runs") == [{"n": 4}]
    desk.run(5, "one more")
    assert desk.json("sql", "select count(*) as n from runs") == [{"n": 5}]


@pytest.mark.parametrize(
    "query", ["delete from runs", "update runs set name = 'x'", "insert into params select * from params"]
)
def test_it_only_reads(desk: Desk, query: str) -> None:
    before = desk.json("runs", "list")
    assert desk.call("sql", query).exit_code == 1
    assert desk.json("runs", "list") == before


def test_duckdb_says_what_is_wrong(desk: Desk) -> None:
    done = desk.call("sql", "selec 1")
    assert done.exit_code == 1
    assert done.stderr.startswith('Error: DuckDB: Parser Error: syntax error at or near "selec"')
    assert "Traceback" not in done.stderr
    assert desk.json("sql", "select nope from runs", exit_code=1)["error"]["kind"] == "BinderException"


def test_a_wide_result_becomes_records(desk: Desk) -> None:
    lines = desk.lines("sql", "select * from runs order by number", "--limit", "1")
    assert lines[0] == "row 1"
    assert lines[1] == f"run_id           {1:032x}"
    assert lines[-1] == "1 row, and there are more: --limit 0 shows all"


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_line_is_wider_than_the_terminal(desk: Desk, width: int) -> None:
    for query in ("select * from params", "select run_id, key, value from latest"):
        lines = desk.lines("sql", query, width=width)
        assert max(map(len, lines[:-1])) <= width


def test_a_table_shows_100_rows_and_json_all(desk: Desk) -> None:
    query = "select range as i from range(150)"
    assert len(desk.lines("sql", query)) == 102
    assert len(desk.lines("sql", query, "--limit", "0")) == 152
    assert len(desk.json("sql", query)) == 150
    assert len(desk.json("sql", query, "--limit", "7")) == 7


def test_texts_of_others_stay_text(desk: Desk) -> None:
    shown = desk.call("sql", "select name, value from runs join params using (run_id) where number = 4").output
    assert r"[bold red]evil[/] \x1b[31mred\u202etxt  [/]\x07\n1" in shown


def test_no_rows(desk: Desk) -> None:
    assert desk.json("sql", "select * from runs where false") == []
    assert desk.lines("sql", "select name from runs where false")[-1] == "0 rows"
