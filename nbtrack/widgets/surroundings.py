"""What this process knows about who shows its outputs: gathered here, judged in ``environment.py``."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import psutil

PACKAGES = ("ipykernel", "jupyterlab", "notebook", "ipywidgets", "anywidget", "jupyterlab_widgets")
SETTINGS = ("JPY_SESSION_NAME", "KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION")
STARTS = ("VOILA_", "SPY_")
PROGRAMS = {
    "papermill": "papermill",
    "nbconvert": "nbconvert",
    "jupyter-nbconvert": "nbconvert",
    "voila": "voila",
    "jupyterlab": "lab",
    "jupyter-lab": "lab",
    "jupyter-notebook": "notebook",
    "notebook": "notebook",
    "qtconsole": "qtconsole",
    "jupyter_console": "console",
    "jupyter-console": "console",
}
"""Key of the front end by a word of the command line that started the kernel."""
SUBCOMMANDS = {
    "lab": "lab",
    "notebook": "notebook",
    "nbconvert": "nbconvert",
    "console": "console",
    "qtconsole": "qtconsole",
}
MOST_WORDS = 4


@dataclass(frozen=True)
class Facts:
    """What is known about this process.

    Attributes
    ----------
    shell : {"none", "terminal", "kernel"}
        No IPython, IPython in a terminal, or a kernel.
    settings : dict of str
        Environment variables that name a front end.
    modules : frozenset of str
        Imported modules that do.
    ancestors : tuple of str
        Keys of the front ends that are among the processes above this one, nearest first.
    allows_input : bool
        Whether the front end would answer ``input()``: programs that only execute notebooks do not.
    has_subshells : bool
        Whether the kernel could handle messages while a cell runs.
    """

    shell: Literal["none", "terminal", "kernel"] = "none"
    settings: dict[str, str] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    ancestors: tuple[str, ...] = ()
    allows_input: bool = True
    has_subshells: bool = False
    has_vscode_path: bool = False
    has_marimo: bool = False
    versions: dict[str, str] = field(default_factory=dict)


def gather() -> Facts:
    """Look around."""
    shell = _shell()
    kernel = getattr(shell, "kernel", None)
    settings = {name: os.environ[name] for name in os.environ if name in SETTINGS or name.startswith(STARTS)}
    return Facts(
        shell="none" if shell is None else "terminal" if kernel is None else "kernel",
        settings=settings,
        modules=frozenset({"google.colab"} & sys.modules.keys()),
        ancestors=() if kernel is None else _ancestors(),
        allows_input=_allows_input(shell),
        has_subshells=bool(getattr(kernel, "_supports_kernel_subshells", False)),
        has_vscode_path="__vsc_ipynb_file__" in getattr(shell, "user_ns", ()),
        has_marimo=_is_marimo(),
        versions=_versions(),
    )


def nobody_looks() -> bool:
    """Return whether a program runs the cells with no page beside it, as nbclient, nbconvert and papermill do.

    They answer no ``input()``, and start the kernel without a Jupyter server; Voila runs cells like that too, but has a page.
    """
    shell = _shell()
    is_served = any(name == "JPY_SESSION_NAME" or name.startswith("VOILA_") for name in os.environ)
    return hasattr(shell, "kernel") and not is_served and not _allows_input(shell)


def _shell() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _is_marimo() -> bool:
    module = sys.modules.get("marimo")
    return bool(module is not None and module.running_in_notebook())


def _allows_input(shell: Any) -> bool:
    kernel = getattr(shell, "kernel", None)
    return bool(getattr(kernel, "_allow_stdin", True))


def _ancestors() -> tuple[str, ...]:
    found: list[str] = []
    try:
        for process in psutil.Process().parents():
            words = [Path(word).name.removesuffix(".exe") for word in process.cmdline()[:MOST_WORDS]]
            found += [PROGRAMS[word] for word in words if word in PROGRAMS]
            if "jupyter" in words[:-1]:  # `jupyter lab` names its program in the next word
                found += [SUBCOMMANDS[word] for word in words[words.index("jupyter") + 1 :][:1] if word in SUBCOMMANDS]
    except psutil.Error:
        pass
    return tuple(found)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
