"""Files that have arrived do not stay in the outbox for ever."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import NotFoundError
from nbtrack.store.remote import shipper
from nbtrack.store.remote.store import ServerStore
from tests.store.kit import start
from tests.store.remote.served import Served, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def test_what_has_arrived_goes_after_an_hour_and_what_waits_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    served = Served(tmp_path / "team.duckdb")
    store = ServerStore(served.url)
    run_id = start(store)  # type: ignore[arg-type]
    arrived = store.add_artifact(run_id, "f", b"arrived").sha256
    store.sync()
    waits = store.blobs.put_bytes(b"waits").sha256  # and no record names it yet
    assert arrived is not None
    for _, path in store.blobs.put_here():
        os.utime(path, (time.time() - 7200,) * 2)
    monkeypatch.setattr(shipper, "TIDY_S", 0.0)
    store.log_metrics(run_id, 1, {"loss": 0.5})
    store.shipper.wake()
    wait_until(lambda: [sha256 for sha256, _ in store.blobs.put_here()] == [waits])
    assert store.artifact_file(run_id, "f").read_bytes() == b"arrived"
    with pytest.raises(NotFoundError):
        store.blobs.path_of("a" * 64)
    store.close()
    served.stop()
