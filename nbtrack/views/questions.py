"""The named questions that a page may ask, whichever host it stands in.

A question is a small JSON object with its name under ``what``; the answer is a JSON object and binary buffers. No question carries SQL or
a path of the file system: runs are named by id, artifacts by their path inside a run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.protocol import TrackingStore

Answer = tuple[dict[str, Any], list[bytes]]

ROOMS = {
    "artifacts": "artifacts",
    "compare": "compare",
    "compare_file": "compare",
    "compare_sentence": "compare",
    "compare_table": "compare",
    "curves": "curves",
    "importance": "importance",
    "live": "live",
    "model": "registered",
    "model-move": "registered",
    "model-version": "registered",
    "models": "registered",
    "preview": "previews.question",
    "run-models": "registered",
    "run-sql": "run_sql",
    "saved-views": "saved",
    "sparks": "sparks",
    "stale": "stale",
}
"""Module of this package that answers each question."""


def answer(store: TrackingStore, question: dict[str, Any]) -> Answer:
    """Answer one question of a page.

    Parameters
    ----------
    store : TrackingStore
    question : dict
        ``what`` names the question; the rest is described in the module that answers it.

    Raises
    ------
    InvalidValueError
        There is no such question, or something in it cannot be used.
    """
    what = str(question.get("what"))
    if what not in ROOMS:
        message = f"The question {what!r} is not known; pages ask {', '.join(sorted(ROOMS))}."
        raise InvalidValueError(message)
    room = import_module(f"nbtrack.views.{ROOMS[what]}")
    return cast("Callable[[TrackingStore, dict[str, Any]], Answer]", room.answer)(store, question)
