from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from nbtrack.tracking import sampler as sampler_module
from nbtrack.tracking.sampler import Gpus, Machine, Network, Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = {
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "disk_usage_percentage",
    "disk_usage_megabytes",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}
GPU = {
    "gpu_0_memory_usage_megabytes": 3000.0,
    "gpu_0_memory_usage_percentage": 25.0,
    "gpu_0_utilization_percentage": 70.0,
    "gpu_0_power_usage_watts": 150.0,
    "gpu_0_power_usage_percentage": 50.0,
}
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and POSIX signals")


class Log:
    """Keeps what it is given, with the time."""

    def __init__(self) -> None:
        self.samples: list[tuple[int, dict[str, float], float]] = []
        self.arrived = threading.Condition()

    def __call__(self, values: dict[str, float], step: int) -> None:
        with self.arrived:
            self.samples.append((step, values, time.monotonic()))
            self.arrived.notify_all()

    def wait_for(self, n: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.samples) >= n, 10), f"{len(self.samples)} of {n} samples came"

    @property
    def steps(self) -> list[int]:
        return [step for step, _, _ in self.samples]


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)


@pytest.fixture
def log() -> Iterator[Log]:
    yield Log()
    assert "nbtrack-sampler" not in {thread.name for thread in threading.enumerate()}


def test_the_names_are_mlflows():
    values = Machine().read()
    assert set(values) == HOST
    assert {type(value) for value in values.values()} == {float}
    assert min(values.values()) >= 0
    assert all(value <= 100 for name, value in values.items() if name.endswith("percentage"))


def test_the_first_sample_comes_within_a_second(log: Log):
    sampler = Sampler(log, 60)
    begin = time.monotonic()
    sampler.start()
    log.wait_for(1)
    sampler.stop()
    step, values, at = log.samples[0]
    assert step == 0
    assert set(values) == {f"system/{name}" for name in HOST}
    assert at - begin < 5  # one second, and patience with a busy machine


def test_steps_count_samples_and_go_on_where_a_run_was(log: Log):
    sampler = Sampler(log, 0.02, first_step=7)
    sampler.start()
    log.wait_for(3)
    sampler.stop()
    assert log.steps[:3] == [7, 8, 9]
    assert sampler.step == 7 + len(log.steps)


def test_a_run_too_short_for_a_sample_gets_one(log: Log):
    sampler = Sampler(log, 60)
    sampler.start()
    sampler.stop()
    assert log.steps == [0]


def test_stopping_takes_no_interval(log: Log):
    sampler = Sampler(log, 3600)
    sampler.start()
    log.wait_for(1)
    sampler.stop()
    sampler.stop()
    assert not sampler.is_running
    assert len(log.samples) == 1


def test_starting_twice_samples_once_and_a_stopped_one_starts_again(log: Log):
    sampler = Sampler(log, 60)
    sampler.start()
    first = sampler._thread
    sampler.start()
    assert sampler._thread is first
    sampler.stop()
    sampler.start()
    assert sampler.is_running
    sampler.stop()
    assert log.steps == [0, 1]


def test_stopping_one_that_never_started_is_fine(log: Log):
    Sampler(log, 1).stop()


def test_stopping_from_within_the_log_call_does_not_wait_for_itself():
    stopped = threading.Event()

    def stop(values: dict[str, float], step: int) -> None:
        sampler.stop()
        stopped.set()

    sampler = Sampler(stop, 0.01)
    sampler.start()
    assert stopped.wait(10)


def test_a_log_that_fails_is_counted_and_sampling_goes_on():
    calls = threading.Semaphore(0)

    def fail(values: dict[str, float], step: int) -> None:
        calls.release()
        raise RuntimeError("full")

    sampler = Sampler(fail, 0.01)
    sampler.start()
    assert all(calls.acquire(timeout=10) for _ in range(3))
    sampler.stop()
    assert sampler.errors >= 3
    assert sampler.step == 0


def test_a_part_that_fails_takes_no_other_along(log: Log, monkeypatch: pytest.MonkeyPatch):
    def broken(*args: object) -> Any:
        raise OSError("no such thing in this container")

    monkeypatch.setattr(psutil, "disk_usage", broken)
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    sampler = Sampler(log, 60)
    sampler.start()
    log.wait_for(1)
    sampler.stop()
    assert set(log.samples[0][1]) == {f"system/{name}" for name in HOST if not name.startswith(("disk", "network"))}
    assert sampler.errors == 1


