"""Dask: the plan is a task of a worker, which starts the process there and reads what it prints.

``backend_config`` is ``{"address": "tcp://scheduler:8786"}``, or nothing: then the client of this process is used, else a cluster of one
worker on this machine for as long as the job goes on. ``resources`` (``{"GPU": 1}``) are the task's. Workers must have nbtrack, and see the
project's folder, its environment and the store.

Dask does not stop a task that runs: the task asks twice a second whether it was cancelled (an event on the scheduler) and then ends the
process with all that it started. When a worker dies the plan is not run again elsewhere, because it would log into the same run. Tested
with clusters of this machine.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends.local import LocalBackend, show
from nbtrack.projects.backends.words import check_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.projects.plan import Plan

ASK_S = 0.5
CLOSE_S = 30.0
CONNECT_S = 15.0


class DaskBackend:
    """Runs plans as tasks of a Dask cluster."""

    name = "dask"

    def check(self, config: Mapping[str, Any]) -> None:
        """Take ``address`` and ``resources``."""
        check_keys(self.name, config, ("address", "resources"))
        address = config.get("address")
        if address is not None and (not isinstance(address, str) or "://" not in address):
            raise InvalidValueError(f"address is {address!r}; use that of a scheduler, such as 'tcp://10.0.0.1:8786'.")
        resources = config.get("resources") or {}
        if not isinstance(resources, dict) or not all(isinstance(each, (int, float)) for each in resources.values()):
            raise InvalidValueError(f"resources is {resources!r}; use amounts by name, such as {{'GPU': 1}}.")

    def submit(self, plan: Plan) -> DaskJob:
        """Give the plan to a worker."""
        self.check(plan.config)
        distributed = require("distributed", "to run projects on a cluster", package="dask[distributed]")
        client, is_ours = _client(distributed, plan.config.get("address"))
        name = f"nbtrack-{plan.entry}-{plan.run_id}"
        future = client.submit(
            carry_out,
            replace(plan, config={}, echo=False),
            name,
            key=name,
            pure=False,
            retries=0,
            resources=plan.config.get("resources") or None,
        )
        return DaskJob(future, _events(distributed, name, client)[1], client if is_ours else None, echo=plan.echo)


def carry_out(plan: Plan, name: str) -> tuple[str, int | None, str]:
    """Run a plan in a worker; returns status, exit code and the end of what it printed."""
    distributed = require("distributed", "to run projects on a cluster", package="dask[distributed]")
    with distributed.worker_client(
        separate_thread=False
    ) as client:  # it keeps its place: the process works as hard as a task
        began, cancelled = _events(distributed, name, client)
        if began.is_set():
            return RunStatus.FAILED, None, "The worker that ran it died; it is not run again.\n"
        began.set()
        try:
            job = LocalBackend().submit(plan)
        except NbtrackError as error:
            return RunStatus.FAILED, None, f"{error}\n"
        while job.wait(ASK_S) == RunStatus.RUNNING:
            if cancelled.is_set():
                job.cancel()
    return job.status, job.exit_code, job.output()


def _events(distributed: Any, name: str, client: Any) -> tuple[Any, Any]:
    """Return what the scheduler keeps of a plan: that a worker began it, and that somebody cancelled it."""
    return distributed.Event(f"{name}-began", client=client), distributed.Event(f"{name}-cancelled", client=client)


class DaskJob:
    """A task of a cluster."""

    def __init__(self, future: Any, event: Any, owned: Any, *, echo: bool) -> None:
        self._future = future
        self._event = event
        self._owned = owned
        self._echo = echo
        self._is_cancelled = False
        self._outcome: tuple[RunStatus, int | None, str] | None = None
        self._settling = threading.Lock()

    @property
    def job_id(self) -> str:
        """Return the task's key."""
        return str(self._future.key)

    @property
    def status(self) -> RunStatus:
        """Return how it is now."""
        if self._outcome is None and not self._future.done():
            return RunStatus.RUNNING
        return self._settle()[0]

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs, and when the worker died."""
        return None if self.status == RunStatus.RUNNING else self._settle()[1]

    def wait(self, timeout_s: float | None = None) -> RunStatus:
        """Wait until it has ended, or for so many seconds."""
        if self._outcome is None:
            try:
                self._future.exception(timeout=timeout_s)
            except TimeoutError:
                return RunStatus.RUNNING
            except Exception:  # noqa: BLE001, S110 - cancelled by somebody, or the scheduler is gone: `_settle` tells
                pass
        return self._settle()[0]

    def cancel(self) -> None:
        """Ask the worker to end the process, and wait until it has."""
        if self.status != RunStatus.RUNNING:
            return
        self._is_cancelled = True
        self._event.set()
        if self.wait(CLOSE_S) == RunStatus.RUNNING:
            self._future.cancel()  # no worker has taken it up
            self._settle()

    def output(self) -> str:
        """Return the end of what it printed, once it has ended."""
        return "" if self._outcome is None else self._outcome[2]

    def _settle(self) -> tuple[RunStatus, int | None, str]:
        """Take the outcome from the cluster, once, and end the cluster when it is ours."""
        with self._settling:
            if self._outcome is None:
                self._outcome = self._taken()
                if self._echo:
                    show(self._outcome[2])
                self._close()
            return self._outcome

    def _taken(self) -> tuple[RunStatus, int | None, str]:
        try:
            status, code, output = self._future.result(timeout=CLOSE_S)
        except Exception as error:  # noqa: BLE001 - KilledWorker, CancelledError, what a worker without nbtrack raises
            status = RunStatus.KILLED if self._is_cancelled else RunStatus.FAILED
            return status, None, f"The cluster could not run it: {type(error).__name__}: {error}\n"
        return (RunStatus.KILLED if self._is_cancelled else RunStatus(status)), code, output

    def _close(self) -> None:
        if self._owned is None:
            return
        cluster = self._owned.cluster
        self._owned.close()
        if cluster is not None:
            cluster.close()


def _client(distributed: Any, address: str | None) -> tuple[Any, bool]:
    """Return a client, and whether it is to be closed after the job."""
    if address is not None:
        try:
            return distributed.Client(address, timeout=CONNECT_S, set_as_default=False), True
        except (OSError, TimeoutError) as error:
            raise NbtrackError(f"No Dask scheduler answers at {address}; start one with `dask scheduler`.") from error
    try:
        return distributed.default_client(), False
    except ValueError:
        quiet = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
        return distributed.Client(set_as_default=False, **quiet), True
