"""``MLmodel`` files: flavors, signature and what must be installed."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip
from nbtrack.views.previews.text import PIECE, decode

MAX_FLAVORS = 30
MAX_FACTS = 40
MAX_FIELDS = 500
MAX_REQUIREMENTS = 300


def preview(file: File, _: Part) -> Answer:
    """Return ``{facts, flavors, signature: {inputs, outputs, params}, requirements, text}``."""
    text = decode(file.whole(MB, "The model view"))[0]
    model = _yaml(text)
    if not isinstance(model, dict) or not isinstance(model.get("flavors"), dict):
        message = "it has no flavors."
        raise UnreadableError(message)
    flavors = [
        {"name": clip(name, 100), "facts": _facts(facts)}
        for name, facts in list(model["flavors"].items())[:MAX_FLAVORS]
    ]
    signature = model.get("signature")
    return {
        "facts": _facts({key: value for key, value in model.items() if key not in ("flavors", "signature")}),
        "flavors": flavors,
        "signature": {part: _schema(signature.get(part)) for part in ("inputs", "outputs", "params")}
        if isinstance(signature, dict)
        else None,
        "requirements": _requirements(file),
        "text": clip(text, PIECE),
        "notes": [],
    }, []


def _yaml(text: str) -> Any:
    try:
        yaml = import_module("yaml")
    except ImportError as cause:
        message = "pyyaml is needed to take it apart: pip install pyyaml."
        raise UnreadableError(message) from cause
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as cause:
        message = clip(" ".join(str(cause).split()), 200)
        raise UnreadableError(message) from cause


def _facts(mapping: Any) -> list[list[str]]:
    """Return pairs of name and value; a value that is a mapping itself is written in one line."""
    if not isinstance(mapping, dict):
        return []
    return [[clip(key, 100), _line(value)] for key, value in list(mapping.items())[:MAX_FACTS] if value is not None]


def _line(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return clip(value, 300)
    # aliases of YAML can make a short text huge: only the outermost items are written
    if isinstance(value, dict):
        return clip(", ".join(f"{key}: {_leaf(item)}" for key, item in list(value.items())[:20]), 300)
    if isinstance(value, list):
        return clip(", ".join(_leaf(item) for item in value[:20]), 300)
    return clip(value, 300)


def _leaf(value: Any) -> str:
    return "…" if isinstance(value, (dict, list)) else clip(value, 100)


def _schema(text: Any) -> list[dict[str, str]] | None:
    """Return the fields of one side of a signature as ``{name, type, required}``."""
    if not isinstance(text, str):
        return None
    fields = json.loads(text)
    if not isinstance(fields, list):
        message = "its signature is no list."
        raise UnreadableError(message)
    return [_field(field) for field in fields[:MAX_FIELDS] if isinstance(field, dict)]


def _field(field: dict[str, Any]) -> dict[str, str]:
    kind = field.get("type", "")
    tensor = field.get("tensor-spec")
    if isinstance(tensor, dict):
        kind = f"{tensor.get('dtype')} {tuple(tensor.get('shape') or ())}"
    elif isinstance(kind, dict):
        kind = _line(kind)
    shown = {"name": clip(field.get("name", ""), 200), "type": clip(kind, 200)}
    if "required" in field:
        shown["required"] = "required" if field["required"] else "optional"
    if "default" in field:
        shown["required"] = f"default {clip(field['default'], 60)}"
    return shown


def _requirements(file: File) -> list[str]:
    """Return the lines of the ``requirements.txt`` beside the model."""
    for info in file.siblings():
        if info.path.rpartition("/")[2] == "requirements.txt" and (info.file_size or 0) < MB:
            with file.store.artifact_file(file.run_id, info.path).open("rb") as source:
                lines = decode(source.read(MB))[0].splitlines()
            return [clip(line.strip(), 200) for line in lines if line.strip()][:MAX_REQUIREMENTS]
    return []
