"""Numbers, times, durations and sizes as a person reads them, short enough for a table."""

from __future__ import annotations

import math
import re
from datetime import datetime

_SIZES = ("B", "kB", "MB", "GB", "TB")
_SPANS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(min|[smhdw])")
DAY_S = 86400
WHOLE_UP_TO = 1e9


def number(value: float) -> str:
    """Return a number with four significant digits; whole ones stay whole."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < WHOLE_UP_TO:
        return str(int(value))
    return f"{value:.4g}"


def duration(seconds: float | None) -> str:
    """Return a time span in its two largest units: ``"12.3 s"``, ``"4 m 10 s"``, ``"2 h 05 m"``."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if round(seconds, 1) < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f} s"
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return f"{days} d {h:02} h"
    return f"{h} h {m:02} m" if h else f"{m} m {s:02} s"


def ago(then_ms: float | None, now_ms: float) -> str:
    """Return how long ago something was; the date when that is more than a month."""
    if then_ms is None or not math.isfinite(then_ms):
        return ""
    seconds = (now_ms - then_ms) / 1000
    if seconds < 5:  # noqa: PLR2004 - also clocks that differ a little
        return "just now"
    if seconds > 30 * DAY_S:
        return f"{datetime.fromtimestamp(then_ms / 1000).astimezone():%Y-%m-%d}"
    for size, name in ((DAY_S, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return f"{int(seconds)} s ago"


def moment(then_ms: float | None) -> str:
    """Return a time in the time zone of this machine."""
    if then_ms is None:
        return ""
    return f"{datetime.fromtimestamp(then_ms / 1000).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def size(n_bytes: float | None) -> str:
    """Return a number of bytes as ``"1.2 MB"``."""
    if n_bytes is None:
        return ""
    for unit in _SIZES:
        if n_bytes < 1000 or unit == _SIZES[-1]:  # noqa: PLR2004 - SI
            return f"{n_bytes:.0f} B" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    raise AssertionError


def count(n: int, what: str, many: str | None = None) -> str:
    """Return ``"1 run"``, ``"3 runs"``."""
    return f"{n:,} {what if n == 1 else many or what + 's'}"


def parse_span(text: str) -> float | None:
    """Return the seconds of ``"30d"``, ``"12h"``, ``"1d12h"`` or ``"45min"``; None when it is none of these."""
    compact = text.replace(" ", "").lower()
    parts = _SPAN.findall(compact)
    if not parts or "".join(n + unit for n, unit in parts) != compact:
        return None
    return sum(float(n) * _SPANS[unit] for n, unit in parts)
