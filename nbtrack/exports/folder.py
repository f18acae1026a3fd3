"""A page as a folder: ``index.html`` and the data in scripts beside it.

A page opened from a disk (``file://``) may not fetch anything, so that Parquet or binary files beside it could only be read behind a web
server. A classic ``<script src>`` may be loaded from ``file://`` too, in every browser: each piece of data is a script that calls one
function with a text of base64. So the folder works in both places, and the browser reads the pieces in parallel while the page is up.

Beside them lie the runs as Parquet, every point of them, for whoever would rather have data than a page; a README tells the columns.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from nbtrack.exports.chosen import CAPTURED_TAGS
from nbtrack.exports.page import packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.exports.page import Page
    from nbtrack.exports.wanted import Wanted

DATA = "data"
TABLES = ("runs", "params", "tags", "metrics")
README = """# Runs as Parquet

Four tables that any reader of Parquet opens (DuckDB, pandas, polars, R), joined by `run_id`. Times are UTC.

| file | columns |
|---|---|
| `runs.parquet` | `run_id`, `number`, `experiment`, `name`, `status`, `start_time`, `end_time`, `duration` (seconds), `parent_run_id` |
| `params.parquet` | `run_id`, `key`, `value` |
| `tags.parquet` | `run_id`, `key`, `value` |
| `metrics.parquet` | `run_id`, `key`, `step`, `timestamp`, `value`: every point that was logged |

    select r.name, m.step, m.value from 'metrics.parquet' m join 'runs.parquet' r using (run_id) where m.key = 'loss'
"""


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


def write_tables(wanted: Wanted, folder: Path) -> dict[str, int]:
    """Write the runs as Parquet beside the pieces of the page; return the sizes."""
    wanted.say("writing Parquet")
    place = folder / DATA
    (place / "README.md").write_text(README, encoding="utf-8")
    sizes = wanted.store.write_parquet(wanted.run_ids, place, () if wanted.captured else CAPTURED_TAGS)
    return {"README.md": len(README.encode()), **sizes}


def links() -> str:
    """Return what the page says of the tables beside it, as HTML."""
    names = ", ".join(f'<a href="{DATA}/{name}.parquet" download>{name}</a>' for name in TABLES)
    return f'<p class="nbt-page-facts">The same runs as Parquet: {names} (<a href="{DATA}/README.md">columns</a>)</p>'
