"""Small pictures for summaries: SVG as text, to stand in an ``<img>``, which Jupyter's sanitiser lets through."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CATEGORICAL = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b5a300", "#7f7f8f")
"""The colours of ``js/src/kit/palette.js``: Okabe and Ito's, which colour-blind readers can tell apart."""
GREY = "#8a8a92"
"""Reads on light and on dark grounds."""


def tag(name: str, *inside: str, **attributes: object) -> str:
    """Return one element; ``_`` in an attribute's name is ``-``, texts inside must be escaped with :func:`words`."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{shown}>{''.join(inside)}</{name}>"


def words(text: str) -> str:
    """Return a text as it may stand inside an element."""
    return html.escape(text, quote=False)


def ending(name: str, limit: int) -> str:
    """Return a name of a metric as its last `limit` characters: they tell more than its first."""
    return name if len(name) <= limit else f"…{name[1 - limit :]}"


def path(points: Iterable[tuple[float, float]]) -> str:
    """Return the ``d`` of a line through `points`, in tenths of a pixel."""
    return "".join(f"{'L' if index else 'M'}{x:.1f},{y:.1f}" for index, (x, y) in enumerate(points))


def picture(width: int, height: int, *inside: str, alt: str) -> str:
    """Return an ``<img>`` of `width` times `height` pixels that says `alt` where pictures cannot be seen."""
    svg = tag(
        "svg",
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        font_family="system-ui, sans-serif",
        font_size="11",
    )
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
    )
