"""What a key, id, step, number and artifact path may look like."""

from __future__ import annotations

import os
import re
import time
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, SupportsFloat, cast
from urllib.parse import unquote

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_KEY = 250
MAX_NAME = 500
MAX_PATH = 1000
MAX_MODEL_NAME = 256
MAX_ALIAS = 255
MAX_MODEL_TAG = 100_000
MAX_DESCRIPTION = 1_000_000
MAX_SHOWN = 80
MAX_DECODINGS = 10
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
RUN_NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
"""Tags in which MLflow keeps what nbtrack shows as name, note and parent."""
EVENT = "nbtrack.event."
"""Begins the tags that keep the events of a run: ``{"t": ms, "step", "kind", "text"}``."""

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_NOT_IN_MODEL_NAMES = re.compile(r"[/:\\\\@?#;%]")
_ALIAS = re.compile(r"[\w-]+")
_NUMBERED = re.compile(r"v\d+", re.IGNORECASE)
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
STAGES = ("None", "Staging", "Production", "Archived")
"""Where a version stands, in MLflow's words."""
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def new_run_id() -> str:
    """Return a UUIDv7 as 32 hex digits: sorts by time, unique without asking anyone (RFC 9562, 5.7)."""
    ms = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (ms << 16) | 0x7000 | (random >> 68) & 0x0FFF
    low = 0x8000_0000_0000_0000 | random & 0x3FFF_FFFF_FFFF_FFFF
    return f"{high:016x}{low:016x}"


def is_run_id(text: object) -> bool:
    """Say whether `text` looks like a run id: 32 lower-case hexadecimal digits."""
    return isinstance(text, str) and _RUN_ID.fullmatch(text) is not None


def is_model_id(text: object) -> bool:
    """Say whether `text` looks like the id of a logged model: ``m-`` and 32 lower-case hexadecimal digits."""
    return isinstance(text, str) and _MODEL_ID.fullmatch(text) is not None


def next_event(tags: Iterable[str]) -> str:
    """Return the tag for a run's next event: ``nbtrack.event.<n>``, counted within the run, so that a table has few columns of them."""
    numbers = [key.removeprefix(EVENT) for key in list(tags) if key.startswith(EVENT)]
    return f"{EVENT}{max((int(number) for number in numbers if number.isdecimal()), default=-1) + 1}"


@lru_cache(maxsize=4096)
def check_key(key: Any, what: str = "Key") -> str:
    """Return `key` when it can name a param, metric or tag, else raise.

    Any text without control characters, 1 to 250 characters long; ``/`` and spaces are fine.

    Raises
    ------
    InvalidValueError
        Says what was received and what is allowed.
    """
    if not isinstance(key, str):
        message = (
            f"{what} {key!r} is a {type(key).__name__}; use a text of 1 to {MAX_KEY} characters, such as 'val/loss'."
        )
        raise InvalidValueError(message)
    if not key.strip() or len(key) > MAX_KEY:
        message = f"{what} {_short(key)} has {len(key)} characters; use 1 to {MAX_KEY}, not only spaces."
        raise InvalidValueError(message)
    found = _CONTROL.search(key)
    if found:
        message = f"{what} {_short(key)} has a control character at position {found.start()}; use printable characters."
        raise InvalidValueError(message)
    return key


def check_name(name: Any, what: str = "Name") -> str:
    """Return `name` when it can name an experiment or a run: 1 to 500 printable characters."""
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or _CONTROL.search(name):
        message = f"{what} {_short(name)} is not allowed; use a text of 1 to {MAX_NAME} printable characters."
        raise InvalidValueError(message)
    return name


def check_model_name(name: Any) -> str:
    r"""Return `name` when it can name a registered model: 1 to 256 printable characters that a ``models:/`` URI can carry.

    Raises
    ------
    InvalidValueError
        It is empty, too long, ``.`` or ``..``, looks like a model id, or has one of ``/ : \ @ ? # ; %``.
    """
    text = name if isinstance(name, str) else ""
    bad = not text.strip() or text != text.strip() or len(text) > MAX_MODEL_NAME or text in (".", "..")
    if bad or _CONTROL.search(text) or _NOT_IN_MODEL_NAMES.search(text) or _MODEL_ID.fullmatch(text):
        message = (
            f"Registered model name {_short(name)} is not allowed; use a text of 1 to {MAX_MODEL_NAME} printable characters without "
            "/ : \\ @ ? # ; % and without spaces at its ends, such as 'fraud'."
        )
        raise InvalidValueError(message)
    return text


