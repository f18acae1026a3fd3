"""How many files this process may have open, of which connections are most."""

from __future__ import annotations

from contextlib import suppress

SPARE = 256
"""Those that are not for connections."""
MOST = 4096
"""Connections, however many files there may be."""


def max_connections() -> int:
    """Return how many connections there may be: fewer than files that this process may open."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(16, min(MOST, soft - SPARE))


def raise_file_limit() -> None:
    """Let this process open as many files as it may: the limit that a shell gives is 1,024 on many machines."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
