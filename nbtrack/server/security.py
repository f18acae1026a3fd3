"""Who may talk to the web interface: this machine's browser, with the token, on a page of ours.

* Only loopback addresses are listened on, and a request must name one as its host: a page elsewhere whose name was bound to 127.0.0.1
  meanwhile (DNS rebinding) is refused.
* Every route wants the token, as a cookie that scripts cannot read, or as a bearer.
* What changes something must come from our own origin and be JSON, which no form of another page can send.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPENING = "/open"
"""The one route that takes the token from its address, to put it into the cookie."""
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data: blob:; media-src data: blob:; "
    "font-src data:; connect-src 'self'; frame-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
NO_TOKEN = "Open the address that `nbtrack ui` or `nbtrack server` printed when it began: it has the token that lets this browser in.\n"  # noqa: S105


def check_host(host: str) -> str:
    """Return a loopback address to listen on.

    Raises
    ------
    InvalidValueError
        Others could reach the address.
    """
    try:
        is_local = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        is_local = False
    if is_local:
        return host.strip("[]")
    advice = "From another machine: `ssh -L 8500:127.0.0.1:8500 this-machine`, with --port 8500 here."
    message = f"{host!r} can be reached from elsewhere; nbtrack ui listens on 127.0.0.1, localhost or ::1. {advice}"
    raise InvalidValueError(message)


@dataclass
class Lock:
    """The token and the port of one server."""

    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def cookie(self) -> str:
        """Return the cookie's name: cookies know no ports, so each server has its own."""
        return f"nbtrack-{self.port}"

    @property
    def hosts(self) -> set[str]:
        """Return the hosts that a request may name."""
        return {f"{name}:{self.port}" for name in LOCAL_NAMES}

    def fits(self, token: str) -> bool:
        """Say whether a token is the one, in the same time whichever it is."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


class Guard:
    """Checks every request before any route sees it, and puts the policy on every answer."""

    def __init__(self, app: ASGIApp, lock: Lock) -> None:
        self.app = app
        self.lock = lock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or say why not."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refused(scope)
        await (refused or self.app)(scope, receive, send_with_policy)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self.lock.hosts:
            return PlainTextResponse("This server is asked by the name of this machine only.\n", 421)
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return PlainTextResponse("Pages of other origins may not ask here.\n", 403)
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not _is_navigation(scope, headers):
            return PlainTextResponse("Pages of other sites may not ask here.\n", 403)
        if scope["path"] != OPENING and not self._has_token(headers):
            return PlainTextResponse(NO_TOKEN, 403)
        if scope["method"] == "POST" and headers.get("content-type", "").partition(";")[0] != "application/json":
            return PlainTextResponse("A message is JSON.\n", 415)
        return None

    def _has_token(self, headers: Headers) -> bool:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        return self.lock.fits(cookie_parser(headers.get("cookie", "")).get(self.lock.cookie, "") or bearer)


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """Say whether somebody followed a link to here, as from the terminal or a notebook."""
    return bool(scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate")
