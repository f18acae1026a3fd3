"""Start other hosts of notebooks, Voila and marimo, as programs of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 90


@contextmanager
def serving(folder: Path, *words: str, port: int) -> Iterator[str]:
    """Run a program in `folder` until the block is left; return its address once it answers.

    Parameters
    ----------
    folder : Path
        Also its home: nothing of the developer's settings is seen.
    words : str
        What follows ``python -m``.
    port : int
        Where it listens, on the loopback address.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NBTRACK_", "JUPYTER", "JPY_"))}
    homes = {
        "HOME": folder,
        "XDG_CONFIG_HOME": folder,
        "JUPYTER_CONFIG_DIR": folder / "config",
        "IPYTHONDIR": folder / "ipython",
    }
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=kept | {name: str(path) for name, path in homes.items()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(port, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(
                ("127.0.0.1", port), timeout=20
            ).close()  # Voila would run the notebook for a request
        except OSError:
            time.sleep(0.2)
        else:
            return
    message = f"port {port} did not answer:\n{log.read_text()[-4000:]}"
    raise RuntimeError(message)
