"""Holds one request against what its user may do: at once where a role for everything is enough, else by each noun that it names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from nbtrack.server.access import calls, nouns
from nbtrack.server.access.judge import Judge
from nbtrack.server.access.partial import PartialStore
from nbtrack.server.access.roles import Role
from nbtrack.server.access.rules import About

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from nbtrack.server.access.bodies import Body
    from nbtrack.server.access.nouns import Nouns
    from nbtrack.server.access.roles import User
    from nbtrack.server.access.rules import Rule

MESSAGE = "/api/message"
NARROWED = ("/runs/search", "/logged-models/search")
LISTS = {"experiments": "experiment", "registered_models": "model", "model_versions": "model"}
LOOKS = ("ask", "need")
RUIN = ("delete", "rename")
UNCLEAR = "it is not clear which experiment or model this is about"


class Through:
    """Lets an answer through, or keeps it until it is whole to take out what may not be read."""

    def __init__(self, send: Send, change: Any = None, change_refusal: Any = None) -> None:
        self._send = send
        self._change = change
        self._change_refusal = change_refusal
        self._begin: Message | None = None
        self._pieces: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Take a message of the answer."""
        is_start = message["type"] == "http.response.start"
        if is_start and message["status"] != 200:  # noqa: PLR2004
            self._change = self._change_refusal
        if self._change is None:
            await self._send(message)
        elif is_start:
            self._begin = message
        elif message["type"] == "http.response.body":
            self._pieces.append(message.get("body", b""))

    async def end(self) -> None:
        """Send what was kept."""
        if self._change is None or self._begin is None:
            return
        data = await run_in_threadpool(self._change, b"".join(self._pieces))
        kept = [(name, value) for name, value in self._begin["headers"] if name.lower() != b"content-length"]
        self._begin["headers"] = [*kept, (b"content-length", str(len(data)).encode())]
        await self._send(self._begin)
        await self._send({"type": "http.response.body", "body": data})


