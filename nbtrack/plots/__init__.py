"""``nbtrack.plots``: charts of runs as plotly figures, to style and to save.

Each takes the names of columns (``"params.lr"``, ``"metrics.acc.max"``, or short ones that mean one thing) and ``runs=``: a filter, the
result of ``search_runs``, run ids, a widget, or None for all. What they show can be had as plain data from :mod:`nbtrack.plots.data`.
"""

from nbtrack.plots import data
from nbtrack.plots.charts.box import box, violin
from nbtrack.plots.charts.contour import contour, heatmap
from nbtrack.plots.charts.correlation import correlation
from nbtrack.plots.charts.curves import curves
from nbtrack.plots.charts.importance import importance
from nbtrack.plots.charts.parallel import parallel_coordinates
from nbtrack.plots.charts.pareto import pareto_front
from nbtrack.plots.charts.scatter import scatter
from nbtrack.plots.charts.style import template
from nbtrack.plots.charts.timeline import timeline

__all__ = [
    "box",
    "contour",
    "correlation",
    "curves",
    "data",
    "heatmap",
    "importance",
    "parallel_coordinates",
    "pareto_front",
    "scatter",
    "template",
    "timeline",
    "violin",
]
