"""Stand before methods and functions of libraries, and let everything through that is not to be recorded."""

from __future__ import annotations

import functools
import operator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Around = Callable[..., Any]
    """Called with the original, and what it was called with: the object first, for a method."""


class Hook:
    """Takes the place of a method in its class.

    It is no function, so that a class that is pickled by value, as cloudpickle does with those of notebooks, takes the method along and
    not what stands before it. Everybody who asks the class or an object gets a function, as before.

    Parameters
    ----------
    raw : object
        What stood in the class: a function, or a descriptor that may say that an object has no such method.
    """

    def __init__(self, raw: Any, around: Around) -> None:
        self.raw = raw
        self._around = around
        self._is_plain = isinstance(raw, FunctionType)

    @functools.cached_property
    def _hooked(self) -> Callable[..., Any]:
        """The function, made when it is first asked for: most of the hundreds of methods never are."""
        raw, around, is_plain = self.raw, self._around, self._is_plain

        @functools.wraps(raw)
        def hooked(this: Any, /, *args: Any, **kwargs: Any) -> Any:
            original = MethodType(raw, this) if is_plain else raw.__get__(this, type(this))
            return around(original, this, args, kwargs)

        return hooked

    def __get__(self, this: Any, owner: type | None = None) -> Any:
        if this is None:
            return self._hooked if self._is_plain else self.raw.__get__(None, owner)
        if not self._is_plain:
            self.raw.__get__(this, owner)  # raises AttributeError for an object that has no such method
        return MethodType(self._hooked, this)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._hooked  # MLflow looks whether a class's method is what stands in it

    def __hash__(self) -> int:
        return id(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method, its object first."""
        return self._hooked(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("raw", "_hooked", "_around", "_is_plain"):
            raise AttributeError(name)
        return getattr(self.raw, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.getitem, ((self.raw,), 0)


class Hooks:
    """What one library has been given, to be taken away again."""

    def __init__(self) -> None:
        self._methods: list[tuple[type, str, Hook]] = []

    def put(self, cls: type, name: str, around: Around) -> None:
        """Stand before a method that a class defines itself; once."""
        raw = cls.__dict__.get(name)
        if raw is None or isinstance(raw, (Hook, property, staticmethod, classmethod)) or not hasattr(raw, "__get__"):
            return
        hook = Hook(raw, around)
        setattr(cls, name, hook)
        self._methods.append((cls, name, hook))

    def remove(self) -> None:
        """Give every class back what it had, unless somebody else stands there now."""
        for cls, name, hook in self._methods:
            if cls.__dict__.get(name) is hook:
                setattr(cls, name, hook.raw)
        self._methods.clear()


def stand_before(function: Callable[..., Any], around: Around, modules: dict[str, Any], name: str) -> None:
    """Stand before a function in each of `modules`.

    It stays there: the first of the modules is said to be its home, so that it can be pickled by name, and loaded where
    nothing is recorded.
    """
    if hasattr(function, "nbtrack_around"):
        function.nbtrack_around = around
        return

    @functools.wraps(function)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        return hooked.nbtrack_around(function, args, kwargs)  # type: ignore[attr-defined]

    hooked.nbtrack_around = around  # type: ignore[attr-defined]
    hooked.__module__ = next(iter(modules))
    for module in modules.values():
        if getattr(module, name, None) is function:
            setattr(module, name, hooked)
