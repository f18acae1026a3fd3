"""One open page of the web interface: its runs and models, kept up to date, the run that it follows, and what it asks."""

from __future__ import annotations

import asyncio
import secrets
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.names import is_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.views import live, questions, registered
from nbtrack.views.edits import edit
from nbtrack.views.live_feed import LiveFeed
from nbtrack.views.live_runs import LiveRuns
from nbtrack.views.model_edits import edit_model
from nbtrack.views.watcher import watch
from nbtrack.wire.parcel import parcel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nbtrack.store.served import ServedStore

MAX_RUNS = 100_000
MAX_SESSIONS = 100
HEARTBEAT_S = 10.0
RETRY_S = 1.0
READ_AT_ONCE = 2
"""Pages for which the store is read at the same time; the others wait their turn, and leave threads to requests."""
LIVE_S = 0.25
"""Between two looks at the run that a page follows."""
HEARTBEAT = struct.pack("<I", 0)
"""An empty frame: how the server learns that a page is gone, and the page that the server is there."""


def frame(content: Any, buffers: list[bytes] | None = None) -> bytes:
    """Return a parcel with its length before it, as the stream carries them."""
    data = parcel(content, buffers or [])
    return struct.pack("<I", len(data)) + data


class Session:
    """What one page shows."""

    def __init__(self, store: ServedStore, owner: Any = None, turns: CapacityLimiter | None = None) -> None:
        self._turns = turns
        self.id = secrets.token_urlsafe(12)
        self.owner = owner
        self.store = store
        query = RunQuery(view=ViewType.ALL, order_by=("start_time DESC",), max_results=MAX_RUNS)
        self.runs = LiveRuns(store, query, store.title)
        self._loop = asyncio.get_running_loop()
        self._stirred = asyncio.Event()
        self._is_stale = True
        self._wants_whole = True
        self._feed: LiveFeed | None = None
        self._wants_feed = False
        self._shows_models = False
        self._models: bytes | None = None
        self.is_closing = False

    def store_changed(self) -> None:
        """Hear from the watcher's thread that there is something to read."""
        self._is_stale = True
        self._stir()

    def close(self) -> None:
        """End the stream."""
        self.is_closing = True
        if self._feed is not None:
            self._feed.close()
        self._stir()

    def _has_ended(self) -> bool:
        return self.is_closing

    def _stir(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stirred.set)

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield what the page must hear: its id, all runs, then what changed; changes that come meanwhile travel together."""
        yield frame({"method": "hello", "session": self.id})
        watch(self.store).add(self)
        said = time.monotonic()
        try:
            self._stirred.set()
            while not self.is_closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stirred.wait(), self._pause())
                self._stirred.clear()
                try:
                    found = await to_thread.run_sync(self._read, limiter=self._turns, abandon_on_cancel=True)
                except Exception:  # noqa: BLE001 - the page keeps what it shows; the next beat tries again
                    self._wants_whole = self._is_stale = True
                    self._loop.call_later(RETRY_S, self._stirred.set)
                    continue
                for content, blob in () if self._has_ended() else found:
                    yield frame({"method": "custom", "content": content}, [blob])
                if not found and time.monotonic() - said < HEARTBEAT_S:
                    continue
                if not found:
                    yield HEARTBEAT
                said = time.monotonic()
        finally:
            watch(self.store).remove(self)

    def _pause(self) -> float:
        """Return how long nothing may be looked at: a run that goes on is, whether or not the watcher has seen anything."""
        is_followed = self._feed is not None and self._feed.is_running
        return LIVE_S if is_followed else HEARTBEAT_S

    def _read(self) -> list[tuple[dict[str, Any], bytes]]:
        """Return what the page has not seen yet, as messages with their blobs."""
        if self.is_closing:
            return []
        found: list[tuple[dict[str, Any], bytes | None]] = []
        is_stale, self._is_stale = self._is_stale, False
        if self._wants_whole:
            found.append(({"kind": "data"}, self.runs.whole()))
            self._wants_whole = False
        elif is_stale:
            found.append(({"kind": "data"}, self.runs.changes()))
        if self._feed is not None:
            found.append(({"kind": "data", "run": self._feed.run_id}, self._news(self._feed)))
        if self._shows_models and (is_stale or self._models is None):
            found.append(({"kind": "data", "models": True}, self._changed_models()))
        return [(content, blob) for content, blob in found if blob is not None]

    def _news(self, feed: LiveFeed) -> bytes | None:
        wants_all, self._wants_feed = self._wants_feed, False
        try:
            return feed.whole() if wants_all else feed.changes()
        except NotFoundError:  # purged meanwhile
            self._feed = None
            return None
        except Exception:
            self._wants_feed = self._wants_feed or wants_all
            raise

    def _changed_models(self) -> bytes | None:
        """Return all registered models in brief when they are not as the page knows them: every change of one sets a time there."""
        found = registered.state(registered.overview(self.store))
        if found == self._models:
            return None
        self._models = found
        return found

    def answer(self, message: Any) -> bytes:
        """Answer a message of the page; whatever goes wrong becomes the answer's text."""
        reply: dict[str, Any] = {"kind": "answer", "ok": True}
        buffers: list[bytes] = []
        try:
            if not isinstance(message, dict):
                problem = f"A message is a JSON object; received {type(message).__name__}."
                raise InvalidValueError(problem)  # noqa: TRY301 - told like any other
            reply["id"] = message.get("id")
            facts, buffers = self._answer(message)
            reply |= facts
        except Exception as error:  # noqa: BLE001 - the page must hear of it
            told = str(error) if isinstance(error, NbtrackError) else f"{type(error).__name__}: {error}"
            reply |= {"ok": False, "error": told}
        return parcel(reply, buffers)

    def _answer(self, message: dict[str, Any]) -> questions.Answer:
        kind = message.get("kind")
        if kind == "ask":
            if message.get("what") == "stale" and self.owner is not None:  # a server's files are not the asker's
                return {"runs": {}}, []
            return questions.answer(self.store, message)
        if kind == "edit":
            self._edit(message)
            return {}, []
        if kind == "order":
            live.order(self.store, message, self.store.get_run(_run_id(message)))
            return {"do": message.get("do")}, []
        if kind == "need":
            self._need(message)
            return {}, []
        problem = f"A message of kind {kind!r} is not known; pages send 'ask', 'edit', 'need' and 'order'."
        raise InvalidValueError(problem)

    def _edit(self, message: dict[str, Any]) -> None:
        """Change runs or a registered model; every page of the store hears of it."""
        if message.get("op") == "registry":
            edit_model(self.store, message)
        else:
            found = self.runs.found
            edit(self.store, message, known=set() if found is None else set(found.attributes["run_id"]))
        watch(self.store).look_now()

    def _need(self, message: dict[str, Any]) -> None:
        """Send one run, all models or all runs, and what changes of them from then on."""
        if "run" in message:
            self._follow(_run_id(message))
        elif message.get("models"):
            self._shows_models, self._models = True, None
        else:
            self._wants_whole = self._wants_whole or bool(message.get("data"))
        self._stir()

    def _follow(self, run_id: str) -> None:
        """Send one run whole, then what is new of it; a page follows one run at a time."""
        before = self._feed
        if before is None or before.run_id != run_id:
            self._feed = LiveFeed(self.store, run_id)
            if before is not None:
                before.close()
        self._wants_feed = True


