"""Views that people saved by name: filter, brush, columns, axes and whatever else a view is made of, kept in the store.

A state is a JSON object of trait values. Which traits make up a view is for the view to say; one that a reader of the state does not have
is left alone, so a state saved on the board can be opened in the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import check_name

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore

PREFIX = "view/"
CELL_PREFIX = "cell-view/"
VIEW_TRAITS = (
    *("aggregate_by", "axes", "axis_kinds", "clip_outliers", "colour_by", "columns", "curves_height"),
    *("dash_by", "density", "extents", "facet_by", "filter", "group_by", "height"),
    *("inverted_axes", "log_x", "log_y", "max_drawn", "metrics", "order_by", "panes"),
    *("parallel_height", "parallel_metric", "pinned", "pinned_runs", "show_deleted", "smoothing", "statistics"),
    *("steps", "x", "x_range"),
)
"""Values of a page of runs that a saved view is made of, where no widget says it: those of `nbtrack.runs()`, which a test compares."""
MAX_STATE = 100_000
"""Bytes of JSON: a brush over a few axes has hundreds."""


def saved_views(store: TrackingStore) -> dict[str, dict[str, Any]]:
    """Return the states by name, in the order of their names."""
    found = {
        name.removeprefix(PREFIX): text for name, text in store.settings().items() if name.startswith(PREFIX) and text
    }
    return {name: json.loads(found[name]) for name in sorted(found)}


def saved_view(store: TrackingStore, name: str) -> dict[str, Any]:
    """Return one state.

    Raises
    ------
    NotFoundError
        There is no such view; the message names those there are.
    """
    views = saved_views(store)
    if name not in views:
        raise NotFoundError("View", name, views)
    return views[name]


def save_view(store: TrackingStore, name: str, state: Any) -> None:
    """Keep a state under a name, in the place of one that was there.

    Raises
    ------
    InvalidValueError
        The name is empty, or the state is no JSON object or too large.
    """
    _write(store, PREFIX + check_name(name, "View name"), state)


def drop_view(store: TrackingStore, name: str) -> None:
    """Forget a saved view.

    Raises
    ------
    NotFoundError
        There is no such view.
    """
    saved_view(store, name)
    store.append(("setting", None, None, {"name": PREFIX + name, "value": None}))


def save_cell_view(store: TrackingStore, cell: str, state: dict[str, Any]) -> None:
    """Keep what a reader left in the view under a notebook cell."""
    _write(store, CELL_PREFIX + cell, state)


def cell_view(store: TrackingStore, cell: str) -> dict[str, Any] | None:
    """Return what a reader left in the view under a notebook cell."""
    text = store.settings().get(CELL_PREFIX + cell)
    return json.loads(text) if text else None


def answer(store: TrackingStore, _: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "saved-views"}`` with the states by name."""
    return {"views": saved_views(store)}, []


def _write(store: TrackingStore, setting: str, state: Any) -> None:
    if not isinstance(state, dict):
        message = f"A view's state is a JSON object; received {type(state).__name__}."
        raise InvalidValueError(message)
    text = json.dumps(state, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_STATE:
        advice = "Keep or exclude by a brush instead of by single runs."
        message = f"A view's state has {len(text):,} bytes; {MAX_STATE:,} are allowed. {advice}"
        raise InvalidValueError(message)
    store.append(("setting", None, None, {"name": setting, "value": text}))
