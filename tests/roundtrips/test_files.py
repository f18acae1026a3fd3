"""MLflow's client against a server that keeps files in S3: through the server, and in parts from S3 itself."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest

from nbtrack.server.serve import TeamServer
from nbtrack.store.local import LocalStore
from tests.artifacts.clouds import BUCKET, moto, s3_environment, use

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("mlflow-server")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStore]:
    folder = tmp_path_factory.mktemp("team")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with moto() as url, pytest.MonkeyPatch.context() as patch:
        use(patch, s3_environment(url))
        patch.setenv("NBTRACK_CACHE", str(folder / "cache"))
        found = LocalStore(folder / "runs.duckdb")
        found.blobs.keep_at(f"s3://{BUCKET}/team")
        yield found
        found.close()


@pytest.mark.parametrize("redirects", [False, True])
def test_files_come_back_from_s3(store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redirects: bool):
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    files = {"large.bin": os.urandom(11 << 20), "a/small.txt": b"hello", "empty": b""}
    server = TeamServer(store, has_pages=False, redirects=redirects)
    server.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as run:
        for name, data in files.items():
            (tmp_path / "up" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "up" / name).write_bytes(data)
        mlflow.log_artifacts(str(tmp_path / "up"))
    store.blobs.flush()
    for _, path in [*store.blobs.put_here()]:
        path.unlink()
    found = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=str(tmp_path / "down")))
    assert {name: (found / name).read_bytes() for name in files} == files
    if redirects:
        assert [*store.blobs.cache.folder.glob("*/*")] == []
    mlflow.set_tracking_uri(None)
    server.close()
