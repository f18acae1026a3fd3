"""A store for each test, and autolog off before and after it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.autologging import files, switch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    switch.forget()
    yield
    switch.forget()
    files.settle()
    sys.modules["nbtrack.tracking.active"].set_tracking_uri(None)
