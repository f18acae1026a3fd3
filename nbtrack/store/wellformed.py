"""Says of a record of somebody else whether it is made as ours are.

What a store of its own writes is well formed because of who wrote it. What comes over a network may be anything with a right
checksum, and one number that is none would make every look at the store fail, for everybody. So it is looked at before it is kept: the
fields that are read later must have the types that they are read as. Fields and kinds that are not known here pass: a newer nbtrack may
have written them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.names import INT64_MAX, INT64_MIN, check_artifact_path, is_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any], bool]

FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds."""
LONGEST_US = LAST_US - FIRST_US
MAX_SHOWN = 60
_HEX = frozenset("0123456789abcdef")


def is_text(value: Any) -> bool:
    """Say whether this is a text that can be written anywhere."""
    return isinstance(value, str) and "\x00" not in value and (value.isascii() or not _has_surrogate(value))


def is_int(value: Any) -> bool:
    """Say whether this is a whole number of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and INT64_MIN <= value <= INT64_MAX


def is_count(value: Any) -> bool:
    """Say whether this is a number of something."""
    return is_int(value) and value >= 0


def is_time(value: Any) -> bool:
    """Say whether this is a moment in microseconds."""
    return is_int(value) and FIRST_US <= value <= LAST_US


def is_span(value: Any) -> bool:
    """Say whether this is a time that something took."""
    return is_int(value) and 0 <= value <= LONGEST_US


def is_texts(value: Any) -> bool:
    """Say whether this is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def is_map(value: Any) -> bool:
    """Say whether this maps texts to texts."""
    return isinstance(value, dict) and is_texts([*value, *value.values()])


def is_written_map(value: Any) -> bool:
    """Say whether this is such a map, written as JSON."""
    try:
        return is_text(value) and is_map(json.loads(value))
    except (ValueError, RecursionError):
        return False


def is_path(value: Any) -> bool:
    """Say whether this is a path within the files of a run."""
    try:
        return is_text(value) and check_artifact_path(value) == value
    except InvalidValueError:
        return False


def is_digest(value: Any) -> bool:
    """Say whether this is a SHA-256 in hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and set(value) <= _HEX  # noqa: PLR2004


def is_object(value: Any) -> bool:
    """Say whether this is a JSON object."""
    return isinstance(value, dict)


_BODIES: dict[str, dict[str, tuple[Check, str]]] = {
    "hdr": {"user": (is_text, "a text"), "host": (is_text, "a text"), "version": (is_text, "a text")},
    "start": {
        "experiment_id": (is_count, "a whole number"),
        "experiment": (is_text, "a text"),
        "name": (is_text, "a text"),
        "number": (is_count, "a whole number"),
        "user": (is_text, "a text"),
        "parent": (is_run_id, "a run id"),
        "start_us": (is_time, "microseconds UTC"),
        "holder": (is_text, "a text"),
    },
    "resume": {"holder": (is_text, "a text"), "lost": (is_count, "a whole number")},
    "end": {
        "status": (is_text, "a text"),
        "end_us": (is_time, "microseconds UTC"),
        "duration_us": (is_span, "microseconds"),
        "lost": (is_count, "a whole number"),
    },
    "untag": {"keys": (is_texts, "a list of texts")},
    "state": {"lifecycle_stage": (is_text, "a text")},
    "artifact": {
        "path": (is_path, "a path within the files of a run"),
        "sha256": (is_digest, "64 hexadecimal digits"),
        "size": (is_count, "a whole number"),
        "mime": (is_text, "a text"),
    },
    "input": {
        **dict.fromkeys(
            ("name", "digest", "source_type", "source", "schema", "profile", "context"), (is_text, "a text")
        ),
        "tags": (is_written_map, "a JSON object of texts, as a text"),
    },
    "setting": {"name": (is_text, "a text"), "value": (is_text, "a text")},
    "model": {
        "model_id": (is_text, "a text"),
        "path": (is_path, "a path within the files of a run"),
        "utc_time_created": (is_text, "a text"),
        "used": (is_text, "a text"),
        "step": (is_int, "a whole number"),
        "params": (is_map, "a JSON object of texts"),
        "tags": (is_map, "a JSON object of texts"),
        "model_type": (is_text, "a text"),
        "flavors": (is_object, "a JSON object"),
    },
    "forget": dict.fromkeys(("params", "tags", "artifacts", "inputs"), (is_texts, "a list of texts")),
}
"""What is read of the body of each kind; null is as good as not being there."""
_NEEDED = {"artifact": ("path",), "input": ("name",), "setting": ("name",), "untag": ("keys",)}
_WITH_TEXTS = {"params", "tags"}


def check(kind: str, record: Mapping[str, Any]) -> None:
    """Raise ``InvalidValueError`` when a record cannot be read as what it says it is."""
    if not is_time(record.get("t")):
        raise _refusal(kind, "t", record.get("t"), "microseconds UTC")
    if kind in _WITH_TEXTS and not is_map(record.get("p")):
        raise _refusal(kind, "p", record.get("p"), "a JSON object of texts")
    fields = _BODIES.get(kind)
    if not fields:
        return
    body = record.get("o")
    if body is None and kind not in _NEEDED:
        return
    if not isinstance(body, dict):
        raise _refusal(kind, "o", body, "a JSON object")
    for name in _NEEDED.get(kind, ()):
        if body.get(name) is None:
            raise _refusal(kind, f"o.{name}", None, fields[name][1])
    for name, value in body.items():
        if value is not None and name in fields and not fields[name][0](value):
            raise _refusal(kind, f"o.{name}", value, fields[name][1])


def _refusal(kind: str, name: str, value: Any, wanted: str) -> InvalidValueError:
    shown = ascii(value)
    shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
    return InvalidValueError(
        f"A record of kind {kind!r} has {name} = {shown}; it must be {wanted}. Nothing of the delivery was taken."
    )


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
