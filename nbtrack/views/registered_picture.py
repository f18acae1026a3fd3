"""Registered models over time as small pictures: when versions came, and which of them each alias pointed at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbtrack.views.svg import CATEGORICAL, GREY, picture, tag, words

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, LABEL, LANE, TOP, FOOT = 560, 112, 20, 6, 16
OPEN_END = 0.95
"""Where the last moment stands; what holds still goes on to the right edge."""
MOST_LANES, MOST_MODELS = 4, 12
DENSE = 3.0
"""Dots nearer to one another, in pixels, are one."""
LETTER = 6.2
"""About the width of a letter, in pixels."""
FIRST = ("champion", "challenger")
COLOURS = {"champion": "#2e9e5b", "challenger": CATEGORICAL[0]}


def places(moments: Iterable[int]) -> dict[int, float]:
    """Return where moments stand between 0 and `OPEN_END`: half of the way tells their order, half the time between them.

    So ten versions of one afternoon can be told apart although the next one came a month later.
    """
    order = sorted(set(moments))
    if len(order) < 2:  # noqa: PLR2004 - one stands at the left
        return dict.fromkeys(order, 0.0)
    span, steps = order[-1] - order[0], len(order) - 1
    return {
        moment: OPEN_END * (0.5 * index / steps + 0.5 * (moment - order[0]) / span)
        for index, moment in enumerate(order)
    }


def lanes(found: dict[str, Any]) -> list[str]:
    """Return the aliases of a model, those first that point somewhere now, and of these the two that people know."""
    names = {holder["alias"] for holder in found["holders"]}
    now = found["model"]["aliases"]
    return sorted(
        names, key=lambda name: (name not in now, name not in FIRST, FIRST.index(name) if name in FIRST else 0, name)
    )


def model_picture(found: dict[str, Any]) -> str:
    """Return an ``<img>`` of a model's versions and of what its aliases pointed at; "" where there is nothing to see over time.

    Parameters
    ----------
    found : dict
        What `nbtrack.views.registered.detail` says of the model.
    """
    versions, holders = found["versions"], found["holders"]
    moments = [v["created"] for v in versions]
    moments += [moment for h in holders for moment in (h["since"], h["until"]) if moment is not None]
    if len(versions) < 2 and not holders:  # noqa: PLR2004
        return ""
    at = places(moments)
    shown = lanes(found)[:MOST_LANES]
    pieces = _dots(
        "versions", 0, [(at[v["created"]], str(v["version"]), bool(v["aliases"])) for v in reversed(versions)]
    )
    for lane, alias in enumerate(shown, 1):
        y = TOP + lane * LANE
        pieces.append(_text(LABEL - 8, y + 13, _short(f"@{alias}"), anchor="end"))
        for holder in holders:
            if holder["alias"] == alias:
                end = 1.0 if holder["until"] is None else at[holder["until"]]
                pieces += _bar(at[holder["since"]], end, y, str(holder["version"]), COLOURS.get(alias, CATEGORICAL[3]))
    height = TOP + (1 + len(shown)) * LANE + FOOT
    pieces += _ends(moments, height - 4)
    told = ", ".join(f"@{alias} at {number}" for alias, number in found["model"]["aliases"].items())
    return picture(
        WIDTH, height, *pieces, alt=f"{_count(len(versions), 'version')} over time{f'; now {told}' if told else ''}"
    )


def models_picture(versions: dict[str, list[dict[str, Any]]]) -> str:
    """Return an ``<img>`` with a line for each model and a dot for each of its versions; "" for no versions.

    Parameters
    ----------
    versions : dict
        By model, as ``{"version", "created", "aliases"}``, in the order in which they are shown.
    """
    moments = [version["created"] for found in versions.values() for version in found]
    if not moments:
        return ""
    at = places(moments)
    shown = list(versions.items())[:MOST_MODELS]
    pieces = []
    for lane, (name, found) in enumerate(shown):
        pieces += _dots(name, lane, [(at[v["created"]], str(v["version"]), bool(v["aliases"])) for v in found])
    height = TOP + len(shown) * LANE + FOOT
    pieces += _ends(moments, height - 4)
    return picture(
        WIDTH, height, *pieces, alt=f"{_count(len(moments), 'version')} of {_count(len(versions), 'model')} over time"
    )


def _dots(label: str, lane: int, versions: list[tuple[float, str, bool]]) -> list[str]:
    """Draw versions, oldest first; numbers stand where there is room for them."""
    y = TOP + lane * LANE + 9
    pieces = [_text(LABEL - 8, y + 4, _short(label), anchor="end"), _line(y)]
    drawn = -DENSE
    for (place, number, is_pointed_at), after in zip(versions, [*versions[1:], None], strict=True):
        x = LABEL + place * _room()
        if is_pointed_at or x - drawn >= DENSE:
            colour = COLOURS["champion"] if is_pointed_at else GREY
            pieces.append(tag("circle", cx=f"{x:.1f}", cy=y, r=4 if is_pointed_at else 2.5, fill=colour))
            drawn = x
        end = x + 12 + LETTER * len(number)
        if after is None or LABEL + after[0] * _room() >= end:
            pieces.append(_text(x + 6, y + 4, number))
    return pieces


def _bar(begin: float, end: float, y: int, number: str, colour: str) -> list[str]:
    x, width = LABEL + begin * _room(), max(3.0, (end - begin) * _room() - 1.5)
    bar = tag(
        "rect", x=f"{x:.1f}", y=y + 2, width=f"{width:.1f}", height=LANE - 6, rx=3, fill=colour, fill_opacity=0.28
    )
    return [bar, _text(x + 4, y + 13, number)] if width > 8 + LETTER * len(number) else [bar]


def _line(y: int) -> str:
    return tag("rect", x=LABEL, y=y - 0.5, width=_room(), height=1, fill=GREY, fill_opacity=0.25)


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return tag("text", words(text), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill=GREY)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _room() -> int:
    return WIDTH - LABEL - 4


def _short(name: str, limit: int = 16) -> str:
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def _ends(moments: list[int], y: int) -> list[str]:
    """Write when it began and when it ended: days, or times of one day."""
    first, last = (datetime.fromtimestamp(ms / 1000, tz=UTC) for ms in (min(moments), max(moments)))
    begin, end = ("%Y-%m-%d %H:%M", "%H:%M UTC") if first.date() == last.date() else ("%Y-%m-%d", "%Y-%m-%d")
    right = LABEL + OPEN_END * _room()
    return [_text(LABEL, y, first.strftime(begin)), _text(right, y, last.strftime(end), anchor="end")]
