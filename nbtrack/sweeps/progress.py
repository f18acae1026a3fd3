"""A bar in the terminal while a sweep goes on: trials, best so far, time to go; on stderr, gone when it is done."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from nbtrack.sweeps.standing import News, Standing

IN_KERNEL = "JPY_PARENT_PID"
"""Jupyter sets it in kernels, where a view shows the sweep."""


def shows_bar() -> bool:
    """Say whether there is a terminal to show a bar in."""
    return sys.stderr is not None and sys.stderr.isatty() and IN_KERNEL not in os.environ


class Bar:
    """Listens to a sweep and shows it."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, news: News) -> None:
        """Show the news; the first one begins the bar, the last one takes it away."""
        if news.kind == "begun":
            self._begin(news.standing)
        if self._bar is None or self._task is None:
            return
        self._bar.update(self._task, completed=news.standing.done, description=line(news.standing))
        if news.kind in ("done", "paused"):
            self._bar.stop()
            self._bar = None

    def _begin(self, standing: Standing) -> None:
        from rich.console import Console  # noqa: PLC0415 - only on a terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

        described = TextColumn("{task.description}", markup=False)
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._bar = Progress(
            SpinnerColumn(), MofNCompleteColumn(), BarColumn(), described, console=console, transient=True
        )
        self._task = self._bar.add_task(line(standing), total=standing.total)
        self._bar.start()


def line(standing: Standing) -> str:
    """Return ``2 failed · best acc 0.913 · 3 min to go``."""
    parts = [f"{standing.failed} failed"] if standing.failed else []
    parts += [f"{standing.pruned} pruned"] if standing.pruned else []
    if standing.best is not None and standing.best.value is not None:
        parts.append(f"best {standing.metric} {standing.best.value:.5g}")
    if standing.eta_s is not None and standing.done < standing.total:
        parts.append(f"{duration(standing.eta_s)} to go")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return ``40 s``, ``3 min`` or ``2.5 h``."""
    if seconds < 90:  # noqa: PLR2004
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004
