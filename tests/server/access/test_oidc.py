"""People sign in with a provider, jobs show its tokens; and what attackers try is refused."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from nbtrack.server.access import door, gate, tokens
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.oidc import issuer as issuers
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


def test_the_file_keeps_what_is_written_by_hand(keys: Keys):
    text = keys.path.read_text()
    assert "# By hand." in text
    assert "[workloads.ci] # jobs" in text
    tokens.remove(keys.path, "bot")
    tokens.add(keys.path, User("bot", Role.READ))
    assert keys.path.read_text().count("[oidc]") == 1
    assert keys.path.read_text().split("# By hand.")[1] == text.split("# By hand.")[1]


def test_somebody_signs_in_and_out(site: Site):
    page = site.http.get("/docs", headers={"accept": "text/html"})
    assert page.status_code == 401
    assert 'href="/sign-in/sso?next=%2Fdocs"' in page.text
    assert "Continue with the lab&#x27;s login" in page.text
    assert "http" not in page.text.split("</style>")[1]  # nothing from elsewhere
    where = site.leave("/docs")
    asked = {key: values[0] for key, values in parse_qs(urlsplit(where).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["redirect_uri"]) == (
        "code", "S256", f"{HERE}/sign-in/back"
    )  # fmt: skip
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    back = site.at_provider(where)
    done = site.http.get(back)
    assert (done.status_code, done.headers["location"]) == (303, "/docs")
    cookie = next(each for each in done.headers.get_list("set-cookie") if each.startswith("__Host-nbtrack-user="))
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=28800"))
    assert site.who() == {"user": "ada@example.org", "role": "read", "experiments": {"vision*": "write"}}
    shown = site.http.cookies["__Host-nbtrack-user"]
    assert site.http.post("/sign-out").headers["location"] == "/sign-in?out"
    site.show(shown)
    assert site.who() == 401
    site.gate = gate.Gate(answer, Keys(site.keys.path))  # nor after the server was started again
    assert site.who() == 401
    lines = [json.loads(line) for line in site.audit.path.read_text().splitlines()]
    told = [(line["path"], line["user"]) for line in lines if line["status"] == 303]
    assert told == [("/sign-in/back", "ada@example.org"), ("/sign-out", "ada@example.org")]
    assert "code" not in site.audit.path.read_text()
    assert providers.SECRET not in site.audit.path.read_text() + repr(site.keys.bearers.settings)


def test_who_signed_in_stays_so_when_the_server_starts_again(site: Site):
    site.sign_in()
    site.gate = gate.Gate(answer, Keys(site.keys.path))
    assert site.who()["user"] == "ada@example.org"
    said = tokens.tables(site.keys.path)["oidc"]
    assert said["role"] == "read"
    text = site.keys.path.read_text()
    site.keys.path.write_text(text.replace('domains = ["example.org"]', 'domains = ["example.com"]'))
    try:
        site.gate = gate.Gate(answer, Keys(site.keys.path))
        assert site.who() == 401  # the settings are others
    finally:
        site.keys.path.write_text(text)


def test_a_cookie_is_made_anew_when_somebody_signs_in(site: Site):
    site.sign_in()
    before = site.http.cookies["__Host-nbtrack-user"]
    site.sign_in()
    assert site.http.cookies["__Host-nbtrack-user"] != before
    site.show(before)
    assert site.who() == 401
    body, signature = before.split(".")
    for forged in (
        "",
        ".",
        body,
        f"{body}.",
        f".{signature}",
        f"{body}x.{signature}",
        "é.é",
        "e30." + signature,
        "x" * 9000,
    ):
        site.http.cookies.clear()
        assert site.http.get(ABOUT, headers={"cookie": b"__Host-nbtrack-user=" + forged.encode()}).status_code == 401
    other = door.Door(site.keys).sessions.cookie("way", {"via": "oidc"}, 60)
    assert site.http.get(ABOUT, headers={"cookie": f"__Host-nbtrack-user={other}"}).status_code == 401
    assert site.http.get(ABOUT, headers={"cookie": f"nbtrack-user={before}"}).status_code == 401


@pytest.mark.parametrize(
    ("person", "text"),
    [
        ({"email": "eve@evil.org"}, "no role here"),
        ({"email": "eve@example.org.evil.org"}, "no role here"),
        ({"email_verified": False}, "that it verified"),
        ({"email_verified": "true"}, "that it verified"),
        ({"email": None}, "that it verified"),
        ({"email": "a\nb@example.org"}, "that it verified"),
    ],
)
def test_who_has_no_role_is_told_so(site: Site, person: dict[str, Any], text: str):
    site.provider.person |= person
    found = site.sign_in()
    assert found.status_code == 403
    assert text in found.text
    assert site.who() == 401


def test_roles_come_from_groups_also_of_userinfo(site: Site):
    site.provider.person["groups"] = ["heads"]
    site.provider.only_userinfo = ("groups",)
    site.sign_in()
    assert site.who() == {"user": "ada@example.org", "role": "admin", "experiments": {}}


SPOILT = {
    "for somebody else": lambda p, c: c.update(aud="other"),
    "for several, by somebody else": lambda p, c: c.update(aud=["nbtrack", "other"], azp="other"),
    "for nobody": lambda p, c: c.pop("aud"),
    "from somebody else": lambda p, c: c.update(iss="https://evil.org"),
    "of yesterday": lambda p, c: c.update(exp=int(time.time()) - 90_000),
    "for ever": lambda p, c: c.pop("exp"),
    "not yet": lambda p, c: c.update(nbf=int(time.time()) + 900),
    "with another nonce": lambda p, c: c.update(nonce="x"),
    "without a nonce": lambda p, c: c.pop("nonce"),
    "for another access token": lambda p, c: c.update(at_hash="AAAA"),
    "about nobody": lambda p, c: c.pop("sub"),
    "unsigned": lambda p, c: p.unsigned(c),
    "signed with the public key": lambda p, c: p.forged(c),
    "signed by somebody else": lambda p, c: p.signed(c, key=EVIL),
    "an access token": lambda p, c: p.signed(c, typ="at+jwt"),
    "with a key of its own": lambda p, c: p.signed(c, key=EVIL, jwk=EVIL.as_dict(private=False), kid=None),
    "with a demand": lambda p, c: p.signed(c, crit=["x"], x=1),
    "no token": lambda p, c: "x.y.z",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_id_token_lets_nobody_in(site: Site, how: str):
    site.provider.spoil = lambda claims: SPOILT[how](site.provider, claims)
    found = site.sign_in()
    assert found.status_code == 403
    assert "cannot be trusted" in found.text
    assert site.who() == 401
    assert "nbtrack-user" not in str(found.headers)


def test_the_way_back_is_of_the_same_browser_once(site: Site):
    back = site.at_provider(site.leave())
    stranger = Site(site.provider, site.keys, site.audit)
    assert "in another browser" in stranger.http.get(back).text  # login CSRF: who has no cookie did not begin
    other = stranger.at_provider(stranger.leave())
    kept = site.http.cookies["__Host-nbtrack-sign-in"]
    assert "did not begin in this browser" in site.http.get(other).text  # the state is another one
    site.show(kept, "sign-in")
    assert site.http.get(back).status_code == 403  # the cookie was used
    assert site.who() == 401
    back = site.at_provider(site.leave())
    kept = site.http.cookies["__Host-nbtrack-sign-in"]
    assert site.http.get(back).status_code == 303
    site.show(kept, "sign-in")
    assert site.http.get(back).status_code == 403  # replayed


def test_a_code_of_somebody_else_is_worth_nothing(site: Site):
    """PKCE and nonce: a stolen code does not fit to the sign-in of the thief."""
    victim = site.at_provider(site.leave())
    thief = Site(site.provider, site.keys, site.audit)
    own = thief.at_provider(thief.leave())
    code, state = (parse_qs(urlsplit(each).query)[name][0] for each, name in ((victim, "code"), (own, "state")))
    found = thief.http.get(f"/sign-in/back?code={code}&state={state}")
    assert (found.status_code, "cannot be trusted" in found.text) == (403, True)
    assert thief.who() == 401


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ("&error=access_denied&error_description=<b>call+0900", "did not let you in"),
        ("&error=server_error", "could not sign you in"),
        ("&code=x&iss=https://evil.org", "another provider"),
        ("&code=x&code=y", "twice"),
        ("", "no code"),
    ],
)
def test_what_a_provider_answers_is_held_against_the_question(site: Site, more: str, text: str):
    state = parse_qs(urlsplit(site.leave()).query)["state"][0]
    found = site.http.get(f"/sign-in/back?state={state}{more}")
    assert found.status_code == 403
    assert text in found.text
    assert "call" not in found.text


@pytest.mark.parametrize(
    "after",
    ["https://evil.org", "//evil.org", "/\\evil.org", "/%2Fevil.org", "/docs%0d%0aX: y", "javascript:alert(1)", "/../evil", "/sign-out",
     "/api/stream", "@evil.org", "/docs@evil.org", "docs"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(site: Site, after: str):
    assert site.http.get(site.at_provider(site.leave(after))).headers["location"] == "/"
    form = site.http.post("/sign-in", data={"token": "x", "next": after})
    assert "evil" not in form.text


def test_coming_back_too_often_is_slowed(site: Site):
    seen = [site.http.get("/sign-in/back?code=x&state=y").status_code for _ in range(8)]
    assert (seen[:6], seen[-1]) == ([403] * 6, 429)
    site.keys.brake.succeeded("coming back testclient")


# -- bearers -------------------------------------------------------------------------------------------------------------


def test_a_job_shows_its_token(site: Site):
    claims = site.provider.claims(AUDIENCE, repository="acme/train", ref="refs/tags/v1")
    for _ in range(2):
        assert site.who(site.provider.signed(claims)) == {"user": "ci:acme/train", "role": "write", "experiments": {}}
    person = site.provider.signed(site.provider.claims())
    assert site.who(person)["user"] == "ada@example.org"
    assert site.who(site.provider.signed(site.provider.claims(), typ="at+jwt"))["role"] == "read"


REFUSED: dict[str, Any] = {
    "another repository": {"repository": "evil/train"},
    "another branch": {"ref": "refs/heads/evil"},
    "no branch": {"ref": None},
    "a prefix": {"repository": "acme/train-evil"},
    "for somebody else": {"aud": "https://github.com/acme"},
    "of yesterday": {"exp": 1_000_000},
    "text for time": {"exp": "9999999999"},
    "from somebody else": {"iss": "https://evil.org"},
    "no issuer": {"iss": None},
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_job_of_others_does_not_come_in(site: Site, how: str):
    claims = site.provider.claims(AUDIENCE, repository="acme/train", ref="refs/heads/main") | REFUSED[how]
    assert site.who(site.provider.signed(claims)) == 401


def test_a_forged_token_does_not_come_in(site: Site):
    good = site.provider.claims(AUDIENCE, repository="acme/train", ref="refs/heads/main")
    token, p = site.provider.signed(good), site.provider
    flipped = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    cut, long = token.rpartition(".")[0] + ".", "ey" + "x" * 20_000
    others = p.signed(good, typ="logout+jwt"), p.signed(good, key=EVIL)
    for forged in (p.unsigned(good), p.forged(good), flipped, token + ".x", cut, long, "eyJ.eyJ.x", *others):
        assert site.who(forged) == 401, forged[:200]
    assert site.who(token)["role"] == "write"
    assert site.http.post("/sign-in", data={"token": token}).status_code == 401  # the form is for our tokens only


def test_an_expired_token_ends_also_when_it_was_known(site: Site, monkeypatch: pytest.MonkeyPatch):
    token = site.provider.signed(site.provider.claims(AUDIENCE, repository="acme/train", ref="refs/heads/main"))
    assert site.who(token)["role"] == "write"
    later = time.time() + 400
    monkeypatch.setattr("nbtrack.server.access.keys.time.time", lambda: later)
    assert site.who(token) == 401


def test_keys_are_kept_and_change(site: Site, monkeypatch: pytest.MonkeyPatch):
    job = {"repository": "acme/train", "ref": "refs/heads/main"}
    site.who(site.provider.signed(site.provider.claims(AUDIENCE, **job)))
    before = site.provider.asked_for_keys
    for n in range(5):
        assert site.who(site.provider.signed(site.provider.claims(AUDIENCE, n=n, **job)))["role"] == "write"
        assert site.who(site.provider.signed(site.provider.claims(AUDIENCE, n=n, **job), kid=f"no {n}")) == 401
    assert site.provider.asked_for_keys - before <= 1  # tokens of strangers do not make us ask again and again
    old, site.provider.key = site.provider.key, RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
    site.provider.keys = [old]
    monkeypatch.setattr(issuers, "AGAIN_S", 0.0)
    assert site.who(site.provider.signed(site.provider.claims(AUDIENCE, m=1, **job)))["role"] == "write"
    assert (
        site.who(site.provider.signed(site.provider.claims(AUDIENCE, m=2, **job), key=old, kid="first"))["role"]
        == "write"
    )
    site.provider.keys = []
    site.who(site.provider.signed(site.provider.claims(AUDIENCE, **job), kid="none"))  # makes it look
    assert site.who(site.provider.signed(site.provider.claims(AUDIENCE, m=3, **job), key=old, kid="first")) == 401


def test_an_issuer_that_does_not_answer_is_not_blamed_on_the_token(tmp_path: Path, provider: Provider):
    path = tmp_path / "tokens.toml"
    (tmp_path / "oidc.secret").write_text("x")
    path.write_text(TEXT.format(url="http://127.0.0.1:9"))
    path.chmod(0o600)
    keys = Keys(path)
    site = Site(provider, keys, Audit(tmp_path))
    claims = provider.claims(AUDIENCE, repository="acme/train", ref="refs/heads/main") | {"iss": "http://127.0.0.1:9"}
    assert site.who(provider.signed(claims)) == 503
    found = site.http.get("/sign-in/sso")
    assert (found.status_code, "does not answer" in found.text) == (502, True)
    keys.close()
