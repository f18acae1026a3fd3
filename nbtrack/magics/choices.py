"""Which captured names somebody does not want, remembered per notebook: ``%track ignore lr``, ``%track keep``."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.tracking.environment import notebook_path

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TOLD = 4


class Choices:
    """What was said of the names of one notebook.

    Parameters
    ----------
    notebook : str
        Its file; without one, nothing outlives the session.

    Attributes
    ----------
    ignored : set of str
        Names that are never recorded: as params, data, kept variables or watched values.
    is_asked : bool
        Whether the question was put once.
    """

    def __init__(self, notebook: str = "") -> None:
        self.notebook = notebook
        self.ignored: set[str] = set()
        self.is_asked = not notebook
        with suppress(OSError, ValueError, TypeError, KeyError):
            page = json.loads(self._path.read_text(encoding="utf-8")) if notebook else {}
            self.ignored = set(map(str, page.get("ignored", ())))
            self.is_asked |= bool(page.get("asked"))

    @property
    def _path(self) -> Path:
        name = hashlib.sha256(str(Path(self.notebook).absolute()).encode("utf-8", "replace")).hexdigest()[:24]
        return Path.home() / ".nbtrack" / "notebooks" / f"{name}.json"

    def ignore(self, names: Iterable[str]) -> None:
        """Never record these names again."""
        self.ignored |= set(names)
        self._save()

    def keep(self, names: Iterable[str] = ()) -> None:
        """Record these names again."""
        self.ignored -= set(names)
        self._save()

    def question(self, names: Iterable[str], cell: int | None) -> str:
        """Return what is asked about captured names, once a notebook; "" from then on."""
        listed = list(names)
        if self.is_asked or not listed:
            return ""
        self._save()
        more = f" and {len(listed) - MOST_TOLD} more" if len(listed) > MOST_TOLD else ""
        where = "" if cell is None else f" from cell {cell}"
        return f"captured {', '.join(listed[:MOST_TOLD])}{more}{where}: keep, or %track ignore {listed[0]}"

    def _save(self) -> None:
        self.is_asked = True
        if not self.notebook:
            return
        page = {"notebook": str(Path(self.notebook).absolute()), "asked": True, "ignored": sorted(self.ignored)}
        with suppress(OSError):  # a home that cannot be written: then it holds for this session
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.write_text(json.dumps(page), encoding="utf-8")


_current: Choices | None = None


def choices() -> Choices:
    """Return the choices for the notebook that runs here."""
    global _current  # noqa: PLW0603
    notebook = notebook_path()
    if _current is None or _current.notebook != notebook:
        _current = Choices(notebook)
    return _current


def forget_session() -> None:
    """Read the choices again when they are asked for next."""
    global _current  # noqa: PLW0603
    _current = None


def ignore(words: list[str]) -> str:
    """``%track ignore [NAME …]``."""
    if words:
        choices().ignore(word.strip(",") for word in words)
    ignored = ", ".join(sorted(choices().ignored))
    return (
        f"not recorded from now on: {ignored or 'nothing is ignored'}" if words else f"ignored: {ignored or 'nothing'}"
    )


def keep(words: list[str]) -> str:
    """``%track keep [NAME …]``: record names again; without one, all that is not ignored stays as it is."""
    choices().keep(word.strip(",") for word in words)
    return f"recorded again: {', '.join(words)}" if words else "captured names are kept"
