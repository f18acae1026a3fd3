"""The folder in which a run is made again: its repository at its commit, with its changes, and its code."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.reruns.recorded import MARK

if TYPE_CHECKING:
    from nbtrack.reruns.recorded import OneCell, Recipe

MARKER = ".nbtrack-reproduction.json"
NOTEBOOK = "reproduction.ipynb"
GIT_TIMEOUT_S = 600
_REMOTE = re.compile(r"(?:https|ssh)://[^\s-][^\s]*|[\w.][\w.-]*@[\w.][\w.-]*:[\w./~-]+")
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never")


class Workspace:
    """A folder with a run's code.

    Parameters
    ----------
    folder : Path
        New, empty, or one that was made for the same run before: what lies in it then stays, so that data can be put there.
    recipe : Recipe
        What goes into it.

    Attributes
    ----------
    notes : list of str
        What could not be rebuilt.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder.absolute()
        self.recipe = recipe
        self.notes: list[str] = []
        self._check_free()

    @property
    def working_folder(self) -> Path:
        """Return where the code is run: as deep in the repository as it was."""
        return _inside(self.folder, self.recipe.folder)

    @property
    def script(self) -> Path:
        """Return where the script is."""
        return _inside(self.folder, self.recipe.script_path)

    def make(self) -> None:
        """Fill the folder."""
        is_new = not (self.folder / MARKER).exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if is_new and self.recipe.commit:
            self._check_out()
        self.working_folder.mkdir(parents=True, exist_ok=True)
        if self.recipe.script:
            self._write_script()
        else:
            write_notebook(self.working_folder / NOTEBOOK, self.recipe.cells)
        told = {"run_id": self.recipe.run.info.run_id}
        (self.folder / MARKER).write_text(json.dumps(told) + "\n", encoding="utf-8")

    def _check_free(self) -> None:
        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return
        try:
            made_for = json.loads((self.folder / MARKER).read_text(encoding="utf-8")).get("run_id")
        except (OSError, ValueError, AttributeError):
            made_for = None
        if made_for != self.recipe.run.info.run_id:
            raise InvalidValueError(
                f"{self.folder} is there already, and was not made for this run; name a new folder, or an empty one."
            )

    def _check_out(self) -> None:
        source = self._repository()
        if source is None:
            self.notes.append(
                f"no repository here has commit {self.recipe.commit[:10]}, and origin was "
                f"{self.recipe.remote or 'not set'}: only the run's own code is in the folder"
            )
            return
        is_local = not _REMOTE.fullmatch(source)
        how = ["--shared"] if is_local else []
        _git(None, "clone", "--quiet", "--no-checkout", *how, "--", source, os.fspath(self.folder))
        _git(self.folder, "checkout", "--quiet", "--detach", self.recipe.commit)
        if self.recipe.diff:
            self._apply(self.recipe.diff)

    def _repository(self) -> str | None:
        """Return a repository on this machine that has the commit, else origin when it is an address of the usual kind."""
        recorded = self.recipe.carrier.data.tags.get("mlflow.source.name", "")
        for folder in (Path.cwd(), Path(recorded).parent if recorded else None):
            if folder is not None and folder.is_dir() and _has(folder, self.recipe.commit):
                return _git(folder, "rev-parse", "--show-toplevel").strip()
        remote = self.recipe.remote
        return remote if _REMOTE.fullmatch(remote) and MARK not in remote else None

    def _apply(self, diff: str) -> None:
        try:
            _git(self.folder, "apply", "--whitespace=nowarn", "-", stdin=diff)
        except NbtrackError as error:
            why = "secrets in it were redacted" if MARK in diff else str(error).splitlines()[-1][:200]
            self.notes.append(
                f"the uncommitted changes could not be brought back ({why}): the code is that of the commit"
            )

    def _write_script(self) -> None:
        script = self.script
        if MARK in self.recipe.script and script.exists():
            return  # as it is in the commit it has what was redacted
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(self.recipe.script, encoding="utf-8", errors="surrogateescape")


def write_notebook(path: Path, cells: tuple[OneCell, ...]) -> None:
    """Write cells as a notebook without outputs."""
    shown: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell.source,
        }
        for i, cell in enumerate(cells, 1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": shown, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


def _inside(folder: Path, relative: str) -> Path:
    """Return a path in a folder; one that leads out of it is refused, whoever wrote the store."""
    found = (folder / relative).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise InvalidValueError(f"The run says its code is at {relative!r}, which is outside its repository.")
    return found


def _has(folder: Path, commit: str) -> bool:
    try:
        _git(folder, "cat-file", "-e", f"{commit}^{{commit}}")
    except NbtrackError:
        return False
    return True


def _git(folder: Path | None, *words: str, stdin: str | None = None) -> str:
    """Run git with nothing that a repository configures, and return what it prints."""
    where = [] if folder is None else ["-C", os.fspath(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - words, never a shell's text
            ["git", *_SAFE, *where, *words],  # noqa: S607 - the user's git
            input=None if stdin is None else stdin.encode("utf-8", "surrogateescape"),
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=GIT_TIMEOUT_S,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NbtrackError(f"git {words[0]} did not work: {error}") from error
    if done.returncode:
        raise NbtrackError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout.decode("utf-8", errors="replace")
