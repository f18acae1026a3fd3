"""Starts the worker processes, gives them their turns, and ends them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from benchmarks import machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from benchmarks.progress import Progress

OURS = "nbtrack"
PEERS = ("mlflow", "trackio", "tensorboard")
CLIENT = "client"
"""MLflow's client, for any server."""
OPTUNA, SWEEPS = "optuna", "sweeps"
"""Optuna with its own storage, and sweeps of ours."""
EVERYONE = (OURS, "floor", *PEERS)
ANSWER_S = 600.0


class WorkerError(Exception):
    """A contender could not do what it was asked."""


class Worker:
    """One contender in a process of its own.

    Parameters
    ----------
    name : str
        Of the contender.
    python : Path
        The interpreter whose packages it uses.
    folder : Path
        Where it keeps its data.
    """

    def __init__(self, name: str, python: Path, root: Path, folder: Path) -> None:
        self.name = name
        self._log = (folder.parent / f"{folder.name}.log").open("a")
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", name, folder],
            cwd=root,
            env=_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def ask(self, call: str, /, **values: Any) -> None:
        """Ask for something; :meth:`answer` waits for it."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"call": call, "with": values}) + "\n")
            self._process.stdin.flush()

    def answer(self, timeout: float = ANSWER_S) -> Any:
        """Return what was asked for; raises :class:`WorkerError`."""
        try:
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            self.end()
            message = f"{self.name}: no answer for {timeout:.0f} s"
            raise WorkerError(message) from None
        if line is None:
            message = f"{self.name}: the process has ended; see {self._log.name}"
            raise WorkerError(message)
        found = json.loads(line)
        if "error" in found:
            raise WorkerError(f"{self.name}: {found['error']}")
        return found["ok"]

    def wait(self) -> None:
        """Wait until the process has ended by itself."""
        self._process.wait(timeout=ANSWER_S)
        self.end()

    def end(self) -> None:
        """End the process and everything that it started; at most ten seconds are for a good end."""
        if self._process.stdin and not self._process.stdin.closed:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its own session: nobody else is in it
        self._process.wait()
        self._log.close()


class Crew:
    """The workers, by name; all are started at once.

    Parameters
    ----------
    root : Path
        The checkout.
    folder : Path
        Where the contenders keep their data.
    names : iterable of str
        Who takes part.
    patience : float
        Seconds that may be spent on waiting for other programs to pause, before rounds.
    """

    def __init__(self, root: Path, folder: Path, names: Iterable[str], progress: Progress, patience: float) -> None:
        self.root = root
        self.folder = folder
        self.names = tuple(names)
        self.progress = progress
        self._patience = patience
        self._workers: dict[str, Worker] = {}
        self._extra: list[Worker] = []

    def __enter__(self) -> Self:
        """Start nobody yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End everybody."""
        for worker in [*self._workers.values(), *self._extra]:
            worker.end()

    def present(self, *names: str) -> list[str]:
        """Return those of `names` that take part."""
        return [name for name in names if name in self.names]

    def python(self, name: str) -> Path:
        """Return the interpreter that has the packages of `name`."""
        return self.root / (".venv-bench" if name in (*PEERS, CLIENT, OPTUNA) else ".venv") / "bin" / "python"

    def start(self) -> dict[str, str]:
        """Start everybody at once; return the versions that are measured."""
        for name in (*self.names, "cells"):
            self._workers[name] = self._start(name)
        versions: dict[str, str] = {}
        for name, worker in self._workers.items():
            self.progress.show(name)
            versions |= worker.answer()
        return versions

    def worker(self, name: str) -> Worker:
        """Return the worker of `name`."""
        return self._workers[name]

    def another(self, name: str) -> Worker:
        """Return one more worker on the same data: somebody who reads, or who is going to be killed."""
        worker = self._start(name)
        self._extra.append(worker)
        worker.answer()
        return worker

    def ask(self, name: str, call: str, /, **values: Any) -> Any:
        """Ask one contender and wait for the answer."""
        self.progress.show(name)
        worker = self.worker(name)
        worker.ask(call, **values)
        return worker.answer()

    def in_turn(
        self, names: Iterable[str], call: str, rounds: int | Mapping[str, int], /, **values: Any
    ) -> dict[str, list[Any]]:
        """Ask each of `names` in each round, another one first each time; return the answers by name.

        `rounds` may say for each name in how many of the rounds it takes part.
        """
        names = self.present(*names)
        times = rounds if not isinstance(rounds, int) else dict.fromkeys(names, rounds)
        found: dict[str, list[Any]] = {name: [] for name in names}
        last = max((times[name] for name in names), default=0)
        for turn in range(last):
            self._wait_for_quiet()
            shift = turn % max(1, len(names))
            for name in names[shift:] + names[:shift]:
                if turn < times[name]:
                    self.progress.show(f"{name}, round {turn + 1} of {last}")
                    found[name].append(self.ask(name, call, **values))
        return found

    def _wait_for_quiet(self) -> None:
        """On a machine with others, begin a round when they pause: three seconds are waited, and a while for all of them."""
        self.progress.show("waiting for others to pause")
        self._patience -= machine.wait_for_quiet(min(3.0, self._patience))

    def _start(self, name: str) -> Worker:
        self.folder.mkdir(parents=True, exist_ok=True)
        worker = Worker(name, self.python(name), self.root, self.folder / name)
        worker.ask("ready")
        return worker


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a worker: the user's settings stay out, nothing is sent anywhere."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("NBTRACK_", "MLFLOW_", "TRACKIO_", "PYTHON"))}
    return clean | {
        "DO_NOT_TRACK": "true",
        "HF_HUB_OFFLINE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TRACKIO_DIR": str(folder / "trackio"),
        "TQDM_DISABLE": "1",
    }
