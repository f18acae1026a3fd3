"""How a browser comes in and goes: with a token, or by a provider; the page for it, and the cookie that it shows from then on."""

from __future__ import annotations

import hashlib
import hmac
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.server.access.keys import WaitError
from nbtrack.server.access.refusals import BAD_TOKEN, sign_in_page
from nbtrack.server.access.roles import Role, User
from nbtrack.server.access.rules import SIGN_IN, SIGN_IN_SSO, SIGN_OUT, rule_of
from nbtrack.server.access.sessions import MOST_CHARACTERS, Sessions

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.responses import Response
    from starlette.types import Scope

    from nbtrack.server.access.bodies import Body
    from nbtrack.server.access.keys import Keys
    from nbtrack.server.access.oidc.login import SignIn
    from nbtrack.server.access.oidc.settings import Login

COOKIE, ON_THE_WAY = "nbtrack-user", "nbtrack-sign-in"
SAFE = "__Host-"
"""Before a cookie's name where there is TLS: no other host of the domain can set such a one."""
SIGNED_IN_S, ON_THE_WAY_S = 8 * 3600.0, 600.0
AT_ONCE = 8
"""Browsers that come back at the same time: each waits for the provider on one of few threads."""
TOO_LATE = "This sign-in began too long ago, or in another browser. Begin again."
TOO_MUCH = "You have more roles by pattern than a cookie can hold; use a token."


