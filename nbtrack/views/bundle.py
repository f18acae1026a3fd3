"""The front end as one file, for whoever shows it: widgets, the web interface, exported pages."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from nbtrack.errors import NbtrackError

STATIC = Path(__file__).parents[1] / "static"
LOADER = STATIC / "loader.js"


@cache
def bundle() -> bytes:
    """Return every view in one ES module (UTF-8 JavaScript)."""
    return _built("nbtrack.js")


@cache
def page_script() -> str:
    """Return the script of a page outside Jupyter: every view and what mounts them."""
    return _built("page.js").decode()


@cache
def page_style() -> str:
    """Return the style sheet of a page outside Jupyter."""
    return _built("page.css").decode()


def _built(name: str) -> bytes:
    path = STATIC / name
    if not path.exists():
        message = f"{path} is missing: the front end was not built. Run `make js`, or install nbtrack with pip."
        raise NbtrackError(message)
    return path.read_bytes()


@cache
def packed_bundle() -> bytes:
    """Return the bundle as it travels to a page: gzip, a third of the size."""
    return gzip.compress(bundle(), mtime=0)


@cache
def bundle_hash() -> str:
    """Return a short digest of the bundle; pages keep one bundle a hash."""
    return hashlib.sha256(bundle()).hexdigest()[:12]
