"""Which installed distribution a module comes from, without reading the file lists of all of them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

_METADATA = re.compile(r"^(Name|Version|Requires-Dist):\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OTHER_NAMES = {
    "Crypto": "pycryptodome",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost-cpu",
    "yaml": "pyyaml",
}
"""Where to look first for packages whose distribution has another name; what is found there is checked all the same."""
_LOCAL = re.compile(r"\+[A-Za-z0-9.]+$")


def canonical(name: str) -> str:
    """Return a distribution's name as package indexes compare it: ``scikit-learn`` for ``scikit_learn``."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Distribution:
    """What is installed: read from a ``*.dist-info`` folder."""

    info: Path

    @cached_property
    def _facts(self) -> list[tuple[str, str]]:
        file = next(file for file in (self.info / "METADATA", self.info / "PKG-INFO", self.info) if file.is_file())
        head = file.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
        return [(key.lower(), value.strip()) for key, value in _METADATA.findall(head)]

    def _first(self, key: str) -> str:
        return next(value for name, value in self._facts if name == key)

    @property
    def name(self) -> str:
        """Its name as its authors write it."""
        return self._first("name")

    @property
    def pin(self) -> str:
        """Itself and its version, as a package index knows it: ``torch==2.13.0`` for ``2.13.0+cpu``."""
        return f"{self.name}=={_LOCAL.sub('', self._first('version'))}"

    @property
    def requires(self) -> list[str]:
        """Names of the distributions it always requires."""
        lines = [
            value for key, value in self._facts if key == "requires-dist" and "extra ==" not in value.replace("'", '"')
        ]
        return [canonical(match[0]) for line in lines if (match := _NAME.match(line))]

    @property
    def record(self) -> str:
        """The list of its files, a line break before each."""
        for name in ("RECORD", "installed-files.txt"):
            if (self.info / name).is_file():
                return "\n" + (self.info / name).read_text(encoding="utf-8", errors="replace").replace("\\", "/")
        return ""

    def has(self, relative: str) -> bool:
        """Say whether a file, relative to the folder it is installed into, belongs to it."""
        record = self.record
        return f"\n{relative}," in record or f"\n../{relative}\n" in record

    @property
    def project(self) -> Path | None:
        """The folder of a project that is installed as editable."""
        try:
            found = json.loads((self.info / "direct_url.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not found.get("dir_info", {}).get("editable"):
            return None
        return Path(unquote(urlsplit(str(found.get("url", ""))).path))


def of_module(module: str) -> Distribution | None:
    """Return the distribution that a module is from; None for one of Python's own, or of the user's, or one that is not here."""
    origin = file_of(module)
    if origin is None:
        return None
    stamps = tuple((folder, _changed(folder)) for folder in sys.path if folder)
    return _of_file(origin, module.partition(".")[0], stamps)


def named(name: str) -> Distribution | None:
    """Return an installed distribution by its name."""
    for folder in sys.path:
        if folder and (found := _installed(folder, _changed(folder)).get(canonical(name))):
            return found[0]
    return None


def file_of(module: str) -> Path | None:
    """Return the file of a module or of the first package around it that has one; imports no more than what is around it."""
    parts = module.split(".")
    if parts[0] in sys.stdlib_module_names:
        return None
    for n in range(1, len(parts) + 1):
        name = ".".join(parts[:n])
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin is None and name not in sys.modules:
            try:
                spec = importlib.util.find_spec(name)
            except (ImportError, ValueError, AttributeError):
                return None
            if spec is None:
                return None
            origin = spec.origin if spec.has_location else None
        if origin:
            return Path(origin)
    return None


@lru_cache(maxsize=4096)
def _of_file(origin: Path, top: str, stamps: tuple[tuple[str, int], ...]) -> Distribution | None:
    for folder, stamp in stamps:
        if not origin.is_relative_to(folder):
            continue
        relative = origin.relative_to(folder).as_posix()
        installed = _installed(folder, stamp)
        likely = [*installed.get(canonical(top), []), *installed.get(_OTHER_NAMES.get(top, ""), [])]
        for found in [*likely, *(one for group in installed.values() for one in group)]:
            if found.has(relative):
                return found
    everything = [one for folder, stamp in stamps for group in _installed(folder, stamp).values() for one in group]
    return next((one for one in everything if one.project is not None and origin.is_relative_to(one.project)), None)


@lru_cache(maxsize=64)
def _installed(folder: str, _: int) -> dict[str, list[Distribution]]:
    """Return what is installed in a folder by name, until the folder changes."""
    found: dict[str, list[Distribution]] = {}
    for info in sorted([*Path(folder).glob("*.dist-info"), *Path(folder).glob("*.egg-info")]):
        found.setdefault(canonical(info.name.split("-")[0]), []).append(Distribution(info))
    return found


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - asked dozens of times a model
    except OSError:
        return 0
