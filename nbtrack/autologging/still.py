"""Asks a model for its predictions without leaving a trace: random numbers, its attributes, and warnings stay as they were."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbtrack.autologging.guard import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 200
"""So many parts of a model are looked at."""
MOST_IN_A_LIST = 30


@contextmanager
def still(model: Any = None) -> Iterator[None]:
    """Put back, at the end, the state of every generator of random numbers and the attributes of a model and its parts."""
    undo = [*_generators(), *_parts(model)]
    try:
        with quiet():
            yield
    finally:
        for back in undo:
            back()


def _generators() -> Iterator[Callable[[], None]]:
    state = random.getstate()
    yield lambda: random.setstate(state)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        drawn = numpy.random.get_state()
        yield lambda: numpy.random.set_state(drawn)


def _parts(model: Any) -> list[Callable[[], None]]:
    """Return what undoes changes of a model, of the models in it, and of the generators that these hold."""
    undo: list[Callable[[], None]] = []
    seen: set[int] = set()
    waiting = [model]
    while waiting and len(seen) < MOST:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, (list, tuple)):
            waiting += [each for each in part[:MOST_IN_A_LIST] if _may_change(each)]
        elif isinstance(part, dict):
            waiting += [each for each in list(part.values())[:MOST_IN_A_LIST] if _may_change(each)]
        elif hasattr(part, "bit_generator"):
            undo.append(_drawn(part.bit_generator))
        elif hasattr(part, "_bit_generator"):  # numpy's RandomState
            undo.append(_drawn(part._bit_generator))  # noqa: SLF001
        elif hasattr(part, "__dict__"):
            had = vars(part).copy()
            undo.append(lambda part=part, had=had: _restore(part, had))  # type: ignore[misc]
            waiting += [each for each in had.values() if _may_change(each)]
    return undo


def _may_change(value: Any) -> bool:
    kind = type(value)
    if kind in (list, tuple, dict):
        return bool(value) and len(value) <= MOST
    is_generator = kind.__module__.startswith("numpy.random")
    return is_generator or (hasattr(value, "get_params") and not isinstance(value, type))


def _drawn(generator: Any) -> Callable[[], None]:
    state = generator.state
    return lambda: setattr(generator, "state", state)


def _restore(part: Any, had: dict[str, Any]) -> None:
    now = vars(part)
    if now.keys() != had.keys() or any(now[name] is not value for name, value in had.items()):
        now.clear()
        now.update(had)
