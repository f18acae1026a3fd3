"""A run of a project: what it is while it goes on, how it is ended, and what is kept of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.errors import NbtrackError, ProjectFailedError, warn
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbtrack.projects.plan import Submitted
    from nbtrack.tracking.run import ActiveRun

OUTPUT = "output.txt"
ERROR = "nbtrack.error"


class ProjectRun:
    """A run of a project, in the words of MLflow's ``SubmittedRun``.

    Attributes
    ----------
    run_id : str
    run : ActiveRun
        It is ended here, not by the caller.
    """

    def __init__(
        self, run: ActiveRun, job: Submitted, clear: Iterable[Callable[[], None]], *, is_shown: bool = False
    ) -> None:
        self.run = run
        self.run_id = run.id
        self._job = job
        self._clear = clear
        self._is_shown = is_shown  # what it printed has been seen
        self._ending = threading.Lock()

    def __repr__(self) -> str:
        return f"<ProjectRun #{self.run.number} {self.run.name!r} ({self.get_status()})>"

    def get_status(self) -> str:
        """Return RUNNING, FINISHED, FAILED or KILLED."""
        return str(self._job.status)

    @property
    def job_id(self) -> str:
        """Return what the backend calls it: a process id, a job's number or name."""
        return self._job.job_id

    @property
    def exit_code(self) -> int | None:
        """Return the exit code of its process; None while it runs, or where it is not known."""
        return self._job.exit_code

    def output(self) -> str:
        """Return the end of what it printed, without secrets."""
        return redact(self._job.output())

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended and is recorded, or for so many seconds; say whether it is FINISHED."""
        status = self._job.wait(timeout_s)
        if status != RunStatus.RUNNING:
            self._end(status)
        return status == RunStatus.FINISHED

    def cancel(self) -> None:
        """End it with all that it started; its run is KILLED."""
        self._job.cancel()
        self._end(self._job.status)

    def give_up(self) -> None:
        """End it after an interrupt or an error of ours: its run is KILLED, whatever else happens meanwhile."""
        try:
            self._job.cancel()
        finally:
            self._end(RunStatus.KILLED)

    def check(self) -> None:
        """Raise ``ProjectFailedError`` when it has ended FAILED or KILLED."""
        status = self._job.status
        if status in (RunStatus.FAILED, RunStatus.KILLED):
            what, printed = f"Run #{self.run.number} {self.run.name!r}", "" if self._is_shown else self.output()
            raise ProjectFailedError(what, self.run_id, str(status), self.exit_code, printed)

    def end_by_itself(self) -> None:
        """Have a thread wait for it and record its end; Python waits for the thread before it leaves."""
        threading.Thread(target=self._waited, name=f"nbtrack-project-{self.run_id[:8]}").start()

    def _waited(self) -> None:
        try:
            self.wait()
        except NbtrackError as error:
            warn(f"Run {self.run.name!r}: {error}")
            self._end(RunStatus.FAILED)

    def _end(self, status: RunStatus) -> None:
        with self._ending:
            if not self.run.is_open:
                return
            printed = self.output()
            if printed:
                self.run.log_text(printed, OUTPUT)
            code = self.exit_code
            if code is not None:
                self.run.set_tag("nbtrack.project.exit_code", code)
            if status == RunStatus.FAILED:
                last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
                self.run.set_tag(ERROR, (last or f"exit code {code}")[:2000])
            self.run.end(status)
            for clear in self._clear:
                clear()
