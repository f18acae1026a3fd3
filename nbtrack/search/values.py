"""Reads the values of a comparison: numbers, texts, times and lengths of time, as the field wants them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NoReturn

from nbtrack.errors import SearchSyntaxError
from nbtrack.search.tokens import Token, one_line, short, unquote
from nbtrack.search.tree import Field, Now, Value

SECONDS_OF_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
FIRST_YEAR = 1970
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])"
)
_LENGTH = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)([smhdw])")
_NOW = re.compile(r"[nN][oO][wW](?:[ \t\r\n\u00a0]*([-+])[ \t\r\n\u00a0]*(.*))?")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)


def read_value(token: Token, field: Field, source: str) -> Value:
    """Return the value of a token as `field` compares it.

    ::

        value  = number | text | time | length
        number = 3 | -0.5 | 1e-3 | nan | inf | infinity
        time   = milliseconds | "'" date [ hh:mm [ :ss ] ] "'" | now [ ("+" | "-") length ]
        length = number ("s" | "m" | "h" | "d" | "w")

    Raises
    ------
    SearchSyntaxError
        The value is of another kind than the field, or cannot be read.
    """
    readers = {
        "number": _number,
        "seconds": _seconds,
        "time": _time,
        "text": _text,
        "status": _status,
        "id": _id,
        "param": _text_or_number,
    }
    if token.kind not in ("number", "text", "now"):
        found = "the text ends here" if token.kind == "end" else f"found {short(token.text)}"
        problem = f"Expected {_wanted(field)}, but {found}{_quote_hint(token, field)}."
        raise SearchSyntaxError(problem, one_line(source), token.start, token.end)
    return readers[field.kind](token, field, source)


def check_order(value: Value, token: Token, source: str) -> None:
    """Refuse NaN where values are put in order.

    Raises
    ------
    SearchSyntaxError
        NaN is neither less nor greater than anything.
    """
    if isinstance(value, float) and math.isnan(value):
        _fail("NaN is neither less nor greater than a number; write = nan or != nan.", token, source)


def _number(token: Token, field: Field, source: str) -> float:
    if token.kind == "number" and _NUMBER.fullmatch(token.text):
        return float(token.text)
    if token.kind == "text" and _NUMBER.fullmatch(unquote(token.text)):
        _fail(f"{field.place.text} is a number; write {unquote(token.text)} without quotes.", token, source)
    if _LENGTH.fullmatch(token.text):
        _fail(f"Only duration compares with a length of time such as {token.text}.", token, source)
    return _not_read(token, field, source)


def _seconds(token: Token, field: Field, source: str) -> float:
    length = _LENGTH.fullmatch(token.text)
    return float(length[1]) * SECONDS_OF_UNIT[length[2]] if length else _number(token, field, source)


def _time(token: Token, field: Field, source: str) -> float | Now:
    if token.kind == "now":
        return _now(token.text)
    if token.kind == "text":
        return _date(token, source)
    if _LENGTH.fullmatch(token.text):
        _fail(f"{field.place.text} is a moment; write now - {token.text.lstrip('+-')}.", token, source)
    milliseconds = _number(token, field, source)
    if math.isnan(milliseconds):
        return _not_read(token, field, source)
    return milliseconds


def _text(token: Token, field: Field, source: str) -> str:
    if token.kind == "text":
        return unquote(token.text)
    return _fail(f"{field.place.text} is a text; write '{token.text}' in quotes.", token, source)


def _status(token: Token, field: Field, source: str) -> str:
    status = _text(token, field, source).upper()
    if status not in STATUSES:
        _fail(f"A status is one of {', '.join(STATUSES)}.", token, source)
    return status


def _id(token: Token, field: Field, source: str) -> str:
    if token.kind == "number" and re.fullmatch(r"[0-9]+", token.text):
        return token.text
    if token.kind == "text":
        return unquote(token.text)
    return _not_read(token, field, source)


def _text_or_number(token: Token, field: Field, source: str) -> str | float:
    return unquote(token.text) if token.kind == "text" else _number(token, field, source)


def _now(text: str) -> Now:
    match = _NOW.fullmatch(text)
    assert match is not None
    length = _LENGTH.fullmatch(match[2] or "")
    if length is None:
        return Now()
    offset = float(length[1]) * SECONDS_OF_UNIT[length[2]] * 1000
    return Now(-offset if match[1] == "-" else offset)


def _date(token: Token, source: str) -> float:
    match = _DATE.fullmatch(unquote(token.text))
    moment = _moment(match) if match else None
    if moment is None:
        text = short(unquote(token.text))
        problem = f"{text} is not a time; write '2026-11-01', '2026-11-01 12:00' (UTC), milliseconds, or now - 2d."
        _fail(problem, token, source)
    return moment


def _moment(match: re.Match[str]) -> float | None:
    """Return milliseconds since 1970 in UTC, or None when there is no such day or hour."""
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if year < FIRST_YEAR or offset_hours > 23 or offset_minutes > 59:  # noqa: PLR2004 - a clock
        return None
    offset = timedelta(hours=offset_hours, minutes=offset_minutes) * (-1 if match[8] == "-" else 1)
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return float((local - epoch) // timedelta(milliseconds=1) + int((match[7] or "0").ljust(3, "0")[:3]))


def _wanted(field: Field) -> str:
    return {
        "number": "a number",
        "seconds": "a number of seconds or a length such as 5m",
        "time": "a time such as '2026-11-01' or now - 2d",
        "text": "a text in quotes",
        "status": "a text in quotes",
        "id": "an id",
        "param": "a number or a text in quotes",
    }[field.kind]


def _quote_hint(token: Token, field: Field) -> str:
    quotable = token.kind == "name" and token.text[0] != "`" and field.kind in ("text", "status", "param", "id")
    return f"; write '{short(token.text)[1:-1]}' in quotes" if quotable else ""


def _not_read(token: Token, field: Field, source: str) -> NoReturn:
    _fail(f"Expected {_wanted(field)}, but found {short(token.text)}.", token, source)


def _fail(problem: str, token: Token, source: str) -> NoReturn:
    raise SearchSyntaxError(problem, one_line(source), token.start, token.end)
