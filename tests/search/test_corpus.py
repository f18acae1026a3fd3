from __future__ import annotations

from typing import Any

import pytest

from nbtrack.errors import SearchSyntaxError
from nbtrack.search import compile_filter, compile_order, parse_filter, parse_order_by, show_sql
from tests.search.corpus import database, load
from tests.search.evaluator import matches, ordered

CORPUS = load()
RUNS, EXPERIMENTS = CORPUS["runs"], CORPUS["experiments"]
GOALS, NOW = CORPUS["goals"], CORPUS["now"]
FROM = {"run": "runs r", "experiment": "experiments e"}


@pytest.fixture(scope="module")
def duck():
    with database(RUNS, EXPERIMENTS) as connection:
        yield connection


def label(case: list[Any]) -> str:
    return repr(case[0])[:60]


def expect_error(part: str, read: Any) -> None:
    with pytest.raises(SearchSyntaxError) as caught:
        read()
    assert part in caught.value.problem
    assert 0 <= caught.value.start < caught.value.end <= len(caught.value.source) + 1


def search(duck: Any, text: str, subject: Any) -> list[str]:
    where = compile_filter(parse_filter(text, subject=subject), GOALS, now_ms=NOW)
    alias = subject[0]
    query = f"SELECT name FROM {FROM[subject]} WHERE {where.text} ORDER BY {'run_id' if alias == 'r' else 'experiment_id'}"
    return [row[0] for row in duck.execute(query, list(where.values)).fetchall()]


def sort(duck: Any, terms: list[str], subject: Any) -> list[str]:
    order = compile_order(parse_order_by(terms, subject=subject), GOALS, subject=subject)
    query = f"SELECT name FROM {FROM[subject]} ORDER BY {order.text}"
    return [row[0] for row in duck.execute(query, list(order.values)).fetchall()]


CASES = [("run", *case) for case in CORPUS["cases"]] + [("experiment", *case) for case in CORPUS["experiment_cases"]]
ORDERS = [("run", *case) for case in CORPUS["orders"]] + [("experiment", *case) for case in CORPUS["experiment_orders"]]


@pytest.mark.parametrize(("subject", "text", "expected"), CASES, ids=lambda value: repr(value)[:60])
def test_sql_finds_the_runs_of_the_corpus(duck, subject, text, expected):
    if isinstance(expected, str):
        expect_error(expected, lambda: search(duck, text, subject))
    else:
        assert search(duck, text, subject) == expected


@pytest.mark.parametrize(("subject", "text", "expected"), CASES, ids=lambda value: repr(value)[:60])
def test_the_shown_sql_finds_the_same(duck, subject, text, expected):
    if isinstance(expected, list):
        shown = show_sql(text, "name", GOALS, subject=subject, lifecycle_stage=None, now_ms=NOW)
        assert sorted(duck.execute(shown).df()["name"]) == sorted(expected)


@pytest.mark.parametrize(("subject", "text", "expected"), CASES, ids=lambda value: repr(value)[:60])
def test_the_evaluator_finds_the_same(subject, text, expected):
    if isinstance(expected, list):
        node = parse_filter(text, subject=subject)
        rows = RUNS if subject == "run" else EXPERIMENTS
        assert [row["name"] for row in rows if matches(node, row, GOALS, NOW)] == expected


@pytest.mark.parametrize(("subject", "terms", "expected"), ORDERS, ids=lambda value: repr(value)[:60])
def test_order_by_sorts_as_the_corpus_says(duck, subject, terms, expected):
    if isinstance(expected, str):
        expect_error(expected, lambda: sort(duck, terms, subject))
        return
    assert sort(duck, terms, subject) == expected
    rows = RUNS if subject == "run" else EXPERIMENTS
    assert [row["name"] for row in ordered(rows, parse_order_by(terms, subject=subject), GOALS)] == expected
    shown = show_sql("", terms, GOALS, subject=subject, lifecycle_stage=None)
    assert list(duck.execute(shown).df()["name"]) == expected


def test_the_corpus_is_large_enough():
    assert len(CORPUS["cases"]) >= 150
    assert len(RUNS) == 12
