"""Where a run happened: Python, machine, user, packages, git and notebook."""

from __future__ import annotations

import functools
import os
import platform
import shlex
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from nbtrack.journal.writer import user_name
from nbtrack.tracking.git_state import GitState, git_state
from nbtrack.tracking.redaction import redact

NOTEBOOK, LOCAL = "NOTEBOOK", "LOCAL"
SCRIPT = "source/script.py"
LONGEST_SCRIPT = 1_000_000


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a run happened.

    Attributes
    ----------
    python, platform, host, user : str
        Such as ``"3.11.7"``, ``"Linux-6.18-x86_64"``, the machine's name, the account.
    packages : dict
        Version by canonical name of everything installed where Python looks.
    git : GitState
        The repository of the working folder.
    notebook_path : str
        The notebook's file, or "" when it is not known.
    source : str
        The notebook, else the script, else "".
    folder : str
        The working folder.
    script, arguments : str
        What the script says, and the words after it as a shell would read them; both without secrets, "" when no script runs here.
    """

    python: str
    platform: str
    host: str
    user: str
    packages: dict[str, str] = field(default_factory=dict)
    git: GitState = field(default_factory=GitState)
    notebook_path: str = ""
    source: str = ""
    folder: str = ""
    script: str = ""
    arguments: str = ""

    @property
    def notebook_name(self) -> str:
        """Return the notebook's file name."""
        return Path(self.notebook_path).name

    @staticmethod
    def quick() -> dict[str, str]:
        """Return the tags that are known at once, in less than 0.2 ms: user, host, Python, source."""
        notebook = notebook_path()
        source = notebook or _script()
        source_type = NOTEBOOK if notebook or _is_kernel() else LOCAL
        tags = {**_machine_tags(), "mlflow.source.name": source, "mlflow.source.type": source_type}
        return {key: value for key, value in tags.items() if value}

    @classmethod
    def collect(cls, folder: str | os.PathLike[str] = ".") -> Environment:
        """Return everything; takes some tens of milliseconds, so call it in a thread."""
        notebook = notebook_path()
        script, source = (
            own_script(),
            notebook or _script(),
        )  # before git is waited for: a script that ends loses its name
        return cls(
            python=platform.python_version(),
            platform=platform.platform(),
            host=_host(),
            user=user_name(),
            packages=packages(),
            git=git_state(folder),
            notebook_path=notebook,
            source=source,
            folder=os.fspath(Path(folder).absolute()),
            script=_text_of(script),
            arguments=redact(shlex.join(sys.argv[1:])) if script else "",
        )

    def tags(self) -> dict[str, str]:
        """Return what :meth:`quick` could not know yet, under MLflow's names where it has them."""
        tags = {
            "mlflow.source.git.commit": self.git.commit,
            "mlflow.source.git.branch": self.git.branch,
            "mlflow.source.git.repoURL": self.git.remote,
            "mlflow.source.git.dirty": str(self.git.is_dirty).lower() if self.git.commit else "",
            "nbtrack.platform": self.platform,
            "nbtrack.source.folder": self.git.prefix if self.git.commit else "",
            "nbtrack.source.path": self._script_path() if self.script else "",
            "nbtrack.source.arguments": self.arguments,
        }
        return {key: value for key, value in tags.items() if value}

    def _script_path(self) -> str:
        """Return the script from the top of its repository, else from the working folder, as far as it is inside."""
        path = Path(self.source)
        for top in (self.git.top, self.folder):
            if top and path.is_relative_to(top):
                return path.relative_to(top).as_posix()
        return path.name

    def artifacts(self) -> dict[str, str]:
        """Return the texts that are kept as files of the run, by path."""
        lines = [f"python=={self.python}", *(f"{name}=={version}" for name, version in sorted(self.packages.items()))]
        files = {"environment/packages.txt": "\n".join(lines) + "\n"}
        if self.git.diff:
            files["environment/git.diff"] = self.git.diff
        if self.git.new_files and self.git.commit:
            files["environment/new_files.txt"] = "".join(f"{name}\n" for name in self.git.new_files)
        if self.script:
            files[SCRIPT] = self.script
        return files


def notebook_path() -> str:
    """Return the file of the notebook that runs here, or "": Jupyter, VS Code and papermill say it, others do not.

    Jupyter sets JPY_SESSION_NAME when the kernel starts, so after a rename it is the old name.
    """
    names = _user_namespace()
    for path in (
        names.get("__vsc_ipynb_file__"),
        names.get("PAPERMILL_OUTPUT_PATH"),
        names.get("PAPERMILL_INPUT_PATH"),
        os.environ.get("JPY_SESSION_NAME"),
    ):
        if isinstance(path, str) and path.endswith(".ipynb"):
            return path
    return ""


def packages() -> dict[str, str]:
    """Return the installed packages with their versions; read again only when a folder of ``sys.path`` changed."""
    folders = tuple((folder, _modified(folder)) for folder in dict.fromkeys(sys.path))
    return dict(_installed(folders))


@functools.lru_cache(maxsize=4)
def _installed(folders: tuple[tuple[str, int], ...]) -> tuple[tuple[str, str], ...]:
    """Read names and versions from the names of ``*.dist-info``: 1 ms where opening each METADATA file takes 100 ms."""
    found: dict[str, str] = {}
    for folder, modified in folders:
        for entry in os.listdir(folder or ".") if modified else ():  # noqa: PTH208 - names are enough
            name, _, version = entry.rpartition(".")[0].partition("-")
            if entry.endswith((".dist-info", ".egg-info")) and version:
                found.setdefault(name.lower().replace("_", "-").replace(".", "-"), version.split("-py")[0])
    return tuple(found.items())


def _modified(folder: str) -> int:
    try:
        status = Path(folder or ".").stat()
    except OSError:
        return 0
    return status.st_mtime_ns if S_ISDIR(status.st_mode) else 0


@functools.cache
def _machine_tags() -> dict[str, str]:
    return {"mlflow.user": user_name(), "nbtrack.host": _host(), "nbtrack.python": platform.python_version()}


@functools.cache
def _host() -> str:
    return socket.gethostname()


def _shell() -> Any:
    """Return IPython's shell when one runs; IPython is asked only when somebody else has loaded it."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def _user_namespace() -> dict[str, Any]:
    return getattr(_shell(), "user_ns", None) or {}


def _is_kernel() -> bool:
    return getattr(_shell(), "kernel", None) is not None


def _script() -> str:
    """Return the script that runs here, as an absolute path; a kernel's launcher is none."""
    if _shell() is not None:
        return ""
    path = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    return str(Path(path).absolute()) if path and not path.startswith("<") else ""


def own_script() -> str:
    """Return the script that runs here when it is the user's own: a ``.py`` file, and no program that was installed."""
    path = _script()
    return path if path.endswith(".py") and _is_own(path) else ""


@functools.lru_cache(maxsize=4)
def _is_own(path: str) -> bool:
    installed = {"site-packages", "dist-packages"} & {*Path(path).parts}
    return not installed and not Path(path).is_relative_to(sys.prefix)


def _text_of(path: str) -> str:
    """Return a script without secrets; "" for one that cannot be read or is longer than a script is."""
    try:
        is_fine = bool(path) and Path(path).stat().st_size <= LONGEST_SCRIPT
        return redact(Path(path).read_text(encoding="utf-8")) if is_fine else ""
    except (OSError, UnicodeDecodeError):
        return ""
