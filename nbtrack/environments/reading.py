"""What ``python_env.yaml``, ``conda.yaml`` and ``requirements.txt`` say must be installed; other files of the machine are not followed."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from nbtrack.environments.making import check_python
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError
from nbtrack.models.folder import inside
from nbtrack.models.requirement_lines import MAX_FILES, MAX_LINES, check
from nbtrack.models.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_BYTES = 1 << 20
_FILE = re.compile(r"(-r|--requirement|-c|--constraint)(?:[ =]\s*|(?<=^-[rc]))(\S.*)")
_CONDA = re.compile(r"(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)\s*([=<>!~].*)?")
_SAME = """
    catboost click cloudpickle cython dask gunicorn h5py hyperopt ipython joblib jupyter keras lightgbm matplotlib mlflow networkx nltk
    notebook numba numpy onnx onnxruntime optuna pandas pillow plotly psutil pyarrow pytest pyyaml requests scikit-image scikit-learn
    scipy seaborn setuptools shap spacy sqlalchemy statsmodels sympy tensorboard tensorflow tqdm transformers wheel xgboost
"""
SAME_ON_PYPI = {name: name for name in _SAME.split()} | {
    "matplotlib-base": "matplotlib",
    "py-xgboost": "xgboost",
    "pytorch": "torch",
}
"""Conda's names of packages that a Python index has from the same people. Others are not looked for there: anybody could own the name."""


def python_env(folder: Path, name: str) -> Wanted:
    """Return what a ``python_env.yaml`` wants: ``python``, ``build_dependencies`` and ``dependencies``, which may name files beside it.

    Raises
    ------
    InvalidValueError
        It has another form; a line is no requirement, or names a file that is outside of the folder.
    NotFoundError
        It, or a file that it names, is not there.
    """
    found = read_yaml(inside(folder, name, "Environment"), name)
    lines = [*_texts(found, "build_dependencies", name), *_texts(found, "dependencies", name)]
    return _wanted(str(found.get("python") or ""), lines, folder, name)


def conda_env(folder: Path, name: str) -> Wanted:
    """Return what a conda environment wants, as far as a Python index has it.

    That is its Python, its pip part, and packages that are the same on PyPI (see :data:`SAME_ON_PYPI`); all else stands in ``unmet``.

    Raises
    ------
    InvalidValueError, NotFoundError
        As :func:`python_env` does.
    """
    found = read_yaml(inside(folder, name, "Environment"), name)
    dependencies = found.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise InvalidValueError(f"{name}: dependencies is a {type(dependencies).__name__}; a list is expected.")
    python, lines, unmet = "", [], []
    for entry in dependencies:
        if isinstance(entry, dict):
            lines += _texts(entry, "pip", name)
            continue
        package, version = _conda_line(entry, name)
        if package == "python":
            python = version.lstrip("=<>!~ ").split(",")[0].split("=")[0].removesuffix(".*")
        elif package in SAME_ON_PYPI:
            lines.append(SAME_ON_PYPI[package] + _pip_version(version))
        elif package != "pip":
            unmet.append(str(entry))
    made = _wanted(python, lines, folder, name)
    return Wanted(made.python, made.requirements, made.constraints, name, tuple(unmet))


def requirements_file(folder: Path, name: str) -> Wanted:
    """Return what a requirements file wants; raises as :func:`python_env` does."""
    return _wanted("", [f"-r {name}"], folder, name)


def _wanted(python: str, lines: Iterable[str], folder: Path, name: str) -> Wanted:
    requirements: list[str] = []
    constraints: list[str] = []
    beside = (folder / name).parent
    _follow(lines, beside, folder, requirements, constraints, 0)
    if python:
        check_python(python)
    return Wanted(python, tuple(dict.fromkeys(requirements)), tuple(dict.fromkeys(constraints)), name)


def _follow(
    lines: Iterable[str], base: Path, root: Path, requirements: list[str], constraints: list[str], depth: int
) -> None:
    if depth > MAX_FILES:
        raise InvalidValueError(f"Requirements files in {root} name each other more than {MAX_FILES} deep.")
    for raw in lines:
        line = "" if raw.strip().startswith("#") else re.split(r"\s#", raw)[0].strip()
        named = _FILE.fullmatch(line)
        if named is not None:
            file = _named(base, root, named[2].strip().strip("'\""))
            into = constraints if named[1] in ("-c", "--constraint") else requirements
            _follow(_lines_of(file), file.parent, root, into, constraints, depth + 1)
        elif line:
            requirements.append(check(line, options=True, urls=True))


def _named(base: Path, root: Path, path: str) -> Path:
    """Return the file that a file in `base` names: beside it, as for pip, or from the root; one that is outside of the root is refused."""
    if path.startswith("/"):
        return inside(root, path, "Requirements file")
    beside, plain = posixpath.normpath((base.relative_to(root) / path).as_posix()), posixpath.normpath(path)
    is_beside = beside == plain or beside.startswith("..") or (root / beside).is_file()
    return inside(root, beside if is_beside else plain, "Requirements file")


def _lines_of(file: Path) -> list[str]:
    if file.stat().st_size > MAX_BYTES:
        raise InvalidValueError(f"{file} has more than {MAX_BYTES >> 20} MiB; that is no requirements file.")
    lines = file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ").splitlines()
    if len(lines) > MAX_LINES:
        raise InvalidValueError(f"{file} has {len(lines)} lines; a requirements file has at most {MAX_LINES}.")
    return lines


def _texts(found: dict[str, Any], key: str, name: str) -> list[str]:
    given = found.get(key) or []
    if not isinstance(given, list) or not all(isinstance(each, (str, int, float)) for each in given):
        raise InvalidValueError(
            f"{name}: {key} is {str(given)[:80]!r}; a list of texts such as 'scikit-learn==1.9.1' is expected."
        )
    return [str(each) for each in given]


def _conda_line(entry: Any, name: str) -> tuple[str, str]:
    found = _CONDA.fullmatch(entry.strip()) if isinstance(entry, str) else None
    if found is None:
        raise InvalidValueError(
            f"{name}: {str(entry)[:80]!r} is no package of conda; one looks like numpy=2.1 or python=3.11."
        )
    return found[1].lower(), (found[2] or "").strip()


def _pip_version(version: str) -> str:
    """Return a version as pip writes it: conda's ``=1.2`` is ``==1.2.*``, its ``=1.2=build`` is ``==1.2``."""
    if not version.startswith("=") or version.startswith("=="):
        return version.replace(" ", "").split("=py")[0]
    number, _, build = version[1:].partition("=")
    return f"=={number}" if build or number.endswith("*") else f"=={number}.*"
