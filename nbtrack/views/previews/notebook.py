"""Notebooks: their cells as text and pictures; HTML of outputs only for a frame without rights."""

from __future__ import annotations

import base64
import json
from typing import Any

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip
from nbtrack.views.previews.pixels import HEAD_BYTES, too_large

MAX_BYTES = 32 * MB
MAX_CELLS = 300
MAX_SOURCE = 50_000
MAX_OUTPUT = 20_000
MAX_OUTPUTS = 20
MAX_HTML = 200_000
MAX_PICTURES = 8 * MB

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


def preview(file: File, _: Part) -> Answer:
    """Return ``{cells, language, n_cells}``; a cell is ``{type, source, count, outputs: [{text | html | picture + mime | error}]}``."""
    notebook = json.loads(file.whole(MAX_BYTES, "The notebook view"))
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        message = "it has no cells (notebooks older than format 4 are not shown)."
        raise UnreadableError(message)
    budget = _Budget(MAX_PICTURES)
    cells = [_cell(cell, budget) for cell in notebook["cells"][:MAX_CELLS] if isinstance(cell, dict)]
    n_cells = len(notebook["cells"])
    metadata = notebook.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    return {
        "cells": cells,
        "n_cells": n_cells,
        "language": clip(info.get("name", "python"), 40) if isinstance(info, dict) else "python",
        "notes": [
            f"The first {MAX_CELLS} of {n_cells:,} cells." if n_cells > MAX_CELLS else "",
            "Some pictures are left out." if budget.is_spent else "",
        ],
    }, []


class _Budget:
    def __init__(self, left: int) -> None:
        self.left = left
        self.is_spent = False

    def take(self, size: int) -> bool:
        if size > self.left:
            self.is_spent = True
            return False
        self.left -= size
        return True


def _cell(cell: dict[str, Any], budget: _Budget) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": clip(cell.get("cell_type", "raw"), 20),
        "source": clip(_joined(cell.get("source")), MAX_SOURCE),
    }
    if found["type"] == "code":
        count = cell.get("execution_count")
        found["count"] = count if isinstance(count, int) else None
        outputs = cell.get("outputs")
        shown = outputs[:MAX_OUTPUTS] if isinstance(outputs, list) else []
        found["outputs"] = [out for each in shown if isinstance(each, dict) and (out := _output(each, budget))]
    return found


def _output(output: dict[str, Any], budget: _Budget) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        return {"text": clip(_joined(output.get("text")), MAX_OUTPUT), "stream": clip(output.get("name", ""), 10)}
    if kind == "error":
        trace = output.get("traceback")
        lines = [str(line) for line in trace] if isinstance(trace, list) else []
        return {"error": clip("\n".join(lines) or output.get("evalue", ""), MAX_OUTPUT)}
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    for mime in _PICTURES:
        picture = _joined(data.get(mime))
        if picture and not _too_large(picture) and budget.take(len(picture)):
            return {"picture": picture, "mime": mime}
    found = {"text": clip(_joined(data.get("text/plain")), MAX_OUTPUT)}
    page = _joined(data.get("text/html"))
    if page and len(page) <= MAX_HTML and budget.take(len(page)):
        found["html"] = page
    return found


def _too_large(picture: str) -> bool:
    try:
        packed = "".join(picture[: HEAD_BYTES * 2].split())
        head = base64.b64decode(packed[: min(HEAD_BYTES, len(packed)) // 4 * 4])
    except ValueError:
        return False  # an SVG is text
    return bool(too_large(head))


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(str(part) for part in text)
    return text if isinstance(text, str) else ""
