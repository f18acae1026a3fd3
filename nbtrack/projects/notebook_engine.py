"""Runs a notebook's cells in a kernel, with papermill's client; the only module that imports papermill's engine and jupyter_client."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PATIENCE_S = 6.0
"""How long an interrupted cell may take to clean up before its kernel is killed."""
FIRST_SAVE_S = 60.0
START_S = 120
LONGEST_SOCKET = 90
STOPPED = ("StopRun",)
INTERRUPTED = ("KeyboardInterrupt",)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that begins.

    Attributes
    ----------
    number, of : int
        Which one of how many cells of code it is, from 1.
    title : str
        Its first line of code.
    """

    number: int
    of: int
    title: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a notebook ended: FINISHED, FAILED or KILLED, the error with its cell, and the number of cells that ran."""

    status: RunStatus
    error: str = ""
    ran: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a kernel runs: working folder, environment variables, and its output, if somebody is to see it as it comes."""

    folder: Path
    variables: Mapping[str, str]
    out: Any = None


class Watch(NotebookExecutionManager):  # type: ignore[misc] # papermill carries no types
    """What papermill's client tells of each cell."""

    def __init__(self, notebook: Any, begins: Callable[[Cell], None], save: Callable[[Any], None]) -> None:
        super().__init__(notebook, progress_bar=False, autosave_cell_every=5)
        self._begins = begins
        self._save = save
        self._saved_at, self._save_after_s = time.monotonic(), FIRST_SAVE_S
        self.total = sum(_runs(cell) for cell in notebook.cells)
        self.done = 0
        self.at = 0
        self.failure: Any = None

    def cell_start(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """Tell that a cell of code begins."""
        self.at = cell_index or 0
        if _runs(cell):
            self._begins(Cell(self.done + 1, self.total, _title(cell.source)))
            self.done += 1
        super().cell_start(cell, cell_index, **options)

    def cell_exception(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """Keep what stopped the notebook."""
        self.failure = options.get("exception")
        super().cell_exception(cell, cell_index, **options)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """Mark a cell that its kernel did not survive as failed; papermill takes it for done."""
        if sys.exception() is not None:
            cell.metadata["papermill"]["status"] = self.FAILED
        super().cell_complete(cell, cell_index, **options)

    def notebook_complete(self, **options: Any) -> None:
        """Leave cells that never began as they were; papermill takes them for done, too."""
        super().notebook_complete(**options)
        for cell in self.nb.cells:
            if cell.metadata["papermill"].get("start_time") is None:
                cell.metadata["papermill"]["status"] = self.PENDING

    def save(self, **_: Any) -> None:
        """Keep what there is, ever more seldom: who looks at a run of hours sees what its cells have shown by now."""
        self.last_save_time = self.now()
        if time.monotonic() - self._saved_at > self._save_after_s:
            self._save(self.nb)
            self._saved_at, self._save_after_s = time.monotonic(), self._save_after_s * 2


def kernel_for(language: str, name: str, python: str) -> AsyncKernelManager:
    """Return a kernel that is not started: `python`'s own for Python, whatever the notebook calls it, else the one installed as `name`."""
    if language == "python":
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_OneKernel(argv), **_private())
    kernels = KernelSpecManager()
    try:
        kernels.get_kernel_spec(name)
    except NoSuchKernel as error:
        there = ", ".join(sorted(kernels.find_kernel_specs()))
        raise InvalidValueError(
            f"The notebook needs the Jupyter kernel {name!r} ({language}), which is not installed here. There are: {there}."
        ) from error
    return AsyncKernelManager(kernel_name=name, kernel_spec_manager=kernels)


def _private() -> dict[str, str]:
    """Return where the kernel listens: at sockets in a folder of this user alone, if its path is short enough, else at ports."""
    if os.name != "posix":
        return {}
    folder = tempfile.mkdtemp(prefix="nbtrack-kernel-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = f"{folder}/k"
    return {"transport": "ipc", "ip": place} if len(place) < LONGEST_SOCKET else {}


def execute(watch: Watch, kernel: AsyncKernelManager, around: Surroundings) -> Ending:
    """Run all cells until one fails; `watch.nb` has the outputs, however it ends.

    A kernel that runs already stays; one that is started here is gone afterwards. An interrupt of this process interrupts the cell,
    which may clean up for some seconds; then, or at a second interrupt, the kernel is killed.
    """
    work = _Work(watch, kernel, around)
    threading.Thread(target=work.run, name="nbtrack-notebook", daemon=True).start()
    try:
        # Not `join`: interrupted, it takes a thread for ended that goes on (until Python 3.13).
        while not work.is_done.wait(0.5):
            pass
    except KeyboardInterrupt:
        work.is_interrupted = True
        _stop(work.is_done, kernel)
    return work.ending()


def _stop(is_done: threading.Event, kernel: AsyncKernelManager) -> None:
    try:
        _apart(kernel.interrupt_kernel)
        is_done.wait(PATIENCE_S)
    except KeyboardInterrupt:
        pass
    if not is_done.is_set():
        _apart(lambda: kernel.shutdown_kernel(now=True))
        is_done.wait(PATIENCE_S)


def _apart(asked: Callable[[], Any]) -> None:
    """Await something of the kernel's in a thread with a loop of its own: this one may have a loop that runs."""

    async def ask() -> None:
        await asked()

    def run() -> None:
        try:
            asyncio.run(ask())
        except Exception:  # noqa: BLE001 - it has not started yet, or it is gone: nothing is to be stopped
            return
        finally:
            done.set()

    done = threading.Event()
    threading.Thread(target=run, daemon=True).start()
    done.wait(PATIENCE_S)


class _Work:
    """The part that runs in a thread of its own, so that the main thread can wait for an interrupt."""

    def __init__(self, watch: Watch, kernel: AsyncKernelManager, around: Surroundings) -> None:
        self.watch, self.kernel, self.around = watch, kernel, around
        self.error: BaseException | None = None
        self.is_interrupted = False
        self.is_done = threading.Event()

    def run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        client = self._client()
        try:
            self.watch.notebook_start()
            client.execute(cwd=str(self.around.folder), env=dict(self.around.variables))
        except BaseException as error:  # noqa: BLE001 - told by `ending`
            self.error = error
        finally:
            self.watch.notebook_complete()
            if client.kc is not None:  # of a kernel that stays
                client.kc.stop_channels()
            loop.close()
            asyncio.set_event_loop(None)
            self.is_done.set()

    def _client(self) -> Any:
        options: dict[str, Any] = (
            {"stdout_file": self.around.out, "stderr_file": self.around.out} if self.around.out else {}
        )
        options |= {"startup_timeout": START_S, "iopub_timeout": 30, "coalesce_streams": True}
        client = PapermillNotebookClient(self.watch, km=self.kernel, **options)
        client.owns_km = not self.kernel.has_kernel
        return client

    def ending(self) -> Ending:
        watch, failure = self.watch, self.watch.failure
        name = getattr(failure, "ename", "")
        if self.is_interrupted or name in INTERRUPTED:
            return Ending(RunStatus.KILLED, f"{self._where()}: interrupted", watch.done)
        if isinstance(self.error, StopRun) or name in STOPPED:
            return Ending(RunStatus.FINISHED, ran=watch.done)
        if name == "SystemExit" and failure.evalue in ("", "0", "None"):
            return Ending(RunStatus.FINISHED, ran=watch.done)
        if failure is not None:
            return Ending(RunStatus.FAILED, f"{self._where()}: {name}: {failure.evalue}".rstrip(": "), watch.done)
        if self.error is not None:
            return Ending(RunStatus.FAILED, self._trouble(self.error), watch.done)
        return Ending(RunStatus.FINISHED, ran=watch.done)

    def _where(self) -> str:
        if not self.watch.done:
            return "before the first cell"
        count = self.watch.nb.cells[self.watch.at].get("execution_count")
        return f"cell {self.watch.at + 1}" + (f" (In [{count}])" if count else "")

    def _trouble(self, error: BaseException) -> str:
        """Say what went wrong beside the code of the cells."""
        if not self.watch.done:
            python = self.kernel.kernel_spec.argv[0] if self.kernel.kernel_spec else "the kernel"
            return f"the kernel did not start; {python} must have ipykernel ({type(error).__name__}: {error})"
        if isinstance(error, DeadKernelError):
            return f"{self._where()}: the kernel died, as it does when memory runs out or C code crashes"
        if isinstance(error, CellTimeoutError):
            return f"{self._where()}: its output did not arrive in time"
        return f"{self._where()}: {type(error).__name__}: {error}"


class _OneKernel(KernelSpecManager):
    """Knows one kernel, whatever it is asked for."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__()
        self._spec = KernelSpec(argv=argv, display_name="Python", language="python")

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - a notebook's name for its kernel means nothing here
        """Return it."""
        return self._spec


def _runs(cell: Any) -> bool:
    tags = cell.get("metadata", {}).get("tags", ())
    return cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in tags


def _title(source: str) -> str:
    lines = (line.strip() for line in source.split("\n"))
    return next((line for line in lines if line and not line.startswith(("#", "%"))), source.strip().split("\n")[0])[
        :80
    ]
