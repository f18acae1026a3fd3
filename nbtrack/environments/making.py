"""Makes environments: one a content, under NBTRACK_CACHE/environments, by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from nbtrack import config
from nbtrack.environments import uv
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nbtrack.environments.wanted import Wanted

FOLDER = "environments"
MADE = "nbtrack.json"
"""Written last into an environment: what it has. Without it, the making was interrupted."""
_PYTHON = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?")
_HERE = ".".join(platform.python_version_tuple()[:2])


def make(
    wanted: Wanted,
    *,
    extra: Sequence[str] = (),
    files: Mapping[str, Path] | None = None,
    allow_urls: bool = False,
    told: Callable[[str], object] | None = None,
) -> Path:
    """Return the Python of an environment that has what is wanted; made with uv when there is none yet.

    Parameters
    ----------
    wanted : Wanted
    extra : sequence of str
        Requirement lines of ours beside those that are wanted.
    files : mapping of str to Path
        Wheels of ours to install as well, by what to install of them, such as ``nbtrack[server]``.
    allow_urls : bool
        Requirements may be fetched from addresses, and come from other indexes.
    told : callable, optional
        Gets each line that uv prints; they are shown as they are when it is not given.

    Raises
    ------
    InvalidValueError
        A requirement would fetch code from elsewhere, and that is not allowed; the version of Python is none.
    NbtrackError
        uv is not there, or does not succeed.
    """
    uv.check_plain([*wanted.requirements, *wanted.constraints], allow_urls=allow_urls, whose=wanted.name or "project")
    version = check_python(wanted.python)
    tool = uv.find("to make environments")
    root = config.cache_folder() / FOLDER
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = _content(wanted, version, extra, files or {})
    key = hashlib.sha256(content.encode()).hexdigest()[:24]
    folder = root / key
    if (folder / MADE).is_file():
        return _used(folder)
    with _alone(root / f"{key}.lock", told):
        if (folder / MADE).is_file():
            return _used(folder)
        shutil.rmtree(folder, ignore_errors=True)
        python = uv.new(tool, folder, version, fallback=".".join(version.split(".")[:2]), told=told)
        constraints = None
        if wanted.constraints:
            constraints = folder / "constraints.txt"
            constraints.write_text("\n".join(wanted.constraints) + "\n", encoding="utf-8")
        ours = [*extra, *(f"{name} @ {file.absolute().as_uri()}" for name, file in (files or {}).items())]
        uv.install(tool, python, [*wanted.requirements, *ours], constraints=constraints, told=told)
        (folder / MADE).write_text(content, encoding="utf-8")
        return python


def check_python(text: str) -> str:
    """Return a version such as ``3.11`` or ``3.11.7``, that of this Python for ""; raises ``InvalidValueError`` for anything else."""
    if not text:
        return _HERE
    if not _PYTHON.fullmatch(text):
        raise InvalidValueError(f"Python {text[:40]!r} is no version; write one such as 3.11 or 3.11.7.")
    return text


def packages(python: Path) -> dict[str, str]:
    """Return version by name of what is installed in an environment, from the names of its ``*.dist-info`` folders."""
    found: dict[str, str] = {}
    root = python.parent.parent
    for folder in sorted([*root.glob("lib/python*/site-packages"), root / "Lib" / "site-packages"]):
        for entry in _names(folder):
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            found[name.lower().replace("_", "-").replace(".", "-")] = version
    return found


def version_of(python: Path) -> str:
    """Return the version of the Python of an environment, as ``pyvenv.cfg`` has it; "" when it does not."""
    file = python.parent.parent / "pyvenv.cfg"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    found = re.search(r"^version(?:_info)?\s*=\s*([0-9]+\.[0-9]+\.[0-9]+)", text, re.MULTILINE)
    return found[1] if found else ""


def _names(folder: Path) -> Iterable[str]:
    return (each.name for each in folder.glob("*.dist-info")) if folder.is_dir() else ()


def _content(wanted: Wanted, version: str, extra: Sequence[str], files: Mapping[str, Path]) -> str:
    """Return what makes one environment another than the next."""
    return json.dumps(
        {
            "python": version,
            "requirements": [*wanted.requirements, *extra],
            "constraints": [*wanted.constraints],
            "files": {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()},
            "machine": [sys.platform, platform.machine()],
        },
        sort_keys=True,
    )


def _used(folder: Path) -> Path:
    os.utime(folder / MADE)  # so that a look tells which are in use
    return uv.python_of(folder)


def _alone(path: Path, told: Callable[[str], object] | None) -> FileLock:
    """Return a lock that is held, or will be: who waits for another process says so."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
        lock.release()
    except Timeout:
        if told is not None:
            told("another process is making this environment")
    return lock
