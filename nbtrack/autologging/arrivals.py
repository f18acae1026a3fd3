"""Tells when a module has been imported; one that never comes costs nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_awaited: dict[str, Callable[[], None]] = {}


def when_there(module: str, call: Callable[[], None]) -> None:
    """Call as soon as `module` is imported: now, when it is already. A second call for the same module takes the place of the first."""
    if is_ready(module):
        call()
        return
    _awaited[module] = call
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def is_ready(module: str) -> bool:
    """Say whether a module has been imported to its end."""
    found = sys.modules.get(module)
    return found is not None and not getattr(getattr(found, "__spec__", None), "_initializing", False)


def forget(module: str) -> None:
    """Wait for a module no longer."""
    _awaited.pop(module, None)
    _leave()


def _leave() -> None:
    if not _awaited and _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)


class _Finder:
    """Finds nothing itself: it asks the others, and listens to the loader of what is awaited."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the others find."""
        if fullname not in _awaited:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                _listen(spec)
                return spec
        return None


def _listen(spec: ModuleSpec) -> None:
    """Have the loader of one module tell when it is done; the loader stays what it is."""
    loader: Any = spec.loader
    load = getattr(loader, "exec_module", None)
    if load is None:
        return

    def exec_module(module: ModuleType) -> None:
        load(module)
        call = _awaited.pop(module.__name__, None)
        if call is not None:
            _leave()
            call()

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader that takes no attributes: its module is not heard of
        return


_FINDER = _Finder()
