"""``/ready``: whether the server can do its work now, and which part of it cannot; ``/health`` says only that the process answers.

One look at a time, and what it found counts for a second: a probe costs the store little however often it comes, and a part that hangs
holds one thread and not one for each question.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from nbtrack.config import is_database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from nbtrack.artifacts.known_places import Places
    from nbtrack.store.served import ServedStore

logger = logging.getLogger("nbtrack.server")

WAIT_S = 3.0
FRESH_S = 1.0
OK = "ok"
SLOW, BROKEN = "does not answer", "does not work; the server's log says why"


class Readiness:
    """Looks at the parts that a server stands on.

    Parameters
    ----------
    parts : mapping
        Name of a part, such as ``store``, and what raises when it cannot be used.
    """

    def __init__(self, parts: Mapping[str, Callable[[], Any]]) -> None:
        self._parts = dict(parts)
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self._found: dict[str, str] = {}
        self._looked = float("-inf")
        self._lock: asyncio.Lock | None = None

    async def answer(self) -> Response:
        """Return 200, or 503, with what is known of each part; reasons, which may name files and hosts, go to the log."""
        found = await self.look()
        is_ready = all(said == OK for said in found.values())
        return JSONResponse({"ready": is_ready, "parts": found}, 200 if is_ready else 503)

    async def look(self) -> dict[str, str]:
        """Return what each part says: ``ok``, or what is wrong."""
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if time.monotonic() - self._looked >= FRESH_S:
                before = self._found
                self._found = await self._look()
                self._looked = time.monotonic()
                for part, said in self._found.items():
                    if said != before.get(part, OK):
                        logger.warning("Ready: %s %s.", part, said)
            return self._found

    async def _look(self) -> dict[str, str]:
        for part, check in self._parts.items():
            if part not in self._tasks:
                self._tasks[part] = asyncio.create_task(self._check(part, check))
        await asyncio.wait(self._tasks.values(), timeout=WAIT_S)
        done = {part: task for part, task in self._tasks.items() if task.done()}
        for part in done:
            del self._tasks[part]
        return {part: done[part].result() if part in done else SLOW for part in self._parts}

    @staticmethod
    async def _check(part: str, check: Callable[[], Any]) -> str:
        try:
            await run_in_threadpool(check)
        except Exception as error:  # noqa: BLE001 - whatever it is, the part cannot be used
            logger.warning("Ready: %s: %s: %s", part, type(error).__name__, error)
            return BROKEN
        return OK


def parts_of(store: ServedStore) -> dict[str, Callable[[], Any]]:
    """Return what a server stands on: its store, and where files are kept when that is elsewhere."""

    def look() -> None:
        store.check_writable()
        store.settings()

    found: dict[str, Callable[[], Any]] = {"database" if is_database(store.uri) else "store": look}
    places: Places | None = getattr(store.blobs, "places", None)
    if places is not None and places.all():
        found["artifacts"] = places.look
    return found
