"""A training that logs to a server, and says how long each step of it waited for that. ``python training.py URL SECONDS``,
or ``until-told`` in place of the seconds, which is when its input ends.."""

from __future__ import annotations

import json
import select
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

STEP_S = 0.004
CHILD_EVERY = 120
"""Steps between two runs that begin and end within the training."""


def train(url: str, goes_on: Callable[[], bool]) -> dict[str, Any]:
    """Log for as long as it goes on; returns the id of the run and, for each step, when it began and how long logging took."""
    import nbtrack

    warnings.simplefilter("ignore")
    nbtrack.set_tracking_uri(url)
    waited: list[tuple[float, float, str]] = []

    def note(kind: str, began: float) -> None:
        waited.append((began, time.time() - began, kind))

    with nbtrack.start_run("training") as run:
        print(run.id, flush=True)
        step, children = 0, []
        while goes_on():
            began = time.time()
            run.log_metrics({"loss": 1 / (1 + step), "acc": step / 1e6}, step=step)
            note("log", began)
            if step % CHILD_EVERY == CHILD_EVERY - 1:
                began = time.time()
                with nbtrack.start_run(f"child {step}", nested=True) as child:
                    child.log_metric("loss", float(step))
                nbtrack.log_text(f"step {step}", f"notes/{step}.txt")
                note("run", began)
                children.append(child.id)
            step += 1
            time.sleep(STEP_S)
    return {"run": run.id, "steps": step, "children": children, "waited": waited}


def _until(said: str) -> Callable[[], bool]:
    if said != "until-told":
        seconds = float(said)
        began: list[float] = []

        def has_time() -> bool:
            began.append(time.time()) if not began else None
            return time.time() < began[0] + seconds

        return has_time
    return lambda: not select.select([sys.stdin], [], [], 0)[0]


if __name__ == "__main__":
    print(json.dumps(train(sys.argv[1], _until(sys.argv[2]))), flush=True)
