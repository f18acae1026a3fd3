"""A store in PostgreSQL keeps the contracts, also when all that is on this machine is deleted in between."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.registry_store import RegistryStoreContract
from tests.contracts.tracking_store import TrackingStoreContract

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore


class _CopiedAnew:
    @pytest.fixture
    def store(self, machine: Any) -> LocalStore:
        return machine("here")

    def settle(self, store: LocalStore) -> None:
        store.shipper.flush()  # type: ignore[attr-defined]
        shutil.rmtree(store.database.folder, ignore_errors=True)  # type: ignore[attr-defined]


class TestRuns(_CopiedAnew, TrackingStoreContract):
    pass


class TestModels(_CopiedAnew, RegistryStoreContract):
    pass
