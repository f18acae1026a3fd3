"""What git says about a folder: commit, branch, whether files are changed, and how."""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path

DIFF_LIMIT_BYTES = 1_000_000
STATUS_LIMIT_BYTES = 1_000_000
TIMEOUT_S = 5.0

# Nothing that the repository configures is run: no file-system monitor, no other diff program, no text conversion.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "-c", "status.relativePaths=false")
_DIFF = (
    "diff",
    "HEAD",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--",
    ":(top)",
    ":(top,exclude,glob)**/*.ipynb",
)
_NEW = (
    "ls-files",
    "-z",
    "--others",
    "--exclude-standard",
    "--directory",
    "--no-empty-directory",
    "--full-name",
    "--",
    ":(top)",
)
MOST_NEW = 200


@dataclass(frozen=True, slots=True)
class GitState:
    """Where a repository stands; every text is empty when there is no git or no repository.

    Attributes
    ----------
    commit, branch, remote : str
        The commit's 40 digits, the branch ("" when detached), the URL of ``origin`` without secrets.
    is_dirty : bool
        Whether files that git knows are changed; new files do not count, as in MLflow.
    diff : str
        The changes against the commit without secrets, cut at 1 MB with a line that says so. Notebooks are named, not
        shown: their cells are recorded by themselves.
    top, prefix : str
        The repository's folder, and the working folder within it (``"src/"``; "" at the top).
    new_files : tuple of str
        Files that git neither knows nor ignores, from the top, at most 200: they are in no commit and in no diff.
    """

    commit: str = ""
    branch: str = ""
    remote: str = ""
    is_dirty: bool = False
    diff: str = ""
    top: str = ""
    prefix: str = ""
    new_files: tuple[str, ...] = ()


def git_state(folder: str | os.PathLike[str] = ".", *, timeout_s: float = TIMEOUT_S) -> GitState:
    """Return the state of the repository around `folder`; an empty one without git or repository, or when git hangs."""
    status = _git(folder, timeout_s, STATUS_LIMIT_BYTES, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
        return GitState()
    lines = status.splitlines()
    head = {words[1]: words[2] for line in lines if len(words := line.split(" ", 2)) == 3 and words[0] == "#"}  # noqa: PLR2004
    commit, branch = head.get("branch.oid", ""), head.get("branch.head", "")
    changed = [line for line in lines if line[:1] in ("1", "2", "u")]
    has_commit = not commit.startswith("(")
    remote = _git(folder, timeout_s, 10_000, "config", "--get", "remote.origin.url")
    places = (_git(folder, timeout_s, 10_000, "rev-parse", "--show-toplevel", "--show-prefix") or "").split("\n")
    return GitState(
        commit=commit if has_commit else "",
        branch="" if branch.startswith("(") else branch,
        remote=redact((remote or "").strip()),
        is_dirty=bool(changed),
        diff=_diff(folder, timeout_s, changed) if changed and has_commit else "",
        top=places[0],
        prefix=places[1] if len(places) > 1 else "",
        new_files=_new_files(folder, timeout_s),
    )


def _new_files(folder: str | os.PathLike[str], timeout_s: float) -> tuple[str, ...]:
    """Return new files, those of folders that are new as a whole not one by one: a folder of data has too many."""
    told = _git(folder, timeout_s, MOST_NEW * 200, *_NEW)
    return tuple((told or "").split("\0")[:-1][:MOST_NEW])


def _diff(folder: str | os.PathLike[str], timeout_s: float, changed: list[str]) -> str:
    text = _git(folder, timeout_s, DIFF_LIMIT_BYTES + 1, *_DIFF)
    notes = []
    notebooks = [line.split(" ", 8)[-1] for line in changed if line.endswith(".ipynb")]
    if notebooks:
        notes.append(f"changed notebooks, not shown: {', '.join(notebooks[:20])}{' …' if len(notebooks) > 20 else ''}")  # noqa: PLR2004
    if text is None:
        text = ""
        notes.append(f"git gave no diff within {timeout_s:g} s")
    elif len(text.encode()) > DIFF_LIMIT_BYTES:
        text = text.encode()[:DIFF_LIMIT_BYTES].decode(errors="ignore").rpartition("\n")[0] + "\n"
        notes.append(f"cut at {DIFF_LIMIT_BYTES:,} bytes")
    return "".join(f"# nbtrack: {note}\n" for note in notes) + redact(text)


def _git(folder: str | os.PathLike[str] | Path, timeout_s: float, limit: int, *arguments: str) -> str | None:
    """Return at most `limit` bytes that git prints, or None when it fails, hangs or is not there."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
            [*_GIT, "-C", os.fspath(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        return None
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    timer = threading.Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    try:
        with process:
            assert process.stdout is not None
            text = process.stdout.read(limit)
            is_cut = len(text) == limit
            if is_cut:
                process.kill()
    finally:
        timer.cancel()
    if is_late.is_set() or (process.returncode != 0 and not is_cut):
        return None
    return text.decode("utf-8", errors="replace")
