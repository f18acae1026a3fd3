"""Copies artifacts out of a store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import NotFoundError
from nbtrack.names import check_artifact_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.entities import ArtifactInfo
    from nbtrack.store.protocol import Store


def walk(store: Store, run_id: str, path: str = "") -> Iterator[ArtifactInfo]:
    """Yield every file of a run under `path`, itself included when it is a file."""
    under = store.list_artifacts(run_id, path)
    if not under and path:
        parent, _, name = path.rpartition("/")
        under = [info for info in store.list_artifacts(run_id, parent) if info.path == path]
        if not under:
            known = [info.path for info in store.list_artifacts(run_id)]
            raise NotFoundError("Artifact", name, known, where=f"run {run_id}")
    for info in under:
        if info.is_dir:
            yield from walk(store, run_id, info.path)
        else:
            yield info


def download(
    store: Store,
    run_id: str,
    path: str = "",
    destination: Path | None = None,
    progress: Callable[[ArtifactInfo], None] | None = None,
) -> Path:
    """Copy a file or folder of a run to `destination`, a new temporary folder by default.

    Returns
    -------
    Path
        The file or folder that was asked for, under `destination`.

    Raises
    ------
    NotFoundError
        The run has no such artifact.
    """
    name = check_artifact_path(path.strip("/")) if path.strip("/") else ""
    root = destination or Path(tempfile.mkdtemp(prefix="nbtrack-"))
    root.mkdir(parents=True, exist_ok=True)
    for info in walk(store, run_id, name):
        target = root / info.path
        target.parent.mkdir(parents=True, exist_ok=True)
        store.blobs.copy_out(str(info.sha256), target)
        if progress:
            progress(info)
    return root / name