def test_nothing_is_logged_when_nothing_can_be_read(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sampler_module, "psutil", None)
    sampler = Sampler(log, 0.01)
    sampler.start()
    sampler.stop()
    assert log.samples == []
    assert sampler.errors >= 3


def test_a_network_counter_that_began_anew_never_goes_down(monkeypatch: pytest.MonkeyPatch):
    counts = iter([(5_000_000, 0), (7_000_000, 1_000_000), (0, 0), (1_500_000, 500_000)])

    def counters() -> SimpleNamespace:
        received, sent = next(counts)
        return SimpleNamespace(bytes_recv=received, bytes_sent=sent)

    monkeypatch.setattr(psutil, "net_io_counters", counters)
    network = Network()
    assert [tuple(network.read().values()) for _ in range(3)] == [(2.0, 1.0), (2.0, 1.0), (3.5, 1.5)]


# ---------------------------------------------------------------- GPUs


class Nvml(ModuleType):
    """A driver with one GPU."""

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.is_open = False

    def nvmlInit(self) -> None:  # noqa: N802
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(used=3_000_000_000, total=12_000_000_000)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=70, memory=10)

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        return 150_000

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: int) -> int:  # noqa: N802
        return 300_000


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Nvml:
    nvml = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    return nvml


def test_gpus_are_sampled_where_the_driver_is(log: Log, nvml: Nvml):
    sampler = Sampler(log, 60)
    sampler.start()
    log.wait_for(1)
    sampler.stop()
    found = log.samples[0][1]
    assert {name: found[f"system/{name}"] for name in GPU} == GPU
    assert not nvml.is_open


def test_what_a_gpu_does_not_tell_is_left_out(nvml: Nvml, monkeypatch: pytest.MonkeyPatch):
    def not_supported(handle: int) -> int:
        raise RuntimeError("Not Supported")

    monkeypatch.setattr(nvml, "nvmlDeviceGetPowerUsage", not_supported)
    machine = Machine()
    assert set(machine.read()) == HOST | {name for name in GPU if "power" not in name}
    assert machine.errors == 0


@pytest.mark.parametrize("error", [RuntimeError("Driver Not Loaded"), OSError("libnvidia-ml.so.1")])
def test_a_package_without_a_driver_is_no_error(nvml: Nvml, monkeypatch: pytest.MonkeyPatch, error: Exception):
    def fail() -> None:
        raise error

    monkeypatch.setattr(nvml, "nvmlInit", fail)
    assert Gpus.find() is None
    assert set(Machine().read()) == HOST


# ---------------------------------------------------------------- processes

PROGRAM = """
import os, sys, time
from nbtrack.tracking.sampler import Sampler
sampler = Sampler(lambda values, step: os.write(1, b"%d %d %f\\n" % (os.getpid(), step, time.monotonic())), 0.05)
sampler.start()
"""


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@posix
def test_a_forked_child_does_not_sample_and_can_stop_and_start():
    program = (
        PROGRAM
        + """
time.sleep(0.3)
pid = os.fork()
if pid == 0:
    assert not sampler.is_running
    time.sleep(0.3)
    sampler.stop()
    sampler.start()
    time.sleep(0.3)
    sampler.stop()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert sampler.is_running
sampler.stop()
print("parent", os.getpid(), pid)
"""
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    *samples, (_, parent, child) = lines(done.stdout)
    of_child = [float(at) for pid, _, at in samples if pid == child]
    of_parent = [float(at) for pid, _, at in samples if pid == parent]
    assert len(samples) == len(of_child) + len(of_parent)
    assert of_child
    assert min(of_child) - min(of_parent) > 0.5  # only after its own start


@posix
def test_many_forks_never_hang():
    program = (
        PROGRAM.replace("0.05", "0.0005")
        + """
for _ in range(60):
    pid = os.fork()
    if pid == 0:
        sampler.stop()
        os._exit(0)
    os.waitpid(pid, 0)
sampler.stop()
"""
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)


@posix
def test_a_machine_that_slept_leaves_a_gap_and_no_burst():
    program = PROGRAM + "sys.stdin.read()\nsampler.stop()\n"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        seen = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        rest, _ = process.communicate(timeout=30)
    samples = lines("".join(seen) + rest)
    times = [float(at) for _, _, at in samples]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    after = max(range(len(gaps)), key=gaps.__getitem__) + 1
    assert max(gaps) > 1.2
    assert all(gap > 0.03 for gap in gaps[after:-1])
    assert [int(step) for _, step, _ in samples] == list(range(len(samples)))


@posix
def test_a_program_that_forgets_to_stop_still_ends():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + "time.sleep(0.2)"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
