"""A store in PostgreSQL keeps the contracts: as written, folded in the copy, with a new copy, and looked at from another machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.registry_store import RegistryStoreContract
from tests.contracts.tracking_store import TrackingStoreContract

if TYPE_CHECKING:
    from nbtrack.store.postgres.store import PostgresStore

WAYS = ["as written", "folded", "copied anew"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class _Settled:
    @pytest.fixture
    def store(self, machine: Any, way: str) -> PostgresStore:
        self.way = way
        return machine("here")

    def settle(self, store: PostgresStore) -> None:
        if self.way == "folded":
            assert store.fold(timeout=10.0) is not None
        if self.way == "copied anew":
            store.shipper.flush()
            shutil.rmtree(store.database.folder, ignore_errors=True)


class TestRuns(_Settled, TrackingStoreContract):
    pass


class TestModels(_Settled, RegistryStoreContract):
    pass
