"""Entity <-> JSON: the one spelling for the journal, the command line and later the server."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, is_dataclass
from typing import Any

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number_to_json(value: float) -> float | str:
    """Return a finite number as it is and the others as the strings that JSON lacks: "NaN", "Infinity", "-Infinity"."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def number_from_json(value: float | str) -> float:
    """Undo :func:`number_to_json`."""
    return NON_FINITE[value] if isinstance(value, str) else float(value)


def plain(value: Any) -> Any:
    """Return entities, dicts and lists as what strict JSON can say."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return number_to_json(value)
    if value is None or isinstance(value, (str, int)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        return plain(value.item())
    return str(value)


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return strict JSON text of entities and plain values."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent)


def safe_json(value: Any) -> str:
    """Return JSON that may stand inside ``<script>``: no ``<`` is left in it, nor half a surrogate pair."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    return text.encode("utf-8", "replace").decode()
