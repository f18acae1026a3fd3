"""A wheel of the nbtrack that is running, for where no registry has it: made of its files, without a builder and without a network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from nbtrack.errors import InvalidValueError

NAME = "nbtrack"
WHEEL = "Wheel-Version: 1.0\nGenerator: nbtrack\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_LEFT_OUT = {"__pycache__"}


def is_from_index() -> bool:
    """Say whether this nbtrack was installed from a registry, so that others can install the same from there.

    What was installed from a folder, a file or a repository has a ``direct_url.json`` (PEP 610); what is only on the path has no metadata.
    """
    try:
        return distribution(NAME).read_text("direct_url.json") is None
    except PackageNotFoundError:
        return False


def make_wheel(folder: Path) -> Path:
    """Write a wheel of the running nbtrack into a folder and return its path.

    Raises
    ------
    InvalidValueError
        It is not installed, so nobody knows what it requires.
    """
    try:
        found = distribution(NAME)
    except PackageNotFoundError as cause:
        raise InvalidValueError(
            "This nbtrack is not installed, so what it requires is not known; say what to install: --nbtrack nbtrack.whl or a requirement."
        ) from cause
    path = folder / f"{NAME}-{found.version}-py3-none-any.whl"
    info = f"{NAME}-{found.version}.dist-info"
    package = Path(__file__).resolve().parents[1]
    contents = {
        f"{NAME}/{file.relative_to(package).as_posix()}": file.read_bytes()
        for file in sorted(package.rglob("*"))
        if file.is_file() and not _LEFT_OUT & {*file.parts} and file.suffix != ".pyc"
    }
    contents |= {f"{info}/{name}": text.encode() for name, text in _about(found).items()}
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def _about(found: Distribution) -> dict[str, str]:
    texts = {name: found.read_text(name) for name in ("METADATA", "entry_points.txt")}
    return {**{name: text for name, text in texts.items() if text}, "WHEEL": WHEEL}


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
