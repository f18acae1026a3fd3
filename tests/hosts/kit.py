"""A notebook that records runs and shows every view of them, for hosts to execute and to show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

    import nbformat

RECORD = """
import math
import numpy as np
import nbtrack

nbtrack.set_tracking_uri("runs.duckdb")
for number, lr in enumerate((0.001, 0.01, 0.1, 0.3)):
    with nbtrack.start_run(f"run {lr}", params={"lr": lr, "model": ["cnn", "mlp"][number % 2]}) as run:
        for step in range(20):
            run.log_metrics({"acc": 1 - math.exp(-lr * (step + 1)), "loss": 1 / (1 + lr * step)}, step=step)
        run.log_text("so it went", "notes.txt")
        run.log_image(np.full((60, 80, 3), int(lr * 255), dtype="uint8") + np.arange(80, dtype="uint8")[None, :, None], "shade.png")
"""
VIEWS = {
    "runs": "nbtrack.runs()",
    "parallel": 'nbtrack.parallel("acc")',
    "curves": "nbtrack.curves()",
    "compare": 'nbtrack.compare("run 0.01", "run 0.1")',
    "artifacts": 'nbtrack.artifacts("run 0.1")',
    "live": 'nbtrack.live("run 0.1")',
}
"""Every view that stands for itself where there is no kernel, by name."""
PICTURE = re.compile(r'<img[^>]+src="data:image/(?:svg\+xml|png);base64,[A-Za-z0-9+/=]{100,}"')
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def notebook(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook of code cells."""
    made = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def executed(folder: Path, *cells: str, **options: Any) -> nbformat.NotebookNode:
    """Return a notebook with its outputs, executed in `folder` as nbclient, nbconvert and papermill do."""
    made = notebook(*cells)
    NotebookClient(made, timeout=120, resources={"metadata": {"path": str(folder)}}, **options).execute()
    return made


def html_outputs(cell: Any) -> list[str]:
    """Return the HTML that a cell shows."""
    return [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]


def pictures(html: str) -> int:
    """Return how many pictures stand in HTML, none of them from elsewhere."""
    return len(PICTURE.findall(html))