class Door:
    """Answers the addresses of signing in and out.

    Parameters
    ----------
    keys : Keys
        Who there is.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.sessions = Sessions(keys.path)
        self._coming = threading.BoundedSemaphore(AT_ONCE)

    def of_browser(self, scope: Scope, headers: Headers) -> User | None:
        """Return who signed in with this browser."""
        said = self.sessions.read("user", self._cookie(scope, headers, COOKIE))
        if said is None:
            return None
        if said["via"] == "token":
            return self.keys.marked(said["name"], said["mark"])
        if not hmac.compare_digest(str(said["mark"]), _mark(self.keys.bearers.settings.login)):
            return None  # the settings are others now: whoever may still come in is sent round once more
        grants = ({pattern: Role(role) for pattern, role in said[kind].items()} for kind in ("experiments", "models"))
        return User(said["name"], Role(said["role"]), *grants)

    async def answer(self, scope: Scope, headers: Headers, body: Body) -> Response | None:
        """Answer an address of this door; None for a method that it does not know."""
        path, is_post = scope["path"], scope["method"] == "POST"
        address = (scope.get("client") or [""])[0]
        if path == SIGN_OUT:
            return await run_in_threadpool(self._out, scope, headers) if is_post else None
        if path == SIGN_IN and not is_post:
            return self.page(scope, status=200, said=_query(scope))
        if self.keys.is_gone:
            return self.page(scope, "The file of tokens is gone. Whoever runs this server must bring it back.", 503)
        if path == SIGN_IN:
            form = parse_qs((await body.whole()).decode("utf-8", "replace"))
            return await run_in_threadpool(self._with_token, scope, headers, form, address)
        if self.keys.bearers.sign_in is None:
            return self.page(scope, "This server knows no provider to sign in with.", 404)
        act = self._leave_for if path == SIGN_IN_SSO else self._come_back
        return await run_in_threadpool(act, scope, headers, address)

    def page(self, scope: Scope, problem: str = "", status: int = 401, said: dict[str, str] | None = None) -> Response:
        """Return the page on which one signs in."""
        found = self.keys.bearers.sign_in
        said = {"next": scope["path"]} if said is None else said
        return sign_in_page(
            problem,
            status,
            provider=(found.login.button or found.login.host) if found else "",
            after=_inside(said.get("next", "")),
            is_out="out" in said,
            root=_root(scope),
        )

    # -- with a token ------------------------------------------------------------------------------------------------

    def _with_token(self, scope: Scope, headers: Headers, form: dict[str, list[str]], address: str) -> Response:
        token, after = (form.get(name, [""])[0].strip() for name in ("token", "next"))
        try:
            user = self.keys.check(f"Bearer {token}", address) if token.startswith("nbt_") else None
        except WaitError as wait:
            return self.page(scope, str(wait), 429, {"next": after})
        if user is None:
            return self.page(scope, BAD_TOKEN, 401, {"next": after})
        about = {"via": "token", "name": user.name, "mark": self.keys.mark_of(user.name)}
        return self._let_in(scope, headers, user.name, about, after)

    # -- by a provider -----------------------------------------------------------------------------------------------

    def _leave_for(self, scope: Scope, _: Headers, __: str) -> Response:
        try:
            where, kept = self._sign_in().begin()
        except NbtrackError as problem:
            return self.page(scope, f"{problem} Try again in a moment, or use a token.", 502, _query(scope))
        about = {**kept, "next": _inside(_query(scope).get("next", ""))}
        out = RedirectResponse(where, 303)
        self._set(scope, out, ON_THE_WAY, self.sessions.cookie("way", about, ON_THE_WAY_S), ON_THE_WAY_S)
        return out

    def _come_back(self, scope: Scope, headers: Headers, address: str) -> Response:
        from nbtrack.server.access.oidc.login import RefusedError  # noqa: PLC0415 - the packages may be missing

        who = f"coming back {address}"
        if wait := self.keys.brake.wait_s(who):
            return self.page(scope, str(WaitError(wait)), 429, {})
        kept = self.sessions.read("way", self._cookie(scope, headers, ON_THE_WAY))
        problem, after = TOO_LATE, ""
        if kept is not None and self.sessions.end(kept):  # an answer is taken once
            after = kept["next"]
            if not self._coming.acquire(timeout=1):
                return self.page(scope, "Many sign in at this moment. Begin again.", 503, {"next": after})
            try:
                found = self._sign_in()
                user = found.finish(scope.get("query_string", b"").decode("latin-1"), kept)
                self.keys.brake.succeeded(who)
                about = {"via": "oidc", "name": user.name, "mark": _mark(found.login), "role": int(user.role)}
                about |= {"experiments": dict(user.experiments), "models": dict(user.models)}
                return self._let_in(scope, headers, user.name, about, after)
            except (RefusedError, NbtrackError) as refused:
                problem = str(refused)
            finally:
                self._coming.release()
        self.keys.brake.failed(who)
        back = self.page(scope, problem, 403, {"next": after})
        self._unset(scope, back, ON_THE_WAY)
        return back

    def _sign_in(self) -> SignIn:
        found = self.keys.bearers.sign_in
        if found is None:  # since a moment
            raise InvalidValueError("This server knows no provider to sign in with.")
        return found

    # -- cookies -----------------------------------------------------------------------------------------------------

    def _let_in(self, scope: Scope, headers: Headers, name: str, about: dict[str, Any], after: str) -> Response:
        """Give a browser a cookie that it never had before; the one of before is worth nothing any more."""
        self._forget(scope, headers)
        cookie = self.sessions.cookie("user", about, SIGNED_IN_S)
        if len(cookie) > MOST_CHARACTERS:
            return self.page(scope, TOO_MUCH, 403, {})
        back = RedirectResponse(_root(scope) + (_inside(after) or "/"), 303)
        self._set(scope, back, COOKIE, cookie, SIGNED_IN_S)
        self._unset(scope, back, ON_THE_WAY)
        scope.setdefault("state", {})["user"] = name
        return back

    def _out(self, scope: Scope, headers: Headers) -> Response:
        who = self.of_browser(scope, headers)
        if who is not None:
            scope.setdefault("state", {})["user"] = who.name
        self._forget(scope, headers)
        out = RedirectResponse(f"{_root(scope)}{SIGN_IN}?out", 303)
        self._unset(scope, out, COOKIE)
        return out

    def _forget(self, scope: Scope, headers: Headers) -> None:
        before = self.sessions.read("user", self._cookie(scope, headers, COOKIE))
        if before is not None:
            self.sessions.end(before)

    def _is_safe(self, scope: Scope) -> bool:
        login = self.keys.bearers.settings.login
        return scope.get("scheme") == "https" or (login is not None and login.is_safe)

    def _cookie(self, scope: Scope, headers: Headers, name: str) -> str:
        return cookie_parser(headers.get("cookie", "")).get((SAFE if self._is_safe(scope) else "") + name, "")

    def _set(self, scope: Scope, response: Response, name: str, value: str, seconds: float) -> None:
        is_safe = self._is_safe(scope)
        response.set_cookie(
            (SAFE if is_safe else "") + name,
            value,
            int(seconds),
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_safe,
        )

    def _unset(self, scope: Scope, response: Response, name: str) -> None:
        self._set(scope, response, name, "", 0)


def _mark(login: Login | None) -> str:
    """Return what changes with the settings by which somebody was let in."""
    return hashlib.sha256(repr(login).encode()).hexdigest()[:16]


def _root(scope: Scope) -> str:
    return str(scope.get("root_path", "")).rstrip("/")


def _query(scope: Scope) -> dict[str, str]:
    found = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def _inside(after: str) -> str:
    """Return a page of this server, query and all, and "" for whatever is none: nobody is sent elsewhere."""
    path, _, query = after.partition("?")
    rule = rule_of("GET", path) if after.isascii() and after.isprintable() else None
    is_page = rule is not None and rule.is_page and rule.role > Role.NONE and not path.startswith("/api/")
    return after if is_page and not urlsplit(after).netloc and not path.endswith(".js") and "#" not in query else ""
