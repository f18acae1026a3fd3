"""A comparison as one blob for the page: a JSON header and, section by section, codes and numbers.

``uint32`` header length, header, padding to 8 bytes, buffers. A live comparison sends only the sections that changed.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.compare_row import NotRecorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.views.compare_row import CompareRow
    from nbtrack.views.compare_rows import Comparison
    from nbtrack.views.compare_sentence import Part

MISSING, UNKNOWN, NUMBER = -1, -2, 0

Sentences = dict[str, list["Part"]]
"""By run id; ``""`` is about all runs."""


def pack(header: Mapping[str, Any], sections: Sequence[tuple[dict[str, Any], bytes]]) -> bytes:
    """Return one blob of a header and packed sections, see :func:`packed_sections`."""
    offset, heads = 0, []
    for head, data in sections:
        heads.append({**head, "offset": offset})
        offset += len(data)
    text = json.dumps({"kind": "compare", **header, "sections": heads}, ensure_ascii=False, allow_nan=False)
    head_bytes = text.encode("utf-8", "surrogatepass")
    padding = b"\0" * (-(4 + len(head_bytes)) % 8)
    return b"".join([struct.pack("<I", len(head_bytes)), head_bytes, padding, *(data for _, data in sections)])


def header_of(found: Comparison, base: str, sentences: Sentences) -> dict[str, Any]:
    """Return what stands above the sections."""
    return {
        "runs": [asdict(run) for run in found.runs],
        "base": base,
        "sentences": {run_id: parts_json(parts) for run_id, parts in sentences.items()},
    }


def parts_json(parts: Sequence[Part]) -> list[list[str]]:
    """Return a sentence as ``[[text, tone], …]``."""
    return [[part.text, part.tone] for part in parts]


def packed_sections(found: Comparison) -> list[tuple[dict[str, Any], bytes]]:
    """Return each section as a header and its buffers.

    The buffers are Int32 codes of shape (rows, runs): an index into `texts`, 0 for a number, -1 for missing, -2 for not recorded;
    and, at `numbers`, Float64 of shape (numeric rows, runs).
    """
    sections = dict.fromkeys(row.section for row in found.rows)
    return [_section(name, found.of(name), len(found.runs)) for name in sections]


def _section(name: str, rows: list[CompareRow], n_runs: int) -> tuple[dict[str, Any], bytes]:
    texts: dict[str, int] = {}
    codes = np.full((len(rows), n_runs), MISSING, dtype="<i4")
    numbers: list[np.ndarray[Any, Any]] = []
    heads = []
    for index, row in enumerate(rows):
        head: dict[str, Any] = {"key": row.key, "kind": row.kind}
        head |= {name: value for name in ("stat", "goal", "mime") if (value := getattr(row, name))}
        if row.steps:
            head["steps"] = row.steps
        for column, value in enumerate(row.values):
            codes[index, column] = _code(value, texts)
        amounts = row.sizes or row.values
        if any(isinstance(value, float) for value in amounts):
            head["at"] = len(numbers)
            numbers.append(np.array([v if isinstance(v, float) else np.nan for v in amounts], dtype="<f8"))
        heads.append(head)
    data = codes.tobytes()
    data += b"\0" * (-len(data) % 8)
    place = len(data)
    return {"id": name, "rows": heads, "texts": list(texts), "numbers": place}, b"".join(
        [data, *(each.tobytes() for each in numbers)]
    )


def _code(value: Any, texts: dict[str, int]) -> int:
    if value is None:
        return MISSING
    if isinstance(value, NotRecorded):
        return UNKNOWN
    return texts.setdefault(value, len(texts)) if isinstance(value, str) else NUMBER
