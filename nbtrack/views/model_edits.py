"""Changes of the registry that a page may make; each is an event with who, when and why.

Several people look at one registry: a change may say under ``seen`` what its page showed before. When that is not so any more, nothing is
changed, and whoever asked for it looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.registry.remote import registry_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.registry.registry import Registry
    from nbtrack.store.protocol import TrackingStore

MAX_TEXT = 200_000


def edit_model(store: TrackingStore, message: dict[str, Any]) -> None:
    """Make one change ``{do, name, version, alias, stage, key, value, comment, force, seen}``.

    Raises
    ------
    InvalidValueError
        There is no such change, or something in it is not allowed.
    NotFoundError
        There is no such model or version.
    GateRefusedError
        A gate does not let the alias move.
    """
    do = str(message.get("do"))
    if do not in CHANGES:
        problem = f"A registered model cannot be asked to {do!r}; it knows {', '.join(CHANGES)}."
        raise InvalidValueError(problem)
    value = message.get("value")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        problem = f"The text has {len(value):,} characters; at most {MAX_TEXT:,} are kept."
        raise InvalidValueError(problem)
    name = str(message.get("name"))
    if "seen" in message and do in SEEN:
        _check_seen(store, name, message, SEEN[do])
    CHANGES[do](registry_of(store), name, message)


def _check_seen(store: TrackingStore, name: str, message: dict[str, Any], what: str) -> None:
    """Raise when somebody else was here since the page looked."""
    version = message.get("version")
    if what == "alias":
        now: Any = store.registry.get(name).aliases.get(_text(message, "alias"))
        told = "is not there any more" if now is None else f"points at version {now} now"
        problem = (
            f"@{_text(message, 'alias')} {told}: somebody else changed it. Look at what would change, and ask again."
        )
    else:
        registry = registry_of(store)
        now = (registry.get(name) if version is None else registry.version(name, version)).description
        problem = "Somebody else changed this description meanwhile. Save again to put yours in its place."
    if now != message["seen"]:
        raise InvalidValueError(problem)


def _text(message: dict[str, Any], key: str) -> str:
    return str(message.get(key) or "")


def _why(message: dict[str, Any]) -> dict[str, Any]:
    return {"comment": _text(message, "comment")[:2000]}


def _alias(registry: Registry, name: str, message: dict[str, Any]) -> None:
    force = message.get("force") is True
    registry.set_alias(name, _text(message, "alias"), message.get("version"), force=force, **_why(message))


def _stage(registry: Registry, name: str, message: dict[str, Any]) -> None:
    archive = message.get("archive") is True
    registry.set_stage(
        name, message.get("version"), _text(message, "stage"), archive_existing_versions=archive, **_why(message)
    )


SEEN = {"alias": "alias", "unalias": "alias", "rollback": "alias", "describe": "description"}
"""What a page saw of which change, where it may say so."""

CHANGES: dict[str, Callable[[Registry, str, dict[str, Any]], Any]] = {
    "alias": _alias,
    "unalias": lambda registry, name, m: registry.delete_alias(name, _text(m, "alias"), **_why(m)),
    "rollback": lambda registry, name, m: registry.rollback(name, _text(m, "alias"), **_why(m)),
    "stage": _stage,
    "tag": lambda registry, name, m: registry.set_tags(
        name, {_text(m, "key"): _text(m, "value")}, m.get("version"), **_why(m)
    ),
    "untag": lambda registry, name, m: registry.delete_tag(name, _text(m, "key"), m.get("version"), **_why(m)),
    "describe": lambda registry, name, m: registry.describe(name, _text(m, "value"), m.get("version"), **_why(m)),
    "comment": lambda registry, name, m: registry.comment(name, _text(m, "value"), m.get("version")),
    "rename": lambda registry, name, m: registry.rename(name, _text(m, "value"), **_why(m)),
    "delete": lambda registry, name, m: registry.delete(name, m.get("version"), **_why(m)),
    "expect": lambda registry, name, m: registry.expect(
        name, _text(m, "value"), alias=_text(m, "alias") or None, **_why(m)
    ),
    "unexpect": lambda registry, name, m: registry.unexpect(
        name, _text(m, "value"), alias=_text(m, "alias") or None, version=m.get("version"), **_why(m)
    ),
}
