"""What a probe is told when a part of the server does not work, hangs, or comes back."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING

from nbtrack.errors import StoreError
from nbtrack.server import ready
from nbtrack.server.ready import Readiness, parts_of
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def asked(readiness: Readiness) -> tuple[int, dict[str, str]]:
    answer = asyncio.run(readiness.answer())
    return answer.status_code, json.loads(bytes(answer.body))["parts"]


def test_the_part_that_does_not_work_is_named_and_its_reason_stays_here(caplog: pytest.LogCaptureFixture):
    def broken() -> None:
        raise StoreError("/srv/secret/place cannot be written")

    status, parts = asked(Readiness({"store": lambda: None, "artifacts": broken}))
    assert (status, parts["store"]) == (503, "ok")
    assert "secret" not in parts["artifacts"]
    assert "/srv/secret/place" in caplog.text


def test_what_hangs_holds_one_thread_and_no_probe(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ready, "WAIT_S", 0.05)
    monkeypatch.setattr(ready, "FRESH_S", 0.0)
    may_go_on, n = threading.Event(), 0

    def hangs() -> None:
        nonlocal n
        n += 1
        assert may_go_on.wait(30)

    async def probes() -> list[int]:
        readiness = Readiness({"store": hangs})
        found = [(await readiness.answer()).status_code for _ in range(5)]
        assert n == 1
        may_go_on.set()
        monkeypatch.setattr(ready, "WAIT_S", 30)
        assert (await readiness.answer()).status_code == 200
        return found

    assert asyncio.run(probes()) == [503] * 5


def test_probes_that_come_often_look_once():
    looks = []

    async def probes() -> None:
        readiness = Readiness({"store": lambda: looks.append(1)})
        await asyncio.gather(*(readiness.answer() for _ in range(50)))

    asyncio.run(probes())
    assert len(looks) == 1


def test_a_store_is_ready_as_long_as_the_place_of_its_files_is_there(tmp_path: Path):
    store, place = quiet_store(tmp_path / "team.duckdb"), tmp_path / "files"
    assert list(parts_of(store)) == ["store"]
    store.blobs.keep_at(str(place))
    assert asked(Readiness(parts_of(store))) == (200, {"store": "ok", "artifacts": "ok"})
    place.rename(tmp_path / "gone")
    status, parts = asked(Readiness(parts_of(store)))
    assert (status, parts["store"], parts["artifacts"] == "ok") == (503, "ok", False)
    store.close()
