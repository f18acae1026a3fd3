"""Tracking servers, each a process of its own that ends with the block."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START_S = 180.0
END_S = 20.0
LOOK_S = 0.01
MB = 1e6


class Tracker:
    """A server that answers.

    Attributes
    ----------
    url : str
        Without a slash at its end.
    start : float
        Seconds from the command to the first answer.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url
        self.start = 0.0

    def wait(self) -> None:
        """Wait until it answers."""
        begin = time.monotonic()
        while time.monotonic() - begin < START_S and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=5) as reply:  # noqa: S310 - ours
                reply.read()
                self.start = time.monotonic() - begin
                return
            time.sleep(LOOK_S)
        message = f"no answer from {self.url}"
        raise RuntimeError(message)

    def memory(self) -> float:
        """Return the megabytes of it and its children; what several share counts once."""
        total = 0.0
        for each in self._family():
            with suppress(psutil.NoSuchProcess):  # MLflow's come and go
                total += each.memory_full_info().pss / MB
        return total

    def cpu(self) -> float:
        """Return the seconds that it and its children have used, of all cores together."""
        total = 0.0
        for each in self._family():
            with suppress(psutil.NoSuchProcess):
                total += sum(each.cpu_times()[:2])
        return total

    def load(self, root: Path, requests: Sequence[tuple[str, str, Any]], n: int, connections: int) -> dict[str, float]:
        """Have a process send `n` of these requests in turn; adds the CPU time of the server for one to what it found."""
        command = [sys.executable, "-m", "benchmarks.server_load", self.url, str(n), str(connections)]
        before = self.cpu()
        done = subprocess.run(command, cwd=root, input=json.dumps(requests).encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-1000:])
        found: dict[str, float] = json.loads(done.stdout)
        return found | {"cpu": (self.cpu() - before) / n}

    def _family(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def tracking(command: Sequence[str], python: Path, folder: Path, log: Path) -> Iterator[Tracker]:
    """Start a server with the options it has by itself, but for store and port, and wait until it answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("NBTRACK_", "MLFLOW_"))}
    environment = clean | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # where MLflow looks for uvicorn
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "NBTRACK_CACHE": str(folder / "cache"),
        "NBTRACK_OUTBOX": str(folder / "outbox"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        full = [str(python), "-m", *command, "--port", str(port)]
        process = subprocess.Popen(full, cwd=folder, env=environment, stdout=said, stderr=said, start_new_session=True)
        server = Tracker(process, f"http://127.0.0.1:{port}")
        try:
            server.wait()
            yield server
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started: they are alone in their session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=END_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
