"""JSON, notebooks, models, maps, figures, PDF and images."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nbtrack.artifacts.kinds import PLOTLY
from nbtrack.errors import InvalidValueError
from nbtrack.views.previews import json_tree

if TYPE_CHECKING:
    from tests.views.previews.conftest import Look

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_large_json_is_read_branch_by_branch(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"rows": [{"i": i, "big": 2**60} for i in range(500)], "none": None, "nan": float("nan")}
    monkeypatch.setattr(json_tree, "MAX_WHOLE", 100)
    node = look("a.json", json.dumps(document))["node"]
    assert [(each["key"], each["type"], each.get("size")) for each in node["children"]] == [
        ("rows", "array", 500),
        ("none", "null", None),
        ("nan", "number", None),
    ]
    page = look("a.json", at=["rows"], from_=200)["node"]
    assert (page["from"], len(page["children"]), page["children"][0]["key"]) == (200, 200, 200)
    leaf = look("a.json", at=["rows", 3])["node"]["children"]
    assert leaf == [{"key": "i", "type": "number", "value": 3}, {"key": "big", "type": "number", "value": str(2**60)}]
    assert look("a.json", search="I")["hits"][0] == ["rows", 0, "i"]
    with pytest.raises(InvalidValueError, match="there is nothing at"):
        look("a.json", at=["none", "x"])


@pytest.mark.parametrize("path", ["a.json", "a.ipynb", "a.geojson", "a.plotly.json"])
def test_json_that_is_nested_without_end_is_shown_as_text(look: Look, path: str) -> None:
    facts = look(path, "[" * 200_000 + "]" * 200_000)
    assert facts["view"] == "text"
    assert facts["notes"]


def test_a_notebook_keeps_text_and_pictures_and_holds_html_apart(look: Look) -> None:
    data = {"text/html": ["<script>1</script>", "<b>x</b>"], "text/plain": "x"}
    cells: list[Any] = [
        {"cell_type": "markdown", "source": ["# A\n", "b"]},
        {
            "cell_type": "code",
            "execution_count": 2,
            "source": "1/0",
            "outputs": [
                {"output_type": "execute_result", "data": data},
                {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "<Figure>"}},
                {"output_type": "error", "traceback": ["\x1b[31mno"]},
                {"output_type": "display_data", "data": 7},
                "nonsense",
            ],
        },
        None,
        {"cell_type": 5, "source": 7, "outputs": "x"},
    ]
    facts = look("a.ipynb", json.dumps({"cells": cells, "metadata": {"language_info": 3}}))
    markdown, code, odd = facts["cells"]
    assert markdown["source"] == "# A\nb"
    assert code["outputs"] == [
        {"text": "x", "html": "<script>1</script><b>x</b>"},
        {"picture": "aGk=\n", "mime": "image/png"},
        {"error": "\x1b[31mno"},
    ]
    assert odd == {"type": "5", "source": ""}


def test_a_model_shows_flavors_signature_and_requirements(look: Look) -> None:
    look("model/requirements.txt", "numpy\n\nscikit-learn==1.5\n")
    signature = {
        "inputs": json.dumps([{"name": "x", "type": "double", "required": True}]),
        "outputs": json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]),
        "params": None,
    }
    flavors = {"sklearn": {"pickled_model": "model.pkl"}}
    facts = look("model/MLmodel", json.dumps({"model_uuid": "u", "flavors": flavors, "signature": signature}))
    assert facts["flavors"] == [{"name": "sklearn", "facts": [["pickled_model", "model.pkl"]]}]
    assert facts["signature"]["inputs"] == [{"name": "x", "type": "double", "required": "required"}]
    assert facts["signature"]["outputs"][0]["type"] == "float32 (-1, 3)"
    assert facts["requirements"] == ["numpy", "scikit-learn==1.5"]


def test_a_model_with_a_billion_laughs_stays_small(look: Look) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    facts = look("MLmodel", "\n".join(["flavors: {f: {}}", *lines]))
    assert facts["view"] == "model"
    assert all(len(value) <= 300 for _, value in facts["facts"])


def test_a_map_keeps_rings_lines_and_points(look: Look) -> None:
    square = [[0, 0], [4, 0], [4, 2], [0, 2], [0, 0]]
    features = [
        {
            "type": "Feature",
            "properties": {"name": "<b>"},
            "geometry": {"type": "MultiPolygon", "coordinates": [[square], [square]]},
        },
        {
            "type": "Feature",
            "geometry": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [9, 9, 5]}]},
        },
        {"type": "Feature", "geometry": None},
    ]
    facts = look("a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    parts = np.frombuffer(facts["buffers"][0], "<i4").reshape(-1, 3).tolist()
    assert parts == [[0, 2, 5], [0, 2, 5], [1, 0, 1]]
    assert facts["counts"] == {"MultiPolygon": 1, "Point": 1}
    assert facts["box"] == [0, 0, 9, 9]
    assert facts["features"][0] == [["name", "<b>"]]


def test_a_map_of_a_million_points_is_thinned(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.views.previews.geo.MAX_POINTS", 100)
    line = {"type": "LineString", "coordinates": [[i, -i] for i in range(1000)]}
    facts = look("a.geojson", json.dumps(line))
    points = np.frombuffer(facts["buffers"][1], "<f4").reshape(-1, 2)
    assert len(points) <= 102
    assert points[-1].tolist() == [999, -999]
    assert "thinned" in facts["notes"][0]


def test_a_figure_becomes_plain_traces_and_names_what_is_left_out(look: Look) -> None:
    packed = {"bdata": base64.b64encode(np.arange(4, dtype="<f8").tobytes()).decode(), "dtype": "f8"}
    figure = {
        "data": [
            {"x": packed, "y": [1, None, "3", float("inf")], "line": {"color": "url(evil)"}},
            {"type": "bar", "x": ["a", "b"], "y": [1, 2]},
            {"type": "heatmap", "z": [[1, 2], [3, None]]},
            {"type": "pie", "values": [1]},
            "nonsense",
        ],
        "layout": {"title": {"text": "T"}, "xaxis": {"title": "x", "type": "log"}},
    }
    facts = look("fig.json", json.dumps(figure), mime=PLOTLY)
    line, bar, heat = facts["traces"]
    assert (line["x"], line["y"]) == ([0, 1, 2, 3], [1, None, "3", None])
    assert (bar["type"], heat["z"]) == ("bar", [1, 2, 3, None])
    assert facts["left_out"] == {"pie": 1, "?": 1}
    assert (facts["title"], facts["x_title"], facts["x_log"]) == ("T", "x", True)
    assert json.loads(look("fig.json", figure=True)["figure"])["layout"]["title"]["text"] == "T"


def test_a_long_trace_is_drawn_with_fewer_points(look: Look) -> None:
    facts = look("f.plotly.json", json.dumps({"data": [{"y": list(range(50_000))}]}))
    assert len(facts["traces"][0]["x"]) <= 4000
    assert facts["traces"][0]["x"][1] == 13
    assert facts["notes"] == ["Long traces are drawn with 4,000 points."]


def test_a_pdf_tells_pages_and_title(look: Look) -> None:
    data = b"%PDF-1.4\n/Title (A \\(small\\) report)\n/Type /Pages /Count 3\n/Type /Page\n"
    facts = look("a.pdf", data)
    assert (facts["pages"], facts["title"]) == (3, "A (small) report")
    assert facts["buffers"] == [data]


def test_an_image_of_a_series_knows_the_other_steps(look: Look) -> None:
    for step in (0, 10, 2):
        look(f"images/x/step_{step}_17.png", PNG)
    facts = look("images/x/step_2_17.png")
    assert [each["step"] for each in facts["series"]] == [0, 2, 10]
    assert look("alone.png", PNG)["series"] == []
    assert look("alone.png")["buffers"] == [PNG]


def test_a_tiff_is_shown_as_png(look: Look) -> None:
    image = pytest.importorskip("PIL.Image")
    out = io.BytesIO()
    image.new("RGB", (3, 2)).save(out, format="tiff")
    facts = look("a.tiff", out.getvalue())
    assert facts["type"] == "image/png"
    assert facts["buffers"][0].startswith(b"\x89PNG")


def test_what_is_too_large_for_its_view_says_how_large(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.views.previews.image.MAX_BYTES", 10)
    facts = look("a.png", PNG)
    assert facts["view"] == "binary"
    assert "reads files up to 10 B" in facts["notes"][0]
