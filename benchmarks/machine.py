"""On what it was measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable


def describe(folder: Path) -> dict[str, str]:
    """Return processor, memory, file system and system, in words."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "file system": _file_system(folder),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
    }


def load() -> float:
    """Return how many processes wanted a core in the last minute."""
    return os.getloadavg()[0]


def waited() -> float | None:
    """Return the seconds since boot in which some process waited for a core; None where the system does not count them."""
    try:
        line = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except (OSError, IndexError):
        return None
    return int(line.rsplit("=", 1)[1]) / 1e6


def wait_for_quiet(at_most: float) -> float:
    """Wait until nobody has to wait for a core, for so many seconds at most; return how long it took."""
    begin = time.monotonic()
    while time.monotonic() - begin < at_most:
        before = waited()
        time.sleep(0.2)
        if before is None or ((waited() or before) - before) < 0.02:
            break
    return time.monotonic() - begin


def revision(root: Path) -> str:
    """Return the commit that is measured, and whether files differ from it."""
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout
        changes = subprocess.run(
            [*git, "status", "--short", "nbtrack"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.strip() + (" with changes" if changes.strip() else "")


def _processor() -> str:
    try:
        lines: Iterable[str] = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(folder: Path) -> str:
    inside = [p for p in psutil.disk_partitions(all=True) if folder.is_relative_to(p.mountpoint)]
    return max(inside, key=lambda p: len(p.mountpoint)).fstype if inside else "unknown"
