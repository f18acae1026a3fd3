"""A process with all that it started, however that was started, and how to make an end of it."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import psutil

PATIENCE_S = 10.0
"""How long the system may take to let killed processes go."""
LOOK_S = 0.005


class Family:
    """A process that began a session, and its offspring.

    Those are the processes of its session, which they stay in when their parent is gone, and for what began sessions of their own the
    children of children, as they are when this is made.

    Parameters
    ----------
    leader : int
        The process id.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._known = _children(leader)

    def kill(self) -> None:
        """Kill it until nothing of it is there: what begins a process while it dies does so in vain."""
        self._known |= _children(self._leader)
        until = time.monotonic() + PATIENCE_S
        while (living := self._living()) and time.monotonic() < until:
            for each in living:
                with suppress(psutil.Error):
                    each.kill()
            time.sleep(LOOK_S)

    def _living(self) -> list[psutil.Process]:
        return [each for each in self._known | _of_session(self._leader) if _lives(each)]


def _children(leader: int) -> set[psutil.Process]:
    try:
        process = psutil.Process(leader)
        return {process, *process.children(recursive=True)}
    except psutil.Error:
        return set()


def _of_session(leader: int) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    if os.name != "posix":
        return found
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            if os.getsid(pid) == leader:
                found.add(psutil.Process(pid))
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False
