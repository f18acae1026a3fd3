"""Says what is being measured."""

from __future__ import annotations

import sys
import time


class Progress:
    """One line for each figure; on a terminal the turn that goes on is shown in it."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._since = self._begun
        self._title = ""
        self._is_terminal = sys.stdout.isatty()

    def figure(self, title: str) -> None:
        """Begin a figure."""
        self.done()
        self._title, self._since = title, time.monotonic()

    def show(self, turn: str) -> None:
        """Say whose turn it is."""
        if self._is_terminal:
            print(f"\r\033[K  {self._clock()}  {self._title}: {turn}", end="", flush=True)

    def done(self) -> None:
        """End the figure."""
        if self._title:
            took = time.monotonic() - self._since
            start = "\r\033[K" if self._is_terminal else ""
            print(f"{start}  {self._clock()}  {self._title} ({took:.0f} s)", flush=True)
        self._title = ""

    @property
    def seconds(self) -> float:
        """Return how long all of it has taken."""
        return time.monotonic() - self._begun

    def _clock(self) -> str:
        minutes, seconds = divmod(int(self.seconds), 60)
        return f"{minutes:2d}:{seconds:02d}"
