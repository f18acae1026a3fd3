"""Executed cells of a notebook, what their code says, and which of them produced a metric; knows no store and no IPython."""
