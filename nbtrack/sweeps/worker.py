"""``python -m nbtrack.sweeps.worker``: carries out the trials that a sweep sends on stdin, until stdin ends, and with it everything here.

A process of its own and no ``multiprocessing``: nothing of the user's script is imported again, so no ``if __name__ == "__main__"`` is
needed, and it works the same from a script, a notebook and a test.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.store.opening import open_store
from nbtrack.sweeps import pipes
from nbtrack.sweeps.outcome import execute
from nbtrack.sweeps.trial_run import TrialRun
from nbtrack.tracking import active

if TYPE_CHECKING:
    from typing import IO

    from nbtrack.entities import RunInfo
    from nbtrack.sweeps.calling import Call
    from nbtrack.sweeps.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all trials of a sweep."""

    uri: str
    call: Call
    metric: str | None
    prunes: bool
    experiment: str | None


@dataclass(frozen=True, slots=True)
class Errand:
    """A trial, as it travels."""

    number: int
    info: RunInfo
    params: dict[str, Any]
    seed: int


def carry_out(setting: Setting, errand: Errand, asks: Any) -> Outcome:
    """Carry a trial out in a run that another process leads."""
    run = TrialRun(open_store(setting.uri), errand.info, is_joined=True)
    run.trial, run.given, run.seed = errand.number, errand.params, errand.seed
    run.params.update({name: str(value) for name, value in errand.params.items()})
    run.listen_to(setting.metric, asks if setting.prunes else None)
    return execute(setting.call, run, setting.metric)


class _Line:
    """The line to the sweep: what it sends waits here; when it is cut, this process ends, whatever it does."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source = source
        self._target = target
        self._waiting: queue.Queue[Any] = queue.Queue()
        self._is_quiet = True
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._waiting.put(pipes.receive(self._source))
            except (EOFError, OSError):
                if self._is_quiet:
                    self._waiting.put(None)
                    return
                _end_all()

    def next(self) -> Any:
        """Return the next message; None when there will be none."""
        self._is_quiet = True
        found = self._waiting.get()
        self._is_quiet = False
        return found

    def ask(self, number: int, step: int, value: float) -> bool:
        """Ask the sweep's pruner about a step."""
        pipes.send(self._target, pipes.pickled(("ask", number, step, value)))
        answer = self._waiting.get()
        return bool(answer)

    def done(self, number: int, outcome: Outcome) -> None:
        """Tell how a trial ended."""
        pipes.send(self._target, pipes.pickled(("done", number, outcome)))


def main() -> None:
    """Carry out trials until nobody sends any."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # a training that reads from the keyboard finds none
    os.dup2(2, 1)  # and what it prints does not get among our messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the sweep interrupts it there
    sys.path[:] = pipes.receive(source)
    setting: Setting = pipes.receive(source)
    active.set_tracking_uri(setting.uri)
    active.set_experiment_name(setting.experiment)
    line = _Line(source, target)
    while True:
        errand: Errand | None = line.next()
        if errand is None:
            return
        number = errand.number
        outcome = carry_out(setting, errand, lambda step, value: line.ask(number, step, value))  # noqa: B023 - asked before the next one
        line.done(number, outcome)


def _end_all() -> None:
    """End this process and what it started: the sweep is gone."""
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    # by its name, so that what is pickled here is the same class over there
    from nbtrack.sweeps.worker import main as begin

    begin()
