from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image
from plotly import graph_objects as go

from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackError
from nbtrack.tracking.figures import figure_files, is_matplotlib, is_plotly

MAGIC = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "pdf": b"%PDF-", "webp": b"RIFF"}


@pytest.fixture
def figure() -> Figure:
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 3, 2])
    return figure


@pytest.fixture
def curve() -> go.Figure:
    return go.Figure(go.Scatter(y=[1, 3, 2]), layout={"title": "Loss </script><script>alert(1)</script>"})


@pytest.mark.parametrize("form", MAGIC)
def test_matplotlib_figures_are_saved_by_their_extension(figure: Figure, form: str):
    (file,) = figure_files(figure, f"plots/a.{form}")
    assert file.path == f"plots/a.{form}"
    assert file.data.startswith(MAGIC[form])
    assert file.mime.endswith({"jpg": "jpeg"}.get(form, form))


def test_matplotlib_figures_become_svg(figure: Figure):
    (file,) = figure_files(figure, "a.SVG")
    assert b"<svg" in file.data
    assert file.mime == "image/svg+xml"


def test_pictures_have_150_dots_per_inch_unless_told_otherwise(figure: Figure):
    assert Image.open(io.BytesIO(figure_files(figure, "a.png")[0].data)).size == (600, 450)
    assert Image.open(io.BytesIO(figure_files(figure, "a.png", {"dpi": 50})[0].data)).size == (200, 150)
    assert figure.dpi == 100


def test_axes_artists_and_grids_stand_for_their_figure(figure: Figure):
    inner = Figure(figsize=(4, 3))
    part: Any = inner.subfigures(1, 1)
    nested = part.subplots()
    for value in (figure.axes[0], figure.axes[0].lines[0], SimpleNamespace(figure=figure), part, nested):
        assert is_matplotlib(value)
        assert Image.open(io.BytesIO(figure_files(value, "a.png")[0].data)).size == (600, 450)


def test_open_pyplot_figures_stay_open_and_current():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    first, second = pyplot.figure(), pyplot.figure()
    try:
        figure_files(first, "a.png")
        assert pyplot.gcf() is second
        assert pyplot.fignum_exists(first.number)
    finally:
        pyplot.close("all")


def test_plotly_html_is_complete_in_itself_and_escapes_titles(curve: go.Figure):
    (file,) = figure_files(curve, "a.html")
    assert file.mime == "text/html"
    assert not re.search(rb'<script[^>]*src="http', file.data)
    assert len(file.data) > 1_000_000
    assert b"<script>alert(1)" not in file.data


def test_plotly_options_reach_plotly(curve: go.Figure):
    (file,) = figure_files(curve, "a.html", {"include_plotlyjs": "cdn"})
    assert len(file.data) < 20_000


@pytest.mark.parametrize("path", ["a.json", "a.plotly.json"])
def test_plotly_json_can_be_read_back(curve: go.Figure, path: str):
    (file,) = figure_files(curve, path)
    assert file.mime == "application/vnd.plotly.v1+json"
    assert go.Figure(json.loads(file.data)) == curve


def test_plotly_images_need_kaleido(curve: go.Figure, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(
        MissingPackageError, match=r"kaleido is needed .* \.png \(\.html and \.json need nothing more\)"
    ):
        figure_files(curve, "a.png")


def test_plotly_images_come_from_kaleido(curve: go.Figure, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "kaleido", ModuleType("kaleido"))
    monkeypatch.setattr(go.Figure, "to_image", lambda self, **options: json.dumps(options).encode())
    (file,) = figure_files(curve, "a.svg", {"width": 100})
    assert json.loads(file.data) == {"format": "svg", "width": 100}
    assert file.mime == "image/svg+xml"


def test_kaleido_without_a_browser_is_explained(curve: go.Figure, monkeypatch: pytest.MonkeyPatch):
    def no_chrome(self: object, **options: object) -> bytes:
        raise RuntimeError("Kaleido requires Google Chrome")

    monkeypatch.setitem(sys.modules, "kaleido", ModuleType("kaleido"))
    monkeypatch.setattr(go.Figure, "to_image", no_chrome)
    with pytest.raises(NbtrackError, match=r"requires Google Chrome\); save it as \.html or \.json instead"):
        figure_files(curve, "a.png")


@pytest.mark.parametrize("path", ["a", "a.html", "a.exe", "png"])
def test_an_unknown_extension_lists_those_of_matplotlib(figure: Figure, path: str):
    with pytest.raises(InvalidValueError, match=rf"'{path}' does not end in a format of matplotlib .*\.png.*\.svg"):
        figure_files(figure, path)


def test_an_unknown_extension_lists_those_of_plotly(curve: go.Figure):
    with pytest.raises(InvalidValueError, match=r"use one of \.html, \.json, \.png"):
        figure_files(curve, "a.gif")


@pytest.mark.parametrize("value", [None, 3, "figure.png", object(), SimpleNamespace(figure=4)])
def test_other_values_are_no_figures(value: object):
    assert not is_matplotlib(value)
    assert not is_plotly(value)
    with pytest.raises(InvalidValueError, match=r"A figure was expected, not a .*`log_image`"):
        figure_files(value, "a.png")


@pytest.mark.parametrize("path", ["../a.png", "/a.png", "a\\b.png", "C:\\a.png", "con.png", "a/\x00.png", ""])
def test_a_path_out_of_the_run_is_refused(figure: Figure, path: str):
    with pytest.raises(InvalidValueError, match=r"Artifact path .* is not allowed"):
        figure_files(figure, path)


def test_asking_imports_neither_library():
    program = """
import sys
from nbtrack.tracking.figures import is_matplotlib, is_plotly
assert not is_matplotlib(object()) and not is_plotly(object())
print({"matplotlib", "plotly", "numpy", "pandas"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
