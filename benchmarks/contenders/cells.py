"""Notebook cells with and without ``%%track``: in IPython's shell of this process, and in a real kernel."""

from __future__ import annotations

import time
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

import IPython
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BARE, TRACKED = "pass", "%%track\npass"
LOAD = "import nbtrack\nnbtrack.set_tracking_uri({path!r})\n%load_ext nbtrack"
ANSWER_S = 60


class Contender:
    """Runs cells.

    Parameters
    ----------
    folder : Path
        Where the stores are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"ipython": IPython.__version__, "ipykernel": version("ipykernel")}

    def close(self) -> None:
        """Nothing is open."""

    def in_shell(self, n: int) -> dict[str, float]:
        """Run `n` empty cells of each kind in turn; return the median seconds."""
        shell: Any = InteractiveShell.instance()

        def run(cell: str) -> None:
            shell.run_cell(cell, store_history=True).raise_error()

        run(LOAD.format(path=str(self._folder / "shell.duckdb")))
        return _in_turn(run, n)

    def in_kernel(self, n: int) -> dict[str, float]:
        """Do the same in a kernel, from the request to the kernel's being idle again."""
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(self._folder))
        try:

            def run(cell: str) -> None:
                reply = client.execute_interactive(cell, timeout=ANSWER_S, output_hook=lambda _: None)
                assert reply["content"]["status"] == "ok", reply["content"]

            run(LOAD.format(path=str(self._folder / "kernel.duckdb")))
            return _in_turn(run, n)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _in_turn(run: Callable[[str], None], n: int) -> dict[str, float]:
    times: dict[str, list[float]] = {BARE: [], TRACKED: []}
    for cell in (BARE, TRACKED) * 3:
        run(cell)
    for _ in range(n):
        for cell, found in times.items():
            begin = time.perf_counter()
            run(cell)
            found.append(time.perf_counter() - begin)
    return {"bare": median(times[BARE]), "tracked": median(times[TRACKED])}
