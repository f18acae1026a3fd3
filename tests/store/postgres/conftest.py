"""One server a test process, one database a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.store.postgres.served import ServedDatabase
from nbtrack.store.postgres.store import PostgresStore
from nbtrack.store.remote import shipper
from tests.store.postgres.cluster import Cluster, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from shared()


@pytest.fixture
def url(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name a database in which the tables are."""
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("NBTRACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def machine(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], PostgresStore]]:
    """Open the store as another machine would: with an outbox and a copy of its own."""
    opened: dict[str, PostgresStore] = {}

    def open_on(name: str) -> PostgresStore:
        if name not in opened:
            with monkeypatch.context() as there:
                there.setenv("NBTRACK_OUTBOX", str(tmp_path / name / "outbox"))
                there.setenv("NBTRACK_CACHE", str(tmp_path / name / "cache"))
                opened[name] = PostgresStore(url)
        return opened[name]

    yield open_on
    for store in opened.values():
        store.connection.wake()
        store.close()


@pytest.fixture
def store(machine: Callable[[str], PostgresStore]) -> PostgresStore:
    return machine("here")


@pytest.fixture
def server(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ServedDatabase]]:
    """Open the database as a server on some machine."""
    opened: dict[str, ServedDatabase] = {}

    def open_on(name: str) -> ServedDatabase:
        if name not in opened:
            with monkeypatch.context() as there:
                there.setenv("NBTRACK_CACHE", str(tmp_path / name))
                opened[name] = ServedDatabase(url)
        return opened[name]

    yield open_on
    for each in opened.values():
        each.pool.rests_until = 0.0
        each.close()
