"""Images: their bytes, and the other steps when they are one of a series."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError
from nbtrack.views.previews.pixels import HEAD_BYTES, MAX_PIXELS, too_large

MAX_BYTES = 24 * MB
MAX_STEPS = 2000

_STEP = re.compile(r"step_(-?\d+)_(\d+)\.(png|jpe?g|webp|gif)$")
_NOT_IN_BROWSERS = ("image/tiff",)


def preview(file: File, _: Part) -> Answer:
    """Return ``{type, series}`` and the bytes; a series is ``[{step, path}, …]`` in the order of its steps."""
    data = file.whole(MAX_BYTES, "An image view")
    if problem := too_large(data[:HEAD_BYTES]):
        raise UnreadableError(problem)
    facts: dict[str, Any] = {"type": file.mime, "notes": []}
    if file.mime in _NOT_IN_BROWSERS:
        data = _as_png(data)
        facts |= {"type": "image/png", "notes": ["Browsers do not show TIFF; this is its first page as PNG."]}
    facts["series"] = series(file)
    return facts, [data]


def series(file: File) -> list[dict[str, Any]]:
    """Return the images that ``log_image(key=…)`` kept beside this one; none when it is alone."""
    if not _STEP.search(file.name):
        return []
    found = []
    for info in file.siblings():
        match = _STEP.search(info.path)
        if match:
            found.append((int(match[1]), int(match[2]), info.path))
    found.sort()
    if len(found) > MAX_STEPS:
        stride = -(-len(found) // MAX_STEPS)
        found = [each for index, each in enumerate(found) if index % stride == 0 or each[2] == file.path]
    return [{"step": step, "path": path} for step, _, path in found] if len(found) > 1 else []


def _as_png(data: bytes) -> bytes:
    try:
        from PIL import Image  # noqa: PLC0415 - an extra
    except ImportError as cause:
        message = "browsers do not show TIFF; with Pillow installed it is shown as PNG."
        raise UnreadableError(message) from cause
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                message = f"it has {image.width:,} x {image.height:,} pixels, more than a page can unpack."
                raise UnreadableError(message)
            out = io.BytesIO()
            (image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")).save(out, format="png")
    return out.getvalue()
