"""The files of several runs as rows: packages by name, image series by key, the rest by path."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.kinds import mime_of
from nbtrack.views.compare_row import NOT_RECORDED, CompareRow, NotRecorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbtrack.store.protocol import TrackingStore

PACKAGES = "environment/packages.txt"
GIT_DIFF = "environment/git.diff"
MAX_PATHS = 5000
MAX_LIST_BYTES = 2_000_000
MAX_KEPT = 500

_SERIES = re.compile(r"(images/.+)/step_(-?\d+)_(-?\d+)\.\w+")

File = tuple[str, int, str]
"""Digest, bytes, MIME type."""


def file_rows(store: TrackingStore, run_ids: Sequence[str], records: Sequence[Any]) -> list[CompareRow]:
    """Return the rows of packages, source, diff and artifacts."""
    files: dict[str, dict[str, File]] = {run_id: {} for run_id in run_ids}
    for each in records:
        files[str(each.run_id)][str(each.name)] = (
            str(each.digest),
            int(each.size),
            each.about if isinstance(each.about, str) else "",
        )
    paths = sorted({path for of_run in files.values() for path in of_run})
    rows = [*_package_rows(store, run_ids, files), *_series_rows(run_ids, files, paths)]
    plain = [path for path in paths if path != PACKAGES and not _SERIES.fullmatch(path)]
    return rows + [_file_row(run_ids, files, path) for path in plain[:MAX_PATHS]]


def _file_row(run_ids: Sequence[str], files: dict[str, dict[str, File]], path: str) -> CompareRow:
    found = [files[run_id].get(path) for run_id in run_ids]
    section = "source" if path.startswith("source/") else "git" if path == GIT_DIFF else "artifacts"
    mime = next((file[2] for file in found if file), "") or mime_of(path)
    return CompareRow(
        section,
        path,
        "file",
        tuple(None if file is None else file[0] for file in found),
        mime=mime,
        sizes=tuple(None if file is None else float(file[1]) for file in found),
    )


def _series_rows(run_ids: Sequence[str], files: dict[str, dict[str, File]], paths: Sequence[str]) -> list[CompareRow]:
    keys = dict.fromkeys(match.group(1) for path in paths if (match := _SERIES.fullmatch(path)))
    rows = []
    for key in keys:
        by_run = [_series(files[run_id], key) for run_id in run_ids]
        rows.append(
            CompareRow(
                "artifacts",
                key,
                "series",
                tuple(_digest(files[run_id], steps) for run_id, steps in zip(run_ids, by_run, strict=True)),
                mime="image/png",
                sizes=tuple(float(sum(size for _, _, size in steps)) if steps else None for steps in by_run),
                steps=tuple(by_run),
            )
        )
    return rows


def _series(files: dict[str, File], key: str) -> list[list[Any]]:
    """Return ``[step, path, bytes]`` by step, the last image of each step."""
    found: dict[int, tuple[int, str, int]] = {}
    for path, (_, size, _) in files.items():
        match = _SERIES.fullmatch(path)
        if match and match.group(1) == key:
            step, time = int(match.group(2)), int(match.group(3))
            if step not in found or found[step][0] < time:
                found[step] = (time, path, size)
    return [[step, path, size] for step, (_, path, size) in sorted(found.items())]


def _digest(files: dict[str, File], steps: list[list[Any]]) -> str | None:
    if not steps:
        return None
    together = "".join(f"{step}:{files[path][0]};" for step, path, _ in steps)
    return hashlib.sha256(together.encode()).hexdigest()


def _package_rows(store: TrackingStore, run_ids: Sequence[str], files: dict[str, dict[str, File]]) -> list[CompareRow]:
    lists: list[dict[str, str] | None] = []
    for run_id in run_ids:
        file = files[run_id].get(PACKAGES)
        lists.append(_packages(store, run_id, file[0]) if file else None)
    names = sorted({name for packages in lists if packages for name in packages})
    return [
        CompareRow("environment", name, "package", tuple(_version(packages, name) for packages in lists))
        for name in names
    ]


def _version(packages: dict[str, str] | None, name: str) -> str | NotRecorded | None:
    return NOT_RECORDED if packages is None else packages.get(name)


_known: dict[str, dict[str, str]] = {}
"""Lists of packages by digest: a live comparison reads each once."""


def _packages(store: TrackingStore, run_id: str, sha256: str) -> dict[str, str] | None:
    if sha256 not in _known:
        try:
            _known[sha256] = _parse(store.artifact_file(run_id, PACKAGES))
        except (OSError, LookupError):  # purged meanwhile
            return None
        while len(_known) > MAX_KEPT:
            _known.pop(next(iter(_known)))
    return _known[sha256]


def _parse(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8", errors="replace") as lines:
        pairs = (line.rstrip("\n").partition("==") for line in lines.read(MAX_LIST_BYTES).split("\n"))
        return {name: version for name, found, version in pairs if found and name != "python"}


_lines: dict[str, tuple[str, ...]] = {}
"""Lines of source files by digest."""


def source_lines(store: TrackingStore, run_id: str, path: str, sha256: str) -> tuple[str, ...]:
    """Return the lines of a text file of a run; () when it is gone."""
    if sha256 not in _lines:
        try:
            text = store.artifact_file(run_id, path).read_text(encoding="utf-8", errors="replace")
        except (OSError, LookupError):
            return ()
        _lines[sha256] = tuple(text[:MAX_LIST_BYTES].splitlines())
        while len(_lines) > MAX_KEPT:
            _lines.pop(next(iter(_lines)))
    return _lines[sha256]