def check_alias(alias: Any) -> str:
    """Return `alias` when it can point at a version: letters, digits, ``_`` and ``-``, up to 255 of them.

    Raises
    ------
    InvalidValueError
        It has other characters, or is ``latest`` or ``v<digits>``, which mean a version already.
    """
    if not isinstance(alias, str) or len(alias) > MAX_ALIAS or not _ALIAS.fullmatch(alias):
        message = (
            f"Alias {_short(alias)} is not allowed; use 1 to {MAX_ALIAS} letters, digits, _ and -, such as 'champion'."
        )
        raise InvalidValueError(message)
    if alias.lower() == "latest" or _NUMBERED.fullmatch(alias):
        message = f"Alias {_short(alias)} is reserved: it reads like a version; use a word such as 'champion'."
        raise InvalidValueError(message)
    return alias


def check_version(version: Any) -> int:
    """Return a version number as an int: a whole number of 1 or more, or a text of digits."""
    text = str(version) if not isinstance(version, bool) else ""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise InvalidValueError(f"Version {_short(version)} is not a version number; use a whole number such as 3.")
    return int(text)


def check_stage(stage: Any) -> str:
    """Return a stage in its canonical spelling; upper and lower case do not matter."""
    for known in STAGES:
        if isinstance(stage, str) and stage.lower() == known.lower():
            return known
    raise InvalidValueError(f"Stage {_short(stage)} is not known; use {', '.join(STAGES[:-1])} or {STAGES[-1]}.")


def check_model_text(text: Any, what: str = "Description", most: int = MAX_DESCRIPTION) -> str:
    """Return a text of bounded length: a description, comment or tag value; None is the empty text."""
    found = "" if text is None else str(text)
    if len(found) > most:
        raise InvalidValueError(f"{what} has {len(found):,} characters; use up to {most:,}.")
    return found


def check_time(time_ms: Any) -> int:
    """Return a time in milliseconds UTC since 1970 as an int.

    Raises
    ------
    InvalidValueError
        It is no number, or far outside the calendar: most often seconds, micro- or nanoseconds were meant.
    """
    try:
        whole = int(time_ms)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or isinstance(time_ms, (bool, str)) or not FIRST_MS <= whole <= LAST_MS:
        raise InvalidValueError(
            f"Time {_short(time_ms)} is not in milliseconds UTC; use a number such as int(time.time() * 1000)."
        )
    return whole


def check_step(step: Any) -> int:
    """Return `step` as an int64, accepting numpy integers and whole floats.

    Raises
    ------
    InvalidValueError
        The step is not a whole number, or does not fit into 64 bits.
    """
    if step is None:
        return 0
    try:
        whole = int(step)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or isinstance(step, (bool, str)) or whole != step:
        message = f"Step {_short(step)} is not a whole number; use an int such as 3."
        raise InvalidValueError(message)
    if not INT64_MIN <= whole <= INT64_MAX:
        message = f"Step {whole} does not fit into 64 bits; use a number from -2**63 to 2**63 - 1."
        raise InvalidValueError(message)
    return whole


def check_number(value: Any, key: str = "value") -> float:
    """Return a metric value as a float: Python and numpy numbers, 0-d arrays and tensors with ``item()``.

    Raises
    ------
    InvalidValueError
        `value` is not one number.
    """
    if isinstance(value, (str, bytes)) or value is None:
        raise InvalidValueError(_not_a_number(value, key))
    try:
        return float(cast("SupportsFloat", value))
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return float(value.item())
    except Exception as cause:
        raise InvalidValueError(_not_a_number(value, key)) from cause


def check_artifact_path(path: str | os.PathLike[str]) -> str:
    """Return a relative POSIX path that cannot leave its run, else raise.

    The same string that is checked here is the one that is opened: there is no later decoding step.

    Raises
    ------
    InvalidValueError
        The path is absolute, empty, has ``..``, a backslash, a drive, a control character or a device name.
    """
    text = str(os.fspath(path))
    parts = text.split("/")
    bad = (
        not text
        or "\\" in text
        or len(text) > MAX_PATH
        or _CONTROL.search(text)
        or re.match(r"[A-Za-z]:", text)
        or any(p in ("", ".", "..") or p[-1] in ". " or _WINDOWS_DEVICE.fullmatch(p) for p in parts)
    )
    if bad:
        message = (
            f"Artifact path {_short(text)} is not allowed; use a relative path with forward slashes, "
            "without '..', such as 'plots/loss.png'."
        )
        raise InvalidValueError(message)
    return str(PurePosixPath(text))


def fully_decoded(text: str) -> str:
    """Return what percent-decoding makes of a text when nothing is left to decode; raises ``InvalidValueError`` when it does not end."""
    for _ in range(MAX_DECODINGS):
        decoded = unquote(text)
        if decoded == text:
            return text
        text = decoded
    raise InvalidValueError(f"{text[:80]!r} is percent-encoded more than {MAX_DECODINGS} times; write it plainly.")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _not_a_number(value: object, key: str) -> str:
    return (
        f"Metric {key!r} received {_short(value)} ({type(value).__name__}), which is not one number; "
        "log a float, or each element under its own key."
    )
