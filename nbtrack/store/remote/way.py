"""What leads to where records go: a server, or a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.errors import RemoteError

if TYPE_CHECKING:
    from pathlib import Path


class TooLargeError(RemoteError):
    """What was sent is more than what stands between takes at once."""


class Way(Protocol):
    """Takes journals and files there, and brings answers; :class:`nbtrack.store.remote.connection.Connection` tells more of each."""

    url: str

    def about(self) -> dict[str, Any]:
        """Return ``version``, ``protocol`` and ``user``."""

    def call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask for a verb of the store."""

    def deliver(self, writer: str, data: bytes, *, after: int, lease_s: float) -> int:
        """Send lines of a journal and return the last record that is there."""

    def has_blob(self, sha256: str) -> bool:
        """Say whether a file is there."""

    def put_blob(self, sha256: str, path: Path) -> None:
        """Send a file."""

    def get_blob(self, sha256: str, path: Path) -> None:
        """Fetch a file."""

    @property
    def is_resting(self) -> bool:
        """Say whether there was no answer just now."""

    def wake(self) -> None:
        """Ask again, whether or not there was an answer just now."""

    def hurry(self, seconds: float) -> None:
        """Ask again, and wait for no answer longer than this."""

    def close(self) -> None:
        """Let go of what is open."""
