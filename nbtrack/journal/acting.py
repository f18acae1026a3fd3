"""Who a change is made for: on a server not the user of its process, but who asked."""

from contextvars import ContextVar

acting: ContextVar[str] = ContextVar("nbtrack_acting", default="")
"""The name of who asks; empty where that is the user of the process."""
limited: ContextVar[bool] = ContextVar("nbtrack_limited", default=False)
"""Whether who asks may change only those settings that everybody who writes may: better directions of metrics, saved views."""
