"""The question "preview": what is in one file of a run, as far as a reader wants to see it.

``{what: "preview", run, path}`` is the first sight; ``part`` asks for more of the same file. The answer has ``view`` (which drawing suits
it), ``size``, ``mime``, ``notes`` (what was cut, what is wrong), ``code`` (Python that loads it), and what that kind's module adds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.kinds import mime_of
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.names import check_artifact_path, is_run_id
from nbtrack.views.previews import binary, text
from nbtrack.views.previews.file import MB, Answer, File, size_text
from nbtrack.views.previews.loading import loading_code
from nbtrack.views.previews.sorts import is_records, sort_of

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore

MAX_SAVED = 64 * MB


def answer(store: TrackingStore, question: dict[str, Any]) -> Answer:
    """Answer a question for one file.

    Raises
    ------
    InvalidValueError
        The run id or the path is none, or `part` asks for something that cannot be.
    NotFoundError
        The run has no such file.
    """
    file = find(store, question.get("run"), question.get("path"))
    part = question.get("part") or {}
    if not isinstance(part, dict):
        message = f"The part {part!r} of a preview is no object; use one such as {{'offset': 200}}."
        raise InvalidValueError(message)
    if part.get("bytes"):
        return _bytes(file)
    sort = sort_of(file)
    if part:
        return _more(file, sort, part)
    facts, buffers = _first(file, sort)
    facts["notes"] = [note for note in facts.get("notes", []) if note]
    return _about(file) | facts, buffers


def find(store: TrackingStore, run_id: Any, path: Any) -> File:
    """Return the file of a run that a page names; the store's resolver is the only way to its bytes."""
    if not is_run_id(run_id):
        message = f"{run_id!r} is not a run id; pages name runs by their 32 hexadecimal digits."
        raise InvalidValueError(message)
    if not isinstance(path, str):
        message = f"Artifact path {path!r} is not a text; use one such as 'plots/loss.png'."
        raise InvalidValueError(message)
    checked = check_artifact_path(path)
    local = store.artifact_file(run_id, checked)
    kept = store.sql("SELECT mime FROM artifacts WHERE run_id = ? AND path = ?", [run_id, checked])
    mime = str(kept["mime"].iloc[0] or "") if len(kept) else ""
    file = File(store, run_id, checked, local, local.stat().st_size, mime)
    return file if mime else File(store, run_id, checked, local, file.size, mime_of(checked, file.head()))


def _about(file: File) -> dict[str, Any]:
    return {
        "run": file.run_id,
        "path": file.path,
        "name": file.name,
        "size": file.size,
        "mime": file.mime,
        "code": loading_code(file),
        "can_save": file.size <= MAX_SAVED,
    }


def _first(file: File, sort: str) -> Answer:
    """Return the first sight of a file; one that is malformed is shown as the text or bytes that it is."""
    if file.size == 0:
        return {"view": "empty", "notes": ["The file is empty."]}, []
    try:
        facts, buffers = _room(sort).preview(file, {})
    except Exception as problem:  # noqa: BLE001 - whatever a file makes a library raise, there is something to see
        if sort == "table" and is_records(file):
            return _first(file, "json")
        kind = "text" if text.is_text(file.head(4096)) else "binary"
        facts, buffers = (text if kind == "text" else binary).preview(file, {})
        reason = _reason(problem).replace(file.local.name, file.name)  # a digest says nothing to a reader
        note = f"This cannot be shown as {_WORDS.get(sort, sort)}: {reason}"
        return {"view": kind, **facts, "notes": [note, *facts.get("notes", [])]}, buffers
    return {"view": sort, **facts}, buffers


def _more(file: File, sort: str, part: dict[str, Any]) -> Answer:
    try:
        if is_records(file) and not part.keys().isdisjoint(_OF_TREE):
            sort = "json"
        room = text if part.get("as") == "text" else _room(sort)
        facts, buffers = room.preview(file, part)
    except NbtrackError:
        raise
    except Exception as problem:
        message = f"{file.path!r} cannot be read further: {_reason(problem)}"
        raise InvalidValueError(message) from problem
    return {"view": "text" if room is text else sort, **facts}, buffers


def _bytes(file: File) -> Answer:
    if file.size > MAX_SAVED:
        message = (
            f"{file.path!r} has {size_text(file.size)}; a page saves files up to {size_text(MAX_SAVED)}. "
            f"In Python: {loading_code(file).splitlines()[0]}"
        )
        raise InvalidValueError(message)
    return {"name": file.name, "mime": file.mime}, [file.head(MAX_SAVED)]


def _room(sort: str) -> Any:
    return import_module(f"nbtrack.views.previews.{_ROOMS.get(sort, sort)}")


def _reason(problem: BaseException) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply."
    if isinstance(problem, MemoryError):
        return "it needs too much memory."
    said = str(problem).strip().splitlines()
    first = said[0][:300] if said else type(problem).__name__
    return first if first.endswith((".", "…")) else f"{first}."


_ROOMS = {"audio": "media", "video": "media", "code": "text", "map": "geo", "json": "json_tree"}
_OF_TREE = ("at", "search")
"""What only the tree of a JSON file is asked for: records are a table at first, and a tree too."""
_WORDS = {
    "archive": "an archive",
    "array": "an array",
    "image": "an image",
    "json": "JSON",
    "map": "a map",
    "model": "a model",
    "notebook": "a notebook",
    "pdf": "a PDF",
    "pickle": "a pickle",
    "plotly": "a plotly figure",
    "table": "a table",
    "tensors": "tensors",
}
