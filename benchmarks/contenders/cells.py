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
CHOOSE = "import nbtrack\nnbtrack.set_tracking_uri({path!r})"
COUNT = "assert len(nbtrack.search_runs(search_all_experiments=True)) == {n}"
ANSWER_S = 60
WARM = 5


class Contender:
    """Runs cells.

    Parameters
    ----------
    folder : Path
        Where the stores are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"ipython": IPython.__version__, "ipykernel": version("ipykernel")}

    def close(self) -> None:
        """Nothing is open."""

    def in_shell(self, n: int) -> dict[str, float]:
        """Run `n` empty cells without nbtrack, then as many with ``%%track``; return the median seconds."""
        shell: Any = InteractiveShell.instance()

        def run(cell: str) -> None:
            shell.run_cell(cell, store_history=True).raise_error()

        return self._blocks(run, "shell", n)

    def in_kernel(self, n: int) -> dict[str, float]:
        """Do the same in a kernel, from the request to the kernel's being idle again."""
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(self._folder))
        try:

            def run(cell: str) -> None:
                reply = client.execute_interactive(cell, timeout=ANSWER_S, output_hook=lambda _: None)
                assert reply["content"]["status"] == "ok", reply["content"]

            return self._blocks(run, "kernel", n)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def _blocks(self, run: Callable[[str], None], name: str, n: int) -> dict[str, float]:
        self._count += 1
        bare = _median_of(run, BARE, n)
        run(CHOOSE.format(path=str(self._folder / f"{name}-{self._count}.duckdb")))
        run("%load_ext nbtrack")
        tracked = _median_of(run, TRACKED, n)
        run(COUNT.format(n=n + WARM))
        run("%unload_ext nbtrack")
        return {"bare": bare, "tracked": tracked}


def _median_of(run: Callable[[str], None], cell: str, n: int) -> float:
    found = []
    for index in range(n + WARM):
        begin = time.perf_counter()
        run(cell)
        if index >= WARM:
            found.append(time.perf_counter() - begin)
    return median(found)
