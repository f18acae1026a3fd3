"""The registered models of a store on a server: looked at from here, changed there, where gates are asked and hooks told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import StoreError
from nbtrack.store.traffic import REGISTRY_MOVES, REGISTRY_READS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.remote.store import ServerStore


class RegistryThere:
    """The reading half of :class:`RegistryStore`; :class:`nbtrack.registry.remote.RemoteRegistry` has the other.

    Parameters
    ----------
    store : ServerStore
    """

    def __init__(self, store: ServerStore) -> None:
        self._store = store
        self.settings_seen: dict[str, str] = {}

    def ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask for a verb of the registry."""
        return self._store._ask(f"registry.{verb}", *arguments, **options)  # noqa: SLF001 - one room

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        """Return a verb that looks, or brings what happened elsewhere."""
        if verb in REGISTRY_READS | REGISTRY_MOVES:
            return lambda *arguments, **options: self.ask(verb, *arguments, **options)
        if verb.startswith("_"):
            raise AttributeError(verb)
        message = f"{verb!r} is not done from here: a server asks its gates and tells its hooks itself."
        raise StoreError(message)
