"""The registry of a store on a server: each change is asked for there, where its gates are judged and its hooks told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.registry.registry import Registry
from nbtrack.store.remote.registry import RegistryThere
from nbtrack.store.traffic import REGISTRY_CHANGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.protocol import TrackingStore


class RemoteRegistry(Registry):
    """As :class:`Registry`; what changes something is done by the server's."""


def _asked(verb: str) -> Callable[..., Any]:
    def ask(self: RemoteRegistry, *arguments: Any, **options: Any) -> Any:
        there: Any = self._kept
        return there.ask(verb, *arguments, **options)

    ask.__name__, ask.__doc__ = verb, getattr(Registry, verb).__doc__
    return ask


for _verb in REGISTRY_CHANGES:
    setattr(RemoteRegistry, _verb, _asked(_verb))


def registry_of(store: TrackingStore) -> Registry:
    """Return the registry of a store, wherever it is kept."""
    return RemoteRegistry(store) if isinstance(store.registry, RegistryThere) else Registry(store)
