"""A training that logs to a server, and says how long each step of it waited for that. ``python training.py URL SECONDS``."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

STEP_S = 0.004
CHILD_EVERY = 120
"""Steps between two runs that begin and end within the training."""


def train(url: str, seconds: float) -> dict[str, Any]:
    """Log for so many seconds; returns the id of the run and, for each step, when it began and how long logging took."""
    import nbtrack  # noqa: PLC0415

    warnings.simplefilter("ignore")
    nbtrack.set_tracking_uri(url)
    waited: list[tuple[float, float, str]] = []

    def note(kind: str, began: float) -> None:
        waited.append((began, time.time() - began, kind))

    with nbtrack.start_run("training") as run:
        print(run.id, flush=True)
        until, step, children = time.time() + seconds, 0, []
        while time.time() < until:
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


if __name__ == "__main__":
    print(json.dumps(train(sys.argv[1], float(sys.argv[2]))), flush=True)
