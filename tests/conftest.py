"""What every test shares: a clean environment, and no warning of nbtrack's passes unseen."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes says more about the machine than about the code.
settings.register_profile("nbtrack", deadline=None)
settings.load_profile("nbtrack")


def pytest_configure(config: pytest.Config) -> None:
    """A run that could not be recorded is a failure here, wherever the warning points."""
    config.addinivalue_line("filterwarnings", "error::nbtrack.errors.NbtrackWarning")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the defaults, whatever the developer's shell says."""
    for name in os.environ:
        if name.startswith(("NBTRACK_", "MLFLOW_")):
            monkeypatch.delenv(name)
    # An object store asked by mistake finds no keys here, and nobody at the address where machines in a cloud have theirs.
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _nothing_left_for_the_next_test() -> Iterator[None]:
    """A test that fails in the middle of a run, or chooses an experiment, takes no other test with it."""
    yield
    active = sys.modules.get("nbtrack.tracking.active")
    if active is not None:
        for run in reversed(active.open_runs()):
            run.end("KILLED")
        active.set_experiment_name(None)
