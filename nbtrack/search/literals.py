"""Writes values as SQL literals, to show a search; what is run is always bound."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

_EXACT_DIGITS = 15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999  # the end of the year 9999


def literal(value: str | float) -> str:
    """Return a text in single quotes or a number that DuckDB reads back as the same double."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if math.isnan(value) or math.isinf(value):
        return f"'{value}'::DOUBLE"
    if value.is_integer() and abs(value) < 10**_EXACT_DIGITS:
        return str(int(value))
    text = repr(value)
    # A decimal of up to 15 digits becomes the same double; a longer one needs the exponent that makes it a double.
    return text if "e" in text or len(text.strip("-0.").replace(".", "")) <= _EXACT_DIGITS else text + "e0"


def literal_time(milliseconds: float) -> str:
    """Return milliseconds since 1970 as a timestamp where there is one, else as the number."""
    if not 0 <= milliseconds <= _LAST_MS or milliseconds != milliseconds // 1:
        return literal(milliseconds)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    text = moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{milliseconds % 1000:03.0f}" if milliseconds % 1000 else "")
    return f"epoch_ms(TIMESTAMP '{text}')"
