"""TensorBoard: event files written by tensorboardX, as PyTorch's SummaryWriter writes them, read by TensorBoard's own reader."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import tensorboard
import tensorboardX
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from benchmarks import material
from benchmarks.laps import Laps, Timed, time_calls, timed

if TYPE_CHECKING:
    from pathlib import Path


class Contender:
    """Writes and reads event files.

    Parameters
    ----------
    folder : Path
        Where the files are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None
        self._count = 0

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"tensorboard": tensorboard.__version__, "tensorboardX": tensorboardX.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def _open(self, name: str | None = None) -> Any:
        self._count += 1
        return tensorboardX.SummaryWriter(str(self._folder / (name or f"run-{os.getpid()}-{self._count}")))

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(self, n: int) -> Laps:
        """Log points of a run."""
        with self._open() as writer:
            return time_calls(writer.add_scalar, [("loss", v, step) for step, v in enumerate(material.values(n))])

    def log_metrics(self, n: int) -> Laps:
        """Log steps of ten metrics, one after another: ``add_scalars`` would make ten files."""
        with self._open() as writer:

            def add(values: dict[str, float], step: int) -> None:
                for key, value in values.items():
                    writer.add_scalar(key, value, step)

            return time_calls(add, material.step_material(10, n))

    def empty_runs(self, n: int) -> Laps:
        """Open and close writers in which nothing is logged."""
        return time_calls(lambda: self._open().close(), [()] * n)

    # -- what others see ---------------------------------------------------------------------------------------------

    def open_run(self, name: str) -> str:
        """Open a run that others look at; return its name."""
        self._writer = self._open(name)
        return name

    def write_slowly(self, n: int) -> list[float]:
        """Log and flush `n` points with pauses (without flush they are seen up to 120 s later); return when each was done."""
        returned = []
        for step, pause in enumerate(material.pauses(n)):
            time.sleep(pause)
            self._writer.add_scalar("loss", float(step), step)
            self._writer.flush()
            returned.append(time.monotonic())
        self._writer.close()
        return returned

    def watch(self, run_id: str, n: int, timeout: float) -> list[float]:
        """Reload again and again; return when each point was first there."""
        events = EventAccumulator(str(self._folder / run_id), size_guidance={"scalars": 0, "tensors": 0})
        seen: list[float] = []
        until = time.monotonic() + timeout
        while len(seen) < n and time.monotonic() < until:
            events.Reload()
            count = len(events.Scalars("loss")) if "loss" in events.Tags()["scalars"] else 0
            now = time.monotonic()
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
        return seen

    def log_and_die(self, n: int) -> None:
        """Log `n` points and be killed as soon as the last call has returned."""
        writer = self._open("killed")
        for step in range(n):
            writer.add_scalar("loss", float(step), step)
        os.kill(os.getpid(), signal.SIGKILL)

    def count_after_death(self) -> int:
        """Return how many of the killed process's points are there."""
        events = EventAccumulator(str(self._folder / "killed"), size_guidance={"scalars": 0})
        events.Reload()
        return len(events.Scalars("loss")) if "loss" in events.Tags()["scalars"] else 0

    # -- points ------------------------------------------------------------------------------------------------------

    def add_points(self, n: int, name: str, kind: str = "full") -> dict[str, float]:
        """Log a run of `n` points."""
        begin = time.perf_counter()
        with self._open(name) as writer:
            points = zip(material.values(n, kind), material.times_ms(n), range(n), strict=True)
            for value, ms, step in points:
                writer.add_scalar("loss", value, step, walltime=ms / 1000)
        return {"write": time.perf_counter() - begin}

    def history(self, n: int, name: str) -> Timed:
        """Return seconds to read all points."""
        return timed(lambda: self._read(name, 0, n))

    def thinned(self, n: int, name: str) -> Timed:
        """Return seconds for 1,000 of them, as its web page does it: a random sample, spikes are lost."""
        return timed(lambda: self._read(name, 1000, min(n, 1000)))

    def add_curves(self, n: int, runs: int) -> None:
        """Log `runs` runs of `n` points."""
        for run in range(runs):
            self.add_points(n, f"curves-{n}-{run}")

    def curves(self, n: int, runs: int, zoom: bool) -> Timed:  # noqa: FBT001, ARG002 - it has no other detail when zoomed
        """Return seconds for 1,000 points of each, as its web page does it: a random sample, spikes are lost."""

        def read_all() -> None:
            for run in range(runs):
                self._read(f"curves-{n}-{run}", 1000, min(n, 1000))

        return timed(read_all)

    def _read(self, name: str, at_most: int, expected: int) -> None:
        events = EventAccumulator(str(self._folder / name), size_guidance={"scalars": at_most})
        events.Reload()
        assert len(events.Scalars("loss")) == expected

    def bytes_on_disk(self, n: int, kind: str) -> dict[str, float]:
        """Log `n` points and return the size of the event file; it keeps values as float32."""
        self.add_points(n, f"bytes-{kind}", kind)
        folder = self._folder / f"bytes-{kind}"
        return {"store": float(sum(path.stat().st_size for path in folder.iterdir()))}
