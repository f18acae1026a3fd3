"""``python -m nbtrack.projects.notebook_job '{"notebook": …}'``: runs a notebook as a job of any backend.

The run and its store come from the environment (``NBTRACK_RUN_ID``, ``NBTRACK_TRACKING_URI``). It prints a line as each cell begins, what
the cells print, and as its last line the error. Exit code 0: finished, 1: a cell failed, 2: nothing could be run, 130: interrupted;
SIGTERM is an interrupt, too, so that a job whose time is up keeps what it has.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack import config
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.notebooks import Order, carry_out
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from types import FrameType

    from nbtrack.projects.notebook_engine import Cell

EXIT = {RunStatus.FINISHED: 0, RunStatus.FAILED: 1, RunStatus.KILLED: 130}
UNUSABLE = 2


def main(words: list[str]) -> int:
    """Run the notebook that the one word describes; returns the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        ending = carry_out(_order(words), begins=_tell, out=sys.stdout)
    except NbtrackError as error:
        print(f"nbtrack: {error}", file=sys.stderr)  # noqa: T201
        return UNUSABLE
    except KeyboardInterrupt:
        return EXIT[RunStatus.KILLED]
    if ending.error:
        print(redact(ending.error), flush=True)  # noqa: T201
    return EXIT[ending.status]


def _order(words: list[str]) -> Order:
    try:
        told = json.loads(words[0])
        notebook, parameters = Path(told["notebook"]), dict(told.get("parameters", {}))
    except (IndexError, ValueError, KeyError, TypeError) as error:
        message = f'{words} is no order for a notebook; it is one word of JSON such as {{"notebook": "train.ipynb"}}.'
        raise InvalidValueError(message) from error
    run_id = config.inherited_run_id()
    if run_id is None:
        raise InvalidValueError("NBTRACK_RUN_ID is not set; it names the run that the notebook logs into.")
    return Order(run_id, config.tracking_uri(), notebook.absolute(), parameters, told.get("python") or sys.executable)


def _tell(cell: Cell) -> None:
    print(f"[{cell.number}/{cell.of}] {redact(cell.title)}", flush=True)  # noqa: T201


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.exit(code)
