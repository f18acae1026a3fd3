"""Within one process: many readers of a DuckDB file or one writer, as DuckDB itself demands between processes."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Gate:
    """Lets the readers of one file in together, and a writer alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._has_writer = False

    @contextmanager
    def shared(self, timeout: float) -> Iterator[bool]:
        """Enter as a reader; yields False when a writer is inside for longer than `timeout` seconds."""
        with self._changed:
            is_free = self._changed.wait_for(lambda: not self._has_writer, timeout)
            self._readers += 1
        try:
            yield is_free
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, timeout: float) -> Iterator[bool]:
        """Enter as the writer; yields False when others are inside for longer than `timeout` seconds."""
        with self._changed:
            is_free = self._changed.wait_for(lambda: not self._has_writer and self._readers == 0, timeout)
            self._has_writer = self._has_writer or is_free
        try:
            yield is_free
        finally:
            if is_free:
                with self._changed:
                    self._has_writer = False
                    self._changed.notify_all()


_gates: dict[Path, Gate] = {}


def gate_of(path: Path) -> Gate:
    """Return the gate of a file."""
    return _gates.setdefault(path, Gate())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_gates.clear)
