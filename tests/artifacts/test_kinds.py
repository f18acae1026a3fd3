from __future__ import annotations

import io
import wave

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nbtrack.artifacts.kinds import kind_of, mime_of, mime_of_content


@pytest.mark.parametrize(
    ("path", "mime", "kind"),
    [
        ("a.png", "image/png", "image"),
        ("A.JPG", "image/jpeg", "image"),
        ("a.svg", "image/svg+xml", "image"),
        ("a.wav", "audio/wav", "audio"),
        ("a.mp4", "video/mp4", "video"),
        ("a.csv", "text/csv", "table"),
        ("data/part.0.parquet", "application/vnd.apache.parquet", "table"),
        ("a.json", "application/json", "json"),
        ("loss.plotly.json", "application/vnd.plotly.v1+json", "plotly"),
        ("v1.2.plotly.json", "application/vnd.plotly.v1+json", "plotly"),
        ("a.geojson", "application/geo+json", "map"),
        ("a.topojson.json", "application/json", "json"),
        ("README.md", "text/markdown", "markdown"),
        ("train.py", "text/x-python", "code"),
        ("a.ipynb", "application/x-ipynb+json", "notebook"),
        ("a.html", "text/html", "html"),
        ("a.pdf", "application/pdf", "pdf"),
        ("a.npy", "application/x-npy", "array"),
        ("model/MLmodel", "application/x-mlmodel+yaml", "model"),
        ("conda.yaml", "application/yaml", "text"),
        ("a.log", "text/plain", "text"),
        ("model.pkl", "application/x-pickle", "binary"),
        ("weights", "application/octet-stream", "binary"),
        ("a.eps", "application/postscript", "binary"),
        (".gitignore", "application/octet-stream", "binary"),
    ],
)
def test_a_name_says_the_mime_type_and_the_view(path: str, mime: str, kind: str):
    assert mime_of(path) == mime
    assert kind_of(mime) == kind


def test_the_name_goes_before_the_content():
    assert mime_of("a.csv", b"\x89PNG\r\n\x1a\n") == "text/csv"
    assert mime_of("a", b"\x89PNG\r\n\x1a\n") == "image/png"
    assert mime_of("checkpoint.step-3", b"hello") == "text/plain"


def image_bytes(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp", "bmp", "tiff"])
def test_images_are_known_by_content(form: str):
    assert mime_of_content(image_bytes(form)) == f"image/{form}"


def test_data_files_are_known_by_content():
    npy, parquet, sound = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(npy, np.zeros(3))
    pd.DataFrame({"a": [1]}).to_parquet(parquet)
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x00\x00" * 10)
    assert mime_of_content(npy.getvalue()) == "application/x-npy"
    assert mime_of_content(parquet.getvalue()) == "application/vnd.apache.parquet"
    assert mime_of_content(sound.getvalue()) == "audio/wav"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"", "application/octet-stream"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"caf\xc3\xa9", "text/plain"),
        (b"caf\xe9 au lait", "application/octet-stream"),
        ("é".encode() * 600, "text/plain"),
        (b"x" + "é".encode() * 600, "text/plain"),
        (b"BMW and Audi", "text/plain"),
        (b'\n{"a": 1}', "application/json"),
        (b"{}", "application/json"),
        (b"{not json}", "text/plain"),
        (b"[INFO] started", "text/plain"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"<HTML lang=en>", "text/html"),
        (b'<?xml version="1.0"?>\n<svg xmlns="">', "image/svg+xml"),
        (b"\xef\xbb\xbfhello", "text/plain"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
def test_contents_without_a_telling_name(head: bytes, mime: str):
    assert mime_of_content(head) == mime
