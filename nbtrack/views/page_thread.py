"""A thread that may speak to the page."""

from __future__ import annotations

import sys
import threading
from typing import Any


def page_thread(**options: Any) -> threading.Thread:
    """Return a thread that may send messages to widgets: marimo hears only threads of its own kind.

    Parameters
    ----------
    **options
        As for :class:`threading.Thread`.
    """
    marimo = sys.modules.get("marimo")
    is_marimo = marimo is not None and marimo.running_in_notebook()
    kind: type[threading.Thread] = marimo.Thread if is_marimo else threading.Thread  # type: ignore[union-attr]
    return kind(**options)
