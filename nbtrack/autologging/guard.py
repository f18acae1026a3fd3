"""What goes wrong while something is recorded stays here: it becomes one warning, and the training goes on."""

from __future__ import annotations

import re
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

_told: set[str] = set()
_here = threading.local()
_changing = threading.Lock()
_lists: list[list[Any]] = []
_n_quiet = 0


class Troubles:
    """What could not be recorded around one training; it is told when the training is done.

    Parameters
    ----------
    is_silent : bool
        Nobody wants to hear of it.
    """

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._found: list[str] = []

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Keep an error of what is done inside; in strict mode it is raised."""
        try:
            yield
        except Exception as error:  # it may come from the library, the model, the data, or the store
            if _is_strict():
                raise
            self.add(what, error)

    def add(self, what: str, error: Exception | str) -> None:
        """Note something that could not be recorded."""
        kind = "" if isinstance(error, (NbtrackError, str)) else f"{type(error).__name__}: "
        self._found.append(f"Autolog: {what} not recorded: {kind}{str(error)[:500]}")

    def tell(self) -> None:
        """Warn of what has not been told in this process."""
        found, self._found = self._found, []
        for text in found:
            key = re.sub(r"\b[0-9a-f]{32}\b|\d+|'[^']*'", "", text)  # the same trouble of the next run
            if not self._is_silent and key not in _told:
                _told.add(key)
                warn(text)


def _is_strict() -> bool:
    from nbtrack import config  # noqa: PLC0415 - `autolog()` itself loads little

    return config.is_strict()


def forget() -> None:
    """Tell again what has been told."""
    _told.clear()


# -- warnings ------------------------------------------------------------------------------------------------------------


class _OfQuietThreads:
    """Stands in a filter of ``warnings`` for the text of a message, and matches what a thread says while it only records."""

    def match(self, _: str) -> bool:
        """Say whether the thread that warns is quiet."""
        return getattr(_here, "depth", 0) > 0

    @property
    def pattern(self) -> str:
        """Return a regular expression for workers: scikit-learn hands its filters on to them, and a worker works for one who waits."""
        is_worker = threading.current_thread() is not threading.main_thread()
        return "(?s).*" if self.match("") or (is_worker and _n_quiet) else "(?!)"

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, (self.pattern,)


_FILTER = ("ignore", _OfQuietThreads(), Warning, None, 0)


@contextmanager
def quiet() -> Iterator[None]:
    """Let nobody hear what this thread warns of meanwhile: a model asked for its predictions once more would repeat itself.

    ``warnings.catch_warnings`` would do so for all threads, and would make Python forget what it has warned of.
    """
    global _n_quiet  # noqa: PLW0603
    with _changing:
        _n_quiet += 1
        filters: Any = warnings.filters  # a list, whatever its type says
        if not any(each is _FILTER for each in filters[:1]):
            filters.insert(0, _FILTER)
            _lists.append(filters)
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        yield
    finally:
        _here.depth -= 1
        with _changing:
            _n_quiet -= 1
            if not _n_quiet:
                now: Any = warnings.filters
                for each in (*_lists, now):
                    each[:] = [one for one in each if one is not _FILTER]
                _lists.clear()
