"""Copies between files, a server and a database, and their backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.moving.backup import back_up
from nbtrack.moving.copy import copy_store
from nbtrack.store.postgres.store import PostgresStore
from nbtrack.store.remote.store import ServerStore
from tests.moving.contents import contents
from tests.store.kit import end, quiet_store, start
from tests.store.postgres.cluster import shared
from tests.store.remote.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore
    from tests.store.postgres.cluster import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from shared()


@pytest.fixture(params=["server", "database"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerStore]:
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    if request.param == "server":
        served = Served(tmp_path / "team.duckdb")
        store = ServerStore(served.url)
        yield store
        store.close()
        served.stop()
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        name = cluster.new_database()
        store = PostgresStore(cluster.url(name))
        yield store
        store.close()
        cluster.drop(name)


def fill(store: LocalStore) -> str:
    run = ""
    for i in range(3):
        run = start(store, f"run {i}", experiment="mine", experiment_id=store.experiment_id("mine"))
        store.log_points(
            run, [(1_700_000_000_000_000 + n * 1000, n, {"loss": n / 7, "odd": float("nan")}) for n in range(300)]
        )
        store.append(("params", run, {"i": str(i)}, None))
        store.add_artifact(run, "a/b.txt", f"file {i}".encode())
        end(store, run)
    store.registry.create("clf", tags={"team": "a"}, description="what it is")
    return run


def test_there_and_back_again(elsewhere: ServerStore, tmp_path: Path) -> None:
    here = quiet_store(tmp_path / "here.duckdb")
    run = fill(here)
    tally = copy_store(here, elsewhere)
    assert (tally.runs.new, tally.points, tally.files, tally.n_skipped) == (3, 1800, 3, 0)
    again = copy_store(here, elsewhere)
    assert again.is_nothing_new
    assert again.points == again.files == 0
    here.log_metrics(run, 999, {"loss": 0.0})
    assert copy_store(here, elsewhere).points == 1
    made = back_up(elsewhere, tmp_path / "backups")
    assert made.problems == []
    assert contents(quiet_store(made.path), has_users=False) == contents(here, has_users=False)
