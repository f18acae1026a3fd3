"""The registry of a local store keeps the contract before a fold, after it, and made anew from its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.store.rebuild import rebuild
from tests.contracts.registry_store import RegistryStoreContract
from tests.store.kit import fold_all, quiet_store

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


class TestBeforeTheFold(RegistryStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> LocalStore:
        return quiet_store(tmp_path / "runs.duckdb")

    def settle(self, store: LocalStore) -> None:
        assert store.writer.has_segment


class TestAfterTheFold(TestBeforeTheFold):
    def settle(self, store: LocalStore) -> None:
        fold_all(store)


class TestMadeAnew(TestBeforeTheFold):
    def settle(self, store: LocalStore) -> None:
        fold_all(store)
        rebuild(store.path, store.folder)
