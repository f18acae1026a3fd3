"""Runs recorded cells one after the other, as a notebook would; started as ``python -m nbtrack.reruns.driver PLAN.json``.

IPython is started by its own module, so that magics, ``await`` and the last value of a cell are as they were; there is no kernel, no widget
and no window.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

FAILED = 70


def main(words: list[str]) -> int:
    """Run the cells that the file `words[0]` has, and say in the file ``result`` of it which runs came from the last one."""
    plan: dict[str, Any] = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    os.environ.setdefault("MPLBACKEND", "agg")
    sys.argv = [""]
    sys.path[0] = ""  # the working folder, as in a kernel
    result = run_cells(plan["cells"], quiet=bool(plan.get("quiet")))
    Path(plan["result"]).write_text(json.dumps(result), encoding="utf-8")
    return FAILED if result["error"] else 0


def run_cells(cells: list[dict[str, Any]], *, quiet: bool = False) -> dict[str, Any]:
    """Run cells; a cell that failed when it was recorded may fail again, any other failure ends it.

    Returns
    -------
    dict
        ``started``: ids of the runs that the last cell began; ``error``: what failed, or ""; ``cell``: its place from 1, or 0.
    """
    shell = new_shell()
    started: list[str] = []
    active = import_module("nbtrack.tracking.active")
    active.on_open.append(lambda run: started.append(run.id))
    for place, cell in enumerate(cells, 1):
        is_last = place == len(cells)
        if is_last:
            started.clear()
        done = shell.run_cell(cell["source"], store_history=True, silent=False)
        error = done.error_before_exec or done.error_in_exec
        if error is not None and not cell.get("fails"):
            _settle(shell)
            return {"started": started if is_last else [], "error": f"{type(error).__name__}: {error}", "cell": place}
    _settle(shell)
    del quiet
    return {"started": started, "error": "", "cell": 0}


def new_shell() -> Any:
    """Return an IPython shell like that of a kernel, without history and start-up files."""
    shells = import_module("IPython.core.interactiveshell")
    settings = import_module("traitlets.config").Config({"HistoryManager": {"enabled": False}})
    shell: Any = shells.InteractiveShell.instance(config=settings)
    shell.colors = "nocolor"
    return shell


def _settle(shell: Any) -> None:
    """End what is open and write what waits, as the end of a kernel would."""
    for run in reversed(import_module("nbtrack.tracking.active").open_runs()):
        run.end()
    tracker = getattr(shell, "_nbtrack", None)
    if tracker is not None:
        tracker.filing.flush()
    import_module("nbtrack.tracking.surroundings").settle()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
