"""Looks after a store: what is in it and what is wrong with it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import NotFoundError, RemoteError, StoreError
from nbtrack.journal.segments import check_file, is_alive, list_segments
from nbtrack.store.history import history_files, is_readable
from nbtrack.store.reader import read
from nbtrack.store.rebuild import rebuild

__all__ = ["examine", "rebuild"]

SHOWN = 3

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.artifacts.placed import PlacedBlobs


def examine(path: Path, folder: Path, blobs: PlacedBlobs | None = None) -> dict[str, Any]:
    """Return what a look at every part of a store finds; ``problems`` is empty when all is well.

    With `blobs`, it is also looked whether every file that a run names is there: here or at one of the places of the store.
    """
    problems: list[str] = []
    counts: dict[str, int] = {}
    named: dict[str, int] = {}
    try:
        with read(path, folder) as reader:
            for table in ("experiments", "runs", "metrics", "params", "tags", "artifacts"):
                seen = (
                    " WHERE lifecycle_stage <> 'carrier'" if table == "runs" else ""
                )  # not those that carry a model only
                counts[table] = reader.con.execute(f"SELECT count(*) FROM {table}{seen}").fetchall()[0][0]
            named = dict(reader.con.execute("SELECT DISTINCT sha256, size FROM artifacts").fetchall())
            if reader.holder:
                problems.append(f"{reader.holder} A copy of it was read.")
    except (duckdb.Error, StoreError) as error:
        problems.append(f"{path} cannot be read ({type(error).__name__}: {error}); run `nbtrack doctor --rebuild`.")
    segments = [s for group in list_segments(folder / "w").values() for s in group]
    for segment in segments:
        with suppress(FileNotFoundError):
            found = check_file(segment.path)
            if found.bad:
                problems.append(
                    f"journal {segment.path.name}: {found.bad} damaged lines, {found.good} whole ones (they are read)"
                )
    files = history_files(folder, "points") + history_files(folder, "events")
    problems += [f"history file {f.name} is damaged" for f in files if not is_readable(f)]
    files_told = {} if blobs is None else _look_at_files(blobs, named, problems)
    quarantined = sorted(p.name for p in (folder / "quarantine").glob("*"))
    return {
        "store": str(path),
        "duckdb": duckdb.__version__,
        "counts": counts,
        "bytes": {"file": _size([path]), "history": _size(files), "journals": sum(s.size for s in segments)},
        "writers_alive": sum(is_alive(folder / "w", writer) for writer in {s.writer for s in segments}),
        "quarantined": quarantined,
        "problems": problems,
    } | files_told


def _look_at_files(blobs: PlacedBlobs, named: dict[str, int], problems: list[str]) -> dict[str, Any]:
    """Return where files are; what is missing or has another size is a problem."""
    here = {sha256: path.stat().st_size for sha256, path in blobs.put_here()}
    there: dict[str, int] = {}
    try:
        for place in blobs.places.all():
            there |= {kept.sha256: kept.size for kept in place.list()}
    except (NotFoundError, RemoteError) as error:
        problems.append(str(error))
        return {"files": {"places": [place.shown for place in blobs.places.all()]}}
    lost = [sha256 for sha256, size in named.items() if size not in (here.get(sha256), there.get(sha256))]
    if lost:
        shown = ", ".join(lost[:SHOWN]) + (" …" if len(lost) > SHOWN else "")
        problems.append(f"{len(lost)} files that runs name are nowhere, or have another size: {shown}")
    return {
        "files": {
            "places": [place.shown for place in blobs.places.all()],
            "here": len(here),
            "there": len(there),
            "waiting": len(here.keys() - there.keys()) if blobs.places.all() else 0,
        }
    }


def _size(paths: list[Path]) -> int:
    return sum(p.stat().st_size for p in paths if p.exists())
