"""What happened to a registered model elsewhere, taken into this store: numbers of versions, times and authors are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import AlreadyExistsError, InvalidValueError
from nbtrack.names import (
    FIRST_MS,
    LAST_MS,
    MAX_MODEL_TAG,
    check_alias,
    check_key,
    check_model_name,
    check_model_text,
    check_stage,
    check_version,
    is_run_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.store.registry import Change

MAX_CHANGES = 100_000
US_IN_MS = 1000
_NEEDS = {
    "create": (),
    "describe": ("description",),
    "tag": ("tags",),
    "version": ("version",),
    "describe_version": ("version", "description"),
    "tag_version": ("version", "tags"),
    "stage": ("version", "stage"),
    "alias": ("alias", "version"),
    "expect": ("expression",),
}
"""What may be taken in, and what each must say."""


def take(change: Change, name: str, moved: Sequence[dict[str, Any]]) -> None:
    """Check what happened to a model elsewhere against what is here, and write it; a model that is not there is made first.

    Parameters
    ----------
    change : Change
    name : str
        Of the model.
    moved : sequence of dict
        As the journal has them (``op``, ``version``, ``alias``, …), with ``tags``, ``at`` (microseconds UTC) and ``by`` (a user).

    Raises
    ------
    InvalidValueError
        Something of it cannot be kept; nothing is written then.
    AlreadyExistsError
        A number is taken.
    """
    if len(moved) > MAX_CHANGES:
        raise InvalidValueError(f"{len(moved):,} changes are too many at once; send up to {MAX_CHANGES:,}.")
    found = [_checked(each) for each in moved]
    registry_id = change.known.find_id(check_model_name(name))
    if registry_id is None:
        first: dict[str, Any] = found.pop(0) if found and found[0]["op"] == "create" else {"op": "create"}
        tags: dict[str, str] = first.pop("tags", {})
        registry_id = change.create(name, tags, {key: value for key, value in first.items() if key != "op"})
        taken: set[int] = set()
    else:
        taken = change.known.numbers(registry_id)
    for body in found:
        op, tags = body.pop("op"), body.pop("tags", None)
        if op == "create":
            continue
        _check_number(op, body, taken)
        change.write(op, registry_id, name, body, tags)


def _check_number(op: str, body: dict[str, Any], taken: set[int]) -> None:
    number = body.get("version")
    if op == "version":
        if number in taken:
            raise AlreadyExistsError("Version", str(number), "Give it another number.")
        taken.add(int(str(number)))
    elif number is not None and number not in taken:
        raise InvalidValueError(f"There is no version {number} for {op!r}.")


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    op = said.get("op")
    if not isinstance(op, str) or op not in _NEEDS or any(said.get(need) is None for need in _NEEDS[op]):
        raise InvalidValueError(
            f"{op!r} of a registered model cannot be taken in as it was said; known are {', '.join(_NEEDS)}."
        )
    found: dict[str, Any] = {"op": op}
    for key, value in said.items():
        if value is not None and key in _CHECKS:
            found[key] = _CHECKS[key](value)
    return found


def _tags(value: Any) -> dict[str, str]:
    return {
        check_key(key, "Tag key"): check_model_text(text, f"Tag {key!r}", MAX_MODEL_TAG)
        for key, text in dict(value).items()
    }


def _time(value: Any) -> int:
    if not isinstance(value, int) or not FIRST_MS <= value // US_IN_MS <= LAST_MS:
        raise InvalidValueError(f"{value!r} is no time in microseconds UTC.")
    return value


def _run_id(value: Any) -> str:
    if not is_run_id(value):
        raise InvalidValueError(f"{value!r} is no run id: 32 hexadecimal digits.")
    return str(value)


def _text(value: Any) -> str:
    return check_model_text(value, "Text")


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "version": check_version,
    "alias": check_alias,
    "stage": check_stage,
    "tags": _tags,
    "at": _time,
    "run_id": _run_id,
    **dict.fromkeys(
        ("description", "source", "path", "model_id", "run_link", "expression", "comment", "by", "detail"), _text
    ),
}
