"""A server that knows people by a provider, and one browser; what tests of both halves share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from nbtrack.server.access import gate, tokens
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.roles import Role, User
from nbtrack.server.native.routes import PREFIX
from tests.server.access import provider as providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.access.provider import Provider

EVIL = RSAKey.generate_key(2048)
HERE = "https://ml.example.org"
AUDIENCE = "https://ml.example.org/api"
ADA = {"email": "Ada@example.org", "email_verified": True, "groups": ["ml", "vision"]}
ABOUT = f"{PREFIX}/about"
TEXT = """
# By hand.
[oidc]
issuer = "{url}"
client_id = "nbtrack"
client_secret_file = "oidc.secret"
public_url = "https://ml.example.org"
domains = ["example.org"]
role = "read"
button = "the lab's login"

[[oidc.grants]]
groups = ["vision"]
experiments = {{ "vision*" = "write" }}

[[oidc.grants]]
groups = ["heads"]
role = "admin"

[workloads.ci] # jobs
issuer = "{url}"
audience = "https://ml.example.org/api"
name = "repository"

[[workloads.ci.grants]]
claims = {{ repository = "acme/train", ref = ["refs/heads/main", "refs/tags/*"] }}
role = "write"
"""


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Stand for the application: says who asks."""
    user = scope["state"]["access"]
    said = {"user": user.name, "role": str(user.role), "experiments": {k: str(v) for k, v in user.experiments.items()}}
    body = json.dumps(said).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class State:
    """What the gate asks the application for."""

    desk = None


class Site:
    """A server, a provider, and one browser."""

    def __init__(self, provider: Provider, keys: Keys, audit: Audit) -> None:
        self.provider, self.keys, self.audit = provider, keys, audit
        self.gate = gate.Gate(answer, keys, audit)
        self.http = TestClient(self._with_app, base_url=HERE, follow_redirects=False)

    async def _with_app(self, scope: Any, receive: Any, send: Any) -> None:
        await self.gate({**scope, "app": type("App", (), {"state": State})}, receive, send)

    def leave(self, after: str = "") -> str:
        found = self.http.get("/sign-in/sso" + (f"?next={after}" if after else ""))
        assert found.status_code == 303, found.text
        return str(found.headers["location"])

    def at_provider(self, where: str) -> str:
        """Let the browser be at the provider, and return where it is sent."""
        found = httpx.get(where, trust_env=False)
        assert found.status_code == 302, found.text
        return str(found.headers["location"])

    def sign_in(self, after: str = "") -> httpx.Response:
        return self.http.get(self.at_provider(self.leave(after)))

    def show(self, value: str, name: str = "user") -> None:
        """Let the browser show another cookie."""
        self.http.cookies.clear()
        self.http.cookies.set(f"__Host-nbtrack-{name}", value, domain="ml.example.org", path="/")

    def who(self, token: str | None = None) -> Any:
        found = self.http.get(ABOUT, headers={"Authorization": f"Bearer {token}"} if token else {})
        return found.json() if found.status_code == 200 else found.status_code


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providers.running(f"{HERE}/sign-in/back") as found:
        yield found


@pytest.fixture(scope="module")
def keys(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "oidc.secret").write_text(providers.SECRET + "\n")
    path = folder / "tokens.toml"
    path.write_text(TEXT.format(url=provider.url))
    path.chmod(0o600)
    tokens.add(path, User("bot", Role.READ))
    found = Keys(path)
    yield found
    found.close()


@pytest.fixture
def site(provider: Provider, keys: Keys, tmp_path: Path) -> Iterator[Site]:
    provider.person, provider.spoil, provider.only_userinfo, provider.about = dict(ADA), None, (), {}
    keys.brake.succeeded("coming back testclient")
    audit = Audit(tmp_path)
    yield Site(provider, keys, audit)
    audit.close()
