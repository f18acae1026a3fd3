"""Files of a database in a folder or an object store that every machine reads from; what it is called is remembered, and nothing else."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.errors import NotFoundError, RemoteError
from nbtrack.names import new_run_id
from nbtrack.store.postgres import places as room
from nbtrack.store.postgres.served import ServedDatabase
from nbtrack.store.postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable

    Machine = Callable[[str], PostgresStore]


def start(store: PostgresStore | ServedDatabase, name: str) -> str:
    run_id = new_run_id()
    body = {"experiment": "Default", "experiment_id": 0, "name": name, "number": store.next_run_number(), "user": "ada"}
    store.append(("start", run_id, None, body | {"parent": None, "start_us": time.time_ns() // 1000}))
    return run_id


def log(store: PostgresStore, run_id: str, name: str, data: bytes) -> str:
    """Log a file that has arrived when this returns; return its digest."""
    store.add_artifact(run_id, name, data)
    store.sync()
    return hashlib.sha256(data).hexdigest()


def remembered(url: str) -> list[str]:
    with psycopg.connect(url) as con:
        return [uri for (uri,) in con.execute("SELECT uri FROM nbtrack.places ORDER BY named DESC").fetchall()]


def in_tables(url: str) -> set[str]:
    with psycopg.connect(url) as con:
        return {sha256 for (sha256,) in con.execute("SELECT sha256 FROM nbtrack.blobs").fetchall()}


def test_the_second_user_needs_not_name_the_place(
    machine: Machine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ada, bob = machine("ada"), machine("bob")
    before = log(bob, start(bob, "early"), "old", b"in the tables")
    with monkeypatch.context() as shell:
        shell.setenv("NBTRACK_ARTIFACTS", str(tmp_path / "files"))
        monkeypatch.setattr(room, "LOOK_S", 0.0)
        run = start(ada, "run")
        mine = log(ada, run, "f", b"from ada")
    (place,) = remembered(url)
    assert Path(place).parent == tmp_path / "files"
    assert in_tables(url) == {before}
    assert bob.artifact_file(run, "f").read_bytes() == b"from ada"
    theirs = log(bob, start(bob, "later"), "g", b"from bob")
    assert in_tables(url) == {before}
    assert {path.name for path in Path(place).rglob("*/*/*") if len(path.name) == 64} == {mine, theirs}
    assert ada.blobs.path_of(before).read_bytes() == b"in the tables"


def test_what_others_named_meanwhile_is_looked_for_again(machine: Machine, tmp_path: Path):
    ada, bob = machine("ada"), machine("bob")
    assert bob.database.places.all() == []  # known for half a minute
    ada.database.places.name(str(tmp_path / "files"))
    run = start(ada, "run")
    log(ada, run, "f", b"new place")
    assert bob.artifact_file(run, "f").read_bytes() == b"new place"
    with pytest.raises(NotFoundError):
        bob.blobs.path_of("a" * 64)


def test_a_place_that_is_away_keeps_nobody_from_recording(machine: Machine, tmp_path: Path):
    ada = machine("ada")
    place = Path(ada.database.places.name(str(tmp_path / "files")).shown)
    run = start(ada, "run")
    ada.sync()
    place.rename(tmp_path / "away")
    ada.add_artifact(run, "f", b"waits")
    ada.log_metrics(run, 1, {"loss": 0.5})
    with pytest.raises(RemoteError, match="mounted"):
        ada.shipper.flush()
    (tmp_path / "away").rename(place)
    ada.sync()
    assert machine("bob").artifact_file(run, "f").read_bytes() == b"waits"
    assert machine("bob").metric_history(run, "loss")[2].tolist() == [0.5]


def test_a_purge_deletes_old_files_that_no_run_names(machine: Machine, url: str, tmp_path: Path):
    ada = machine("ada")
    place = ada.database.places.name(str(tmp_path / "files"))
    gone, stays = start(ada, "gone"), start(ada, "stays")
    old, young, used = (
        log(ada, gone, "old", b"old!"),
        log(ada, gone, "young", b"young"),
        log(ada, stays, "used", b"used"),
    )
    for sha256 in (old, used):
        path = place.path(sha256)
        assert path is not None
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    ada.append(("state", gone, None, {"lifecycle_stage": "deleted"}))
    assert ada.purge()["artifact_bytes"] == 4
    assert {kept.sha256 for kept in place.list()} == {young, used}, "a record of the young one might be on its way"
    assert remembered(url) == [place.shown]


def test_servers_on_one_database_have_the_same_files(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    servers = []
    for name in ("a", "b"):
        with monkeypatch.context() as there:
            there.setenv("NBTRACK_CACHE", str(tmp_path / name))
            servers.append(ServedDatabase(url))
    a, b = servers
    (place,) = a.blobs.keep_at(str(tmp_path / "files"))
    run = start(a, "run")
    a.add_artifact(run, "f", b"from a")
    assert b.artifact_file(run, "f").read_bytes() == b"from a"
    source = b.blobs.source(hashlib.sha256(b"from a").hexdigest())
    assert b"".join(source.stream(2)) == b"om a"
    Path(place).rename(tmp_path / "away")
    with pytest.raises(RemoteError, match="mounted"):  # what is answered is kept where the other one finds it
        a.add_artifact(run, "g", b"not now")
    assert [file.path for file in b.list_artifacts(run)] == ["f"]
    for server in servers:
        server.close()


def test_what_waits_for_a_database_is_sent_by_nbtrack_sync(url: str):
    store = PostgresStore(url)
    store.shipper.wake = lambda: None  # type: ignore[method-assign]
    run = start(store, "offline")
    store.writer.close()
    for words in (["sync"], ["sync", "--store", url]):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, "nothing waits" in done.output) == (0, True), done.output
    assert store.get_run(run).info.run_name == "offline"
    store.close()
