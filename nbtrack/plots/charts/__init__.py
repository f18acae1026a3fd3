"""One chart a file: what :mod:`nbtrack.plots.data` has computed, drawn with plotly."""
