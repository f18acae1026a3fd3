"""Reads what follows a field: an operator and its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from nbtrack.search.tokens import unquote
from nbtrack.search.tree import Comparison, Field, Operator, Value
from nbtrack.search.values import check_order, read_value

if TYPE_CHECKING:
    from nbtrack.search.cursor import Cursor

_SAME_OPERATOR = {"==": "=", "<>": "!="}
_IN_ORDER = ("<", "<=", ">", ">=")
_TEXT_KINDS = ("text", "status", "id", "param")


def read_test(cursor: Cursor, field: Field) -> Comparison:
    """``test = IS null_test | [NOT] (IN list | BETWEEN range | LIKE pattern) | operator value``."""
    if cursor.take_word("IS"):
        return _null_test(cursor, field)
    negated = "NOT " if cursor.take_word("NOT") else ""
    word = cursor.token.text.upper()
    rule = {"IN": _list, "BETWEEN": _range, "LIKE": _pattern, "ILIKE": _pattern}.get(word)
    if rule and cursor.take("name"):
        return Comparison(field, cast("Operator", negated + word), rule(cursor, field))
    if negated or cursor.token.kind != "operator":
        wanted = "IN, BETWEEN, LIKE or ILIKE after NOT" if negated else "an operator such as = or <"
        cursor.fail(f"Expected {wanted}, but {cursor.found()}.")
    return _operator_test(cursor, field)


def _null_test(cursor: Cursor, field: Field) -> Comparison:
    """``null_test = [NOT] NULL``."""
    negated = cursor.take_word("NOT")
    if not cursor.take_word("NULL"):
        cursor.fail(f"Expected NULL or NOT NULL after IS, but {cursor.found()}.")
    return Comparison(field, "IS NOT NULL" if negated else "IS NULL")


def _operator_test(cursor: Cursor, field: Field) -> Comparison:
    """``( = | != | < | <= | > | >= ) value``."""
    text = cursor.token.text
    operator = _SAME_OPERATOR.get(text, text)
    if field.kind == "id" and operator in _IN_ORDER:
        _refuse_order(cursor, field)
    cursor.next()
    value = _ordered_value(cursor, field) if operator in _IN_ORDER else _value(cursor, field)
    return Comparison(field, cast("Operator", operator), (value,))


def _list(cursor: Cursor, field: Field) -> tuple[Value, ...]:
    """``list = "(" value { "," value } ")"``."""
    opening = cursor.token
    if not cursor.take("open"):
        cursor.fail(f"Expected a list in parentheses such as (1, 2) after IN, but {cursor.found()}.")
    if cursor.token.kind == "close":
        cursor.fail("A list after IN has at least one value.")
    values = [_value(cursor, field)]
    while cursor.take("comma"):
        values.append(_value(cursor, field))
    if not cursor.take("close"):
        cursor.refuse_unclosed(opening, "a comma or ')'")
    return tuple(values)


def _range(cursor: Cursor, field: Field) -> tuple[Value, ...]:
    """``range = value AND value``."""
    if field.kind == "id":
        _refuse_order(cursor, field)
    low = _ordered_value(cursor, field)
    if not cursor.take_word("AND"):
        cursor.fail(f"Expected AND and the upper end of BETWEEN, but {cursor.found()}.")
    token = cursor.token
    high = _ordered_value(cursor, field)
    if isinstance(low, str) != isinstance(high, str):
        cursor.fail("Both ends of BETWEEN are numbers, or both are texts in quotes.", token)
    return low, high


def _pattern(cursor: Cursor, field: Field) -> tuple[Value, ...]:
    """``pattern = text``: ``%`` stands for any text, ``_`` for any character."""
    if field.kind not in _TEXT_KINDS:
        cursor.fail(f"{field.place.text} is not a text; compare it with =, <, >, IN or BETWEEN.", cursor.previous)
    if cursor.token.kind != "text":
        cursor.fail(f"Expected a pattern in quotes such as 'res%', but {cursor.found()}.")
    return (unquote(cursor.next().text),)


def _value(cursor: Cursor, field: Field) -> Value:
    """``value = number | text | time | length``."""
    value = read_value(cursor.token, field, cursor.source)
    cursor.next()
    return value


def _ordered_value(cursor: Cursor, field: Field) -> Value:
    """``value``, but not NaN."""
    token = cursor.token
    value = _value(cursor, field)
    check_order(value, token, cursor.source)
    return value


def _refuse_order(cursor: Cursor, field: Field) -> NoReturn:
    at = cursor.token if cursor.token.kind == "operator" else cursor.previous
    cursor.fail(f"{field.place.text} compares with =, !=, IN, NOT IN and LIKE.", at)
