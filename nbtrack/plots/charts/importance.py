"""Which params move a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.style import (
    colour,
    figure,
    graph_objects,
    no_runs,
    nothing,
    plain,
    runs_word,
    short,
    translucent,
)
from nbtrack.plots.data.chosen import Chosen, choose
from nbtrack.plots.data.columns import make_column
from nbtrack.views.importance import LEAST_RUNS, MOST_CATEGORIES, MOST_PARAMS, MOST_RUNS, NOTHING, Param, shares_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BARS = 20


def importance(
    target: str,
    params: Sequence[str] | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
) -> Any:
    """Draw how much each param has to do with a metric: permutation importance of a random forest, beside rank correlation.

    Parameters
    ----------
    target : str
        Numbers, such as ``"metrics.acc"``.
    params : sequence of str, optional
        Columns to look at; by default the params that differ between runs.
    runs, experiment
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars are the share of the forest's R² that is lost when a param is shuffled, on runs it has not seen; hollow ones may be chance.
        Without scikit-learn they are rank correlations.

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things; `target` holds texts.

    See Also
    --------
    nbtrack.views.importance : how it is computed.
    """
    chosen = choose(runs, experiment)
    title = f"What moves {target}"
    if len(chosen) == 0:
        return no_runs(title, runs)
    metric = chosen.column(target)
    if metric.kind != "number":
        raise InvalidValueError(f"{metric.id} holds no numbers; importance is asked of numbers, such as a metric.")
    rows = np.flatnonzero(metric.there)
    if len(rows) < LEAST_RUNS:
        return nothing(title, f"{runs_word(len(rows))} with {metric.label}; {LEAST_RUNS} are needed")
    if len(rows) > MOST_RUNS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_RUNS, replace=False))
    given = settings(chosen, rows, params)
    if not given:
        return nothing(title, "no params that differ between runs")
    found = shares_of(given, metric.data[rows])
    notes = [
        f"{runs_word(len(rows))} of {len(chosen):,}" if len(rows) < len(chosen) else runs_word(len(rows)),
        f"a random forest foretells {found['score']:.0%} of the spread"
        if found["score"] is not None
        else "rank correlation only",
        found["hint"],
    ]
    return _bars(f"What moves {metric.label}", found["shares"][:MAX_BARS], notes, has_forest=found["score"] is not None)


def settings(chosen: Chosen, rows: np.ndarray[Any, Any], names: Sequence[str] | None) -> list[Param]:
    """Return params as numbers for some runs; what never differs, or has a text of its own in nearly every run, is left out."""
    found = []
    for name in names or chosen.keys("params"):
        named = chosen.column(name)
        texts = (
            [None if value in NOTHING else value for value in named.data[rows]]
            if named.kind == "category"
            else named.data[rows]
        )
        column = make_column(named.id, texts)
        codes, categories = column.codes()
        if column.kind == "category" and len(categories) > MOST_CATEGORIES:
            continue
        values = np.where(codes < 0, np.nan, codes) if column.kind == "category" else column.data.astype(np.float64)
        distinct = len(np.unique(values[~np.isnan(values)]))
        if distinct > 1 or (distinct == 1 and np.isnan(values).any()):
            found.append(Param(named.id, values.astype(np.float64), is_category=column.kind == "category"))
    return found[:MOST_PARAMS]


def _bars(title: str, shares: list[dict[str, Any]], notes: list[str], *, has_forest: bool) -> Any:
    sizes = [share["importance"] if has_forest else abs(share["spearman"] or 0.0) for share in shares]
    labels = [plain(short(share["column"].removeprefix("params."), 28)) for share in shares]
    shade = colour(0)
    made = graph_objects().Bar(
        orientation="h",
        x=sizes,
        y=list(range(len(shares))),
        error_x={"type": "data", "array": [share["std"] for share in shares], "thickness": 1, "width": 3}
        if has_forest
        else None,
        marker={
            "color": [translucent(shade, 0.15) if share["weak"] else shade for share in shares],
            "line": {"width": 1, "color": shade},
        },
        hovertext=[_box(share) for share in shares],
        hoverinfo="text",
    )
    across = "share of R² lost when shuffled" if has_forest else "rank correlation, without its sign"
    return figure(
        [made],
        title,
        notes,
        xaxis={"title": {"text": across}, "rangemode": "tozero"},
        yaxis={"tickvals": list(range(len(shares))), "ticktext": labels, "autorange": "reversed", "showgrid": False},
        height=max(280, 150 + 26 * len(shares)),
    )


def _box(share: dict[str, Any]) -> str:
    lines = [f"<b>{plain(share['column'])}</b>"]
    if share["importance"] is not None:
        lines.append(f"importance {share['importance']:.3g} ± {share['std']:.2g}")
    if share["spearman"] is not None:
        lines.append(
            f"rank correlation {share['spearman']:.2f}" + (f", p = {share['p']:.2g}" if share["p"] is not None else "")
        )
    return "<br>".join([*lines, *(["may be chance"] if share["weak"] else [])])
