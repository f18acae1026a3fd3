"""Jobs show tokens of an issuer; forged, foreign and old ones do not come in."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import RSAKey
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.oidc import fetching
from nbtrack.server.access.oidc import issuer as issuers
from tests.server.access.site import AUDIENCE, EVIL, TEXT, Site, keys, provider, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.access.provider import Provider

__all__ = ["keys", "provider", "site"]


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


def test_a_slow_issuer_holds_up_one_request_only(site: Site, monkeypatch: pytest.MonkeyPatch):
    job = {"repository": "acme/train", "ref": "refs/heads/main"}
    site.who(site.provider.signed(site.provider.claims(AUDIENCE, **job)))
    asked, go_on = threading.Event(), threading.Event()
    real = fetching.ask_object

    def slow(*what: Any) -> Any:
        asked.set()
        go_on.wait(30)
        return real(*what)

    monkeypatch.setattr("nbtrack.server.access.oidc.issuer.ask_object", slow)
    monkeypatch.setattr(issuers, "AGAIN_S", 0.0)
    stranger = site.provider.signed(site.provider.claims(AUDIENCE, **job), kid="unknown")
    thread = threading.Thread(target=lambda: site.keys.bearers.check(stranger))
    thread.start()
    asked.wait(30)
    monkeypatch.setattr(issuers, "AGAIN_S", 60.0)
    assert site.keys.bearers.check(site.provider.signed(site.provider.claims(AUDIENCE, n=9, **job))) is not None
    assert site.keys.bearers.check(stranger) is None
    assert thread.is_alive()
    go_on.set()
    thread.join(30)


def test_the_command_line_says_beforehand_what_is_wrong(site: Site, tmp_path: Path):
    def call(path: Path, *words: str) -> Any:
        return CliRunner().invoke(app, ["server", "oidc", "--auth", str(path), *words])

    found = json.loads(call(site.keys.path, "--json").stdout)
    assert [(each["table"], each["problem"]) for each in found] == [("oidc", ""), ("workloads.ci", "")]
    assert found[0]["redirect_uri"] == "https://ml.example.org/sign-in/back"
    assert found[1]["grants"][0]["who"] == ["repository = acme/train", "ref = refs/heads/main | refs/tags/*"]
    assert "a secret" not in call(site.keys.path).stdout
    (tmp_path / "oidc.secret").write_text("x")
    path = tmp_path / "tokens.toml"
    path.write_text(TEXT.format(url="http://127.0.0.1:9"))
    done = call(path)
    assert (done.exit_code, "does not answer" in done.stdout) == (1, True)
    path.write_text("")
    assert "docs/sign-in.md" in call(path).stderr
