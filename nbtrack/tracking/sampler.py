"""The machine while a run goes on: CPU, memory, disk, network and NVIDIA GPUs, under MLflow's names."""

from __future__ import annotations

import importlib
import os
import threading
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1e6
FIRST_AFTER_S = 0.5
STOP_WITHIN_S = 2.0


class Sampler:
    """Logs the state of the machine at regular times, from a thread of its own.

    The first sample comes half a second after the start. No error reaches the training: what cannot be read is left
    out, and `errors` counts it. A forked child does not sample. After the machine slept there is a gap, no burst.

    Parameters
    ----------
    log : callable
        Called with ``{"system/…": value}`` and the step: the number of the sample.
    interval_s : float
        Seconds between two samples.
    first_step : int
        Step of the first sample; a resumed run goes on where it was.
    """

    def __init__(self, log: Callable[[dict[str, float], int], object], interval_s: float, first_step: int = 0) -> None:
        self._log = log
        self._interval_s = interval_s
        self.step = first_step
        self.errors = 0
        self._has_sampled = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    @property
    def is_running(self) -> bool:
        """Say whether samples are being taken in this process."""
        return self._pid == os.getpid() and self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to sample; once is enough."""
        if self.is_running:
            return
        # A new event each time: that of a forked parent may have been copied locked.
        self._stop, self._pid, self._has_sampled = threading.Event(), os.getpid(), False
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name="nbtrack-sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End within two seconds. A run too short for a sample gets one now."""
        thread, self._thread = self._thread, None
        if thread is None or self._pid != os.getpid():
            return
        self._stop.set()
        if thread is not threading.current_thread():
            thread.join(STOP_WITHIN_S)

    def _run(self, stop: threading.Event) -> None:
        machine = Machine()
        stop.wait(min(FIRST_AFTER_S, self._interval_s))
        while not (stop.is_set() and self._has_sampled):
            self._sample(machine)
            stop.wait(self._interval_s)
        machine.close()

    def _sample(self, machine: Machine) -> None:
        self._has_sampled = True
        try:
            values = machine.read()
            self.errors += machine.errors
            if values:
                self._log({f"system/{name}": value for name, value in values.items()}, self.step)
                self.step += 1
        except Exception:  # noqa: BLE001 - logging never stops the training
            self.errors += 1


class Machine:
    """Reads the machine; network traffic counts from the moment it is made."""

    def __init__(self) -> None:
        self.errors = 0
        self._parts: list[Callable[[], dict[str, float]]] = [_cpu, _memory, _disk]
        self._gpus: Gpus | None = None
        self._probe(_cpu)  # the first answer of psutil's is always 0
        self._probe(self._begin_network)
        self._probe(self._begin_gpus)

    def read(self) -> dict[str, float]:
        """Return what can be read at this moment, in percent, megabytes (10**6 bytes) and watts."""
        self.errors = 0
        return {name: value for part in self._parts for name, value in self._probe(part).items()}

    def close(self) -> None:
        """Let go of the GPU library."""
        if self._gpus is not None:
            self._probe(self._gpus.close)

    def _probe(self, part: Callable[[], dict[str, float]]) -> dict[str, float]:
        try:
            return part()
        except Exception:  # noqa: BLE001 - one part that fails takes no other along
            self.errors += 1
            return {}

    def _begin_network(self) -> dict[str, float]:
        self._parts.append(Network().read)
        return {}

    def _begin_gpus(self) -> dict[str, float]:
        self._gpus = Gpus.find()
        if self._gpus is not None:
            self._parts.append(self._gpus.read)
        return {}


class Network:
    """Megabytes that went in and out since the start; a counter that began anew (sleep, reconnect) never goes down."""

    def __init__(self) -> None:
        self._last = self._counters()
        self._received = self._sent = 0.0

    def read(self) -> dict[str, float]:
        """Return the traffic so far."""
        now = self._counters()
        self._received += max(0, now[0] - self._last[0]) / MB
        self._sent += max(0, now[1] - self._last[1]) / MB
        self._last = now
        return {"network_receive_megabytes": self._received, "network_transmit_megabytes": self._sent}

    @staticmethod
    def _counters() -> tuple[int, int]:
        found = psutil.net_io_counters()
        return found.bytes_recv, found.bytes_sent


class Gpus:
    """NVIDIA GPUs, through the package ``nvidia-ml-py``; absent package, driver or GPU means None."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]

    @classmethod
    def find(cls) -> Gpus | None:
        """Return the GPUs of this machine."""
        try:
            nvml: Any = importlib.import_module("pynvml")
            nvml.nvmlInit()
            return cls(nvml)
        except Exception:  # noqa: BLE001 - not having a GPU is no error
            return None

    def read(self) -> dict[str, float]:
        """Return memory, load and power of each GPU; some cards do not tell all of it."""
        values: dict[str, float] = {}
        for i, handle in enumerate(self._handles):
            for part in (self._memory, self._load, self._power):
                try:
                    values |= {f"gpu_{i}_{name}": value for name, value in part(handle).items()}
                except Exception:  # noqa: BLE001, S112 - NVMLError_NotSupported, and what other drivers raise
                    continue
        return values

    def close(self) -> dict[str, float]:
        """Let go of the driver."""
        self._nvml.nvmlShutdown()
        return {}

    def _memory(self, handle: Any) -> dict[str, float]:
        found = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        return {
            "memory_usage_megabytes": found.used / MB,
            "memory_usage_percentage": 100.0 * found.used / found.total,
        }

    def _load(self, handle: Any) -> dict[str, float]:
        return {"utilization_percentage": float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)}

    def _power(self, handle: Any) -> dict[str, float]:
        watts = self._nvml.nvmlDeviceGetPowerUsage(handle) / 1000
        most = self._nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000
        return {"power_usage_watts": watts, "power_usage_percentage": 100.0 * watts / most}


def _cpu() -> dict[str, float]:
    return {"cpu_utilization_percentage": float(psutil.cpu_percent())}


def _memory() -> dict[str, float]:
    found = psutil.virtual_memory()
    return {"system_memory_usage_megabytes": found.used / MB, "system_memory_usage_percentage": float(found.percent)}


def _disk() -> dict[str, float]:
    found = psutil.disk_usage(os.sep)
    return {
        "disk_usage_percentage": float(found.percent),
        "disk_usage_megabytes": found.used / MB,
        "disk_available_megabytes": found.free / MB,
    }
