"""What an entry point is as words of a process: a command of the project, a script, or a notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbtrack.projects.parameters import Given, Parameter
    from nbtrack.projects.spec import EntryPoint, Project

MAIN = "main"
NOTEBOOK = ".ipynb"
# MLflow's own package of R, when it is there, gives a script its parameters; otherwise they are in commandArgs().
_R = 'f <- "{}"; if (requireNamespace("mlflow", quietly = TRUE)) mlflow::mlflow_source(f) else source(f)'
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a project can do, of its file or a file of its own.

    Attributes
    ----------
    name : str
    point : EntryPoint, optional
        Of the ``MLproject`` file.
    file : str
        A script or notebook, from the project's folder; "" for an entry point.
    """

    name: str
    point: EntryPoint | None = None
    file: str = ""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Return those that are declared."""
        return self.point.parameters if self.point is not None else {}

    @property
    def is_notebook(self) -> bool:
        """Say whether it is a notebook."""
        return self.file.lower().endswith(NOTEBOOK)

    def words(self, given: Given, python: str) -> tuple[str, ...]:
        """Return the words of the process, none for a notebook; `python` runs scripts that are in Python."""
        if self.point is not None:
            return self.point.command.words(given.declared, given.words())
        if self.is_notebook:
            return ()
        file = f"./{self.file}" if self.file.startswith("-") else self.file
        suffix = PurePosixPath(self.file).suffix.lower()
        if suffix == ".py":
            return (python, file, *given.words())
        if suffix == ".sh":
            return ("bash", file, *given.words())
        quoted = file.replace("\\", "\\\\").replace('"', '\\"')
        return ("Rscript", "-e", _R.format(quoted), "--args", *given.words())


def find(project: Project, name: str) -> Entry:
    """Return the entry point called `name`, else the script or notebook of that name.

    Raises
    ------
    NotFoundError
        There is neither; the message names what there is.
    InvalidValueError
        It is a file of another kind, or outside of the project.
    """
    point = project.entry_points.get(name)
    if point is not None:
        return Entry(name, point)
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in (".py", ".sh", ".r", NOTEBOOK):
        inside(project.folder, name, "Entry point")
        return Entry(name, file=os.fspath(PurePosixPath(name)))
    if (project.folder / name).is_file():
        raise InvalidValueError(f"{name} is a file that is not run; use one that ends in .py, .sh, .R or .ipynb.")
    known = [*project.entry_points, *_scripts(project.folder)]
    where = f"{project.file} in {project.folder}" if project.file else f"{project.folder}, which has no MLproject file"
    raise NotFoundError("Entry point", name, known, where=where)


def _scripts(folder: Path) -> list[str]:
    found = (each.name for each in sorted(folder.iterdir()) if each.suffix.lower() in (".py", ".sh", ".r", NOTEBOOK))
    return list(found)[:_LISTED]
