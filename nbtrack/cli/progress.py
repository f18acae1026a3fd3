"""Progress of long work: on stderr, gone when it is done, and only on a terminal."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbtrack.cli.output import clean, console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from nbtrack.store.protocol import Store

IN_KERNEL = "JPY_PARENT_PID"
"""Jupyter sets it in kernels: their ``!command`` looks like a terminal, but each frame of a bar would stay in the notebook."""


class Work:
    """What is being done, as its bar shows it; without a terminal there is nothing to show."""

    def __init__(self, bar: Progress | None = None, task: TaskID | None = None) -> None:
        self._bar = bar
        self._task = task

    def say(self, what: str) -> None:
        """Tell what is done now."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=clean(what))

    def advance(self, amount: float = 1) -> None:
        """Tell that so much more is done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, amount)

    def reach(self, done: float, total: float | None = None) -> None:
        """Tell how much is done, and of how much as far as that is known by now."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)


@contextmanager
def working(what: str, total: float | None = None) -> Iterator[Work]:
    """Show a bar (a pulse without a `total`) for the length of the block."""
    err = console(stderr=True)
    if not err.is_terminal or IN_KERNEL in os.environ:
        yield Work()
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    described = TextColumn("{task.description}", markup=False)
    with Progress(SpinnerColumn(), described, BarColumn(), TimeElapsedColumn(), console=err, transient=True) as bar:
        yield Work(bar, bar.add_task(clean(what), total=total))


def fold(store: Store) -> None:
    """Bring what was written into the DuckDB file now, with progress, so that the exit need not do it silently."""
    with working("folding journals") as work:
        store.fold(progress=lambda n: work.say(f"folding journals: {n:,} records"))
