"""The question "artifacts": files and folders of a run, by name, size, type and time; no file is opened.

``{what: "artifacts", run, path}`` lists one folder, ``{…, search: text}`` finds files anywhere in the run.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.kinds import BINARY, mime_of
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_artifact_path, is_run_id
from nbtrack.views.previews.sorts import sort_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbtrack.store.protocol import TrackingStore

MAX_LISTED = 2000
MAX_FOUND = 500
MAX_STORED = 1_000_000
"""Bytes of a file whose first sight goes into an exported page."""

Row = tuple[str, int, str, float]
"""Path, bytes, MIME type, milliseconds UTC."""


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer with ``{entries: [{path, name, dir, size, kind, mime, time, files}, …], total, files, size, more}``.

    Folders come first and count what is in them. ``from`` goes on after the first 2000 entries of a folder.

    Raises
    ------
    InvalidValueError
        The run id or the folder is none.
    """
    run_id, folder = question.get("run"), question.get("path") or ""
    if not is_run_id(run_id):
        message = f"{run_id!r} is not a run id; pages name runs by their 32 hexadecimal digits."
        raise InvalidValueError(message)
    folder = check_artifact_path(folder) if folder else ""
    files = list(rows(store, str(run_id), folder))
    search = str(question.get("search") or "").strip().lower()
    entries = _matches(files, search) if search else _entries(files, folder)
    start = max(0, int(question.get("from") or 0))
    limit = MAX_FOUND if search else MAX_LISTED
    return {
        "run": run_id,
        "path": folder,
        "entries": entries[start : start + limit],
        "from": start,
        "total": len(entries),
        "files": len(files),
        "size": sum(size for _, size, _, _ in files),
    }, []


def rows(store: TrackingStore, run_id: str, folder: str = "") -> Iterator[Row]:
    """Yield the files of a run, in the order of their paths."""
    prefix = f"{folder}/" if folder else ""
    found = store.sql(
        "SELECT path, size, mime, epoch_ms(timestamp) AS time FROM artifacts WHERE run_id = ? AND starts_with(path, ?) ORDER BY path",
        [run_id, prefix],
    )
    for path, size, mime, time in zip(
        *(found[name].tolist() for name in ("path", "size", "mime", "time")), strict=True
    ):
        yield str(path), int(size), str(mime or BINARY), float(time)


def stored_questions(store: TrackingStore, run_id: str, max_bytes: int = MAX_STORED) -> Iterator[dict[str, Any]]:
    """Yield the questions whose answers an exported page needs to show a run's files: every folder, and files up to `max_bytes`."""
    folders: set[str] = {""}
    files = list(rows(store, run_id))
    for path, *_ in files:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    yield from ({"what": "artifacts", "run": run_id, "path": folder} for folder in sorted(folders))
    yield from ({"what": "preview", "run": run_id, "path": path} for path, size, _, _ in files if size <= max_bytes)


def _entries(files: Iterable[Row], folder: str) -> list[dict[str, Any]]:
    start = len(folder) + 1 if folder else 0
    folders: dict[str, dict[str, Any]] = {}
    here: list[dict[str, Any]] = []
    for row in files:
        path, size, _, time = row
        name, slash, _ = path[start:].partition("/")
        if not slash:
            here.append(_file(row))
            continue
        entry = folders.setdefault(
            name, {"path": path[: start + len(name)], "name": name, "dir": True, "size": 0, "files": 0, "time": time}
        )
        entry["size"] += size
        entry["files"] += 1
        entry["time"] = max(entry["time"], time)
    return [*(folders[name] for name in sorted(folders, key=_order)), *sorted(here, key=lambda e: _order(e["name"]))]


def _matches(files: Iterable[Row], search: str) -> list[dict[str, Any]]:
    """Return the files whose path has every word of a search."""
    words = search.split()
    return [_file(row) for row in files if all(word in row[0].lower() for word in words)]


def _file(row: Row) -> dict[str, Any]:
    path, size, mime, time = row
    shown = mime if mime != BINARY else mime_of(path)
    name = path.rpartition("/")[2]
    return {
        "path": path,
        "name": name,
        "dir": False,
        "size": size,
        "kind": sort_by_name(PurePosixPath(name).suffix.lower(), shown),
        "mime": mime,
        "time": time,
    }


def _order(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which ``step_2`` comes before ``step_10``."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in f"{name.lower()}\0":
        if char in "0123456789":
            digits += char
            continue
        if digits:
            parts.append((0, int(digits[:18]), digits))
            digits = ""
        parts.append((1, 0, char))
    return parts
