from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.store.remote.store import ServerStore, waiting_servers
from tests.store.kit import end, start
from tests.store.remote.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    found = Served(tmp_path / "team.duckdb")
    yield found
    found.stop()


def test_what_waits_for_servers_is_sent_and_what_cannot_be_sent_is_told(served: Served) -> None:
    assert CliRunner().invoke(app, ["sync"]).stdout == "Nothing waits for any server.\n"
    ids = []
    for url in (served.url, "http://127.0.0.1:9"):
        store = ServerStore(url)
        store.shipper.wake = lambda: None  # type: ignore[method-assign]
        ids.append(start(store, "offline", number=None, experiment_id=None))  # type: ignore[arg-type]
        end(store, ids[-1])  # type: ignore[arg-type]
        store.writer.close()
    done = CliRunner().invoke(app, ["sync", "--json"])
    told = {each["server"]: each for each in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert told[served.url]["error"] is None
    assert told[served.url]["sent"] > 0
    assert "does not answer" in told["http://127.0.0.1:9"]["error"]
    assert told["http://127.0.0.1:9"]["waiting"] > 0
    assert served.store.get_run(ids[0]).info.status == "FINISHED"
    again = CliRunner().invoke(app, ["sync", "--store", served.url])
    assert (again.exit_code, again.stdout.strip().endswith("nothing waits.")) == (0, True)


def test_a_file_that_was_kept_before_the_first_record_hides_no_server(served: Served) -> None:
    store = ServerStore(served.url)
    store.shipper.wake = lambda: None  # type: ignore[method-assign]
    store.blobs.put_bytes(b"what a run looks like when it begins")
    start(store, "offline", number=None, experiment_id=None)  # type: ignore[arg-type]
    store.writer.close()
    assert waiting_servers() == [served.url]
