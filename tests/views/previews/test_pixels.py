"""Images that are small in their file and huge in the page."""

from __future__ import annotations

import base64
import io
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.views.previews.pixels import size_of, too_large

if TYPE_CHECKING:
    from tests.views.previews.conftest import Look


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\x00\x00\x00"


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("png", {}),
        ("gif", {}),
        ("jpeg", {}),
        ("jpeg", {"progressive": True, "exif": b"Exif\x00\x00" + bytes(30_000)}),
        ("webp", {}),
        ("webp", {"lossless": True}),
        ("webp", {"exif": b"Exif\x00\x00aa"}),
    ],
)
def test_the_size_is_read_from_the_first_bytes(form: str, options: dict[str, Any]) -> None:
    image = pytest.importorskip("PIL.Image")
    out = io.BytesIO()
    image.new("RGB", (301, 203)).save(out, format=form, **options)
    assert size_of(out.getvalue()) == (301, 203)


@pytest.mark.parametrize(
    "head", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFFaaaaWEBPVP8X", b"GIF89", b"<svg>", png(0, 9)]
)
def test_what_tells_nothing_is_no_problem(head: bytes) -> None:
    assert too_large(head) == ""


def test_too_many_pixels_are_said_and_not_sent(look: Look) -> None:
    facts = look("a.png", png(60_000, 60_000))
    assert facts["view"] == "binary"
    assert facts["notes"][0].endswith("it has 60,000 x 60,000 pixels, more than a page can unpack.")
    assert look("b.png", png(4000, 3000))["view"] == "image"


@pytest.mark.parametrize("width", [76, 5])
def test_too_many_pixels_of_an_output_are_left_out(look: Look, width: int) -> None:
    packed = base64.b64encode(png(60_000, 60_000) + bytes(300)).decode()
    lines = [packed[at : at + width] + "\n" for at in range(0, len(packed), width)]
    output = {"output_type": "display_data", "data": {"image/png": lines, "text/plain": "<Figure>"}}
    facts = look("a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "1", "outputs": [output]}]}))
    assert facts["cells"][0]["outputs"] == [{"text": "<Figure>"}]
