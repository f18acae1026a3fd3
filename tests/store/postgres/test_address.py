"""Ways to a database, none of which shows a password."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, UnreachableError
from nbtrack.store.opening import open_local, open_store
from nbtrack.store.postgres.address import shown
from nbtrack.store.postgres.database import Database
from nbtrack.store.postgres.store import PostgresStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.postgres.cluster import Cluster


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("postgresql://ada:secret@db:5433/runs?sslmode=require", "postgresql://ada@db:5433/runs?sslmode=require"),
        ("postgres://:secret@db/runs", "postgresql://@db/runs"),
        ("postgresql://db/runs?user=ada&password=secret&sslpassword=secret", "postgresql://db/runs?user=ada"),
        ("postgresql:///?service=team", "postgresql:///?service=team"),
        ("postgresql://a:secret@one:1,two:2/runs", "postgresql://a@one:1,two:2/runs"),
        ("postgresql://ada:p%40secret@[::1]/runs", "postgresql://ada@[::1]/runs"),
    ],
)
def test_a_password_in_the_address_is_shown_to_nobody(
    url: str, clean: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path))
    assert shown(url) == clean
    store = PostgresStore(url)
    assert store.uri == clean
    assert "secret" not in f"{store.title} {store.folder} {store.database.folder} {store.database.url}"


@pytest.mark.parametrize(
    "url", ["mysql://ada:secret@db/x", "postgresql://ada:secret@db/x?odd=1", "postgresql://ada:secret@[db/x"]
)
def test_odd_addresses_are_refused_without_their_secrets(url: str):
    with pytest.raises(InvalidValueError, match="no address of a database") as told:
        PostgresStore(url)
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is None


def test_passwords_come_from_the_address_the_environment_pgpass_and_services(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    where = f"127.0.0.1:{cluster.port}/postgres"
    with monkeypatch.context() as env:
        env.setenv("PGPASSWORD", "open sesame")
        Database(f"postgresql://locked@{where}").pool.connect().close()
    Database(f"postgresql://locked:open%20sesame@{where}").pool.connect().close()
    passes = tmp_path / "pgpass"
    passes.write_text(f"127.0.0.1:{cluster.port}:*:locked:open sesame\n")
    passes.chmod(0o600)
    services = tmp_path / "services"
    services.write_text(f"[team]\nhost=127.0.0.1\nport={cluster.port}\nuser=locked\ndbname=postgres\n")
    monkeypatch.setenv("PGPASSFILE", str(passes))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    Database("postgresql:///?service=team").pool.connect().close()
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(UnreachableError, match="password authentication failed") as told,
    ):
        Database(f"postgresql://locked:wrong-secret@{where}").about()
    assert "wrong-secret" not in f"{told.value} {told.value.__cause__} {caplog.text}"


def test_a_database_is_a_store_like_any_other(url: str):
    with pytest.raises(InvalidValueError, match="not with a database"):
        open_local(url)
    store = open_store(url.replace("nbtrack@", "nbtrack:secret@"))
    assert open_store(store.uri) is store
    nbtrack.set_tracking_uri(url)
    try:
        nbtrack.set_experiment("vision")
        with nbtrack.start_run("fox", params={"lr": 0.1}) as run:
            nbtrack.log_metric("loss", 0.5)
            nbtrack.log_text("hello", "notes/a.txt")
        assert (run.number, nbtrack.get_run(run.id).data.metrics) == (1, {"loss": 0.5})
        assert nbtrack.sql("SELECT name FROM experiments ORDER BY experiment_id")["name"].tolist() == [
            "Default",
            "vision",
        ]
        assert store.artifact_file(run.id, "notes/a.txt").read_text() == "hello"
        html, _ = nbtrack.runs().summary()
        assert "fox" in html
    finally:
        nbtrack.set_experiment(None)
        nbtrack.set_tracking_uri(None)
        store.close()
