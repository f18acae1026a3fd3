"""What a long export is doing, on one line that goes away."""

from __future__ import annotations

import sys
import time

PATIENCE_S = 2.0


class Telling:
    """Says nothing for two seconds, then what is being done; only where somebody reads along, a terminal or a notebook."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._width = 0
        self._is_read = sys.stderr.isatty() or "ipykernel" in sys.modules

    def __call__(self, what: str) -> None:
        """Show what is done now in the place of what was."""
        if self._is_read and time.monotonic() - self._begun > PATIENCE_S:
            self._write(f"exporting: {what}")

    def close(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(self._width)}{'' if text else chr(13)}")
        sys.stderr.flush()
        self._width = len(text)
