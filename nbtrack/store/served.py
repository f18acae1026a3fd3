"""What a server needs of the store that it stands before, be it in a file or in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.store.protocol import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from contextlib import AbstractContextManager

    from nbtrack.artifacts.placed import PlacedBlobs
    from nbtrack.store.local import LocalStore
    from nbtrack.store.others import Follower
    from nbtrack.store.protocol import Record
    from nbtrack.store.reader import Reader


class Marks(Protocol):
    """Tells whether anybody else has changed the store."""

    def mark(self) -> Hashable:
        """Return something that changes whenever another process has written to the store, or purged it."""

    def mark_of_models(self) -> Hashable:
        """Return something that changes whenever another process has changed a registered model or a setting."""


class Journals(Protocol):
    """Takes in the journals of other machines; :class:`nbtrack.store.receiving.Receiver` tells more."""

    def receive(self, writer: str, data: bytes, *, after: int, lease_s: float, user: str | None = ...) -> int:
        """Take in lines of one writer and return the sequence number of its last record here."""

    def last(self, writer: str) -> int:
        """Return the sequence number of the last record of a writer that is here, -1 when there is none."""


class ServedStore(Store, Protocol):
    """A store behind a server. What a method has written is safe when it returns; what it reads is what anybody was told before.

    Attributes
    ----------
    followers : list of Follower
        Who hears of what this process writes.
    """

    followers: list[Follower]

    def reading(self, *, is_fresh: bool = False) -> AbstractContextManager[Reader]:
        """Open a look at the store as it is this moment."""

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query as `sql` does and return plain values."""

    @property
    def blobs(self) -> PlacedBlobs:
        """Return its files."""

    @property
    def local(self) -> LocalStore:
        """Return what of it is on this machine: itself, or its copy as it was last seen."""

    @property
    def others(self) -> Marks:
        """Return who tells of other processes."""

    @property
    def journals(self) -> Journals:
        """Return who takes in the journals of other machines."""

    def log_together(
        self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]], records: Sequence[Record]
    ) -> None:
        """Write points of a run, each ``(t_us, step, values)``, and other records."""

    def check_writable(self) -> None:
        """Raise ``StoreError`` for a store that cannot be changed."""

    def verb(self, name: str) -> Callable[..., Any]:
        """Return what answers a verb that somebody elsewhere asks for; raises ``InvalidValueError`` for one that is not on the list."""
