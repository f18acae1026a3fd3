"""How numbers, params and times are written inside a sentence."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
LONGEST = 32
LEAST, MOST = 1e-3, 1e6
LEAST_PARAM = 1e-2
MINUTE_S, HOUR_S = 60, 3600
THOUSAND = 1000


def number_text(value: float, digits: int = 4) -> str:
    """Return a number with four digits: ``0.913``, ``1.2e-5``, ``12,346``, ``NaN``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value and not LEAST <= abs(value) < MOST:
        return _signed(scientific(value, digits - 1))
    if abs(value) >= 10 ** (digits - 1):
        return _signed(f"{value:,.0f}")
    return _signed(f"{value:.{digits}g}")


def change_text(change: float) -> str:
    """Return a difference with its sign: ``+0.012``."""
    return ("+" if change > 0 else "") + number_text(change, 3)


def percent_text(change: float, before: float) -> str:
    """Return a change in per cent of what was before, or "" when that says nothing."""
    if not before or not math.isfinite(before) or not math.isfinite(change):
        return ""
    share = 100 * change / abs(before)
    digits = 0 if abs(share) >= 10 else 1  # noqa: PLR2004
    return f"{'+' if share > 0 else MINUS if share < 0 else '±'}{abs(share):.{digits}f} %"


def param_text(text: str) -> str:
    """Return a param as people write it: ``0.0001`` is ``1e-4``; long texts are cut, line breaks are spaces."""
    line = " ".join(text.split())
    try:
        number = float(line)
    except ValueError:
        return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    if line.lstrip("+-").isdigit() or not math.isfinite(number) or number == 0 or len(line) <= 6:  # noqa: PLR2004
        return line if len(line) <= LONGEST else scientific(number, 3)
    if not LEAST_PARAM <= abs(number) < MOST:
        return scientific(number, 3)
    return f"{number:.6g}"


def duration_text(seconds: float) -> str:
    """Return a duration: ``12 ms``, ``3.2 s``, ``41 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if seconds < 0.1:  # noqa: PLR2004
        return f"{seconds * THOUSAND:.0f} ms"
    if seconds < 9.95:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


def bytes_text(n_bytes: float) -> str:
    """Return a size: ``812 B``, ``3.4 kB``, ``12 MB``."""
    for unit in ("B", "kB", "MB"):
        if n_bytes < THOUSAND:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 10 else f"{n_bytes:.1f} {unit}"  # noqa: PLR2004
        n_bytes /= THOUSAND
    return f"{n_bytes:.1f} GB"


def listed(texts: list[str], most: int, noun: str) -> str:
    """Return ``a, b and c``, or ``a, b and 4 more params``."""
    if len(texts) > most:
        rest = len(texts) - most
        return f"{', '.join(texts[:most])} and {rest} more {noun}{'s' if rest > 1 else ''}"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def scientific(value: float, decimals: int) -> str:
    """Return a number as ``1.2e-5``, with at most so many decimals and no needless zeros."""
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def _signed(text: str) -> str:
    return MINUS + text[1:] if text.startswith("-") else text
