"""Follows a run on a server: every point once, in bulk at each look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.journal.follow import GapError, News

if TYPE_CHECKING:
    from collections.abc import Callable


class FollowerThere:
    """The records of one run that come after `cut`.

    Parameters
    ----------
    ask : callable
        Asks the server for a verb.
    run_id : str
    cut : dict
        Last sequence number that is known already, by writer.
    """

    def __init__(self, ask: Callable[..., Any], run_id: str, cut: dict[str, int]) -> None:
        self._ask = ask
        self._run_id = run_id
        self._cut = cut

    def news(self) -> News:
        """Return what came since the last look; raises :class:`GapError`."""
        found = self._ask("news", self._run_id, self._cut)
        if found is None:
            raise GapError
        self._cut, points, has_other = found
        return News(points, has_other)

    def close(self) -> None:
        """Nothing is open here."""
