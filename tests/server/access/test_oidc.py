"""People sign in with a provider; and what attackers try is refused."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.server.access import door, gate, tokens
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.oidc import settings
from nbtrack.server.access.roles import Role, User
from nbtrack.server.access.sessions import Sessions
from tests.server.access import provider as providers
from tests.server.access.site import ABOUT, EVIL, HERE, Site, answer, keys, provider, site

__all__ = ["keys", "provider", "site"]


def test_the_file_keeps_what_is_written_by_hand(keys: Keys):
    text = keys.path.read_text()
    assert "# By hand." in text
    assert "[workloads.ci] # jobs" in text
    tokens.remove(keys.path, "bot")
    tokens.add(keys.path, User("bot", Role.READ))
    assert keys.path.read_text().count("[oidc]") == keys.path.read_text().count(tokens.HEAD) == 1
    assert keys.path.read_text().split("# By hand.")[1] == text.split("# By hand.")[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[oidc]\nissuer = "http://login.example.org"\nclient_id = "x"\npublic_url = "https://x"',
            "begins with https://",
        ),
        ('[oidc]\nissuer = "https://x"\nclient_id = "x"', "public_url must be set"),
        (
            '[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\nrole = "read"',
            "`domains` or `groups`",
        ),
        ('[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\nroles = "read"', "'roles'"),
        (
            '[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\nclient_secret_env = "NO_SUCH"',
            "NO_SUCH is not set",
        ),
        (
            '[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\nclient_secret_file = "none"',
            "none cannot be read",
        ),
        (
            '[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\n[[oidc.grants]]\nrole = "read"',
            "say for whom",
        ),
        (
            '[oidc]\nissuer = "https://x"\nclient_id = "x"\npublic_url = "https://x"\n[oidc.grants]\nrole = "read"',
            "[[oidc.grants]]",
        ),
        ('[workloads.ci]\nissuer = "https://x"\naudience = "y"', "grants must be set"),
        (
            '[workloads.ci]\nissuer = "https://x"\naudience = "y"\n[[workloads.ci.grants]]\nrole = "write"',
            "say for whom",
        ),
        ("[oidc.x]\n[odic]", "odic"),
        ("workloads = 1", "[workloads.github]"),
    ],
)
def test_settings_that_would_let_in_others_are_refused(tmp_path: Path, text: str, told: str):
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidValueError) as error:
        Keys(path)
    assert told in str(error.value)


def test_what_the_documents_show_can_be_used(tmp_path: Path):
    text = (Path(__file__).parents[3] / "docs" / "sign-in.md").read_text()
    shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "oidc.secret").write_text("x")
    found = settings.read(tomllib.loads("\n".join(shown)), tmp_path / "tokens.toml")
    assert found.login is not None
    assert found.login.back_url in text
    ada = found.login.user_of({"email": "ada@example.org", "email_verified": True, "groups": ["vision"]})
    assert (ada.role, ada.experiments, ada.models) == (Role.ADMIN, {"vision/*": Role.WRITE}, {"vision-*": Role.WRITE})
    job = found.workloads[0].user_of({"repository": "acme/train", "ref": "refs/tags/v1", "sub": "x"})
    assert (job.name, job.role, job.experiments) == ("github:acme/train", Role.NONE, {"train/*": Role.WRITE})


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


# -- cookies -------------------------------------------------------------------------------------------------------------


def test_servers_over_one_file_know_one_anothers_cookies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.server.access.sessions.LOOK_S", 0.0)
    one, two = Sessions(tmp_path / "tokens.toml"), Sessions(tmp_path / "tokens.toml")
    shown = one.cookie("user", {"name": "ada"}, 60)
    said = two.read("user", shown)
    assert said is not None
    assert two.end(said) is True
    assert two.end(said) is False
    assert one.read("user", shown) is None
    assert one.read("user", one.cookie("user", {}, -1)) is None  # over
    assert one.path.stat().st_mode & 0o777 == 0o600
    before = one.cookie("user", {}, 60)
    one.path.chmod(0o644)
    assert Sessions(tmp_path / "tokens.toml").read("user", before) is None  # others may know the key
    assert one.path.stat().st_mode & 0o777 == 0o600


def test_cookies_work_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any, **__: Any) -> Any:
        raise OSError("read-only")

    monkeypatch.setattr("nbtrack.server.access.sessions.tempfile.mkstemp", full)
    alone = Sessions(tmp_path / "tokens.toml")
    shown = alone.cookie("user", {}, 60)
    said = alone.read("user", shown)
    assert said is not None
    assert alone.end(said) is True
    assert alone.read("user", shown) is None
