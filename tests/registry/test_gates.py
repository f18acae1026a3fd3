"""Gates: what can be written, and what it says of a version."""

from __future__ import annotations

import math

import pytest

from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.registry.gates import aliases_in, parse_gate
from nbtrack.registry.verdicts import Logged, judge

CANDIDATE = Logged(
    5,
    {"auc": 0.835, "val/loss": 0.3, "val-loss": 0.31, "a.b": 1.0, "nan": math.nan},
    {"depth": "8", "name": "it's"},
    {"ok": "yes"},
)
CHAMPION = Logged(3, {"auc": 0.84, "val/loss": 0.4}, {"depth": "9"}, {"ok": "no"})


def holder_of(alias: str) -> Logged | None:
    return {"champion": CHAMPION, "blue-green": CHAMPION}.get(alias)


def holds(gate: str) -> bool:
    return judge(gate, CANDIDATE, holder_of).holds


@pytest.mark.parametrize(
    "gate",
    [
        "auc >= champion.auc - 0.005",
        "auc>=champion.auc-0.005",
        "metrics.auc >= champion.metrics.auc - .005",
        "val/loss < champion.val/loss",
        "`val-loss` < 1 and metrics.`a.b` = 1",
        "`blue-green`.auc > auc",
        "auc > 0.5 AND val/loss < 0.5",
        "auc > 0.9 or (val/loss < 0.5 and auc > 0.8)",
        "NOT auc > 0.9",
        "not (auc > 0.9 or auc < 0.1)",
        "auc * 2 - 1 >= 0.67",
        "(auc + champion.auc) / 2 > 0.8",
        "-auc < -0.8 and -(1) < --2",
        "1e-3 < auc",
        "params.depth = 8 and params.depth < champion.params.depth",
        "params.depth = '8' and params.depth + 1 = 9",
        "params.name = 'it''s' and params.name != 5",
        "tags.ok = 'yes' and champion.tag.ok != 'yes' and 'a' == 'a'",
        "auc > nobody.auc",
        "not auc > nobody.auc",
        "auc > nobody.auc and auc > 0.8",
        "auc <> 1",
    ],
)
def test_what_holds(gate):
    assert holds(gate), str(judge(gate, CANDIDATE, holder_of))


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("auc >= champion.auc", "auc >= champion.auc is 0.835 >= 0.84, which does not hold"),
        ("auc > champion.auc - 0.005", "0.835 > 0.835"),
        ("auc = 1", "0.835 = 1"),
        ("auc < auc", "0.835 < 0.835"),
        ("auc != 0.835", "0.835 != 0.835"),
        ("auc <= 0.8", "0.835 <= 0.8"),
        ("f1 > 0.1", "version 5 has no metric 'f1'"),
        ("not f1 > 0.1", "version 5 has no metric 'f1'"),
        ("champion.f1 > 0.1", "version 3 has no metric 'f1'"),
        ("auc > nobody.auc and auc > 0.9", "nobody is nobody yet"),
        ("nan > 0 or nan <= 0", "nan > 0"),
        ("auc / 0 > 1", "nan > 1"),
        ("params.name + 1 > 1", 'is "it\'s", which is no number'),
        ("params.name = 8", "does not hold"),
        ("params.name < champion.params.depth", "does not hold"),
        ("tags.nothing = 'x'", "no tag 'nothing'"),
    ],
)
def test_what_does_not_hold_says_why(gate, why):
    verdict = judge(gate, CANDIDATE, holder_of)
    assert not verdict.holds
    assert why in str(verdict)


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        ("", "A gate is a text"),
        ("   ", "A gate is a text"),
        ("x" * 1001, "A gate is a text"),
        ("auc", "Expected a comparison such as >=, but the text ends here"),
        ("auc >=", "Expected a number, a text in quotes, or a value"),
        ("auc > 0.5 0.6", "Expected AND, OR or the end, but found '0.6'"),
        ("auc > 0.5)", "Expected AND, OR or the end"),
        ("(auc > 0.5", r"Expected '\)'"),
        ("(auc > 0.5 and", "Expected a number"),
        ("auc > 'a'", "Texts compare with = and !="),
        ("auc + 'a' > 1", r"\+ stands between numbers"),
        ("-'a' > 1", "- stands before a number"),
        ("auc > 5x", "cannot stand here"),
        ("auc > 'a", "quote or backtick is not closed"),
        ("a.b.c > 1", "A key with a dot stands in backticks"),
        ("__import__('os').system('x') > 1", "'.' cannot stand here"),
        ("auc ; drop", "';' cannot stand here"),
        ("and > 1", "Expected a number"),
        ("not " * 40 + "a > 1", "at most 30 levels"),
        ("(" * 40 + "a > 1" + ")" * 40, "at most 30 levels"),
        ("-" * 40 + "a > 1", "at most 30 levels"),
        ("+".join("a" * 150) + " > 1", "at most 200"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(gate, problem):
    with pytest.raises(SearchSyntaxError, match=problem):
        parse_gate(gate)
    with pytest.raises(InvalidValueError):
        parse_gate(gate)


def test_the_caret_points_at_the_place():
    with pytest.raises(SearchSyntaxError) as caught:
        parse_gate("auc > 0.5 ?")
    assert str(caught.value).splitlines()[-1] == " " * 14 + "^"


def test_the_aliases_of_a_gate_are_known():
    gate = "auc > champion.auc and not (f1 < (a.x + `b-c`.y) * 2) or tags.x = 'y'"
    assert aliases_in(parse_gate(gate)) == {"champion", "a", "b-c"}
