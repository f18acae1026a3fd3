"""Which distributions a model needs, pinned to what is installed here.

They are found without loading the model again: its files say which modules loading imports (:mod:`nbtrack.models.imports`), and each module
leads to the distribution that brought it. Packages that those need are left to the installer, but for the ones that decide about numbers
and their layout in memory, which are pinned when they are in use.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.distributions import Distribution, canonical, file_of, named, of_module
from nbtrack.models.flavors import loader_of
from nbtrack.models.imports import modules_of, modules_of_code
from nbtrack.models.mlmodel import MLFLOW_VERSION, PYFUNC
from nbtrack.models.requirement_lines import conda_lines, name_of, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from nbtrack.models.mlmodel import MLmodel

NUMERIC = ("numpy", "pandas", "scipy")
"""Whoever computes with another version of these may get other numbers, or cannot read what was pickled."""
_MINE = {"__main__", "__mp_main__", "__torch__", "mlflow", ""}


@dataclass(slots=True)
class Needs:
    """What loading a model imports that is not Python's own.

    Attributes
    ----------
    distributions : dict of Distribution
        By canonical name.
    modules : dict of Path
        The user's own modules, which no distribution brings, and their files.
    """

    distributions: dict[str, Distribution] = field(default_factory=dict)
    modules: dict[str, Path] = field(default_factory=dict)


def resolve(
    folder: Path,
    mlmodel: MLmodel,
    roots: Sequence[str],
    *,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
) -> tuple[list[str], list[str], dict[str, Any] | None]:
    """Return requirement lines, constraint lines and the user's conda environment for a model folder that is being written.

    Parameters
    ----------
    folder : Path
        The folder, with the model's files and code in it.
    mlmodel : MLmodel
        Its flavors say which files are loaded.
    roots : sequence of str
        Distributions that are needed whatever the files say.
    pip_requirements, extra_pip_requirements : sequence of str or path of a file, optional
        All requirements: nothing is inferred then; or what is needed besides those that are inferred.
    conda_env : mapping or path of a file, optional
        A conda environment whose pip part is all requirements.

    Raises
    ------
    InvalidValueError
        A line that is no requirement, or more than one way of giving all of them.
    """
    if conda_env is not None:
        lines, conda = conda_lines(conda_env, has_others=bool(pip_requirements or extra_pip_requirements))
        return _with_mlflow(lines), [], conda
    if pip_requirements is not None:
        if extra_pip_requirements is not None:
            raise InvalidValueError(
                "pip_requirements are all requirements, and extra_pip_requirements those besides the inferred ones; give one of them."
            )
        lines, constraints = parse(pip_requirements)
        return _with_mlflow(lines), constraints, None
    more, constraints = parse(extra_pip_requirements or ())
    return _with_mlflow(_merged(infer(folder, mlmodel, roots), more)), constraints, None


def infer(folder: Path, mlmodel: MLmodel, roots: Sequence[str]) -> list[str]:
    """Return pinned requirements for what loading a model folder imports; warn of modules that are only here."""
    paths, code = _files(folder, mlmodel)
    modules = modules_of([*paths, *code])
    loader = str((mlmodel.pyfunc or {}).get("loader_module") or "")
    if loader_of(loader) is None:
        modules.add(loader.partition(".")[0])
    if mlmodel.signature and '"name"' in (mlmodel.signature.get("inputs") or ""):
        modules.add("pandas")  # columns with names arrive as a DataFrame
    needs = needs_of(modules, without=_tops(code))
    if needs.modules:
        _warn_of(needs.modules)
    found = dict(needs.distributions)
    for name in roots:
        if (distribution := named(name)) is not None:
            found[canonical(name)] = distribution
    found |= {name: one for name, one in _numeric(found.values()).items() if name not in found}
    unknown = [name for name in roots if canonical(name) not in found]
    return sorted([*unknown, *(one.pin for one in found.values())], key=str.lower)


def needs_of(modules: Iterable[str], *, without: Iterable[str] = ()) -> Needs:
    """Return the distributions that modules are from; of the user's own modules, what those import in turn.

    Parameters
    ----------
    modules : iterable of str
        Dotted names.
    without : iterable of str
        Top-level names that the model brings along itself.
    """
    needs = Needs()
    seen = set(without) | _MINE | sys.stdlib_module_names
    left = {_tell_apart(name) for name in modules}
    while left:
        name = left.pop()
        if name in seen or name.partition(".")[0] in seen:
            continue
        seen.add(name)
        found = of_module(name)
        if found is not None:
            needs.distributions[canonical(found.name)] = found
        elif (file := file_of(name)) is not None and file.suffix == ".py":
            needs.modules[name.partition(".")[0]] = file
            left |= {
                _tell_apart(other) for other in modules_of_code(file.read_text(encoding="utf-8", errors="replace"))
            } - seen
    return needs


def _tell_apart(module: str) -> str:
    """Return the first part of a module's name that tells its distribution: ``sklearn``, but ``google.protobuf``."""
    parts = module.split(".")
    top = sys.modules.get(parts[0])
    is_shared = top is not None and getattr(top, "__file__", None) is None and hasattr(top, "__path__")
    return ".".join(parts[:2]) if is_shared else parts[0]


def _files(folder: Path, mlmodel: MLmodel) -> tuple[list[Path], list[Path]]:
    """Return the files that a model's flavors name, and its code folder."""
    texts = {
        value
        for conf in mlmodel.flavors.values()
        for key, value in conf.items()
        if key != "code" and isinstance(value, str)
    }
    paths = {folder / text for text in texts if text}
    paths |= {folder / "artifacts"} if PYFUNC in mlmodel.flavors and "artifacts" in mlmodel.flavors[PYFUNC] else set()
    code = {folder / str(conf["code"]) for conf in mlmodel.flavors.values() if conf.get("code")}
    return sorted(path for path in paths if path.exists() and path != folder), sorted(code)


def _tops(code: Iterable[Path]) -> set[str]:
    return {entry.stem for folder in code if folder.is_dir() for entry in folder.iterdir()}


def _numeric(needed: Iterable[Distribution]) -> dict[str, Distribution]:
    """Return the numeric packages that others require, however indirectly, and that are in use here."""
    seen: set[str] = set()
    left = [name for one in needed for name in one.requires]
    found: dict[str, Distribution] = {}
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        distribution = named(name) if name in NUMERIC and name in sys.modules else None
        if distribution is not None:
            found[name] = distribution
            left += distribution.requires
    return found


def _merged(inferred: list[str], given: list[str]) -> list[str]:
    """Return inferred lines but those of distributions that the user names, and the user's."""
    names = {name_of(line) for line in given}
    return [line for line in inferred if name_of(line) not in names] + given


def _with_mlflow(lines: list[str]) -> list[str]:
    """Return the lines with MLflow before them, by which its tools load the model, unless it is in them."""
    if any(name_of(line) in ("mlflow", "mlflow-skinny") for line in lines):
        return lines
    here = named("mlflow") or named("mlflow-skinny")
    return [f"mlflow=={MLFLOW_VERSION}" if here is None else f"mlflow=={here.pin.partition('==')[2]}", *lines]


def _warn_of(modules: dict[str, Path]) -> None:
    listed = ", ".join(f"{name} ({file})" for name, file in sorted(modules.items()))
    paths = ", ".join(
        repr(str(file.parent if file.name == "__init__.py" else file)) for _, file in sorted(modules.items())
    )
    warn(
        f"Loading this model imports {listed}, which no installed package brings: take it along with code_paths=[{paths}]."
    )
