from __future__ import annotations

from typing import Any

import pytest

from nbtrack.errors import SearchSyntaxError
from nbtrack.search import compile_filter, compile_order, conditions, parse_filter, parse_order_by, show_sql
from tests.search.corpus import database, load
from tests.search.evaluator import matches, ordered

CORPUS = load()
RUNS, EXPERIMENTS = CORPUS["runs"], CORPUS["experiments"]
ROWS = {"run": RUNS, "experiment": EXPERIMENTS}
GOALS, NOW = CORPUS["goals"], CORPUS["now"]
FROM = {"run": "runs r", "experiment": "experiments e"}


def both(runs: str, experiments: str, *, wrong: bool) -> list[Any]:
    """Return the cases of both subjects: those with an answer, or those with an error."""
    cases = [("run", *case) for case in CORPUS[runs]] + [("experiment", *case) for case in CORPUS[experiments]]
    return [case for case in cases if isinstance(case[2], str) == wrong]


FILTERS, WRONG_FILTERS = (both("cases", "experiment_cases", wrong=wrong) for wrong in (False, True))
ORDERS, WRONG_ORDERS = (both("orders", "experiment_orders", wrong=wrong) for wrong in (False, True))


def short(value: Any) -> str:
    return repr(value)[:60]


@pytest.fixture(scope="module")
def duck():
    with database(RUNS, EXPERIMENTS) as connection:
        yield connection


@pytest.fixture(params=["an EXISTS each", "one scan a table"])
def _form(request, monkeypatch):
    monkeypatch.setattr(conditions, "MAX_EXISTS", 1000 if request.param == "an EXISTS each" else 0)


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize(("subject", "text", "expected"), FILTERS, ids=short)
def test_sql_finds_what_the_corpus_says(duck, subject, text, expected):
    where = compile_filter(parse_filter(text, subject=subject), GOALS, now_ms=NOW)
    query = f"SELECT name FROM {FROM[subject]} WHERE {where.text}"
    assert sorted(row[0] for row in duck.execute(query, list(where.values)).fetchall()) == sorted(expected)


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize(("subject", "text", "expected"), FILTERS, ids=short)
def test_the_shown_sql_finds_the_same(duck, subject, text, expected):
    shown = show_sql(text, "name", GOALS, subject=subject, lifecycle_stage=None, now_ms=NOW)
    assert [row[0] for row in duck.execute(f"SELECT name FROM ({shown})").fetchall()] == sorted(expected)


@pytest.mark.parametrize(("subject", "text", "expected"), FILTERS, ids=short)
def test_the_evaluator_finds_the_same(subject, text, expected):
    node = parse_filter(text, subject=subject)
    assert [row["name"] for row in ROWS[subject] if matches(node, row, GOALS, NOW)] == expected


@pytest.mark.parametrize(("subject", "text", "problem", "span"), WRONG_FILTERS, ids=short)
def test_wrong_filters_say_where_and_why(subject, text, problem, span):
    with pytest.raises(SearchSyntaxError) as caught:
        compile_filter(parse_filter(text, subject=subject), GOALS)
    assert problem in caught.value.problem
    assert [caught.value.start, caught.value.end] == span


@pytest.mark.parametrize(("subject", "terms", "expected"), ORDERS, ids=short)
def test_order_by_sorts_as_the_corpus_says(duck, subject, terms, expected):
    read = parse_order_by(terms, subject=subject)
    order = compile_order(read, GOALS, subject=subject)
    query = f"SELECT name FROM {FROM[subject]} ORDER BY {order.text}"
    assert [row[0] for row in duck.execute(query, list(order.values)).fetchall()] == expected
    shown = show_sql("", terms, GOALS, subject=subject, lifecycle_stage=None)
    assert list(duck.execute(shown).df()["name"]) == expected
    assert [row["name"] for row in ordered(ROWS[subject], read, GOALS)] == expected


@pytest.mark.parametrize(("subject", "terms", "problem", "span"), WRONG_ORDERS, ids=short)
def test_wrong_order_by_says_where_and_why(subject, terms, problem, span):
    with pytest.raises(SearchSyntaxError) as caught:
        compile_order(parse_order_by(terms, subject=subject), GOALS)
    assert problem in caught.value.problem
    assert [caught.value.start, caught.value.end] == span


def test_the_corpus_is_large_enough():
    assert len(FILTERS) + len(WRONG_FILTERS) >= 150
    assert len(RUNS) == 12
