"""How every chart looks: quiet greys on no ground, so that it stands on light and dark pages, and colours that all can tell apart."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.views.svg import CATEGORICAL

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "#797981"
"""4.3 : 1 on white and on JupyterLab's dark ground."""
FAINT = "rgba(128,128,136,0.28)"
QUIET = "rgba(128,128,136,0.55)"
CLEAR = "rgba(0,0,0,0)"
VIRIDIS = ("#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30")
"""Viridis without its ends, which vanish on dark or on light grounds."""
LINE = 84
"""Letters of a note that stand in one line, also where a chart is narrow."""
LINE_PX = 15
DIVERGING = ("#1f6fb4", "#7aa6cf", "#a9a9ad", "#dfa06c", "#c2570c")


def graph_objects() -> Any:
    """Return ``plotly.graph_objects``, or say how to get it."""
    return require("plotly.graph_objects", "to draw charts", extra="plots")


def figure(data: Any, title: str, notes: Sequence[str] = (), **layout: Any) -> Any:
    """Return a figure in the style of nbtrack; `title` and `notes` are plain texts, the notes stand small under it."""
    go = graph_objects()
    drawn = go.Figure(data=data)
    heading: dict[str, Any] = {"text": plain(title)}
    lines = textwrap.wrap(" · ".join(note for note in notes if note), LINE)
    if lines:
        heading["subtitle"] = {"text": "<br>".join(plain(line) for line in lines)}
    drawn.update_layout(template=template(), title=heading, **layout)
    if len(lines) > 1:
        top = drawn.layout.margin.t or drawn.layout.template.layout.margin.t
        drawn.update_layout(margin_t=top + LINE_PX * (len(lines) - 1))
    return drawn


def template() -> Any:
    """Return the plotly template of every chart here; ``fig.update_layout(template="plotly")`` takes it away."""
    axis = {
        "gridcolor": FAINT,
        "linecolor": QUIET,
        "zerolinecolor": FAINT,
        "tickcolor": QUIET,
        "title": {"font": {"size": 12}},
        "automargin": True,
    }
    go = graph_objects()
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, -apple-system, 'Segoe UI', sans-serif", "size": 12, "color": TEXT},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "colorway": list(CATEGORICAL),
            "colorscale": {"sequential": scale(VIRIDIS), "diverging": scale(DIVERGING)},
            "coloraxis": {"colorbar": {"outlinewidth": 0, "thickness": 12}},
            "title": {
                "font": {"size": 15},
                "subtitle": {"font": {"size": 11}},
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
            },
            "xaxis": axis,
            "yaxis": axis,
            "hovermode": "closest",
            "hoverlabel": {"align": "left", "namelength": -1},
            "legend": {"bgcolor": CLEAR},
            "margin": {"l": 64, "r": 24, "t": 72, "b": 56},
        }
    )


def plain(text: object) -> str:
    """Return a text that plotly shows as it is; plotly reads tags and entities in every text."""
    return html.escape(str(text), quote=False)


def in_template(text: object) -> str:
    """Return a text as it may stand in a ``hovertemplate``, where ``%{…}`` is a place to fill."""
    return plain(text).replace("{", "&#123;").replace("}", "&#125;")


def short(text: str, limit: int = 40) -> str:
    """Return a text that fits beside an axis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def colour(index: int) -> str:
    """Return the colour of one of several things."""
    return CATEGORICAL[index % len(CATEGORICAL)]


def translucent(hex_colour: str, alpha: float) -> str:
    """Return a colour that lets others shine through."""
    red, green, blue = (int(hex_colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def scale(colours: Sequence[str]) -> list[list[Any]]:
    """Return a colour scale of plotly's with even steps."""
    return [[index / (len(colours) - 1), one] for index, one in enumerate(colours)]


def steps(n: int) -> list[list[Any]]:
    """Return a colour scale of plotly's with one flat piece for each of `n` categories."""
    return [[end / n, colour(index)] for index in range(n) for end in (index, index + 1)]


def runs_word(n: int) -> str:
    """Return ``"1 run"`` or ``"12 runs"``."""
    return f"{n:,} run{'' if n == 1 else 's'}"


def few(parts: Sequence[str], limit: int = 3) -> str:
    """Return the first parts as one note."""
    return ", ".join([*parts[:limit], *["…"] * (len(parts) > limit)])


def no_runs(title: str, runs: Any) -> Any:
    """Return the empty figure of a choice without runs."""
    return nothing(title, "no runs yet" if runs is None else "no runs match")


def nothing(title: str, why: str) -> Any:
    """Return an empty figure that says why there is nothing on it."""
    hidden = {"visible": False}
    said = {"text": plain(why), "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    return figure([], title, xaxis=hidden, yaxis=hidden, annotations=[said])
