"""Models that go to MLflow and come back; ``make test-models`` runs them where MLflow and every library of a flavor is installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("mlflow") else ["test_*.py"]

CASES = "tests/roundtrips/cases"

# pyspark takes a main module without a file, as workers of xdist have, for a doctest, and ends the process when it has no grpc.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__


def pytest_configure(config: pytest.Config) -> None:
    """Let MLflow's own warnings be MLflow's business."""
    config.addinivalue_line("filterwarnings", "ignore::FutureWarning:mlflow")


@pytest.fixture(autouse=True)
def _of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Keep what MLflow writes about itself in the test's folder, and let it ask nobody."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{tmp_path / 'mlruns'}")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.chdir(tmp_path)
