"""What every store with a folder on this machine does alike when it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.artifacts.kinds import mime_of
from nbtrack.entities import ArtifactInfo
from nbtrack.names import check_artifact_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbtrack.artifacts.blobs import Blobs
    from nbtrack.store.protocol import Record


class Recording:
    """Files of runs, and what is taken back: both are a record in the journal."""

    blobs: Blobs

    def append(self, *records: Record) -> None:
        """Write changes to this process's journal; see :class:`TrackingStore`."""
        raise NotImplementedError

    def make_folder(self) -> None:
        """Make the folder; raises ``StoreError`` where that is not possible."""
        raise NotImplementedError

    def add_artifact(self, run_id: str, path: str, source: Path | bytes, *, mime: str | None = None) -> ArtifactInfo:
        """Copy a file (or bytes) into the store as `path` of a run."""
        name = check_artifact_path(path)
        self.make_folder()
        blob = self.blobs.put_bytes(source) if isinstance(source, bytes) else self.blobs.put_file(source)
        mime = mime or mime_of(name)
        self.append(("artifact", run_id, None, {"path": name, "sha256": blob.sha256, "size": blob.size, "mime": mime}))
        return ArtifactInfo(name, is_dir=False, file_size=blob.size, sha256=blob.sha256, mime=mime)

    def forget(
        self,
        run_id: str,
        *,
        params: Sequence[str] = (),
        tags: Sequence[str] = (),
        artifacts: Sequence[str] = (),
        inputs: Sequence[str] = (),
    ) -> None:
        """Take captured items of a run back; the next purge removes them from the history too."""
        taken = {"params": [*params], "tags": [*tags], "artifacts": [*artifacts]}
        self.append(("forget", run_id, None, {**taken, "inputs": [*inputs]} if inputs else taken))
