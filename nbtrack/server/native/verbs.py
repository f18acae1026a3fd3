"""The verbs of a store that another nbtrack may ask for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.registry.registry import Registry
from nbtrack.store import verbs
from nbtrack.store.traffic import REGISTRY_CHANGES
from nbtrack.store.verbs import MAX_STATE, ONLY_LOOKS, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.served import ServedStore

__all__ = ["ALL", "MAX_STATE", "ONLY_LOOKS", "REGISTRY", "find"]

_CHANGES = {REGISTRY + verb for verb in REGISTRY_CHANGES}
ALL = verbs.ALL | _CHANGES


def find(store: ServedStore, verb: str) -> Callable[..., Any]:
    """Return what answers a verb: a change of the registry passes its gates; raises ``InvalidValueError`` for one that is not known."""
    if verb in _CHANGES:
        found: Callable[..., Any] = getattr(Registry(store), verb.removeprefix(REGISTRY))
        return found
    return store.verb(verb)
