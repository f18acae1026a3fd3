"""Projects in git repositories: brought here so that nothing of the repository runs by itself.

No hooks, no submodules, no transport that starts programs (``ext::``), no questions on the terminal, no templates. Credentials come from
what git has for the user: helpers, keys, agents.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path

SCHEMES = ("https", "http", "ssh", "git+ssh", "git+https", "file")
ALLOWED = "https://host/team/repo, ssh://git@host/team/repo, git@host:team/repo or file:///folder"
TIMEOUT_S = 900.0
_SCP = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?!//)[^\s:].*", re.ASCII)
_HOST = re.compile(r"(?:[^@/\s]+@)?(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_][\w./+@#=-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_OPTIONS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "protocol.ext.allow": "never",
    "protocol.fd.allow": "never",
    "protocol.file.allow": "always",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "init.templateDir": "",
    "advice.detachedHead": "false",
    "gc.auto": "0",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """What was checked out: the commit, and the branch when a branch was named, or none was."""

    commit: str
    branch: str = ""


def is_git(text: str) -> bool:
    """Say whether a text names a repository on another machine, or by ``file://``: in one of the forms that are allowed."""
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    return scheme in SCHEMES or (not scheme and _SCP.fullmatch(text) is not None)


def check_uri(uri: str) -> str:
    """Return the URI of a repository as git takes it.

    Raises
    ------
    InvalidValueError
        It could be taken for an option, names a program to run, or is of no form that is allowed.
    """
    if uri.startswith("-"):
        _refuse(uri, "it begins with '-', as an option does")
    if "::" in uri.partition("/")[0]:
        _refuse(uri, "'::' names a program that git would run")
    if any(character.isspace() or ord(character) < ord(" ") for character in uri):
        _refuse(uri, "it has a space or a control character in it")
    if "://" not in uri:
        return uri if _SCP.fullmatch(uri) else _refuse(uri, "it is of no form that is known")
    try:
        parts = urlsplit(uri)
    except ValueError as cause:
        raise InvalidValueError(f"Git URI {redact(uri)!r} cannot be read: {cause}.") from cause
    scheme = parts.scheme.lower().removeprefix("git+")
    if scheme not in SCHEMES:
        _refuse(uri, f"{parts.scheme}:// is not used")
    if scheme == "file":
        return (
            uri
            if parts.netloc in ("", "localhost") and parts.path.startswith("/")
            else _refuse(uri, "file:// is followed by an absolute path")
        )
    if not _HOST.fullmatch(parts.netloc) or parts.path.strip("/").startswith("-"):
        _refuse(uri, "its host or path could be taken for an option, or is none")
    return uri[len("git+") :] if uri.lower().startswith("git+") else uri


def check_version(version: str) -> str:
    """Return the name of a branch, tag or commit; raises ``InvalidValueError`` for what git could take for something else."""
    bad = ".." in version or "@{" in version or "//" in version or version.endswith((".lock", "/", "."))
    if bad or not _VERSION.fullmatch(version) or len(version) > 250:  # noqa: PLR2004
        raise InvalidValueError(
            f"Version {version[:80]!r} is no name of a branch, tag or commit: letters, digits and . _ / - + are used, '-' not first."
        )
    return version


def fetch(uri: str, version: str | None, folder: Path) -> Checkout:
    """Bring one version of a repository into an empty folder: the branch, tag or commit `version`, or where its HEAD is.

    Raises
    ------
    InvalidValueError
        The URI or the version is not allowed, see :func:`check_uri`.
    NbtrackError
        There is no git, no such repository or version, or it takes too long.
    """
    place = check_uri(uri)
    wanted = "HEAD" if version is None else check_version(version)
    git(folder, "init", "--quiet")
    try:
        _get(folder, place, wanted)
    except NbtrackError:
        if version is None or not _COMMIT.fullmatch(wanted):
            raise
        # Not every server gives a commit by its number, and none by the beginning of it: all branches, then.
        _get(folder, place, "+refs/heads/*:refs/remotes/origin/*", deep=True)
        git(folder, "checkout", "--quiet", "--detach", f"{wanted}^{{commit}}")
        return Checkout(git(folder, "rev-parse", "HEAD").strip())
    branch = _branch_of(folder) or (_head_of(folder, place) if version is None else "")
    git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    return Checkout(git(folder, "rev-parse", "HEAD").strip(), branch)


def _get(folder: Path, place: str, wanted: str, *, deep: bool = False) -> None:
    depth = ["--tags"] if deep else ["--depth=1", "--no-tags"]
    git(folder, "fetch", "--quiet", "--no-recurse-submodules", *depth, "--", place, wanted)


def _branch_of(folder: Path) -> str:
    """Return the branch that git says it has fetched; "" for a tag or commit."""
    line = (folder / ".git" / "FETCH_HEAD").read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    found = re.match(r"[0-9a-f]+\t[^\t]*\tbranch '([^']*)' of ", line)
    return found[1] if found else ""


def _head_of(folder: Path, place: str) -> str:
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", git(folder, "ls-remote", "--symref", "--", place, "HEAD"))
    return found[1] if found else ""


def top_of(folder: Path) -> Path | None:
    """Return the root of the repository that a folder is in; None when it is in none."""
    try:
        return folder.__class__(git(folder, "rev-parse", "--show-toplevel").strip())
    except NbtrackError:
        return None


def git(folder: Path, *words: str) -> str:
    """Return what git prints; raises ``NbtrackError`` with what it says when it does not succeed."""
    program = shutil.which("git")
    if program is None:
        raise NbtrackError("git is needed for projects in repositories, and is not installed here.")
    options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key in ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS")
    }
    environment |= {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": os.environ.get("GIT_LFS_SKIP_SMUDGE", "0"),
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(  # noqa: S603 - words that were checked, never a shell
            [program, *options, "-C", str(folder), *words],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as cause:
        raise NbtrackError(f"git {words[0]} took longer than {TIMEOUT_S:g} s and was ended.") from cause
    if done.returncode:
        said = redact(done.stderr.decode(errors="replace").strip())[-1000:]
        raise NbtrackError(f"git {words[0]} did not succeed: {said}")
    return done.stdout.decode(errors="replace")


def _refuse(uri: str, why: str) -> NoReturn:
    raise InvalidValueError(f"Git URI {redact(uri)[:200]!r} is not allowed: {why}. Use {ALLOWED}.")
