"""What a run keeps of a notebook that it ran: the notebook with its outputs, and a page of it; secrets are taken out of both."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.tracking.named_secrets import MARK, is_secret_value
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = "notebook"


def clean(notebook: Any, given: Mapping[str, Any]) -> Any:
    """Return a copy of a notebook without the secrets in its sources and outputs, those among the `given` values included."""
    secrets = [value for name, value in given.items() if isinstance(value, str) and is_secret_value(name, value)]

    def without(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, MARK)
        return redact(text)

    made = copy.deepcopy(notebook)
    for cell in made.cells:
        cell.source = without(cell.source)
        for output in cell.get("outputs", ()):
            _clean_output(output, without)
    return made


def as_ipynb(notebook: Any) -> bytes:
    """Return the notebook as a file."""
    nbformat = require("nbformat", "to run notebooks", extra="notebooks")
    text: str = nbformat.writes(notebook)
    return text.encode("utf-8", "surrogatepass")


def as_html(notebook: Any, title: str) -> bytes:
    """Return the notebook as a page."""
    nbconvert = require("nbconvert", "to keep notebooks as pages", extra="notebooks")
    exporter = nbconvert.HTMLExporter()
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    return bytes(page.encode("utf-8", "replace"))


def _clean_output(output: Any, without: Callable[[str], str]) -> None:
    for key in ("text", "evalue"):
        if isinstance(output.get(key), str):
            output[key] = without(output[key])
    if "traceback" in output:
        output["traceback"] = [without(line) for line in output["traceback"]]
    data = output.get("data", {})
    for mime, value in data.items():
        if isinstance(value, str) and not mime.startswith(("image/png", "image/jpeg", "image/gif", "audio/", "video/")):
            data[mime] = without(value)
