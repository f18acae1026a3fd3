"""A page as a folder: ``index.html`` and the data in scripts beside it.

A page opened from a disk (``file://``) may not fetch anything, so that Parquet or binary files beside it could only be read behind a web
server. A classic ``<script src>`` may be loaded from ``file://`` too, in every browser: each piece of data is a script that calls one
function with a text of base64. So the folder works in both places, and the browser reads the pieces in parallel while the page is up.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from nbtrack.exports.page import packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.exports.page import Page

DATA = "data"


def split(page: Page, folder: Path, say: Callable[[str], None]) -> dict[str, int]:
    """Write the data of a page into files of `folder`, and let the page load them; return their sizes."""
    place = folder / DATA
    place.mkdir(exist_ok=True)
    pieces = {"nbt-runs": page.runs, **{f"nbt-answers-{i}": data for i, data in enumerate(page.parcels)}}
    sizes = {}
    for element, data in pieces.items():
        say(f"writing {element}")
        text = f"nbtPiece({json.dumps(element)},{json.dumps(packed(data))})\n"
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        name = f"{element}-{digest}.js"
        (place / name).write_text(text, encoding="ascii")
        page.linked[element] = f"{DATA}/{name}"
        sizes[name] = len(text)
    for old in place.glob("nbt-*.js"):
        if old.name not in sizes:
            old.unlink()
    return sizes
