"""Plans on this machine: each is a process of its own, in a session of its own, started without a shell."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends.family import Family
from nbtrack.projects.backends.words import check_keys, variables, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.projects.plan import Plan

TAIL_BYTES = 256 * 1024
PATIENCE_S = (10.0, 5.0)
"""How long an interrupt, then a SIGTERM, may take before the next, harder signal."""
KILLED_BY = {-signal.SIGINT, -signal.SIGTERM, -9, 128 + signal.SIGINT, 128 + signal.SIGTERM}
DRAIN_S = 2.0
LOOK_S = 0.5


class LocalBackend:
    """Runs plans as processes of this machine."""

    name = "local"

    def check(self, config: Mapping[str, Any]) -> None:
        """Take no settings."""
        check_keys(self.name, config, ())

    def submit(self, plan: Plan) -> LocalJob:
        """Start the process; raises ``NbtrackError`` when its program is not there."""
        argv = words(plan)
        if not argv:
            raise InvalidValueError(f"Entry point {plan.entry!r} has no command.")
        try:
            process = subprocess.Popen(  # noqa: S603 - words, never a shell
                argv,
                cwd=plan.folder,
                env=variables(plan),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=os.name == "posix",
            )
        except FileNotFoundError as error:
            missing = f"the folder {plan.folder}" if not plan.folder.is_dir() else f"the program {argv[0]!r}"
            raise NbtrackError(f"Entry point {plan.entry!r} cannot start: {missing} is not there.") from error
        except OSError as error:
            raise NbtrackError(f"Entry point {plan.entry!r} cannot start {argv[0]!r}: {error.strerror}.") from error
        return LocalJob(process, echo=plan.echo)


class LocalJob:
    """A process of this machine.

    One thread waits for it, and nobody else does; one reads what it prints, so that it never waits for us, and keeps the end of that.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, echo: bool) -> None:
        self._process = process
        self._echo = echo
        self._is_cancelled = False
        self._has_ended = threading.Event()
        self._is_read = threading.Event()
        self._kept = bytearray()
        self._keeping = threading.Lock()
        for what in (self._wait, self._read):
            threading.Thread(target=what, name=f"nbtrack-project{what.__name__}", daemon=True).start()

    @property
    def job_id(self) -> str:
        """Return the process id."""
        return str(self._process.pid)

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._process.returncode if self._has_ended.is_set() else None

    @property
    def status(self) -> RunStatus:
        """Return how it is now."""
        code = self.exit_code
        if code is None:
            return RunStatus.RUNNING
        if self._is_cancelled or code in KILLED_BY:
            return RunStatus.KILLED
        return RunStatus.FAILED if code else RunStatus.FINISHED

    def wait(self, timeout_s: float | None = None) -> RunStatus:
        """Wait until it has ended, and until all that it printed is here."""
        # Events, not `join`: interrupted, that takes a thread for ended that goes on (until Python 3.13).
        while not self._has_ended.wait(LOOK_S if timeout_s is None else timeout_s):
            if timeout_s is not None:
                return RunStatus.RUNNING
        self._is_read.wait(DRAIN_S)  # something it left behind may hold the pipe for ever
        return self.status

    def cancel(self) -> None:
        """Interrupt it, so that it can clean up; then SIGTERM; then what still runs is killed, with all that it started.

        Another interrupt of ours meanwhile ends its time to clean up.
        """
        if self._has_ended.is_set():
            return
        self._is_cancelled = True
        family = Family(self._process.pid)
        try:
            for how, patience in zip((signal.SIGINT, signal.SIGTERM), PATIENCE_S, strict=True):
                self._send(how)
                if self._has_ended.wait(patience):
                    break
        finally:
            family.kill()
            self.wait()

    def output(self) -> str:
        """Return the end of what it printed, at most 256 KiB."""
        with self._keeping:
            return bytes(self._kept).decode(errors="replace")

    # -- inside ------------------------------------------------------------------------------------------------------

    def _send(self, how: signal.Signals) -> None:
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, how)  # it leads its group: it began a session
            else:
                self._process.terminate()

    def _wait(self) -> None:
        self._process.wait()
        self._has_ended.set()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with suppress(OSError, ValueError), pipe:
            while block := os.read(pipe.fileno(), 65536):
                with self._keeping:
                    self._kept += block
                    del self._kept[:-TAIL_BYTES]
                if self._echo:
                    show(decoder.decode(block))
        self._is_read.set()


def show(text: str) -> None:
    """Write what a job printed to our own stdout, whatever that is now; that it cannot must not keep the job from being read."""
    with suppress(Exception):
        sys.stdout.write(text)
        sys.stdout.flush()
