"""What a notebook shows after it was executed by a program, exported, or put on GitHub: HTML with a picture for every view."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter, SlidesExporter

from tests.hosts.kit import RECORD, VIEWS, WIDGET_VIEW, executed, html_outputs, notebook, pictures

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.notebook

ENV = "import json\nfound = nbtrack.env()\nprint(json.dumps([found.front_end, found.tier]))\nfound"
DISPLAYS = 50
GROWTH = 500_000
STATE = 100_000


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    return executed(tmp_path_factory.mktemp("shown"), RECORD, *VIEWS.values(), ENV)


@pytest.mark.parametrize(("place", "view"), list(enumerate(VIEWS, start=1)))
def test_every_view_leaves_html_with_a_picture(shown: nbformat.NotebookNode, place: int, view: str) -> None:
    summary, live = shown.cells[place].outputs
    assert pictures(summary.data["text/html"]) >= 1, view
    assert not re.search(r"<(script|svg|iframe)", summary.data["text/html"])
    assert len(summary.data["text/plain"]) > 5
    assert WIDGET_VIEW in live.data
    assert live.data["text/plain"] == ""


def test_a_program_that_executes_notebooks_is_known_as_one(shown: nbformat.NotebookNode) -> None:
    assert json.loads(shown.cells[-1].outputs[0].text) == ["nbclient", 1]
    assert "pictures and tables" in html_outputs(shown.cells[-1])[0]


@pytest.mark.parametrize(
    ("exporter", "per_view"),
    [(HTMLExporter, 1), (SlidesExporter, 1), (MarkdownExporter, 1)],
    ids=["html", "slides", "markdown"],
)
@pytest.mark.parametrize("keeps_state", [True, False], ids=["with-state", "without-state"])
def test_exports_show_every_view(shown: nbformat.NotebookNode, exporter: Any, per_view: int, keeps_state: bool) -> None:
    made = nbformat.from_dict(json.loads(json.dumps(shown)))
    if not keeps_state:
        made.metadata.pop("widgets")
    page, _ = exporter().from_notebook_node(made)
    assert pictures(page) >= per_view * len(VIEWS)
    assert page.count('class="nbt-fallback"') == len(VIEWS)
    assert "run 0.01" in page


def test_papermill_leaves_the_same(tmp_path: Path) -> None:
    source, result = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook(RECORD, *VIEWS.values(), ENV), source)
    program = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--no-progress-bar", "--cwd", str(tmp_path)]
    subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, timeout=200)
    made = nbformat.read(result, as_version=4)
    for cell in made.cells[1:-1]:
        assert pictures(html_outputs(cell)[0]) >= 1, cell.source
    assert json.loads(made.cells[-1].outputs[0].text) == ["papermill", 1]


def test_nbconvert_executes_and_exports_in_one_go(tmp_path: Path) -> None:
    nbformat.write(notebook(RECORD, *VIEWS.values(), ENV), tmp_path / "in.ipynb")
    program = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "in.ipynb"]
    subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, timeout=200)
    page = (tmp_path / "in.html").read_text(encoding="utf-8")
    assert pictures(page) >= len(VIEWS)
    assert "nbconvert" in page


def test_fifty_views_weigh_little(tmp_path: Path) -> None:
    shows = [source for _ in range(DISPLAYS) for source in VIEWS.values()][:DISPLAYS]
    bare = executed(tmp_path, RECORD, *[f"_ = {source}" for source in shows[: len(VIEWS)]])
    made = executed(
        tmp_path, "import nbtrack\nnbtrack.set_tracking_uri('runs.duckdb')", *shows, store_widget_state=True
    )
    state = len(json.dumps(made.metadata.get("widgets", {})))
    growth = len(nbformat.writes(made)) - len(nbformat.writes(bare))
    print(f"{DISPLAYS} views: the notebook grows by {growth:,} bytes, of which {state:,} are widget state")
    assert growth < GROWTH
    assert state < STATE
    made.metadata.pop("widgets", None)
    assert all(pictures("".join(html_outputs(cell))) for cell in made.cells[1:]), "still readable without the state"
