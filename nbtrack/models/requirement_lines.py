"""Lines of requirements files, and the pip part of conda environments: read, checked, never run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.distributions import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_LINES, MAX_FILES = 5000, 20
_PIN = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==[A-Za-z0-9.!+_]+)?")
_OPTION = re.compile(
    r"(?:-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--only-binary|--no-binary)[ =]\S+"
    r"|--pre|--prefer-binary|--no-index|--require-hashes"
)


def parse(given: Sequence[str] | str) -> tuple[list[str], list[str]]:
    """Return the requirement lines and the constraint lines that a user gives.

    Parameters
    ----------
    given : list of str or str
        Lines, or the path of a requirements file. ``-r file`` and ``-c file`` are followed.

    Raises
    ------
    InvalidValueError
        A line that is neither a requirement nor an option of pip's about where to look.
    """
    if isinstance(given, (str, os.PathLike)):
        lines = _lines_of_file(Path(given))
        base = Path(given).parent
    else:
        lines, base = [*given], Path()
    requirements: list[str] = []
    constraints: list[str] = []
    _follow(lines, base, requirements, constraints, 0)
    return list(dict.fromkeys(requirements)), list(dict.fromkeys(constraints))


def _follow(lines: Iterable[Any], base: Path, requirements: list[str], constraints: list[str], depth: int) -> None:
    if depth > MAX_FILES:
        raise InvalidValueError(
            f"Requirements files name each other more than {MAX_FILES} deep; do they name themselves?"
        )
    for raw in lines:
        line = _tidy(raw)
        option, _, path = line.partition(" ")
        if option in ("-r", "--requirement", "-c", "--constraint"):
            file = base / path.strip()
            into = constraints if option in ("-c", "--constraint") else requirements
            _follow(_lines_of_file(file), file.parent, into, constraints, depth + 1)
        elif line:
            requirements.append(check(line, options=True, urls=True))


def _tidy(raw: Any) -> str:
    if not isinstance(raw, str):
        raise InvalidValueError(
            f"Requirement {raw!r} is a {type(raw).__name__}; use a text such as 'scikit-learn==1.9.1'."
        )
    return "" if raw.strip().startswith("#") else re.split(r"\s#", raw)[0].strip()


def _lines_of_file(path: Path) -> list[str]:
    if not path.is_file():
        raise NotFoundError("Requirements file", str(path), where=f"the working folder {Path.cwd()}")
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    if len(lines) > MAX_LINES:
        raise InvalidValueError(f"{path} has {len(lines)} lines; a requirements file has at most {MAX_LINES}.")
    return lines


def check(line: str, *, options: bool = False, urls: bool = False) -> str:
    """Return a requirement line, or raise.

    Parameters
    ----------
    line : str
        Such as ``scikit-learn==1.9.1`` or ``torch>=2; python_version < "3.13"``.
    options : bool
        Whether options of pip that say where to look are allowed; ``-e`` and those that run or write something never are.
    urls : bool
        Whether ``name @ https://…`` and ``name @ git+https://…`` are allowed.

    Raises
    ------
    InvalidValueError
        It is something else.
    """
    if any(ord(character) < ord(" ") for character in line):
        raise InvalidValueError(f"Requirement {line[:100]!r} has a line break or another control character in it.")
    if _PIN.fullmatch(line):
        return line
    if line.startswith("-"):
        if options and _OPTION.fullmatch(line):
            return line
        raise InvalidValueError(
            f"Requirement {line[:100]!r} is an option of pip; only those of packages with versions are taken here."
        )
    packaging = require("packaging.requirements", "to read requirements", package="packaging", extra="models")
    try:
        found = packaging.Requirement(re.split(r"\s--hash=", line)[0])
    except packaging.InvalidRequirement as cause:
        problem = str(cause).splitlines()[0]
        raise InvalidValueError(
            f"Requirement {line[:100]!r} cannot be read ({problem}); write it as in 'scikit-learn==1.9.1'."
        ) from cause
    if found.url and not urls:
        raise InvalidValueError(
            f"Requirement {line[:100]!r} is fetched from an address; name a version on a package index instead."
        )
    return line


def name_of(line: str) -> str:
    """Return the canonical name of the distribution that a line names; "" for an option."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
    return canonical(found[0]) if found else ""


def conda_lines(given: Mapping[str, Any] | str, *, has_others: bool = False) -> tuple[list[str], dict[str, Any]]:
    """Return the pip part of a conda environment, and the environment.

    Parameters
    ----------
    given : mapping or path of a YAML file
        With ``dependencies``, one of which may be ``{"pip": […]}``.
    has_others : bool
        Whether requirements were given in another way, too.

    Raises
    ------
    InvalidValueError
        Its form is another, or there are others.
    """
    if has_others:
        raise InvalidValueError("Give either conda_env or pip_requirements and extra_pip_requirements, not both.")
    if isinstance(given, (str, os.PathLike)):
        from nbtrack.models.yaml_text import read_yaml  # noqa: PLC0415 - needs PyYAML

        conda = read_yaml(Path(given), "conda environment")
    else:
        conda = dict(given)
    dependencies = conda.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise InvalidValueError(
            f"The conda environment's dependencies are a {type(dependencies).__name__}; a list is expected."
        )
    pip = [line for entry in dependencies if isinstance(entry, dict) for line in entry.get("pip") or ()]
    return [check(_tidy(line), options=True, urls=True) for line in pip if _tidy(line)], conda
