"""Times of many calls, each one looked at."""

from __future__ import annotations

import gc
import itertools
import time
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Laps(TypedDict):
    """What many calls took, in seconds."""

    n: int
    mean: float
    p50: float
    p99: float
    max: float


def laps_of(seconds: Sequence[float]) -> Laps:
    """Return mean, median, 99th percentile and largest of what was measured."""
    ordered = sorted(seconds)
    n = len(ordered)
    return Laps(
        n=n,
        mean=sum(ordered) / n,
        p50=ordered[n // 2],
        p99=ordered[min(n - 1, int(n * 0.99))],
        max=ordered[-1],
    )


def time_calls(call: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> Laps:
    """Call with each of `arguments` in turn, as a training loop would, and time each call.

    The clock is read once a call, so its 0.05 us and those of the loop are in every contender's figure.
    """
    gc.collect()
    gc.freeze()  # the arguments are ours, not the contender's: its collections need not look at them
    clock = time.perf_counter_ns
    stamps = [0] * (len(arguments) + 1)
    stamps[0] = clock()
    for index, values in enumerate(arguments, 1):
        call(*values)
        stamps[index] = clock()
    gc.unfreeze()
    return laps_of([(after - before) / 1e9 for before, after in itertools.pairwise(stamps)])


class Timed(TypedDict):
    """What one call took, in seconds: on the wall's clock, and of all cores together."""

    wall: float
    cpu: float


def timed(call: Callable[[], Any]) -> Timed:
    """Return how long one call takes, and what it uses of the processor: that does not depend on who else is busy."""
    gc.collect()
    begin, used = time.perf_counter(), time.process_time()
    call()
    return Timed(wall=time.perf_counter() - begin, cpu=time.process_time() - used)


def seconds(call: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    gc.collect()
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin
