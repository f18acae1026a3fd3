"""A process that measures one contender: a JSON line asks, a JSON line answers. It ends when its input does."""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

CONTENDERS = {
    "nbtrack": "nbtrack_store",
    "floor": "floor",
    "mlflow": "mlflow_sqlite",
    "trackio": "trackio_local",
    "tensorboard": "event_files",
    "cells": "cells",
    "client": "rest_client",
    "own": "own_client",
    "optuna": "optuna_sqlite",
    "sweeps": "sweeps",
}


def main(name: str, folder: Path) -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a contender prints goes to the log
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    contender: Any = import_module(f"benchmarks.contenders.{CONTENDERS[name]}").Contender(folder)
    for asked in sys.stdin:
        question = json.loads(asked)
        try:
            answer = {"ok": getattr(contender, question["call"])(**question["with"])}
        except Exception:  # noqa: BLE001 - the one who asked decides what to do without it
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers)
    contender.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
