"""Who is told of changes of the registry: functions of this process, and webhooks of the store.

Both hear what *this* process changes; each process tells of its own changes, so every change is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.errors import warn
from nbtrack.registry import webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.entities import ModelEvent
    from nbtrack.store.protocol import TrackingStore

F = TypeVar("F", bound="Callable[[ModelEvent], Any]")

_functions: list[Callable[[ModelEvent], Any]] = []


def on_registry_change(function: F) -> F:
    """Have a function called after each change that this process makes to registered models; works as a decorator.

    Parameters
    ----------
    function : callable
        Takes a ``ModelEvent``: who did what, from what to what. It is called once a change, in the thread that made it; what it raises
        becomes a warning, for the change has been made.

    Returns
    -------
    callable
        The same function; ``off_registry_change`` has it called no more.
    """
    if function not in _functions:
        _functions.append(function)
    return function


def off_registry_change(function: Callable[[ModelEvent], Any]) -> None:
    """Have a function called no more."""
    if function in _functions:
        _functions.remove(function)


def is_anyone_listening(store: TrackingStore) -> bool:
    """Say whether a change has to be told at all."""
    return bool(_functions) or bool(_webhooks(store))


def tell(store: TrackingStore, event: ModelEvent, data: Mapping[str, Any]) -> None:
    """Tell of one change; nothing that goes wrong here undoes it, or is raised."""
    for function in tuple(_functions):
        try:
            function(event)
        except Exception as error:  # noqa: BLE001 - it is somebody else's function
            name = getattr(function, "__name__", repr(function))
            warn(f"{name}, which is called on changes of the registry, failed: {type(error).__name__}: {error}")
    name = webhooks.EVENTS.get(event.op)
    if name is None:
        return
    hooks = [hook for hook in _webhooks(store) if hook.status == "ACTIVE" and name in hook.events]
    if hooks:
        from nbtrack.registry import delivery  # noqa: PLC0415 - loads ssl, which most never need

        for hook in hooks:
            delivery.send(hook, name, payload(event, data))


def tell_archived(store: TrackingStore, name: str, version: int, *, is_asked: bool) -> None:
    """Tell of versions that were archived just now, if that was asked, as `version` came to their stage: the history says which."""
    if not is_asked or not is_anyone_listening(store):
        return
    moves = [event for event in store.registry.history(name) if event.op == "stage"]
    last = max((place for place, event in enumerate(moves) if event.version == version), default=0)
    first = last
    while first and moves[first - 1].detail and moves[first - 1].timestamp == moves[last].timestamp:
        first -= 1
    for event in moves[first:last]:
        tell(store, event, {})


def payload(event: ModelEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a webhook is told of a change, with MLflow's fields; versions are texts there."""
    version = None if event.version is None else str(event.version)
    fields: dict[str, dict[str, Any]] = {
        "create": {"tags": {}, "description": None},
        "version": {"version": version, "source": "", "run_id": None, "tags": {}, "description": None},
        "tag_version": {"version": version, "key": event.key, "value": event.after},
        "untag_version": {"version": version, "key": event.key},
        "alias": {"alias": event.alias, "version": version},
        "unalias": {"alias": event.alias},
    }
    own = fields[event.op]
    return {"name": event.name, **own, **{key: value for key, value in data.items() if key in own}}


def _webhooks(store: TrackingStore) -> list[webhooks.Webhook]:
    return webhooks.read(store.registry.settings_seen)
