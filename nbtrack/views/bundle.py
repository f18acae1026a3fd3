"""The front end, put together from its parts for whoever shows it: widgets, the web interface, exported pages.

``js/build.mjs`` writes every module as a function that gets other parts by id and returns what it exports. So any views can be put into
one script here, each module once, and a page that shows a table carries no parallel coordinates.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbtrack.errors import NbtrackError, NotFoundError

STATIC = Path(__file__).parents[1] / "static"
LOADER = STATIC / "loader.js"
NOTICE = "/*! nbtrack (Apache-2.0) with uPlot (c) Leon Sorokin (MIT), signals-core (c) Preact Team (MIT), diff (c) Kevin Decker (BSD) */"


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``parts.json`` holds.

    Attributes
    ----------
    link : str
        JavaScript of a function that makes parts find each other; it returns a function from names to what they export.
    entries : dict of list of str
        Ids of all parts that a name needs, each after those it imports. Names are views, kinds of pages, ``"page"`` and ``"widget"``.
    parts : dict of str
        JavaScript by id; an id holds a digest of the part and of all that it imports.
    """

    link: str
    entries: dict[str, list[str]]
    parts: dict[str, str]


def script(*names: str, without: tuple[str, ...] = ()) -> str:
    """Return a JavaScript expression: a function that gives what each of `names` exports.

    Parameters
    ----------
    *names : str
        Such as ``"widget", "run-table"``.
    without : tuple of str
        What the page has already.

    Raises
    ------
    NotFoundError
        There is nothing of that name.
    """
    found = _parts()
    ids = [each for each in ids_of(*names) if each not in ids_of(*without)]
    texts = ",".join(f"{json.dumps(each)}:{found.parts[each]}" for each in ids)
    entries = json.dumps({name: found.entries[name][-1] for name in names}, separators=(",", ":"))
    return f"{NOTICE}{found.link}({{{texts}}},{entries})"


def ids_of(*names: str) -> list[str]:
    """Return the ids of all parts that names need, each after those it imports."""
    found = _parts().entries
    for name in names:
        if name not in found:
            raise NotFoundError("Part", name, found, where="the front end of nbtrack")
    return list(dict.fromkeys(each for name in names for each in found[name]))


def bundle(*names: str, without: tuple[str, ...] = ()) -> bytes:
    """Return an ES module whose default export gives what each of `names` exports."""
    return f"export default {script(*names, without=without)}".encode()


@cache
def packed_bundle(*names: str, without: tuple[str, ...] = ()) -> bytes:
    """Return a bundle as it travels to a page: gzip, a third of the size."""
    return gzip.compress(bundle(*names, without=without), mtime=0)


@cache
def bundle_hash(*names: str) -> str:
    """Return a short digest of a bundle; pages keep one bundle a hash."""
    return hashlib.sha256(bundle(*names)).hexdigest()[:12]


@cache
def page_script(kind: str, *views: str) -> str:
    """Return the script of a page outside Jupyter: views and what mounts them.

    Parameters
    ----------
    kind : {"export", "story", "ui"}
    *views : str
    """
    return f'const use={script("page", kind, *views)};use("page").start(use)'


@cache
def page_style() -> str:
    """Return the style sheet of a page outside Jupyter."""
    return _built("page.css")


@cache
def _parts() -> Parts:
    return Parts(**json.loads(_built("parts.json")))


def _built(name: str) -> str:
    path = STATIC / name
    if not path.exists():
        message = f"{path} is missing: the front end was not built. Run `make js`, or install nbtrack with pip."
        raise NbtrackError(message)
    return path.read_text(encoding="utf-8")
