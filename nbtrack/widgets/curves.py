"""``nbtrack.curves()``: histories of metrics, live in the notebook."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.search.parser import parse_filter
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.views.curves import check_x
from nbtrack.views.curves_summary import curves_html, curves_text, run_colour
from nbtrack.widgets.compare import run_ids
from nbtrack.widgets.runs_panel import MAX_RUNS, RunsPanel, check_columns, chosen_experiments, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from nbtrack.store.protocol import RunColumns, Store
    from nbtrack.widgets.compare import RunLike

MOST_DRAWN = 200
_PAIR = 2


class Curves(RunsPanel):
    """Metrics of one or several experiments as charts over step, time or another metric.

    It has what every :class:`~nbtrack.widgets.runs_panel.RunsPanel` has, and:

    Attributes
    ----------
    metrics : list of str or None
        Metrics on view, in order; None chooses by itself.
    x : str
        ``step``, ``time``, ``relative`` (since the run began) or ``metrics.<key>``.
    x_range : list of two floats or None
        Part of x that the reader zoomed to: steps, milliseconds UTC, seconds, or values of the metric.
    smoothing : float
        Weight of the past in the moving average, from 0 to below 1, as in TensorBoard.
    log_x, log_y : bool
        Logarithmic axes.
    clip_outliers : bool
        Choose the height without the outermost 2 % of values at each end.
    facet_by, dash_by : str or None
        Columns, such as ``params.model``, that have a chart or a dash for each value.
    aggregate_by : list of str
        Columns; runs that agree in them all (seeds) are drawn as their mean with a 95 % confidence interval. [] draws each run.
    max_drawn : int
        At most so many runs are drawn, the newest first, when none are selected.
    curves_height : int
        Pixels of a chart; 0 chooses by itself.
    data : DataFrame
        The points that are drawn, unthinned.
    """

    metrics = traitlets.List(traitlets.Unicode(), allow_none=True, default_value=None).tag(sync=True)
    x = traitlets.Unicode("step").tag(sync=True)
    x_range = traitlets.List(traitlets.Float(), allow_none=True, default_value=None).tag(sync=True)
    smoothing = traitlets.Float(0.0).tag(sync=True)
    log_x = traitlets.Bool(default_value=False).tag(sync=True)
    log_y = traitlets.Bool(default_value=False).tag(sync=True)
    clip_outliers = traitlets.Bool(default_value=False).tag(sync=True)
    facet_by = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    dash_by = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    aggregate_by = traitlets.List(traitlets.Unicode()).tag(sync=True)
    max_drawn = traitlets.Int(20).tag(sync=True)
    curves_height = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, store: Store, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(store, experiment_ids, title, **{"_view": "curves", **traits})

    @traitlets.validate("x")
    def _check_x(self, proposal: Any) -> str:
        return check_x(proposal["value"])

    @traitlets.observe("x")
    def _forget_range(self, change: Any) -> None:
        """Zoom out: the range is in the unit of the x before."""
        if change["old"] != traitlets.Undefined:
            self.set_trait("x_range", None)

    @traitlets.validate("smoothing")
    def _check_smoothing(self, proposal: Any) -> float:
        return check_smoothing(proposal["value"])

    @traitlets.validate("x_range")
    def _check_x_range(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is not None and not (len(value) == _PAIR and value[0] < value[1]):
            message = f"x_range is {value!r}; use [low, high], the lower one first, or None for everything."
            raise InvalidValueError(message)
        return value

    # -- values back -------------------------------------------------------------------------------------------------

    @property
    def data(self) -> pd.DataFrame:
        """Return every point of the series that are drawn.

        Returns
        -------
        DataFrame
            One row a point: ``run_id``, ``run_name``, ``key``, ``step``, ``timestamp`` (UTC), ``value``; by run as drawn, metric, step.
        """
        runs = self._drawn(self.on_view())
        query = """
            SELECT m.run_id, r.name AS run_name, m.key, m.step, m.timestamp, m.value
            FROM metrics m JOIN runs r USING (run_id)
            WHERE list_contains(?::VARCHAR[], m.run_id) AND list_contains(?::VARCHAR[], m.key)
            ORDER BY list_position(?::VARCHAR[], m.run_id), m.key, m.step, m.timestamp
        """
        ids = [run for run, _ in runs]
        return self._store.sql(query, [ids, self._shown_metrics(self.on_view()), ids])

    def _drawn(self, found: RunColumns) -> list[tuple[str, str]]:
        """Return id and name of the runs that are drawn: those selected, else the newest on view."""
        ids = found.attributes["run_id"].tolist()
        chosen = set(self.selected)
        places = [i for i, run in enumerate(ids) if run in chosen] or list(range(len(ids)))[: self.max_drawn]
        return [(ids[i], str(found.attributes["name"][i])) for i in places[:MOST_DRAWN]]

    def _shown_metrics(self, found: RunColumns) -> list[str]:
        if self.metrics is not None:
            return list(self.metrics)
        counts = {key: stats["count"].sum() for key, stats in found.metrics.items() if (stats["count"] > 1).any()}
        return [key for key in sorted(counts) if not key.startswith(("system/", "knob/"))][:12]

    def summary(self) -> tuple[str, str]:
        """Return a picture of the first metrics and runs."""
        found = self.on_view()
        numbers = dict(zip(found.attributes["run_id"], found.attributes["number"], strict=True))
        labelled = []
        for run, name in self._drawn(found):
            number = float(numbers[run])
            labelled.append((run, name if np.isnan(number) else f"#{int(number)} {name}", run_colour(number)))
        metrics = self._shown_metrics(found)
        return (
            curves_html(self._store, self._title, labelled, metrics, n_runs=len(found), x=self.x, is_log=self.log_y),
            curves_text(self._title, labelled, metrics, n_runs=len(found)),
        )


def curves(  # noqa: PLR0913 - one word for each thing that a reader may want to set, all by name
    metrics: str | Sequence[str] | None = None,
    *,
    runs: RunLike | Iterable[RunLike] | None = None,
    filter: str = "",  # noqa: A002 - the name that search_runs and the page use
    experiment: str | Sequence[str] | None = None,
    x: str = "step",
    smoothing: float = 0.0,
    colour_by: str | None = None,
    facet_by: str | None = None,
    dash_by: str | None = None,
    aggregate_by: str | Sequence[str] = (),
    log_x: bool = False,
    log_y: bool = False,
    height: int = 0,
) -> Curves:
    """Show the histories of metrics as charts.

    Parameters
    ----------
    metrics : str or sequence of str, optional
        Such as ``"loss"`` or ``["train/loss", "val/loss"]``; by default those with more than one point.
    runs : optional
        Only these runs: names, numbers, ids, run objects, a list or a column of those, what ``search_runs`` found, or a table of runs.
    filter : str
        Such as ``"metrics.acc > 0.9"``; can be changed in the page.
    experiment : str or sequence of str, optional
        Which experiments; by default the one chosen with ``set_experiment``, else all.
    x : str
        ``step``, ``time``, ``relative`` (since the run began) or another metric, such as ``metrics.tokens``.
    smoothing : float
        From 0 (none) to below 1; 0.6 is a usual value.
    colour_by, facet_by, dash_by : str, optional
        Columns such as ``params.model`` that give colours, charts and dashes; each run has a colour of its own by default.
    aggregate_by : str or sequence of str
        Columns; runs that agree in them are drawn as their mean with a 95 % confidence interval.
    log_x, log_y : bool
        Logarithmic axes.
    height : int
        Pixels of a chart; 0 chooses by itself.

    Returns
    -------
    Curves
        Shown when it is the last line of a cell; its state is ``.metrics``, ``.x_range``, ``.selected``, ``.df``, ``.data``.

    Raises
    ------
    NotFoundError
        There is no such experiment, run, metric or column.
    InvalidValueError
        `x` or `smoothing` cannot be used.
    """
    parse_filter(filter)
    store = active.get_store()
    ids, title = chosen_experiments(store, experiment)
    chosen = None if metrics is None else names_in("metrics", metrics)
    seeds = names_in("aggregate_by", aggregate_by)
    check_columns(store, ids, [*filter_none(colour_by, facet_by, dash_by), *seeds])
    _check_metrics(store, ids, [*(chosen or []), *([x.removeprefix("metrics.")] if x.startswith("metrics.") else [])])
    steps = [] if runs is None else [{"op": "keep", "runs": run_ids(store, [runs])}]
    return Curves(
        store,
        ids,
        title,
        metrics=chosen,
        filter=filter,
        steps=steps,
        x=check_x(x),
        smoothing=check_smoothing(smoothing),
        colour_by=colour_by,
        facet_by=facet_by,
        dash_by=dash_by,
        aggregate_by=seeds,
        log_x=log_x,
        log_y=log_y,
        curves_height=height,
    )


def filter_none(*values: str | None) -> list[str]:
    """Return those that are given."""
    return [value for value in values if value is not None]


def check_smoothing(value: float) -> float:
    """Return a weight that can be used, else raise :class:`InvalidValueError`."""
    if isinstance(value, Real) and 0 <= value < 1:
        return float(value)
    message = f"smoothing is {value!r}; use a number from 0 (none) to below 1, such as 0.6."
    raise InvalidValueError(message)


def _check_metrics(store: Store, ids: tuple[str, ...] | None, wanted: Sequence[str]) -> None:
    if not wanted:
        return
    found = store.run_columns(RunQuery(experiment_ids=ids, max_results=MAX_RUNS))
    for key in wanted:
        if len(found) and key not in found.metrics:
            raise NotFoundError("Metric", key, found.metrics)
