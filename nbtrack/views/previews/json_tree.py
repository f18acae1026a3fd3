"""JSON as a tree: small documents travel whole, large ones branch by branch."""

from __future__ import annotations

import json
import threading
from typing import Any, cast

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip, whole_number
from nbtrack.views.previews.text import decode

MAX_WHOLE = 400_000
MAX_BYTES = 32 * MB
PAGE = 200
MAX_TEXT = 2000
MAX_HITS = 200
MAX_VISITED = 3_000_000
MAX_DEPTH = 500
MAX_EXACT = 2**53

_last: dict[str, Any] = {}
"""The document that was looked at last: branches of one file are opened one after the other."""
_lock = threading.Lock()


def preview(file: File, part: Part) -> Answer:
    """Return ``{text}`` of a small document, or ``{node}`` of a large one.

    ``part`` is ``{"at": [key or index, …], "from": n}`` for more of a branch, or ``{"search": text}`` for the paths of keys and values that
    have it. A node is ``{type, size, children: [{key, type, size, value}, …], from}``.
    """
    document = _document(file)
    if isinstance(part.get("search"), str):
        return _search(document, str(part["search"])), []
    if not part and file.size <= MAX_WHOLE:
        return {"text": decode(file.head(MAX_WHOLE))[0], "notes": []}, []
    at = part.get("at") or []
    return {"node": branch(_walk(document, at), whole_number(part, "from", 0, 0, 10**9)), "notes": []}, []


def branch(value: Any, start: int) -> dict[str, Any]:
    """Return one value with at most 200 of its children."""
    facts: dict[str, Any] = {**_facts(value), "from": start}
    if isinstance(value, dict):
        keys = list(value)[start : start + PAGE]
        facts["children"] = [{"key": clip(key, MAX_TEXT), **_facts(value[key])} for key in keys]
    elif isinstance(value, list):
        items = value[start : start + PAGE]
        facts["children"] = [{"key": start + index, **_facts(item)} for index, item in enumerate(items)]
    return facts


def _facts(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "object", "size": len(value)}
    if isinstance(value, list):
        return {"type": "array", "size": len(value)}
    if isinstance(value, str):
        return {"type": "string", "value": clip(value, MAX_TEXT)}
    if value is None or isinstance(value, bool):
        return {"type": "null" if value is None else "boolean", "value": value}
    is_exact = value - value == 0 and abs(value) <= MAX_EXACT
    return {"type": "number", "value": value if is_exact else str(value)}


def _walk(document: Any, at: Any) -> Any:
    value = document
    if not isinstance(at, list):
        message = f"the place {at!r} is no list of keys and indices."
        raise UnreadableError(message)
    for step in at:
        if not isinstance(value, (dict, list)) or not isinstance(step, str if isinstance(value, dict) else int):
            message = f"there is nothing at {step!r}."
            raise UnreadableError(message)
        value = cast("Any", value)[step]
    return value


def _search(document: Any, text: str) -> dict[str, Any]:
    """Return the paths whose key or value has `text`, whatever its case; breadth first, so that near ones come first."""
    wanted = text.lower()
    hits: list[list[str | int]] = []
    level: list[tuple[list[str | int], Any]] = [([], document)]
    visited = 0
    while level and len(hits) < MAX_HITS and visited < MAX_VISITED:
        below: list[tuple[list[str | int], Any]] = []
        for path, value in level:
            pairs: Any = value.items() if isinstance(value, dict) else enumerate(value)
            for key, child in pairs:
                visited += 1
                is_branch = isinstance(child, (dict, list))
                place = [*path, key] if is_branch or _has(key, child, wanted) else path
                if _has(key, child, wanted):
                    hits.append(place)
                if is_branch and len(path) < MAX_DEPTH:
                    below.append((place, child))
        level = below
    return {"hits": hits[:MAX_HITS], "is_cut": len(hits) >= MAX_HITS or visited >= MAX_VISITED}


def _has(key: Any, child: Any, wanted: str) -> bool:
    return (isinstance(key, str) and wanted in key.lower()) or (
        not isinstance(child, (dict, list)) and wanted in str(child).lower()
    )


def _document(file: File) -> Any:
    key = f"{file.local}:{file.size}"
    with _lock:
        if _last.get("key") == key:
            return _last["document"]
        document = json.loads(decode(file.whole(MAX_BYTES, "The JSON view"))[0])
        if not isinstance(document, (dict, list)):
            message = "it is a single value."
            raise UnreadableError(message)
        _last.update(key=key, document=document)
        return document
