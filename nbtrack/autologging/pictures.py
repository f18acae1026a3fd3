"""Pictures of a training as SVG texts: small, sharp, drawn in a millisecond, and without a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.views.svg import CATEGORICAL, GREY, ending, path, tag, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Array = np.ndarray[Any, Any]

SIDE, MARGIN = 300, 64
MOST_POINTS = 400
MOST_BARS = 30
BLUE = CATEGORICAL[0]


def confusion(counts: Array, labels: Sequence[Any]) -> str:
    """Draw a confusion matrix: how dark a cell is says which part of its true class it has."""
    n = len(labels)
    side, rows = SIDE / n, counts.sum(axis=1)
    parts = [_title("Confusion matrix: true classes down, predicted across")]
    for i in range(n):
        for j in range(n):
            share = counts[i, j] / rows[i] if rows[i] else 0.0
            x, y = MARGIN + j * side, MARGIN + i * side
            box = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{side:.1f}", "height": f"{side:.1f}"}
            hint = f"{labels[i]} taken for {labels[j]}: {counts[i, j]:g} ({share:.1%})"
            parts.append(
                tag("rect", tag("title", words(hint)), **box, fill=BLUE, fill_opacity=f"{share:.3f}", stroke=GREY)
            )
            if side >= 24:  # noqa: PLR2004 - what a number needs
                colour = "#fff" if share > 0.5 else GREY  # noqa: PLR2004
                parts.append(_text(x + side / 2, y + side / 2 + 4, f"{counts[i, j]:g}", colour, "middle"))
    if side >= 12:  # noqa: PLR2004
        for i, label in enumerate(labels):
            at = MARGIN + (i + 0.5) * side
            parts.append(_text(MARGIN - 6, at + 4, ending(str(label), 9), GREY, "end"))
            parts.append(_text(at, MARGIN + SIDE + 14, ending(str(label), max(2, int(side / 7))), GREY, "middle"))
    return _whole(MARGIN + SIDE + 20, MARGIN + SIDE + 24, parts)


def line(x: Array, y: Array, title: str, x_name: str, y_name: str, *, has_diagonal: bool = False) -> str:
    """Draw a curve in the unit square."""
    step = max(1, len(x) // MOST_POINTS)
    picked = sorted({*range(0, len(x), step), len(x) - 1})
    points = [(MARGIN + SIDE * float(x[i]), MARGIN + SIDE * (1 - float(y[i]))) for i in picked]
    box = {"x": MARGIN, "y": MARGIN, "width": SIDE, "height": SIDE}
    parts = [_title(title), tag("rect", **box, fill="none", stroke=GREY)]
    if has_diagonal:
        ends = {"x1": MARGIN, "y1": MARGIN + SIDE, "x2": MARGIN + SIDE, "y2": MARGIN}
        parts.append(tag("line", **ends, stroke=GREY, stroke_dasharray="4 4"))
    parts.append(tag("path", d=path(points), fill="none", stroke=BLUE, stroke_width=2))
    for value in (0.0, 0.5, 1.0):
        parts.append(_text(MARGIN + SIDE * value, MARGIN + SIDE + 14, f"{value:g}", GREY, "middle"))
        parts.append(_text(MARGIN - 6, MARGIN + SIDE * (1 - value) + 4, f"{value:g}", GREY, "end"))
    parts.append(_text(MARGIN + SIDE / 2, MARGIN + SIDE + 30, x_name, GREY, "middle"))
    parts.append(_text(MARGIN, MARGIN - 8, y_name, GREY, "start"))
    return _whole(MARGIN + SIDE + 20, MARGIN + SIDE + 40, parts)


def bars(values: dict[str, float], title: str) -> str:
    """Draw the largest of named numbers, from the largest down."""
    top = sorted(values.items(), key=lambda each: -abs(each[1]))[:MOST_BARS]
    most = max((abs(value) for _, value in top), default=0.0) or 1.0
    left, high = 170, 18
    parts = [_title(title)]
    for row, (name, value) in enumerate(top):
        y = 40 + row * high
        parts.append(_text(left - 6, y + 12, ending(name, 26), GREY, "end"))
        parts.append(tag("rect", x=left, y=y + 2, width=f"{SIDE * abs(value) / most:.1f}", height=high - 5, fill=BLUE))
        parts.append(_text(left + SIDE * abs(value) / most + 4, y + 12, f"{value:.4g}", GREY, "start"))
    return _whole(left + SIDE + 70, 50 + high * len(top), parts)


def _title(text: str) -> str:
    return tag("text", words(text), x=12, y=22, fill=GREY, font_size=13, font_weight=600)


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return tag("text", words(text), x=f"{x:.1f}", y=f"{y:.1f}", fill=colour, text_anchor=anchor)


def _whole(width: float, height: float, parts: list[str]) -> str:
    return tag(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        font_family="system-ui, sans-serif",
        font_size="11",
    )
