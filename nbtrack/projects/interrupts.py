"""Interrupts that come at a bad moment."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block, so that a process that was just begun is not forgotten.

    A process that is begun in it can be interrupted, also where this one ignores that, as what a shell has put into the background does.
    Signals come to the main thread alone; in others nothing is done. A handler that is not Python's own stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def keep(number: int, _: Any) -> None:
        came.append(number)

    before = {each: signal.getsignal(each) for each in SIGNALS}
    ours = [each for each, handler in before.items() if handler is not None]
    for each in ours:
        signal.signal(each, keep)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, before[each])
    if came:  # what is ignored is ignored again
        signal.raise_signal(came[0])
