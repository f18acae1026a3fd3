"""``nbtrack.plots.data``: what the charts show, as plain DataFrames and arrays; works without plotly."""

from nbtrack.plots.data.chosen import Chosen, choose
from nbtrack.plots.data.columns import Column, make_column
from nbtrack.plots.data.histories import curves, seeds, smoothed
from nbtrack.plots.data.pareto import pareto_front
from nbtrack.plots.data.relations import correlation, surface
from nbtrack.plots.data.smoothing import mean_band, smooth
from nbtrack.plots.data.spans import timeline

__all__ = [
    "Chosen",
    "Column",
    "choose",
    "correlation",
    "curves",
    "make_column",
    "mean_band",
    "pareto_front",
    "seeds",
    "smooth",
    "smoothed",
    "surface",
    "timeline",
]
