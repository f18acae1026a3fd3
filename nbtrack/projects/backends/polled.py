"""A job that another system runs: asked from time to time how it is, never more often than it bears."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.errors import NbtrackError
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMAND_S = 60.0
FIRST_POLL_S = 0.5


class PolledJob:
    """What is common to jobs of SLURM and Kubernetes: their state is asked for by `look` and kept when it is final.

    Parameters
    ----------
    job_id : str
        What its system calls it.
    poll_s : float
        Seconds between two questions while somebody waits; the first ones come sooner.
    """

    def __init__(self, job_id: str, poll_s: float) -> None:
        self._job_id = job_id
        self._poll_s = poll_s
        self._status = RunStatus.RUNNING
        self._exit_code: int | None = None
        self._asked_at = 0.0
        self._is_cancelled = False
        self._asking = threading.Lock()

    @property
    def job_id(self) -> str:
        """Return what its system calls it."""
        return self._job_id

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs, and where the system does not tell one."""
        return self._exit_code

    @property
    def status(self) -> RunStatus:
        """Return how it is, as of half a second ago at most."""
        with self._asking:
            if self._status == RunStatus.RUNNING and time.monotonic() - self._asked_at >= FIRST_POLL_S:
                found, code = self.look()
                self._asked_at = time.monotonic()
                if found != RunStatus.RUNNING:
                    self._status = RunStatus.KILLED if self._is_cancelled else found
                    self._exit_code = code
                    self.ended()
            return self._status

    def wait(self, timeout_s: float | None = None) -> RunStatus:
        """Wait until it has ended, or for so many seconds."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        pause = FIRST_POLL_S
        while (status := self.status) == RunStatus.RUNNING:
            left = pause if until is None else min(pause, until - time.monotonic())
            if left <= 0:
                break
            time.sleep(left)
            self.heard()
            pause = min(pause * 1.5, self._poll_s)
        return status

    def cancel(self) -> None:
        """End it, and wait until its system says that it has ended."""
        if self.status != RunStatus.RUNNING:
            return
        self._is_cancelled = True
        self.stop()
        self.wait(COMMAND_S)

    # -- what each system says in its own words ------------------------------------------------------------------------

    def look(self) -> tuple[RunStatus, int | None]:
        """Ask its system for status and exit code."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ask its system to end it."""
        raise NotImplementedError

    def output(self) -> str:
        """Return the end of what it printed."""
        raise NotImplementedError

    def heard(self) -> None:
        """Show what it printed since the last time, where that can be had."""

    def ended(self) -> None:
        """Clean up after it."""
        self.heard()


def ask(argv: Sequence[str], *, given: str | None = None, why: str, install: str) -> str:
    """Return what a command of another system prints.

    Parameters
    ----------
    argv : sequence of str
        Its words; no shell reads them.
    given : str, optional
        What it reads from its standard input.
    why, install : str
        For the error: what it was to do, and where it comes from when it is not here.

    Raises
    ------
    NbtrackError
        It is not there, fails, or takes a minute.
    """
    try:
        done = subprocess.run(  # noqa: S603
            list(argv), input=given, capture_output=True, text=True, errors="replace", timeout=COMMAND_S, check=False
        )
    except FileNotFoundError as error:
        raise NbtrackError(f"{argv[0]} is needed {why}, and is not on the PATH of this machine; {install}.") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv[0], -1, f"it did not answer within {COMMAND_S:.0f} seconds") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CommandError(argv[0], done.returncode, redact(" ".join(said[-3:])) or "it said nothing")
    return done.stdout


class CommandError(NbtrackError):
    """A command of another system failed.

    Parameters
    ----------
    program, code, said : str, int, str
        What failed, how, and the end of what it said.
    """

    def __init__(self, program: str, code: int, said: str) -> None:
        self.program, self.code, self.said = program, code, said
        super().__init__(f"{program} failed with exit code {code}: {said}")


def patiently(look: Callable[[], tuple[RunStatus, int | None]]) -> tuple[RunStatus, int | None]:
    """Take an answer that does not come for "still running": a scheduler may be away for minutes while its jobs go on."""
    try:
        return look()
    except CommandError:
        return RunStatus.RUNNING, None
