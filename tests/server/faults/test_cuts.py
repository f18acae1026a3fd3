"""A network that is cut, a hole, slow or reset slows no training and loses nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.faults import cuts
from tests.server.faults.proxy import Wire
from tests.store.remote.served import Served

if TYPE_CHECKING:
    from pathlib import Path


def test_a_training_does_not_feel_what_becomes_of_the_wire(tmp_path: Path):
    served = Served(tmp_path / "team.duckdb")
    try:
        with Wire(served._port) as wire:
            told = cuts.train_through(wire, cuts.phases(2.0), tmp_path / "outbox")
            cuts.send_rest(wire.url, tmp_path / "outbox")
        assert cuts.in_phase(told, "hole", "log")[-1] < 2, "no step waits for the network"
        cuts.check(served.store, told)
    finally:
        served.stop()
