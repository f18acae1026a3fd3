"""Runs Python in a process of its own: what loads in it does not lean on what the test has imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(source: str, *arguments: object, folder: Path) -> Any:
    """Run a program whose last line of output is JSON; return that.

    Parameters
    ----------
    source : str
        The program; ``sys.argv[1:]`` are the arguments.
    *arguments : object
    folder : Path
        Where it runs.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", source, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else None
