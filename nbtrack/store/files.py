"""Artifacts of a run: rows that name a content digest, shown as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.entities import ArtifactInfo
from nbtrack.errors import NotFoundError
from nbtrack.names import check_artifact_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def list_under(con: DuckDBPyConnection, run_id: str, path: str = "") -> list[ArtifactInfo]:
    """Return the files and folders directly under `path`, folders first."""
    prefix = f"{check_artifact_path(path)}/" if path else ""
    rows = con.execute(
        "SELECT path, size, sha256, mime FROM artifacts WHERE run_id = ? AND starts_with(path, ?) ORDER BY path",
        [run_id, prefix],
    ).fetchall()
    folders: dict[str, ArtifactInfo] = {}
    files: list[ArtifactInfo] = []
    for full, size, sha256, mime in rows:
        rest = full[len(prefix) :]
        if "/" in rest:
            folder = prefix + rest.split("/", maxsplit=1)[0]
            folders[folder] = ArtifactInfo(folder, is_dir=True, file_size=None)
        else:
            files.append(ArtifactInfo(full, is_dir=False, file_size=size, sha256=sha256, mime=mime))
    return [*folders.values(), *files]


def digest_of(con: DuckDBPyConnection, run_id: str, path: str) -> str:
    """Return the content digest of one file of a run; raises :class:`NotFoundError` naming the files there are."""
    rows = con.execute("SELECT sha256 FROM artifacts WHERE run_id = ? AND path = ?", [run_id, path]).fetchall()
    if rows:
        return str(rows[0][0])
    known = [p for (p,) in con.execute("SELECT path FROM artifacts WHERE run_id = ?", [run_id]).fetchall()]
    raise NotFoundError("Artifact", path, known, where=f"run {run_id}")
