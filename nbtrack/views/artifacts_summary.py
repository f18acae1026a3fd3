"""The files of a run without a kernel: a table and the first picture, for saved notebooks, paper and readers without scripts."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError
from nbtrack.views.artifacts import rows
from nbtrack.views.previews.file import size_text

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore
    from nbtrack.views.artifacts import Row

MAX_ROWS = 20
MAX_PICTURE = 200_000
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_CELL = 'style="text-align:{align};padding:2px 10px"'


def summary_html(store: TrackingStore, run_id: str, title: str) -> str:
    """Return a table of the first files and the first picture; only elements that Jupyter's sanitiser lets through."""
    name = html.escape(title)
    found = list(rows(store, run_id))
    if not found:
        return f"<p><b>{name}</b>: no files yet. Keep one with <code>nbtrack.log_artifact(path)</code></p>"
    body = "".join(_row_html(row) for row in found[:MAX_ROWS])
    head = "".join(
        f"<th {_CELL.format(align=align)}>{text}</th>"
        for text, align in (("file", "left"), ("size", "right"), ("type", "left"))
    )
    total = f"{len(found):,} file{'s' if len(found) > 1 else ''}, {size_text(sum(row[1] for row in found))}"
    more = f"<br><small>{len(found) - MAX_ROWS:,} more files</small>" if len(found) > MAX_ROWS else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<b>{name}</b> <small>{total}</small>{table}{more}{_picture_html(store, run_id, found)}"


def _row_html(row: Row) -> str:
    path, size, mime, _ = row
    cells = ((path, "left"), (size_text(size), "right"), (mime, "left"))
    return "<tr>" + "".join(f"<td {_CELL.format(align=a)}>{html.escape(text)}</td>" for text, a in cells) + "</tr>"


def _picture_html(store: TrackingStore, run_id: str, found: list[Row]) -> str:
    """Return the first picture that is small enough to be kept in a notebook."""
    for path, size, mime, _ in found:
        if mime in PICTURES and 0 < size <= MAX_PICTURE:
            try:
                data = store.artifact_file(run_id, path).read_bytes()
            except (OSError, NbtrackError):
                continue
            packed = base64.b64encode(data).decode()
            shown = html.escape(path)
            return f'<br><img alt="{shown}" title="{shown}" style="max-width:100%;max-height:320px" src="data:{mime};base64,{packed}">'
    return ""
