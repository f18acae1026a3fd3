"""A folder from which Docker builds an image that serves a model; and an environment with what the model needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.environments import uv
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.models import environment
from nbtrack.models.flavors import loader_of
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.requirement_lines import parse
from nbtrack.serving.wheel import is_from_index, make_wheel
from nbtrack.version import __version__

if TYPE_CHECKING:
    import os

PORT = 8080
MODEL = "/opt/ml/model"
_PYTHON = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?")
_FILE = re.compile(r"-(?:-requirement|-constraint|[rc])")
_MLFLOW = re.compile(r"mlflow(-skinny)?\s*([=<>!~].*)?")
_IMAGE = re.compile(r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?")

DOCKERFILE = """\
# Serves {what} on port {port}: docker run --rm -p {port}:{port} IMAGE
FROM python:{python}-slim
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 1000 server
{copy}{install}
USER server
EXPOSE {port}
HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/ping')"
ENTRYPOINT ["nbtrack", "models", "serve", "--model-uri", "{model}", "--host", "0.0.0.0", "--port", "{port}", "--trust"]
"""


def write_dockerfile(
    folder: str | os.PathLike[str], model_uri: str | None = None, *, nbtrack: str | None = None, trust: bool = False
) -> Path:
    """Write a Dockerfile, and the model beside it.

    Parameters
    ----------
    folder : path
        New or empty.
    model_uri : str, optional
        Copied into the image; without one the image serves what is mounted at ``/opt/ml/model``.
    nbtrack : str, optional
        What pip installs for nbtrack: a requirement, or the path of a wheel, which is copied. By default this version, and where no
        registry has it (it was installed from a folder or a repository) a wheel of the one that is running.
    trust : bool
        Nothing is loaded here, so no leave is asked; kept for symmetry with the other commands.

    Returns
    -------
    Path
        The Dockerfile.

    Raises
    ------
    InvalidValueError
        The folder is not empty; a requirement of the model is no requirement.
    """
    from nbtrack.tracking.model_files import fetch  # noqa: PLC0415

    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise InvalidValueError(f"{target} is not empty; name a new folder.")
    target.mkdir(parents=True, exist_ok=True)
    python, copy, install = _python_of(""), "", ""
    if model_uri is not None:
        fetch(model_uri, target / "model", trust=trust).close()
        wanted, requirements, constraints = _needs(target / "model")
        python, copy = _python_of(wanted.python), f"COPY --chown=server model {MODEL}\n"
        if requirements:
            more = [f"-c {environment.CONSTRAINTS}"] if constraints else []
            (target / environment.REQUIREMENTS).write_text("\n".join([*requirements, *more]) + "\n", encoding="utf-8")
            copy += f"COPY {environment.REQUIREMENTS} /opt/ml/\n"
            if constraints:
                (target / environment.CONSTRAINTS).write_text("\n".join(constraints) + "\n", encoding="utf-8")
                copy += f"COPY {environment.CONSTRAINTS} /opt/ml/\n"
            install = f"RUN pip install -r /opt/ml/{environment.REQUIREMENTS}\n"
    ours = _nbtrack(target, nbtrack)
    what = f"the model {model_uri}" if model_uri is not None else f"the model mounted at {MODEL}"
    text = DOCKERFILE.format(
        what=" ".join(what.split()), port=PORT, python=python, copy=copy, install=install + ours, model=MODEL
    )
    path = target / "Dockerfile"
    path.write_text(text, encoding="utf-8")
    return path


def build(folder: Path, name: str) -> None:
    """Build the image with Docker; its output is shown as it comes.

    Raises
    ------
    InvalidValueError
        The name is no name of an image.
    NbtrackError
        Docker is not there, or did not succeed.
    """
    if not _IMAGE.fullmatch(name):
        raise InvalidValueError(f"{name!r} is no name of an image; one looks like fraud-model or team/fraud:3.")
    docker = shutil.which("docker")
    if docker is None:
        raise NbtrackError(f"Docker is not installed here. The folder {folder} is ready: build it where Docker is.")
    _run(
        [docker, "build", "--tag", name, "--", str(folder)],
        f"docker build did not succeed; the folder {folder} is kept.",
    )


def make_environment(folder: str | os.PathLike[str], model_uri: str, *, allow_urls: bool = False) -> Path:
    """Make a virtual environment with the Python and the packages that a model was made with; needs uv.

    Parameters
    ----------
    folder : path
        New; gets the environment.
    model_uri : str
        Only its ``python_env.yaml`` and ``requirements.txt`` are read, nothing is loaded.
    allow_urls : bool
        Requirements may be fetched from addresses, and come from other indexes.

    Returns
    -------
    Path
        The Python of the environment.
    """
    from nbtrack.tracking.model_files import fetch  # noqa: PLC0415

    tool = uv.find("to make environments of models")
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise InvalidValueError(f"{target} is not empty; name a new folder.")
    found = fetch(model_uri)
    try:
        wanted, requirements, constraints = _needs(found.folder)
        uv.check_plain([*requirements, *constraints], allow_urls=allow_urls, whose="model")
        target.parent.mkdir(parents=True, exist_ok=True)
        python = uv.new(tool, target.absolute(), _python_of(wanted.python))
        uv.install(
            tool, python, requirements, constraints=found.folder / environment.CONSTRAINTS if constraints else None
        )
    finally:
        found.close()
    return python


def _needs(folder: Path) -> tuple[environment.Environment, list[str], list[str]]:
    """Return what a model folder says must be installed, and the constraints, each line checked.

    No file outside the folder is followed. MLflow itself is needed only where its own code loads the model.
    """
    wanted = environment.read(folder)
    others = [line for line in wanted.requirements if _FILE.match(line)]
    foreign = [
        line
        for line in others
        if line.partition(" ")[2].strip() != environment.CONSTRAINTS or not line.startswith(("-c ", "--constraint "))
    ]
    if foreign:
        raise InvalidValueError(
            f"The model's requirements name another file, which is not read: {foreign[0][:100]!r}. Only -c {environment.CONSTRAINTS}, "
            "a file beside them, is followed."
        )
    requirements, _ = parse([line for line in wanted.requirements if line not in others])
    constraints, _ = parse(
        [line for line in environment.read_lines(folder / environment.CONSTRAINTS) if not _FILE.match(line)]
        if others
        else []
    )
    conf = MLmodel.load(folder).pyfunc or {}
    if loader_of(str(conf.get("loader_module"))) is not None:
        requirements = [line for line in requirements if not _MLFLOW.fullmatch(line)]
    return wanted, requirements, constraints


def _python_of(text: str) -> str:
    """Return a version such as ``3.11``; what a model says is not taken at its word."""
    import platform  # noqa: PLC0415

    found = text if _PYTHON.fullmatch(text) else platform.python_version()
    return ".".join(found.split(".")[:2])


def _nbtrack(target: Path, wanted: str | None) -> str:
    wheel = None
    if wanted is None and not is_from_index():
        wheel = make_wheel(target)
    elif wanted is not None and wanted.endswith(".whl"):
        wheel = target / Path(wanted).name
        shutil.copyfile(wanted, wheel)
    if wheel is not None:
        return f"COPY {json.dumps([wheel.name, '/opt/'])}\n{_pip(f'/opt/{wheel.name}[serving]')}"
    line = wanted or f"nbtrack[serving]=={__version__}"
    parse([line])
    return _pip(line)


def _pip(what: str) -> str:
    """Return a line of the Dockerfile that no shell reads."""
    return f"RUN {json.dumps(['pip', 'install', what])}"


def _run(words: list[str], problem: str) -> None:
    done = subprocess.run(words, check=False)  # noqa: S603 - words, never a shell's text
    if done.returncode:
        raise NbtrackError(problem)
