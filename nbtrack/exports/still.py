"""A view as a picture or a table that needs no scripts: for paper, and for readers who have them switched off."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import ViewType
from nbtrack.errors import NbtrackError
from nbtrack.exports.compare_answers import without_private
from nbtrack.store.protocol import RunQuery
from nbtrack.views.artifacts_summary import summary_html as summary_html_of_files
from nbtrack.views.compare import base_of, sentences_of
from nbtrack.views.compare_rows import compare_runs
from nbtrack.views.compare_summary import summary as compare_summary
from nbtrack.views.curves_summary import curves_html, run_colour
from nbtrack.views.live_summary import live_html
from nbtrack.views.parallel_axes import automatic_axes, main_metric
from nbtrack.views.parallel_summary import parallel_picture
from nbtrack.views.registered_summary import summary_html as summary_html_of_models
from nbtrack.views.run_rows import take_rows
from nbtrack.views.run_summary import summary_html
from nbtrack.views.where import check_extents, where

if TYPE_CHECKING:
    from nbtrack.exports.chosen import Placed
    from nbtrack.store.protocol import RunColumns, TrackingStore

MOST_LINES = 20
BUCKETS = 200


def still(placed: Placed, store: TrackingStore, found: RunColumns) -> str:
    """Return a view in its state as HTML.

    Parameters
    ----------
    placed : Placed
    store : TrackingStore
    found : RunColumns
        The runs of the page.
    """
    state = placed.state
    if placed.view == "compare":
        compared = without_private(compare_runs(store, list(state.get("runs") or ())))
        base = base_of(compared, state.get("base") or "")
        return compare_summary(compared, base, sentences_of(store, compared, base).get("", []))[0]
    if placed.view == "live":
        run_id = str(state.get("run_id") or "")
        return live_html(store.get_run(run_id), store.curves(run_id, BUCKETS)) if run_id else ""
    if placed.view == "artifacts":
        return summary_html_of_files(store, str(state.get("run_id") or ""), str(state.get("_run_title") or "Files"))
    if placed.view == "registry":
        return summary_html_of_models(store, str(state.get("model") or ""), is_shared=True)
    condition = where(state.get("filter") or "", state.get("steps") or (), check_extents(state.get("extents") or {}))
    shown = _matching(store, found, condition, tuple(state.get("order_by") or ()))
    told = f"<p><b>{len(shown):,} of {len(found):,} runs</b>{f' <code>{html.escape(condition)}</code>' if condition else ''}</p>"
    if placed.view == "parallel" and len(shown):
        metric = state.get("parallel_metric")
        columns = state.get("axes") or automatic_axes(found, metric)
        main = main_metric(found, metric)
        colour = state.get("colour_by") or (main and f"metrics.{main}")
        return told + parallel_picture(shown, columns, colour, state.get("statistics") or {})
    if placed.view == "curves" and len(shown):
        return told + _curves(store, shown, state)
    return told + summary_html(shown, placed.title or "Runs")


def _curves(store: TrackingStore, shown: RunColumns, state: dict[str, Any]) -> str:
    columns = [shown.attributes[name][:MOST_LINES] for name in ("run_id", "number", "name")]
    runs = [
        (str(run), f"#{int(number)} {name}" if np.isfinite(number) else str(name), run_colour(float(number)))
        for run, number, name in zip(*columns, strict=True)
    ]
    several = [key for key, parts in shown.metrics.items() if (parts["count"] > 1).any()]
    metrics = state.get("metrics") or [key for key in several if not key.startswith("system/")]
    return curves_html(
        store, "Curves", runs, metrics, n_runs=len(shown), x=state.get("x") or "step", is_log=bool(state.get("log_y"))
    )


def _matching(store: TrackingStore, found: RunColumns, condition: str, order: tuple[str, ...]) -> RunColumns:
    """Return those runs of the page that a condition leaves, in order; all of them when it cannot be read."""
    if not condition and not order:
        return found
    try:
        matching = store.run_columns(
            RunQuery(condition, order_by=order or ("start_time DESC",), view=ViewType.ACTIVE_ONLY)
        )
    except NbtrackError:
        return found
    return take_rows(
        matching, np.isin(matching.attributes["run_id"].astype(str), found.attributes["run_id"].astype(str))
    )