class Scoped:
    """One request of one user."""

    def __init__(self, scope: Scope, rule: Rule, user: User, body: Body, send: Send) -> None:
        self._scope, self._rule, self._user, self._body = scope, rule, user, body
        self._path: str = scope["path"]
        self._query = scope.get("query_string", b"").decode("latin-1")
        self._through = Through(send)
        self._judge = Judge(scope["app"].state.desk, user)
        self._send = send

    async def look(self) -> tuple[str, Through]:
        """Return why it is refused, "" when it is not, and what the answer goes through."""
        role = await self._role()
        if self._rule.about == About.SERVER and self._user.may_watch:
            return "", self._through
        self._scope["nbtrack.role"] = role
        if not self._user.may_somewhere(role):
            return self._needs(role), self._through
        try:
            refused = await self._refused(role)
        except nouns.UnclearError:
            refused = UNCLEAR
        return (self._needs(role, refused) if refused else ""), self._through

    async def _role(self) -> Role:
        """Return the role that is needed; of nbtrack's verbs and the page's messages each has its own."""
        if self._rule.about == About.CALL:
            self._scope["nbtrack.about"] = verb = self._path.rpartition("/")[2]
            return calls.role_for(verb)
        if self._path != MESSAGE:
            return self._rule.role
        try:
            content = nouns.strict_object(await self._body.whole()).get("content")
        except nouns.UnclearError:
            return Role.ADMIN
        if not isinstance(content, dict):
            return Role.ADMIN
        self._scope["nbtrack.about"] = (
            f"{content.get('kind')} {content.get('op', '')} {content.get('name', '')}".strip()
        )
        if content.get("kind") in LOOKS:
            return Role.READ
        is_ruin = content.get("op") == "registry" and content.get("do") in RUIN
        return Role.ADMIN if is_ruin else Role.WRITE

    async def _refused(self, role: Role) -> str:
        about, is_enough = self._rule.about, self._user.may(role)
        if about == About.NAMES and role >= Role.WRITE and not self._rule.is_quiet and is_enough:
            await self._say_what(role)
        if about == About.PAGE:
            if self._user.has_patterns:  # else the role for everything, which was asked for, says it all
                self._scope["state"]["store"] = PartialStore(self._judge.store, self._judge, self._user)
            return ""
        if is_enough or about == About.NOTHING:
            return ""
        if about == About.EVERYTHING:
            return "it is about everything in the store"
        return await self._of_what(about, role)

    async def _of_what(self, about: About, role: Role) -> str:
        match about:
            case About.NAMES:
                return await self._of_names(role)
            case About.FILE:
                found = [nouns.of_file(self._path, self._query, role)]
                return await run_in_threadpool(self._against, found)
            case About.BLOB:
                return await run_in_threadpool(self._of_blob)
            case About.JOURNAL:
                data = await self._body.whole()
                return await run_in_threadpool(lambda: self._against([nouns.of_journal(data)], may_be_empty=True))
            case About.CALL:
                return await self._of_call()
            case About.FOUND:
                self._through = Through(self._send, self._filtered)
                return ""
        return "it is not for roles by pattern"

    async def _say_what(self, role: Role) -> None:
        try:
            found = nouns.of_request(self._path, self._query, await self._body.whole(), role)
        except nouns.UnclearError:
            return
        self._scope["nbtrack.about"] = _told(found)

    async def _of_names(self, role: Role) -> str:
        data = await self._body.whole()
        if self._path.endswith(NARROWED):
            said = nouns.strict_object(data)
            asked = [str(each) for each in said.get("experiment_ids") or ()]
            mine = await run_in_threadpool(lambda: [each for each in asked if self._judge.may_id(role, each)])
            if asked and not mine:
                return f"experiment {asked[0]}"
            self._body.replace(json.dumps({**said, "experiment_ids": mine}).encode())
            return ""
        found = nouns.of_request(self._path, self._query, data, role)
        self._scope["nbtrack.about"] = _told(found)
        return await run_in_threadpool(self._against, found)

    def _against(self, found: list[Nouns], *, may_be_empty: bool = False) -> str:
        if not may_be_empty and not any(found):
            return UNCLEAR
        return next((refused for each in found if (refused := self._judge.refuses(each))), "")

    def _of_blob(self) -> str:
        sha256 = self._path.rpartition("/")[2]
        if self._scope["method"] == "HEAD" and self._user.may_somewhere(Role.WRITE):
            return ""
        return "" if self._judge.may_read_one(self._judge.runs_with(sha256), Role.READ) else f"file {sha256[:64]}"

    async def _of_call(self) -> str:
        verb, data = self._path.rpartition("/")[2], await self._body.whole()
        asked, refused = await run_in_threadpool(calls.look_at, self._judge, verb, data)
        self._body.replace(asked)
        change = (lambda found: calls.filtered(self._user, verb, found)) if verb in calls.FILTERED else None
        self._through = Through(self._send, change, calls.without_names)
        return refused

    def _filtered(self, data: bytes) -> bytes:
        told = json.loads(data)
        for name, kind in LISTS.items():
            if name in told:
                told[name] = [each for each in told[name] if self._user.may(Role.READ, **{kind: each["name"]})]
        return json.dumps(told).encode()

    def _needs(self, role: Role, what: str = "") -> str:
        of = f" for {what}" if what and what != UNCLEAR else f"; {what}" if what else ""
        roles = f"{str(role)!r} or {str(Role.METRICS)!r}" if self._rule.about == About.SERVER else repr(str(role))
        return f"This needs the role {roles}{of}, which {self._user.name!r} does not have."


def _told(found: list[Nouns]) -> str:
    """Return what a request names, for the audit log."""
    parts = [
        f"{kind}={','.join(sorted(names))}"
        for each in found
        for kind in ("experiments", "experiment_names", "runs", "logged", "models")
        if (names := getattr(each, kind))
    ]
    return " ".join(parts)
