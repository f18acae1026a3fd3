"""Model servers, each a process of its own that ends with the block."""

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
from typing import TYPE_CHECKING

import psutil

from benchmarks.crew import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 120.0
END_S = 15.0
COMMANDS = {
    OURS: ("-m", "nbtrack", "models", "serve", "--trust", "-m", "{model}", "--port", "{port}"),
    "floor": ("-m", "benchmarks.bare_server", "{model}", "{port}"),
    "mlflow": ("-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", "{model}", "--port", "{port}"),
}
"""What the interpreter of each is told."""


class Server:
    """A server that answers.

    Parameters
    ----------
    process : Popen
        Leads a session of its own.
    url : str
        Ends with a slash.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self._url = url

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self._url}ping", timeout=5) as reply:  # noqa: S310 - ours
                reply.read()
                return
            time.sleep(0.1)
        message = f"no answer from {self._url}"
        raise RuntimeError(message)

    def cpu(self) -> float:
        """Return the seconds that it and its children have used, of all cores together."""
        root = psutil.Process(self._process.pid)
        return sum(sum(each.cpu_times()[:2]) for each in (root, *root.children(recursive=True)))

    def load(self, root: Path, body: bytes, n: int, connections: int) -> dict[str, float]:
        """Have a process send `n` requests; adds the server's CPU time of one to what it found."""
        command = [sys.executable, "-m", "benchmarks.load", f"{self._url}invocations", str(n), str(connections)]
        before = self.cpu()
        done = subprocess.run(command, cwd=root, input=body, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-1000:])
        found: dict[str, float] = json.loads(done.stdout)
        return found | {"cpu": (self.cpu() - before) / n}


@contextmanager
def serving(name: str, python: Path, root: Path, model: Path, log: Path) -> Iterator[Server]:
    """Serve a model folder with one of those who can, and wait until it answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [str(python), *(part.format(model=model, port=port) for part in COMMANDS[name])]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("NBTRACK_", "MLFLOW_"))}
    environment = clean | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # where MLflow looks for uvicorn
        "PYTHONPATH": str(root),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=log.parent, env=environment, stdout=said, stderr=said, start_new_session=True
        )
        server = Server(process, f"http://127.0.0.1:{port}/")
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
