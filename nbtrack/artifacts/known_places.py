"""The places of one store: which it writes to, and all that it reads from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock

from nbtrack import config
from nbtrack.artifacts.naming import full_uri, place_at
from nbtrack.errors import NotFoundError, RemoteError

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.artifacts.places import Kept, Place

FILE, LOCK = "places", "places.lock"


class Memory(Protocol):
    """What a store remembers of its places: their URIs, never a credential or an endpoint."""

    def uris(self) -> tuple[str, ...]:
        """Return them; files are written to the first one."""

    def name(self, text: str, *, unless_known: bool = False) -> str:
        """Let a place be the first one from now on, and return its URI; `unless_known`: or the one that there is already."""

    def look_again(self) -> bool:
        """Ask what others have named meanwhile, and say whether that is anything new."""


class PlacesFile:
    """The file ``places`` in a store's folder: a URI a line.

    Parameters
    ----------
    folder : Path
        ``X.nbtrack``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[object, tuple[str, ...]] = (None, ())

    def uris(self) -> tuple[str, ...]:
        """Return them; the file is only read when it has changed."""
        try:
            state = os.stat(self._folder / FILE)  # noqa: PTH116 - asked before every file that is put
        except OSError:
            return ()
        mark = state.st_mtime_ns, state.st_size, state.st_ino
        if mark != self._read[0]:
            lines = (self._folder / FILE).read_text(encoding="utf-8").splitlines()
            self._read = mark, tuple(line.strip() for line in lines if line.strip())
        return self._read[1]

    def name(self, text: str, *, unless_known: bool = False) -> str:
        """Let a place be the first one from now on, and return its URI; see :class:`Memory`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._folder / LOCK, mode=0o600):
            known = self.uris()
            if known and unless_known:
                return known[0]
            uri = full_uri(text, known)
            if known[:1] != (uri,):
                new = self._folder / f"{FILE}.new"
                rest = [each for each in known if each != uri]
                new.write_text("".join(f"{each}\n" for each in [uri, *rest]), encoding="utf-8")
                new.replace(self._folder / FILE)
        return uri

    def look_again(self) -> bool:
        """Return False: it is looked at each time."""
        return False


class Places:
    """The places of a store.

    Parameters
    ----------
    memory : Memory
    last : Place, optional
        Where files are when no place was named, and which is always read.
    """

    def __init__(self, memory: Memory, last: Place | None = None) -> None:
        self._memory = memory
        self._last = last
        self._open: dict[str, Place] = {}

    def all(self) -> list[Place]:
        """Return the places that were named, the one that is written to first."""
        return [self._at(uri) for uri in self._memory.uris()]

    def look(self) -> None:
        """Raise when one of them does not answer."""
        for place in self.all():
            place.look()

    def named(self) -> bool:
        """Say whether there is a place, or will be one with the first file."""
        return bool(self._memory.uris() or config.artifacts_place() or self._last)

    def first(self) -> Place | None:
        """Return the place that is written to; that of NBTRACK_ARTIFACTS becomes it when the store has none."""
        uris = self._memory.uris()
        if uris:
            return self._at(uris[0])
        named = config.artifacts_place()
        return self._name(named, unless_known=True) if named else self._last

    def name(self, text: str) -> Place:
        """Let a place be the one that is written to, from now on and for everybody; it is tried first.

        Raises
        ------
        InvalidValueError
            It is no place.
        MissingPackageError, RemoteError, NotFoundError
            It cannot be written.
        """
        return self._name(text, unless_known=False)

    def _name(self, text: str, *, unless_known: bool) -> Place:
        uri = full_uri(text, self._memory.uris())
        self._at(uri).prepare()
        return self._at(self._memory.name(uri, unless_known=unless_known))

    def find(self, sha256: str) -> tuple[Place, Kept]:
        """Return a place that has a content; raises ``NotFoundError``, or ``RemoteError`` when one that may have it does not answer."""
        found = self._found(sha256)
        if found is None and self._memory.look_again():
            found = self._found(sha256)
        if found is None:
            shown = [place.shown for place in self.all()]
            raise NotFoundError("Content", sha256, where=" and ".join(shown) or "this store's blobs folder")
        return found

    def sweep(self, referenced: set[str], older_than_s: float) -> int:
        """Delete contents that nothing refers to, and return their bytes; younger ones stay."""
        freed = 0
        for place in self.all():
            waste = [kept for kept in place.list() if kept.sha256 not in referenced and kept.age_s > older_than_s]
            place.delete([kept.sha256 for kept in waste])
            freed += sum(kept.size for kept in waste)
        return freed

    def _found(self, sha256: str) -> tuple[Place, Kept] | None:
        problem: RemoteError | NotFoundError | None = None
        for place in [*self.all(), *([] if self._last is None else [self._last])]:
            try:
                kept = place.about(sha256)
            except (RemoteError, NotFoundError) as error:
                problem = problem or error
            else:
                if kept is not None:
                    return place, kept
        if problem is not None:
            raise problem
        return None

    def _at(self, uri: str) -> Place:
        if (
            uri not in self._open
        ):  # made twice by two threads, it is none the worse; a lock might be held when a process forks
            self._open.setdefault(uri, place_at(uri))
        return self._open[uri]
