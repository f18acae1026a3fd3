"""How numbers, params and times are written in one short line."""

from __future__ import annotations

import math

SMALL_METRIC, SMALL_PARAM, LARGE = 1e-3, 1e-2, 1e6
LONGEST = 24
MINUTE_S, HOUR_S = 60, 3600


def metric_text(value: float, digits: int = 4) -> str:
    """Return a metric with four digits: ``0.913``, ``1.2e-5``, ``12,346``, ``nan``."""
    if not math.isfinite(value):
        return str(value)
    if value and not SMALL_METRIC <= abs(value) < LARGE:
        return _scientific(value, digits - 1)
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def change_text(change: float) -> str:
    """Return a difference with its sign: ``+0.012``, ``-3.1e-5``."""
    return ("+" if change > 0 else "") + metric_text(change, 3)


def param_text(text: str) -> str:
    """Return a param as people write it: ``0.001`` is ``1e-3``; long texts are cut."""
    try:
        number = float(text)
    except ValueError:
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if text.lstrip("+-").isdigit() or not math.isfinite(number) or number == 0:
        return text if len(text) <= LONGEST else _scientific(number, 3)
    if not SMALL_PARAM <= abs(number) < LARGE:
        return _scientific(number, 3)
    return f"{number:.6g}"


def duration_text(seconds: float) -> str:
    """Return a duration: ``12 ms``, ``3.2 s``, ``41 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if seconds < 0.1:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


def _scientific(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"
