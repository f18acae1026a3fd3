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
    result = run_cells(plan["cells"])
    Path(plan["result"]).write_text(json.dumps(result), encoding="utf-8")
    return FAILED if result["error"] else 0


def run_cells(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Run cells; one that failed when it was recorded may fail again, any other failure is the end.

    Returns
    -------
    dict
        ``started``: ids of the runs that the run's own cells began; ``error``: what failed, or ""; ``cell``: its place from 1, or 0.
    """
    shell = new_shell()
    started: list[str] = []
    is_own = False

    def note(run: Any) -> None:
        if is_own:
            started.append(run.id)

    import_module("nbtrack.tracking.active").on_open.append(note)
    told = {"started": started, "error": "", "cell": 0}
    for place, cell in enumerate(cells, 1):
        is_own = bool(cell.get("is_own"))
        done = shell.run_cell(cell["source"], store_history=True)
        error = done.error_before_exec or done.error_in_exec
        if error is not None and not cell.get("fails"):
            told |= {"error": f"{type(error).__name__}: {error}", "cell": place}
            break
    _settle(shell)
    return told


def new_shell() -> Any:
    """Return an IPython shell like that of a kernel, without history and start-up files."""
    shells = import_module("IPython.core.interactiveshell")
    settings = import_module("traitlets.config").Config({"HistoryManager": {"enabled": False}})
    shell: Any = shells.InteractiveShell.instance(config=settings, display_pub_class=_silent())
    shell.colors = "nocolor"
    shell.enable_gui = lambda *_: (
        None
    )  # as in a kernel `%matplotlib inline` may be said: there is no window to wait for
    # What cells print is progress; values and pictures are for who looks at a notebook.
    for part in ("write_output_prompt", "write_format_data", "finish_displayhook"):
        setattr(shell.displayhook, part, lambda *_: None)
    return shell


def _silent() -> type:
    """Return a publisher of displays that shows nothing."""
    publisher: Any = import_module("IPython.core.displaypub").DisplayPublisher
    return type("Silent", (publisher,), {"publish": lambda *_, **__: None})


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
