"""Files in a store of nbtrack, for MLflow. A module of its own: MLflow loads it while it is being loaded itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from mlflow.entities import FileInfo
from mlflow.exceptions import _UnsupportedMultipartUploadException
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
from mlflow.utils.request_utils import augmented_raise_for_status
from mlflow.utils.rest_utils import MlflowHostCreds, http_request

from nbtrack.plugins.addresses import PROXY, split

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"


def credentials(path: Path) -> MlflowHostCreds:
    """Return where the server of a file is, and what lets in there."""
    from nbtrack.plugins.loopback import loopback  # noqa: PLC0415 - MLflow loads this module also for those who never use it

    found = loopback(path)
    return MlflowHostCreds(host=found.url, token=found.secret)


class ArtifactRepository(MlflowArtifactsRepository):  # type: ignore[misc]
    """Files in a store.

    Parameters
    ----------
    artifact_uri : str
        ``nbtrack:///abs/runs.duckdb/<experiment id>/<run id>/artifacts``, as runs and models have it.
    """

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:  # noqa: ARG002
        self._path, place = split(artifact_uri)
        self._place = f"{PROXY}/{place}"
        super().__init__(self._place)

    def resolve_uri(self, artifact_uri: str, _tracking_uri: str) -> str:
        """Return the address at the server of the file."""
        return str(MlflowArtifactsRepository.resolve_uri(artifact_uri, credentials(self._path).host))

    @property
    def _host_creds(self) -> MlflowHostCreds:
        return MlflowHostCreds(host=self.artifact_uri, token=credentials(self._path).token)

    @property
    def _artifact_server_host_creds(self) -> MlflowHostCreds:
        return credentials(self._path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return the files and folders under a path; nothing under that of a file."""
        root = self._place.removeprefix(f"{PROXY}/")
        answer = http_request(
            credentials(self._path), ROUTE, "GET", params={"path": posixpath.join(root, path or "").rstrip("/")}
        )
        augmented_raise_for_status(answer)
        found = [
            FileInfo(
                posixpath.join(path or "", each["path"]),
                each["is_dir"],
                int(each["file_size"]) if "file_size" in each else None,
            )
            for each in answer.json().get("files", [])
        ]
        is_file = bool(path) and [f.path for f in found if not f.is_dir] == [
            posixpath.join(str(path), posixpath.basename(str(path)))
        ]
        return [] if is_file and len(found) == 1 else sorted(found, key=lambda f: str(f.path))

    def _try_multipart_upload(self, *_: Any, **__: Any) -> None:
        """Send large files whole: in parts they would go over the same loopback."""
        raise _UnsupportedMultipartUploadException
