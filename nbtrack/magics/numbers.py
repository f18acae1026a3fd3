"""How numbers and params are written in one short line; for sentences, see ``nbtrack.views.amounts``."""

from __future__ import annotations

import math

from nbtrack.views.amounts import scientific

SMALL_METRIC, SMALL_PARAM, LARGE = 1e-3, 1e-2, 1e6
LONGEST = 24


def metric_text(value: float, digits: int = 4) -> str:
    """Return a metric with four digits: ``0.913``, ``1.2e-5``, ``12,346``, ``nan``."""
    if not math.isfinite(value):
        return str(value)
    if value and not SMALL_METRIC <= abs(value) < LARGE:
        return scientific(value, digits - 1)
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
        return text if len(text) <= LONGEST else scientific(number, 3)
    if not SMALL_PARAM <= abs(number) < LARGE:
        return scientific(number, 3)
    return f"{number:.6g}"
