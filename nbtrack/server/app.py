"""The routes of ``nbtrack ui``."""

from __future__ import annotations

import hashlib
import html
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from nbtrack.errors import InvalidValueError
from nbtrack.server.security import NO_TOKEN, OPENING, Guard, Lock
from nbtrack.server.session import Sessions
from nbtrack.views.bundle import bundle, ids_of, page_script, page_style
from nbtrack.views.saved import VIEW_TRAITS
from nbtrack.wire import safe_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from nbtrack.store.served import ServedStore

MAX_MESSAGE = 2_000_000
"""Bytes of a message: a brush over many runs has thousands."""
AT_ONCE = ("board", "parallel", "curves")
LATER = ("artifacts", "compare", "live", "registry")
"""Views of the front end: those of the first tab, and those that the page fetches when somebody opens theirs."""
BINARY = "application/octet-stream"
TEXT = "text/javascript; charset=utf-8"


class Pages:
    """The routes, over one store."""

    def __init__(self, store: ServedStore, lock: Lock) -> None:
        self.store = store
        self.lock = lock
        self.sessions = Sessions(store)
        script = page_script("ui", *AT_ONCE)
        self.script_path = f"/page-{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
        self.code = {f"/{ids_of(name)[-1]}.js": bundle(name, without=("ui", *AT_ONCE)).decode() for name in LATER}
        self.code[self.script_path] = script

    def app(self, *, is_guarded: bool = True) -> Starlette:
        """Return the application; without its own guard where a gate stands before all routes and knows who asks."""
        routes = [
            Route(OPENING, self.open, methods=["GET"]),
            Route("/", self.page, methods=["GET"]),
            *(Route(path, self.script, methods=["GET"]) for path in self.code),
            Route("/api/stream", self.stream, methods=["GET"]),
            Route("/api/message", self.message, methods=["POST"]),
        ]
        guards = [Middleware(Guard, lock=self.lock)] if is_guarded else []
        return Starlette(routes=routes if is_guarded else routes[1:], middleware=guards)

    async def open(self, request: Request) -> Response:
        """Take the token out of the address: it is in the cookie from now on, and in no log, history or referrer."""
        if not self.lock.fits(request.query_params.get("token", "")):
            return PlainTextResponse(NO_TOKEN, 403)
        response = RedirectResponse("/", 303)
        response.set_cookie(self.lock.cookie, self.lock.token, httponly=True, samesite="lax", path="/")
        return response

    async def page(self, request: Request) -> Response:
        """Return the page; all that it shows comes over the stream."""
        name = self.store.title
        state = {"_host": "ui", "_view_traits": VIEW_TRAITS}
        code = {name: f"./{ids_of(name)[-1]}.js" for name in LATER}  # below whatever path a proxy shows it at
        user = request.scope.get("state", {}).get("user")
        where = name if user else self.store.uri  # others need not know the folders of this machine
        about: dict[str, Any] = {"kind": "ui", "title": name, "store": where, "state": state, "code": code}
        facts = safe_json(about | ({"user": user} if user else {}))
        return HTMLResponse(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
            f"<title>{html.escape(name)} · nbtrack</title><style>{page_style()}</style></head>"
            '<body class="nbt-page nbt-page-ui"><main id="nbt-stage"><noscript>This page needs scripts.</noscript></main>'
            f'<script type="application/json" id="nbt-page">{facts}</script>'
            f'<script type="module" src=".{self.script_path}"></script></body></html>'
        )

    async def script(self, request: Request) -> Response:
        """Return the front end, or a part that the page came to need."""
        return Response(self.code[request.url.path], media_type=TEXT)

    async def stream(self, request: Request) -> Response:
        """Open a session and send it what changes, for as long as the page is there."""
        state = request.scope.get("state", {})
        try:
            session = self.sessions.open(state.get("store"), state.get("access"))
        except InvalidValueError as error:
            return PlainTextResponse(f"{error}\n", 503)

        async def frames() -> AsyncIterator[bytes]:
            try:
                async for each in session.frames():
                    yield each
            finally:
                self.sessions.close(session)

        return StreamingResponse(frames(), media_type=BINARY)

    async def message(self, request: Request) -> Response:
        """Answer ``{session, content}`` with one parcel."""
        body = await _body(request)
        if body is None:
            return PlainTextResponse(f"A message has at most {MAX_MESSAGE:,} bytes.\n", 413)
        try:
            said: Any = json.loads(body)
        except ValueError:
            return PlainTextResponse("The message is no JSON.\n", 400)
        if not isinstance(said, dict):
            return PlainTextResponse("The message is no JSON object.\n", 400)
        session = self.sessions.get(said.get("session"))
        if session is None or session.owner != request.scope.get("state", {}).get("access"):
            return PlainTextResponse("This page's stream has ended; it will open another.\n", 410)
        return Response(await run_in_threadpool(session.answer, said.get("content")), media_type=BINARY)


async def _body(request: Request) -> bytes | None:
    """Return what was sent; None as soon as it is too much."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_MESSAGE:
            return None
    return bytes(body)
