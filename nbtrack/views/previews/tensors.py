"""safetensors: names, types and shapes from the header; the values are not read."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip

MAX_HEADER = 32 * MB
MAX_LISTED = 2000


def preview(file: File, _: Part) -> Answer:
    """Return ``{tensors: [{name, dtype, shape, size}, …], n_tensors, values, metadata}``."""
    (length,) = struct.unpack("<Q", file.head(8))
    if length > min(MAX_HEADER, file.size - 8):
        message = "its header is longer than the file or than 32 MB."
        raise UnreadableError(message)
    header = json.loads(file.read(8, length))
    if not isinstance(header, dict):
        message = "its header is no JSON object."
        raise UnreadableError(message)
    metadata = header.pop("__metadata__", None) or {}
    found: list[dict[str, Any]] = [
        {
            "name": clip(name, 300),
            "dtype": clip(facts["dtype"], 20),
            "shape": [int(n) for n in facts["shape"]][:20],
            "size": int(facts["data_offsets"][1]) - int(facts["data_offsets"][0]),
        }
        for name, facts in header.items()
    ]
    note = f"The first {MAX_LISTED:,} of {len(found):,} tensors." if len(found) > MAX_LISTED else ""
    return {
        "tensors": found[:MAX_LISTED],
        "n_tensors": len(found),
        "values": sum(math.prod(each["shape"]) for each in found),
        "metadata": {clip(key, 100): clip(value, 500) for key, value in list(metadata.items())[:50]},
        "notes": [note],
    }, []
