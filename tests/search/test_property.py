"""Random trees, written as text, read back, run on DuckDB and on the evaluator: one answer."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from nbtrack.errors import SearchSyntaxError
from nbtrack.search import compile_filter, compile_order, conditions, parse_filter, parse_order_by, show_sql
from tests.search.corpus import database, load
from tests.search.evaluator import matches, number_of, ordered

CORPUS = load()
RUNS, GOALS, NOW = CORPUS["runs"], {"loss": "min", "acc": "max"}, CORPUS["now"]
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def duck():
    with database(RUNS, CORPUS["experiments"]) as connection:
        yield connection


def spell(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word.lower(), word.title()])


def quoted(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([quote + text.replace(quote, quote * 2) + quote for quote in "'\""])


NUMBERS = st.one_of(
    st.sampled_from(
        ["0.3", "0.5", "-0.0", "1e-2", ".01", "10.", "inf", "-Infinity", "1e300", "9", "0.30000000000000004"]
    ),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["cnn", "auto", "0.01", "a", "ÉTÉ", "alpha", "FINISHED", "it's", "", "🎉 done", "10", "\uffee", "\U00010001"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
)
# Letters whose lower case depends on their place or language are left to the databases.
PATTERNS = st.lists(st.sampled_from([*"%%__anACé🎉1.\\", "lpha", "mlp", "\n"]), max_size=6).map("".join)
TIMES = st.one_of(
    st.sampled_from(
        ["now", "now - 2d", "now-2w", "'2026-11-01'", "'2026-11-10 00:00'", "'2026-11-02T01:00:00.5+01:00'"]
    ),
    st.sampled_from([run["start_time"] for run in RUNS]).map(lambda t: str(math.floor(t))),
)
KINDS = {
    "number": NUMBERS,
    "text": TEXTS.flatmap(quoted),
    "param": NUMBERS | TEXTS.flatmap(quoted),
    "time": TIMES,
    "seconds": st.sampled_from(["90s", "5m", "1h", "0.5", "3600", "1d", "inf"]),
}
STATS = ["", ".last", ".min", ".max", ".count", ".step", ".best"]
FIELDS = [
    *(("number", f"metrics.{key}{stat}") for key in ("loss", "acc") for stat in STATS),
    *(("number", field) for field in ("metrics.train/loss", "metrics.`loss.min`", "metrics.nothing", "number")),
    *(("param", f"params.{key}") for key in ("lr", "model", "opt", "`batch size`", "größe", "nothing", '"a\\b"')),
    *(("text", f"tags.{key}") for key in ("team", "`a b`", "mlflow.runName", "mood", "empty", "note")),
    *(("text", field) for field in ("name", "user_id", "experiment", "parent_run_id", "artifact_uri", "run_id")),
    *(("text", f"datasets.{key}") for key in ("name", "digest", "context")),
    *(("time", field) for field in ("start_time", "end_time")),
    ("seconds", "duration"),
]


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    kind, field = draw(st.sampled_from(FIELDS))
    value = KINDS[kind]
    form = draw(st.sampled_from(["null", "in", "between", "like", "operator", "operator"]))
    negated = draw(st.sampled_from(["", "NOT ", "not "]))
    if form == "null":
        return f"{field} {draw(spell('IS'))} {negated}{draw(spell('NULL'))}"
    if form == "in":
        return f"{field} {negated}{draw(spell('IN'))} ({', '.join(draw(st.lists(value, min_size=1, max_size=4)))})"
    if form == "between":
        return f"{field} {negated}{draw(spell('BETWEEN'))} {draw(value)} {draw(spell('AND'))} {draw(value)}"
    if form == "like" and kind in ("text", "param"):
        return f"{field} {negated}{draw(st.sampled_from(['LIKE', 'ilike']))} {draw(PATTERNS.flatmap(quoted))}"
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "==", "<>"]))
    if kind in ("number", "param") and operator in ("=", "!=") and draw(st.booleans()):
        return f"{field}{operator}nan"
    return f"{field}{draw(st.sampled_from(['', ' ']))}{operator} {draw(value)}"


FILTERS = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(inner, spell("AND"), inner).map(" ".join),
        st.tuples(inner, spell("OR"), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"NOT ({text})"),
        inner.map(lambda text: f"not {text}"),
    ),
    max_leaves=8,
)


def read(text: str) -> Any:
    try:
        return parse_filter(text)
    except SearchSyntaxError as error:
        assume("Both ends" not in error.problem)
        raise


@MANY
@given(FILTERS)
@example("NOT (metrics.loss > 1 OR params.lr NOT IN (0.01, 'auto'))")
@example("NOT (end_time NOT BETWEEN 0 AND now)")
def test_sql_and_evaluator_agree(duck, text):
    node = read(text)
    expected = sorted(run["name"] for run in RUNS if matches(node, run, GOALS, NOW))
    for max_exists in (1000, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(conditions, "MAX_EXISTS", max_exists)
            where = compile_filter(node, GOALS, now_ms=NOW)
            shown = show_sql(text, "name", GOALS, lifecycle_stage=None, now_ms=NOW)
        query = f"SELECT name FROM runs r WHERE {where.text} ORDER BY name"
        assert [row[0] for row in duck.execute(query, list(where.values)).fetchall()] == expected
        assert [row[0] for row in duck.execute(f"SELECT name FROM ({shown})").fetchall()] == expected


@MANY
@given(
    st.lists(st.sampled_from([f for _, f in FIELDS if not f.startswith("datasets")]), unique=True, max_size=3),
    st.data(),
)
def test_sql_and_evaluator_sort_alike(duck, fields, data):
    terms = [f"{field}{data.draw(st.sampled_from(['', ' ASC', ' desc']))}" for field in fields]
    try:
        read_terms = parse_order_by(terms)
    except SearchSyntaxError as error:
        assume("twice" not in error.problem)
        raise
    order = compile_order(read_terms, GOALS)
    found = duck.execute(f"SELECT name FROM runs r ORDER BY {order.text}", list(order.values)).fetchall()
    assert [row[0] for row in found] == [run["name"] for run in ordered(RUNS, read_terms, GOALS)]


@MANY
@given(st.text(st.sampled_from([*" \t\n+-_.0159eEinfINFnaNx٣"]), max_size=8))
@example("1_000")
@example("+-5")
@example(" 1e5 ")
def test_a_param_is_a_number_when_duckdb_says_so(duck, text):
    (cast,) = duck.execute("SELECT TRY_CAST(? AS DOUBLE)", [text]).fetchone()
    number = number_of(text)
    assert repr(cast) == repr(number)


@settings(max_examples=1000, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from([*"()'\"`=<>!,.;-+#% \n\x00", "metrics.a", "tags.", "AND", "NOT", "IN", "'x'", "5m", "now"]),
        max_size=12,
    ).map("".join)
)
def test_any_text_is_read_or_refused_with_a_caret(text):
    error = error_of(text)
    assert error is None or "^" in str(error)
    assert error is None or 0 <= error.start < error.end <= len(error.source) + 1


def error_of(text: str) -> SearchSyntaxError | None:
    try:
        parse_filter(text)
    except SearchSyntaxError as error:
        return error
    return None
