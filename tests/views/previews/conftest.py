"""A run into which a test puts files, and the question that a page asks about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from nbtrack.views import questions
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Look(Protocol):
    """Keeps a file (when content is given) and looks into it."""

    store: Any
    run: str

    def __call__(self, path: str, content: bytes | str | Path | None = None, /, mime: str = "", **part: Any) -> Any:
        """Return the facts of the answer, its buffers under ``buffers``."""


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    store = quiet_store(tmp_path / "runs.duckdb")
    run = start(store)

    def ask(path: str, content: bytes | str | Path | None = None, /, mime: str = "", **part: Any) -> Any:
        if content is not None:
            source = content.encode() if isinstance(content, str) else content
            store.add_artifact(run, path, source, mime=mime or None)
        question = {
            "what": "preview",
            "run": run,
            "path": path,
            **({"part": {name.rstrip("_"): value for name, value in part.items()}} if part else {}),
        }
        facts, buffers = questions.answer(store, question)
        text = json.dumps(facts, allow_nan=False)  # whatever is in the file, the answer can travel
        assert str(tmp_path) not in text, "where a file is on this machine is nobody's business"
        return {**json.loads(text), "buffers": buffers}

    ask.store = store  # type: ignore[attr-defined]
    ask.run = run  # type: ignore[attr-defined]
    yield ask  # type: ignore[misc]
    store.close()