def _run_id(message: dict[str, Any]) -> str:
    run_id = message.get("run")
    if not is_run_id(run_id):
        problem = f"A run is named by its 32 hexadecimal digits; received {str(run_id)[:80]!r}."
        raise InvalidValueError(problem)
    return str(run_id)


class Sessions:
    """The open pages of one server."""

    def __init__(self, store: ServedStore) -> None:
        self.store = store
        self._open: dict[str, Session] = {}
        self._turns = CapacityLimiter(READ_AT_ONCE)

    def open(self, store: ServedStore | None = None, owner: Any = None) -> Session:
        """Return a new session over the store, or what of it somebody may see; raise when there are too many."""
        if len(self._open) >= MAX_SESSIONS:
            problem = f"{MAX_SESSIONS} pages are open; close some."
            raise InvalidValueError(problem)
        session = Session(store or self.store, owner, self._turns)
        self._open[session.id] = session
        return session

    def get(self, session_id: Any) -> Session | None:
        """Return an open session; None when it is gone."""
        return self._open.get(session_id) if isinstance(session_id, str) else None

    def close(self, session: Session) -> None:
        """Forget a page that went away."""
        session.close()
        self._open.pop(session.id, None)

    def close_all(self) -> None:
        """End every stream: the server is going."""
        for session in list(self._open.values()):
            self.close(session)
