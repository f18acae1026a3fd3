"""A store of its own for each test, and copies of the example projects: what they write stays theirs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nbtrack

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example projects, and an empty store in use beside them."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    # Processes find the nbtrack of this checkout, whatever is installed.
    monkeypatch.setenv("PYTHONPATH", str(Path(nbtrack.__file__).parents[1]))
    yield folder
    nbtrack.set_tracking_uri(None)
