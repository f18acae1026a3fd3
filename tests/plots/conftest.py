"""A store with everything that makes a chart hard: runs without values, NaN, infinities, and names full of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "<b>bold</b> & %{x} {brace}"


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[None]:
    """Choose a store of this test's own."""
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    yield
    nbtrack.set_tracking_uri(None)


@pytest.fixture
def study() -> list[str]:
    """Record six runs; return their ids, oldest first."""
    nbtrack.set_goal("acc", "max")
    nbtrack.set_goal("loss", "min")
    ids = []
    for index in range(6):
        params = {"lr": 10.0 ** (-index), "model": ["cnn", "mlp"][index % 2], "seed": index % 2}
        if index == 5:
            params.pop("lr")
        with nbtrack.start_run(HOSTILE if index == 0 else f"run {index}", params=params) as run:
            if index != 4:
                for step in range(10):
                    run.log_metrics({"acc": index / 10 + step / 100, "loss": 1 / (1 + index + step)}, step=step)
            ids.append(run.id)
    return ids
