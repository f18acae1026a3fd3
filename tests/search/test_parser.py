from __future__ import annotations

import contextlib
import sys
import time

import pytest

from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.search import And, Comparison, Not, Now, Or, parse_filter, parse_order_by

GARBAGE = [
    "'; DROP TABLE runs; --",
    "status = 'x'; DROP TABLE runs",
    "status = 'x' UNION SELECT * FROM params",
    "status = 'a' = 'b'",
    "1 = 1",
    "1=1--",
    "status = status",
    "metrics.loss < metrics.acc",
    "(SELECT 1)",
    "status = (SELECT value FROM params)",
    "EXISTS (SELECT 1)",
    "r.run_id = 'x'",
    "runs.run_id = 'x'",
    "latest.value > 1",
    "run_id || 'x' = 'y'",
    "status /* x */ = 'a'",
    "status -- x",
    "status = $1",
    "status = ?",
    "status = :name",
    "status = {name}",
    "status = %s",
    "status = 'a' LIMIT 1",
    "status = 'a' ORDER BY run_id",
    "status = 'a' GROUP BY 1",
    "metrics.loss + 1 > 2",
    "abs(metrics.loss) > 2",
    "status = E'\\x41'",
    "status = U&'a'",
    "status = $$a$$",
    "status::VARCHAR = 'a'",
    "COLUMNS('.*') = 'a'",
    "read_csv('/etc/passwd') = 'a'",
    "status = 'a' AND pragma_version() = 'x'",
    'attributes."status"" = \'a\' --',
    "tags.`a`; --",
    "params.lr = 0.1.2",
    "metrics.loss < 1e",
    "((((",
    "))))",
    ",,,",
    "= = =",
    "NOT NOT",
    "AND",
    "\\",
    "\x00",
    "\ud800",
    "\u202e status = 'a'",
    "😀",
    "status = \u201ca\u201d",
    "(" * 4000,
    "NOT " * 2400,
    "(" * 4000 + "#1" + ")" * 4000,
    "#1 " * 500,
    "metrics.a > 1 " * 500,
    "#1 AND " * 1400,
    "'" * 9999,
    "`" * 9999,
    '"a' * 4000,
    "a" * 10_000,
    "." * 10_000,
    "tags." + "a." * 4000,
    "9" * 10_000,
    "now" + " " * 9_000 + "x",
    "now " * 2_500,
    "number = " + "1" * 9_000 + "x",
    "start_time > '" + "2" * 9_000 + "'",
    "params.a IN (" + "1," * 4_900,
    "x" * 1_000_000,
]


# The slowest takes 18 ms; measuring coverage makes each line slower.
LIMIT = 0.05 if sys.gettrace() is None else 0.5


def seconds_of(text):
    """Return the processor time of reading `text`, the shortest of three, so that a busy machine does not count."""
    times = []
    for _ in range(3):
        begin = time.thread_time()
        with contextlib.suppress(SearchSyntaxError):
            parse_filter(text)
        times.append(time.thread_time() - begin)
    return min(times)


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: ascii(text[:40]))
def test_garbage_is_refused_quickly_with_a_caret(text):
    with pytest.raises(SearchSyntaxError) as caught:
        parse_filter(text)
    assert seconds_of(text) < LIMIT
    assert "^" in str(caught.value)
    assert len(caught.value.problem) < 300


@pytest.mark.parametrize("text", [5, b"status = 'a'", ["status = 'a'"], object(), True])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(SearchSyntaxError, match=r"A filter is a text, but a \w+ was received"):
        parse_filter(text)


def test_the_largest_filters_are_read_quickly():
    longest = [
        " OR ".join(["metrics.`a b`.min BETWEEN 0.1 AND 2"] * 200),
        "params.lr IN (" + ", ".join(["0.001"] * 1_400) + ")",
        "NOT (" * 25 + "#1" + ")" * 25,
        "params.a = '" + "x" * 9_900 + "'",
    ]
    for text in longest:
        assert parse_filter(text) is not None
        assert seconds_of(text) < LIMIT


def test_reading_needs_few_frames():
    limit = sys.getrecursionlimit()
    depth = len(__import__("inspect").stack())
    sys.setrecursionlimit(depth + 400)
    try:
        assert parse_filter("NOT (" * 25 + "#1" + ")" * 25) is not None
        with pytest.raises(SearchSyntaxError, match="at most 50 levels"):
            parse_filter("(" * 4000)
    finally:
        sys.setrecursionlimit(limit)


def test_nothing_is_no_filter():
    assert parse_filter(None) is None
    assert parse_filter("") is None
    assert parse_order_by(None) == []
    assert parse_order_by(()) == []


def test_not_binds_before_and_before_or():
    tree = parse_filter("NOT #1 AND #2 OR #3")
    assert isinstance(tree, Or)
    left, right = tree.terms
    assert isinstance(left, And)
    assert isinstance(left.terms[0], Not)
    assert isinstance(right, Comparison)


def test_equal_fields_are_equal_wherever_they_stand():
    tree = parse_filter("metrics.loss < 1 OR metric.`loss`.last < 1")
    assert isinstance(tree, Or)
    assert tree.terms[0] == tree.terms[1]


def test_now_keeps_its_distance():
    tree = parse_filter("start_time BETWEEN now - 1.5h AND now+2s")
    assert isinstance(tree, Comparison)
    assert tree.values == (Now(-5_400_000.0), Now(2000.0))


def test_one_text_is_a_list_of_one():
    (term,) = parse_order_by("metrics.loss.min desc")
    assert (term.field.key, term.field.stat, term.descending) == ("loss", "min", True)


@pytest.mark.parametrize("terms", [5, [5], ["metrics.a\x00"], ["(" * 4000], [None], {"a": 1}])
def test_wrong_order_by_is_refused(terms):
    with pytest.raises(SearchSyntaxError):
        parse_order_by(terms)


def test_what_nobody_knows_is_not_searched():
    with pytest.raises(
        InvalidValueError, match="Search 'run', 'experiment', 'model', 'model version', 'logged model', not 'modal'"
    ):
        parse_filter("name = 'a'", subject="modal")  # type: ignore[arg-type]


def test_the_message_shows_the_place():
    with pytest.raises(SearchSyntaxError) as caught:
        parse_filter("metrics.loss <\n and params.lr = '0.01'")
    assert str(caught.value).splitlines() == [
        "Expected a number, but found 'and'.",
        "    metrics.loss <  and params.lr = '0.01'",
        "                    ~~^",
    ]
