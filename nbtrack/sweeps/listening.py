"""Who is asked to listen to sweeps: light, so that a notebook can say so before anybody sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.sweeps.standing import News

    Listener = Callable[[News], Any]

on_sweep: list[Callable[[], Listener | None]] = []
"""Asked at the beginning of each sweep for somebody who listens to it: a notebook's view."""
