"""What becomes of a training while the wire to its server is cut: a campaign of phases, and what is to be true after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from nbtrack.store.remote.store import ServerStore
from tests.server.faults import training

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore
    from tests.server.faults.proxy import Wire


@dataclass(frozen=True)
class Phase:
    """So many seconds of a wire in a state."""

    state: str
    seconds: float
    rate: float = 0.0
    delay_s: float = 0.0

    @property
    def name(self) -> str:
        return "slow" if self.rate else self.state


def phases(unit_s: float) -> list[Phase]:
    """Return the phases, of which the longest take `unit_s` seconds."""
    part = unit_s / 4
    return [
        Phase("whole", part),
        Phase("hole", unit_s),
        Phase("whole", part),
        Phase("cut", part * 2),
        Phase("resets", part),
        Phase("whole", part, rate=1e6, delay_s=0.3),
        Phase("whole", part),
    ]


def train_through(wire: Wire, plan: list[Phase], outbox: Path, *, spare_s: float = 60.0) -> dict[str, Any]:
    """Train while the wire goes through its phases; returns what the training tells, with its phases' beginnings as ``began``."""
    seconds = sum(phase.seconds for phase in plan)
    command = [sys.executable, training.__file__, wire.url, str(seconds)]
    environment = {**os.environ, "NBTRACK_OUTBOX": str(outbox), "PYTHONPATH": str(Path.cwd())}
    began = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # the run has begun
            for phase in plan:
                wire.rate, wire.delay_s = phase.rate, phase.delay_s
                wire.become(phase.state)
                began.append((time.time(), phase.name))
                time.sleep(phase.seconds)
            told = process.communicate(timeout=spare_s)[0]
        finally:
            process.kill()
    return {**json.loads(told), "began": began}


def send_rest(url: str, outbox: Path) -> None:
    """Send what a process could not, as ``nbtrack sync`` does."""
    with patch.dict(os.environ, NBTRACK_OUTBOX=str(outbox)):
        store = ServerStore(url)
        store.sync()
        store.close()


def in_phase(told: dict[str, Any], name: str, kind: str) -> list[float]:
    """Return how long what was done in a phase waited, in seconds, sorted."""
    starts = [*told["began"], (float("inf"), "")]
    found = [
        took
        for (start, phase), (end, _) in pairwise(starts)
        if phase == name
        for at, took, what in told["waited"]
        if what == kind and start <= at < end
    ]
    return sorted(found) or [0.0]


def table(told: dict[str, Any]) -> list[tuple[str, str, int, float, float, float]]:
    """Return a row for each phase and kind: how many, and milliseconds at the median, of 99 % and at most."""
    rows = []
    for name in dict.fromkeys(phase for _, phase in told["began"]):
        for kind in ("log", "run"):
            found = in_phase(told, name, kind)
            at = [found[len(found) // 2], found[int(len(found) * 0.99)], found[-1]]
            rows.append((name, kind, len(found), *(round(each * 1000, 2) for each in at)))
    return rows


def check(store: LocalStore, told: dict[str, Any]) -> None:
    """Fail when anything of a training is not there exactly once."""
    for key in ("loss", "acc"):
        steps, _, _ = store.metric_history(told["run"], key)
        assert steps.tolist() == list(range(told["steps"])), f"{key}: {len(steps)} of {told['steps']}"
    found = store.get_run(told["run"])
    assert found.info.status == "FINISHED"
    for child in told["children"]:
        run = store.get_run(child)
        assert (run.info.status, run.data.summaries["loss"].count) == ("FINISHED", 1)
        assert run.info.number is not None
    notes = store.list_artifacts(told["run"], "notes")
    assert len(notes) == len(told["children"])
    for note in notes:
        assert store.artifact_file(told["run"], note.path).read_text() == f"step {Path(note.path).stem}"
