"""uv, called with words: makes environments and installs what they need. No other room knows how."""

from __future__ import annotations

import shutil
import subprocess
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

KEPT_LINES = 30
"""Of what uv says, in the error when it does not succeed."""


def find(why: str) -> str:
    """Return uv: on the path, or installed as a package of this Python; raises ``NbtrackError`` when it is neither."""
    found = shutil.which("uv")
    with suppress(MissingPackageError, FileNotFoundError):
        found = found or str(require("uv", why).find_uv_bin())
    if found is None:
        raise NbtrackError(f"uv is needed {why}: pip install uv")
    return found


def new(uv: str, folder: Path, python: str, *, fallback: str = "", told: Callable[[str], object] | None = None) -> Path:
    """Make an empty environment in a folder and return its Python.

    Parameters
    ----------
    python, fallback : str
        The version that is wanted, such as ``3.11.7``; another that will do where that cannot be had, such as ``3.11``.

    Raises
    ------
    NbtrackError
        uv does not succeed.
    """
    try:
        run([uv, "venv", "--python", python, str(folder)], "uv could not make the environment", folder.parent, told)
    except NbtrackError:
        if not fallback or fallback == python:
            raise
        run([uv, "venv", "--python", fallback, str(folder)], "uv could not make the environment", folder.parent, told)
    return python_of(folder)


def install(
    uv: str,
    python: Path,
    requirements: Sequence[str],
    *,
    constraints: Path | None = None,
    told: Callable[[str], object] | None = None,
) -> None:
    """Install requirement lines that were checked; raises ``NbtrackError`` when uv does not succeed."""
    if not requirements:
        return
    options = ["--constraint", str(constraints.absolute())] if constraints is not None else []
    words = [word for line in requirements for word in (line.split() if line.startswith("-") else [line])]
    what = f"uv could not install {', '.join(requirements)[:500]}"
    # Started beside the environment: the settings for uv that a project may bring along are not found from there.
    beside = python.parent.parent.parent
    run([uv, "pip", "install", "--python", str(python), *options, *words], what, beside, told)


def python_of(folder: Path) -> Path:
    """Return the Python of an environment."""
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"


def check_plain(requirements: Sequence[str], *, allow_urls: bool, whose: str) -> None:
    """Raise ``InvalidValueError`` for lines that fetch code from elsewhere than the package index in use, unless that is allowed."""
    odd = [line for line in requirements if line.startswith("-") or "@" in line or "://" in line]
    if odd and not allow_urls:
        raise InvalidValueError(
            f"The {whose}'s requirements fetch code from elsewhere: {', '.join(odd)[:300]}. Allow it with allow_urls=True (--allow-urls)."
        )


def run(words: Sequence[str], problem: str, folder: Path, told: Callable[[str], object] | None = None) -> None:
    """Run a command; its lines go to `told` when that is given, else to this process's own output."""
    if told is None:
        done = subprocess.run(words, check=False, cwd=folder)  # noqa: S603 - words, never a shell's text
        if done.returncode:
            raise NbtrackError(f"{problem}.")
        return
    last: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(  # noqa: S603
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
            told(line.strip())
    if process.returncode:
        raise NbtrackError(f"{problem}:\n" + "\n".join(last))
