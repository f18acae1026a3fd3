"""What every test shares: a clean environment, and no warning of nbtrack's passes unseen."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.stores import Copies, Recorded, let_go, open_stores, wait_for_keepers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How long an example takes says more about the machine than about the code.
settings.register_profile("nbtrack", deadline=None)
settings.load_profile("nbtrack")


def pytest_configure(config: pytest.Config) -> None:
    """A run that could not be recorded is a failure here, wherever the warning points."""
    config.addinivalue_line("filterwarnings", "error::nbtrack.errors.NbtrackWarning")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see the defaults, whatever the developer's shell says; copies of files are no other test's."""
    for name in os.environ:
        if name.startswith(("NBTRACK_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NBTRACK_CACHE", str(tmp_path_factory.getbasetemp() / f"cache-{secrets.token_hex(4)}"))
    # An object store asked by mistake finds no keys here, and nobody at the address where machines in a cloud have theirs.
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _nothing_left_for_the_next_test() -> Iterator[None]:
    """A test that fails in the middle of a run, or chooses an experiment, takes no other test with it; its stores go."""
    before = {*open_stores()}
    yield
    active = sys.modules.get("nbtrack.tracking.active")
    if active is not None:
        for run in reversed(active.open_runs()):
            run.end("KILLED")
        active.set_experiment_name(None)
    let_go({*open_stores()} - before)


@pytest.fixture(scope="session", autouse=True)
def _threads_end() -> Iterator[None]:
    """No thread is left inside DuckDB when the interpreter goes."""
    yield
    wait_for_keepers()


@pytest.fixture(scope="session")
def _copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    return Copies(tmp_path_factory.mktemp)


@pytest.fixture
def recorded(_copies: Copies, tmp_path: Path) -> Recorded:
    """``recorded(record)``: the store in use holds what `record` records, which is called once a process; it returns what that returned."""
    return lambda record: _copies.put(record, tmp_path)
