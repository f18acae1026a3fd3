"""One moment for all that a request asks: a store that is elsewhere is asked once for what is new, not for each part of the answer."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

LONGEST_S = 1.0
"""What takes longer sees what has come meanwhile."""


class Moment:
    """When a store was last asked on behalf of a request, and what came of it."""

    def __init__(self) -> None:
        self._found: Any = None
        self._until = 0.0

    def keep(self, found: Any) -> None:
        """Note what the store was then."""
        self._found, self._until = found, time.monotonic() + LONGEST_S

    def forget(self) -> None:
        """See to it that the store is asked anew."""
        self._found = None

    @property
    def found(self) -> Any:
        """What the store was; None when it has to be asked."""
        return self._found if time.monotonic() < self._until else None


moment: ContextVar[Moment | None] = ContextVar("moment", default=None)
"""Set by who answers requests; without one, each question is asked."""
