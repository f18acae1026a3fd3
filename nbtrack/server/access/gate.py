"""The one middleware before all routes of a team server.

In this order: how many are asked for at once, which host is named, which page asks, how large the body is, who it is, whether there is
such a route, and which role it needs. A route that ``rules.py`` does not know is answered here: nobody reaches it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from nbtrack.errors import NbtrackError
from nbtrack.journal.acting import acting, limited
from nbtrack.server.access import hosts
from nbtrack.server.access.bodies import MAX_AT_ONCE, MAX_KEPT, Body, Load, StopError
from nbtrack.server.access.calls import OFTEN
from nbtrack.server.access.door import Door
from nbtrack.server.access.keys import WaitError
from nbtrack.server.access.refusals import BAD_TOKEN, GONE, UNNAMED, refusal
from nbtrack.server.access.roles import NOBODY, Role, User
from nbtrack.server.access.rules import DOOR, SIGN_IN_BACK, is_path, rule_of
from nbtrack.server.access.scoped import Scoped
from nbtrack.server.access.welcome import Welcome
from nbtrack.server.security import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nbtrack.server.access.audit import Audit
    from nbtrack.server.access.keys import Keys
    from nbtrack.server.access.rules import Rule

ASK_AGAIN_S = 5
OWN = ("content-security-policy", "referrer-policy")
"""What an answer may say for itself."""
REFUSED_S, OFTEN_S = 10.0, 600.0
"""How long what is refused, and what programs do all the time, stands in one line of the audit log."""
STREAM = "/api/stream"
"""Streams of pages have a limit of their own, and are not counted among the requests."""
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
DOCS_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "img-src data:; connect-src 'self'; frame-ancestors 'none'"
)


@dataclass
class _Said:
    """What was answered."""

    status: int = 0


class Gate:
    """The middleware.

    Parameters
    ----------
    app : ASGI application
    keys : Keys, optional
        Who may come in; without it everybody who reaches a loopback address.
    audit : Audit, optional
        Where changes and refusals are written down.
    allowed_hosts : sequence of str
        Names that requests may ask for, besides those of this machine, which no page elsewhere can have as its own. Without any: every
        name where there are keys, and those of this machine where there are none.
    takes_part : callable
        Says of a path that is put to whether it holds a secret that stands for a token, as a URL that an object store has signed.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None = None,
        audit: Audit | None = None,
        allowed_hosts: Sequence[str] = (),
        takes_part: Callable[[str], bool] = lambda _: False,
        max_at_once: int = MAX_AT_ONCE,
        max_bytes: int = MAX_KEPT,
    ) -> None:
        self.app = app
        self.keys = keys
        self.door = None if keys is None else Door(keys)
        self.audit = audit
        self.hosts = (*allowed_hosts, *hosts.LOCAL_NAMES) if allowed_hosts or keys is None else ("*",)
        self._takes_part = takes_part
        self._load = Load(max_at_once, max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or say why not."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no websockets here
        is_counted = scope["path"] != STREAM
        if is_counted and self._load.n >= self._load.most:
            await refusal(503, retry_s=1)(scope, receive, send)
            return
        with self._load.waiting(-is_counted):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = rule_of(scope["method"], scope["path"])
        body, said, began = Body(receive, rule.max_body if rule else 0, self._load), _Said(), time.monotonic()
        is_late = False

        async def answer(message: Message) -> None:
            nonlocal is_late
            if body.stopped and not said.status:
                is_late = True
                said.status = body.stopped
                await refusal(body.stopped, is_last=True)(scope, receive, with_headers)
            elif not is_late:
                await with_headers(message)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said.status = message["status"]
                _protect(scope, rule, MutableHeaders(scope=message))
            with self._load.waiting():
                await send(message)

        user: User | None = None
        try:
            refused, user = await self._look(scope, rule, body)
            if refused is not None:
                await refused(scope, body, answer)
            else:
                assert user is not None
                await self._pass(scope, rule, user, body, answer)
        except StopError as stop:
            if not said.status:
                said.status = stop.status
                await refusal(stop.status, is_last=True)(scope, receive, with_headers)
        finally:
            body.let_go()
            self._note(scope, rule, user, said.status, time.monotonic() - began)

    # -- who, and may they -------------------------------------------------------------------------------------------

    async def _look(self, scope: Scope, rule: Rule | None, body: Body) -> tuple[Response | None, User | None]:
        headers = Headers(scope=scope)
        wrong = self._wrong(scope, headers, rule)
        if wrong is not None:
            return wrong, None
        user: User | None = NOBODY
        if self.keys is not None:
            if rule is not None and rule.role == Role.NONE:
                assert self.door is not None
                return (await self.door.answer(scope, headers, body) if scope["path"] in DOOR else None), NOBODY
            try:
                user = await self._user(scope, headers)
            except WaitError as wait:
                return refusal(429, str(wait), retry_s=wait.seconds), None
            except NbtrackError as problem:  # the issuer of a token does not answer
                return refusal(503, str(problem), retry_s=ASK_AGAIN_S), None
            if user is None:
                return self._unknown(scope, headers), None
        assert user is not None
        if rule is None or (self.keys is None and scope["path"] in DOOR):
            if self.keys is None and not scope["path"].startswith(("/api/", "/ajax-api/")):
                return None, user  # pages of the web interface, behind their own lock
            return _nowhere(scope), user
        return None, user

    def _wrong(self, scope: Scope, headers: Headers, rule: Rule | None) -> Response | None:
        is_probe = rule is not None and rule.role == Role.NONE and scope["path"] not in DOOR
        if not is_probe and not hosts.is_allowed(headers.get("host", ""), self.hosts):
            return refusal(421, "This server is not asked by that name; --allowed-hosts says by which.")
        if hosts.is_foreign(headers):
            return refusal(403, "Pages of other origins may not ask here.")
        if scope["method"] == "POST" and hosts.is_form(headers) and scope["path"] not in DOOR:
            return refusal(415, "Send application/json.")
        length = headers.get("content-length", "0")
        if rule is not None and length.isascii() and length.isdigit() and int(length[:19]) > rule.max_body:
            return refusal(413, f"This route takes at most {rule.max_body:,} bytes.", is_last=True)
        return None

    async def _user(self, scope: Scope, headers: Headers) -> User | None:
        assert self.keys is not None
        assert self.door is not None
        if self.keys.is_gone:
            return None
        given = headers.get("authorization")
        if given is None:
            is_part = scope["method"] == "PUT" and self._takes_part(scope["path"])
            return NOBODY if is_part else self.door.of_browser(scope, headers)
        return self.keys.known(given) or await run_in_threadpool(self.keys.check, given, _address(scope))

    def _unknown(self, scope: Scope, headers: Headers) -> Response:
        """Ask who it is: a browser by a page, everybody else by a header."""
        assert self.keys is not None
        assert self.door is not None
        is_browser = _wants_page(scope, headers)
        if self.keys.is_gone:
            return self.door.page(scope, GONE, 503) if is_browser else refusal(503, GONE, retry_s=ASK_AGAIN_S)
        if "authorization" in headers:
            return refusal(401, BAD_TOKEN)
        return self.door.page(scope) if is_browser else refusal(401, UNNAMED)

    def _turned_away(self, scope: Scope, why: str) -> Response:
        """Say what is missing; in a browser on the page where somebody else can sign in, as there is no other way out."""
        headers = Headers(scope=scope)
        if self.door is None or "authorization" in headers or not _wants_page(scope, headers):
            return refusal(403, why)
        return self.door.page(scope, f"{why} Sign in as somebody who has it.", 403)

    # -- on to the route ---------------------------------------------------------------------------------------------

    async def _pass(self, scope: Scope, rule: Rule | None, user: User, body: Body, send: Send) -> None:
        if user is NOBODY:  # this server, or this route, asks nobody who it is
            await self.app(scope, body, send)
            return
        assert rule is not None
        state = scope.setdefault("state", {})
        state["user"], state["access"] = user.name, user
        refused, through = await Scoped(scope, rule, user, body, send).look()
        if refused:
            await self._turned_away(scope, refused)(scope, body, send)
            return
        mark, mark_of_limit = acting.set(user.name), limited.set(not user.may(Role.ADMIN))
        try:
            if scope["path"] == STREAM:
                await self._stream(scope, user, body, send)
                return
            await self.app(scope, body, through.send)
            await through.end()
        finally:
            acting.reset(mark)
            limited.reset(mark_of_limit)

    async def _stream(self, scope: Scope, user: User, body: Body, send: Send) -> None:
        headers = Headers(scope=scope)

        async def is_welcome() -> bool:
            try:
                return await self._user(scope, headers) == user
            except (WaitError, NbtrackError):
                return False

        welcome = Welcome(send, is_welcome)
        try:
            await self.app(scope, body, welcome.send)
        except (OSError, ClientDisconnect):
            if not welcome.is_over:
                raise

    def _note(self, scope: Scope, rule: Rule | None, user: User | None, status: int, seconds: float) -> None:
        if self.audit is None:
            return
        about, path = str(scope.get("nbtrack.about", "")), scope["path"]
        is_refused = status in (401, 403, 413, 415, 421, 429)
        changes = scope.get("nbtrack.role", Role.NONE) >= Role.WRITE
        is_sign_in = path in DOOR and (scope["method"] == "POST" or path == SIGN_IN_BACK)
        if not (is_refused or changes or is_sign_in):
            return
        name = scope.get("state", {}).get("user") or (user.name if user else "") or None
        facts: dict[str, Any] = {"user": name, "from": _address(scope), "method": scope["method"], "path": path}
        facts |= {"about": about, "status": status, "ms": round(seconds * 1000)}
        if is_refused:
            what = (facts["method"], path) if name else ()  # who is known is told of one by one
            self.audit.often((status, name, facts["from"], *what), REFUSED_S, **facts)
        elif (rule and rule.is_quiet) or about in OFTEN:
            self.audit.often((id(rule), about, name, facts["from"]), OFTEN_S, **facts)
        else:
            self.audit.write(**facts)


def _protect(scope: Scope, rule: Rule | None, headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        if name in OWN and name in headers:
            continue
        if name == "content-security-policy":
            is_page = rule is not None and rule.is_page
            headers[name] = DOCS_POLICY if scope["path"] == "/docs" else value if is_page else API_POLICY
        else:
            headers[name] = value


def _wants_page(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and "text/html" in headers.get("accept", "")


def _nowhere(scope: Scope) -> Response:
    if is_path(scope["path"]):
        return refusal(405, "Method Not Allowed")
    return refusal(404, f"No such endpoint: {scope['method']} {scope['path'][:300]}")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
