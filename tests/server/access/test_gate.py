"""Who comes in: headers, browsers, guessing, hosts, pages of others, sizes, and what is written down of it."""

from __future__ import annotations

import base64
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.testclient import TestClient

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.server.access import audit, bodies, door, gate, tokens, used
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys, WaitError, credentials
from nbtrack.server.access.roles import Role, User
from tests.server.access.conftest import ML

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.access.conftest import Team

LIST = f"{ML}/experiments/search"


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def test_a_token_comes_as_bearer_or_password(server: Team):
    token = server.secrets["reader"]
    for header in (
        f"Bearer {token}",
        f"bearer  {token}",
        basic("reader", token),
        basic("reader", token.split("_", 2)[2]),
    ):
        assert server.ask(None, "GET", LIST, headers={"Authorization": header}).status_code == 200
    assert server.ask("reader", "GET", "/api/nbtrack/v1/about").json()["user"] == "reader"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer nbt__", "Bearer nbt_reader_", "Basic", "Basic !!!", "Basic cmVhZGVy", "Digest a",
     "Bearer " + "x" * 5000,
     basic("", "x"), basic("writer", "nbt_reader_x"), "Bearer nbt_reader_\udcff".encode("utf-8", "replace").decode()],
)  # fmt: skip
def test_nothing_else_does(server: Team, header: str):
    found = server.ask(None, "GET", LIST, headers={"Authorization": header})
    assert found.status_code in (401, 429)
    assert found.json()["error_code"] in ("UNAUTHENTICATED", "REQUEST_LIMIT_EXCEEDED")
    server.keys.brake.succeeded("address testclient", "name reader", "name writer")


def test_guesses_are_slowed_and_who_was_known_is_not(server: Team):
    assert server.ask("reader", "GET", LIST).status_code == 200
    guess = {"Authorization": "Bearer nbt_reader_guess"}
    seen = [server.ask(None, "GET", LIST, headers=guess) for _ in range(8)]
    assert [s.status_code for s in seen][:6] == [401] * 6
    assert seen[-1].status_code == 429
    assert int(seen[-1].headers["retry-after"]) >= 1
    assert server.ask("reader", "GET", LIST).status_code == 200
    with pytest.raises(WaitError):
        server.keys.check("Bearer nbt_reader_other", "10.0.0.9")  # the name is slowed from elsewhere, too
    server.keys.brake.succeeded("address testclient", "name reader", "address 10.0.0.9")


def test_a_browser_signs_in_and_out(server: Team):
    http = server.http
    asked = http.get("/", headers={"accept": "text/html"})
    assert (asked.status_code, "<form" in asked.text) == (401, True)
    assert "form-action 'self'" in asked.headers["content-security-policy"]
    assert asked.headers["referrer-policy"] == "same-origin"  # else a browser does not say where the form is from
    assert http.get("/sign-in").status_code == 200
    wrong = http.post("/sign-in", data={"token": "<img src=x>"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    here = {"origin": "http://ml.example.org"}
    assert (
        http.post(
            "/sign-in", data={"token": server.secrets["reader"]}, headers={"origin": "http://evil.org"}
        ).status_code
        == 403
    )
    done = http.post("/sign-in", data={"token": server.secrets["reader"]}, headers=here)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert server.secrets["reader"].lower() not in cookie
    assert http.get("/").status_code == 200
    assert http.get(LIST).status_code == 200
    assert http.get(LIST, headers={"origin": "http://evil.org"}).status_code == 403
    shown = http.cookies[door.COOKIE]
    assert http.post("/sign-out", headers=here).status_code == 303
    http.cookies.clear()
    assert http.get("/", headers={"cookie": f"{door.COOKIE}={shown}"}).status_code == 401


def test_a_browser_that_may_not_look_can_be_somebody_else(server: Team):
    http, page = server.http, {"accept": "text/html"}
    assert http.post("/sign-in", data={"token": server.secrets["reader"]}).status_code == 303
    found = http.get("/metrics", headers=page)
    assert (found.status_code, "<form" in found.text, "needs the role" in found.text) == (403, True, True)
    assert http.get("/metrics").json()["error_code"] == "PERMISSION_DENIED"
    assert http.post("/sign-in", data={"token": server.secrets["boss"]}).status_code == 303
    assert http.get("/metrics", headers=page).status_code == 200


def test_every_answer_is_protected(server: Team):
    for path in ("/health", LIST, "/nothing", "/"):
        found = server.ask("reader", "GET", path)
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in found.headers["content-security-policy"]
        assert not [name for name in found.headers if name.startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_forms_of_other_pages_change_nothing(server: Team, kind: str):
    found = server.ask(
        "boss", "POST", f"{ML}/experiments/create", content='{"name": "forged"}', headers={"content-type": kind}
    )
    assert found.status_code == 415


def test_bodies_have_a_limit_also_when_their_length_is_not_said(server: Team):
    def pieces() -> Any:
        for _ in range(40):
            yield b"x" * (1 << 20)

    path, kind = f"{ML}/experiments/create", {"content-type": "application/json"}
    assert server.ask("boss", "POST", path, content=pieces(), headers=kind).status_code == 413
    assert (
        server.ask("boss", "POST", path, headers={**kind, "content-length": "99999999999"}, content=b"{").status_code
        == 413
    )


def test_the_audit_log_tells_who_did_what(server: Team):
    server.ask("writer", "POST", f"{ML}/experiments/set-experiment-tag",
               json={"experiment_id": server.experiments["mine"], "key": "k", "value": "hidden value"})  # fmt: skip
    server.ask("reader", "DELETE", f"{ML}/registered-models/delete", json={"name": "x"})
    lines = [json.loads(each) for each in server.audit.path.read_text().splitlines()]
    changed, refused = lines[-2:]
    assert (changed["user"], changed["status"], changed["about"]) == (
        "writer",
        200,
        f"experiments={server.experiments['mine']}",
    )
    assert (refused["user"], refused["status"], refused["from"]) == ("reader", 403, "testclient")
    text = server.audit.path.read_text()
    assert "hidden value" not in text
    assert not any(secret.split("_", 2)[2] in text for secret in server.secrets.values())
    assert server.audit.path.stat().st_mode & 0o777 == 0o600


def test_a_log_turns_over(tmp_path: Path):
    log = Audit(tmp_path, max_bytes=500, kept=2)
    for i in range(40):
        log.write(path="/x\n" * 200, i=i)
    log.close()
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".lock") == [
        "audit.jsonl",
        "audit.jsonl.1",
        "audit.jsonl.2",
    ]
    assert json.loads(log.path.read_text().splitlines()[-1])["i"] == 39
    assert [said["i"] for said in audit.read(tmp_path)] == sorted(said["i"] for said in audit.read(tmp_path))


def test_two_servers_write_one_log_and_noise_does_not_push_it_out(tmp_path: Path):
    one, two = Audit(tmp_path, max_bytes=4000), Audit(tmp_path, max_bytes=4000)
    for i in range(60):
        (one if i % 2 else two).write(i=i, path="x" * 100)
    for _ in range(500):
        one.often("guess", 60, status=401)
    one.close()
    two.close()
    found = list(audit.read(tmp_path))
    assert [said["i"] for said in found if "i" in said] == list(range(60))
    assert [said.get("times") for said in found if said.get("status") == 401] == [None, 499]
    with (tmp_path / "audit.jsonl").open("a") as file:
        file.write('{"half\n[]\n{"time": 7}\n')
    assert list(audit.read(tmp_path)) == found


def test_what_programs_do_all_the_time_is_one_line(server: Team):
    def lines() -> list[dict[str, Any]]:
        return list(audit.read(server.audit.path.parent))

    before = len(lines())
    for n in range(20):
        body = {"run_id": server.runs["open"], "key": "often", "value": n, "timestamp": n}
        assert server.ask("boss", "POST", f"{ML}/runs/log-metric", json=body).status_code == 200
        server.call("boss", "next_run_number")
        assert server.ask("reader", "POST", f"{ML}/runs/log-metric", json=body).status_code == 403
    told = [(each["user"], each["status"], each["path"].rpartition("/")[2]) for each in lines()[before:]]
    assert sorted(told) == [
        ("boss", 200, "log-metric"),
        ("boss", 200, "next_run_number"),
        ("reader", 403, "log-metric"),
    ]


def test_without_the_file_of_tokens_nobody_comes_in(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "tokens.toml"
    secret = tokens.add(path, User("ada", Role.READ))
    keys = Keys(path)
    http = TestClient(gate.Gate(_ok, keys))
    known = {"authorization": f"Bearer {secret}"}
    assert keys.check(known["authorization"], "") is not None
    text = path.read_text()
    path.unlink()
    keys._looked = 0.0
    for headers in (known, {}, {"authorization": "Bearer nbt_ada_x"}):
        found = http.get(LIST, headers=headers)
        assert (found.status_code, found.headers["retry-after"]) == (503, "5")
        assert "gone" in found.json()["message"]
    assert http.post("/sign-in", data={"token": secret}).status_code == 503
    assert "gone" in http.get("/", headers={"accept": "text/html"}).text
    assert caplog.text.count("nobody comes in") == 1
    path.write_text(text)
    path.chmod(0o600)
    assert keys.known(known["authorization"]) is not None  # at once: no second is waited
    keys.close()


def test_when_a_token_was_used_last_is_kept(tmp_path: Path):
    path = tmp_path / "tokens.toml"
    secret = tokens.add(path, User("ada", Role.READ))
    tokens.add(path, User("bob", Role.READ))
    for _ in range(2):
        keys = Keys(path)
        assert keys.check(f"Bearer {secret}", "") is not None
        keys.close()
    found = used.read(used.place(path))
    assert list(found) == ["ada"]
    assert datetime.now(UTC) - datetime.fromisoformat(found["ada"]) < timedelta(minutes=5)
    assert used.place(path).stat().st_mode & 0o777 == 0o600


def test_a_stream_ends_when_its_user_may_not_come_in_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.server.access.keys.LOOK_S", 0.0)
    path = tmp_path / "tokens.toml"
    secret = tokens.add(path, User("ada", Role.READ))
    sent: list[Any] = []

    async def frames() -> Any:
        for i in range(10):
            if i == 3:
                tokens.remove(path, "ada")
            yield b"x"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await StreamingResponse(frames())(scope, receive, send)

    async def never() -> Any:
        await anyio.sleep(60)

    async def keep(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"x"), (b"authorization", f"Bearer {secret}".encode())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/stream",
        "headers": headers,
        "query_string": b"",
        "asgi": {"spec_version": "2.4"},
    }
    state = type("State", (), {"desk": None})
    anyio.run(lambda: gate.Gate(app, Keys(path))({**scope, "app": type("App", (), {"state": state})}, never, keep))
    assert [each.get("body") for each in sent] == [None, b"x", b"x", b"x", b""]
    assert sent[-1]["more_body"] is False


def test_tokens_are_kept_as_hashes_and_seen_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.server.access.keys.LOOK_S", 0.0)
    old, path = os.umask(0), tmp_path / "tokens.toml"
    try:
        secret = tokens.add(path, User("ada", Role.READ, {'a "quoted"\\*': Role.WRITE}))
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret.split("_", 2)[2] not in path.read_text()
    keys = Keys(path)
    user = keys.check(f"Bearer {secret}", "")
    assert user == User("ada", Role.READ, {'a "quoted"\\*': Role.WRITE})
    soon = tokens.add(path, User("bob", Role.READ), expires=datetime.now(UTC) - timedelta(seconds=1))
    assert keys.check(f"Bearer {soon}", "") is None
    chosen = tokens.add(path, User("eve", Role.READ), password="a long password")
    assert keys.check(basic("eve", chosen), "") == User("eve", Role.READ)
    tokens.remove(path, "ada")
    assert keys.check(f"Bearer {secret}", "") is None
    with pytest.raises(NotFoundError):
        tokens.remove(path, "ada")
    path.write_text("[tokens.x")  # half written: those from before stay
    assert keys.check(basic("eve", chosen), "") is not None
    for text in (
        '[tokens.x]\nhash = "y"',
        '[tokens.x]\nhash="y"\nrole="god"',
        "tokens = 7",
        '[tokens."a b"]\nhash = "y"',
    ):
        path.write_text(text)
        with pytest.raises(InvalidValueError):
            Keys(path)
    path.chmod(0o644)
    with pytest.raises(InvalidValueError, match="chmod 600"):
        Keys(path)
    with pytest.raises(InvalidValueError, match="token add"):
        Keys(tmp_path / "none.toml")
    for name in ("", "a_b", "a b", "../x", "x" * 65):
        with pytest.raises(InvalidValueError):
            tokens.add(path, User(name, Role.READ))
    assert credentials("Bearer nbt_a_b_c") == ("a", "b_c")


async def _ok(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("fine")(scope, receive, send)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:5000", 404), ("localhost", 404), ("[::1]:80", 404), ("LOCALHOST:1", 404),
        ("evil.com", 421), ("127.0.0.1.evil.com", 421), ("localhost@evil.com", 421), ("", 421), ("10.evil.com", 421),
        ("192.168.evil.com", 421), ("127.0.0.1:x", 421), ("0.0.0.0", 421), ("127.1", 421), ("localhost.", 421),
    ],
)  # fmt: skip
def test_without_tokens_only_this_machine_is_asked(host: str, status: int):
    http = TestClient(gate.Gate(_ok))
    assert http.get("/api/none", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.com", "http://localhost.evil.com", "http://127.0.0.1:81", "http://localhost", "file://", "http://[", "ftp://127.0.0.1"]
)  # fmt: skip
def test_without_tokens_pages_of_others_may_not_ask(origin: str):
    http = TestClient(gate.Gate(_ok), base_url="http://127.0.0.1")
    assert http.get(LIST, headers={"origin": "http://127.0.0.1"}).status_code == 200
    assert http.get(LIST, headers={"origin": origin}).status_code == 403
    assert http.get(LIST, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_a_named_server_is_asked_by_its_names_and_by_those_of_this_machine():
    http = TestClient(gate.Gate(_ok, allowed_hosts=("ml.example.org", "*.lab")))
    seen = {
        host: http.get(LIST, headers={"host": host}).status_code
        for host in ("ml.example.org:80", "a.lab", "127.0.0.1:5000", "lab", "evil.org", "127.0.0.1.evil.org")
    }
    assert [host for host, status in seen.items() if status == 200] == ["ml.example.org:80", "a.lab", "127.0.0.1:5000"]
    assert [host for host, status in seen.items() if status == 421] == ["lab", "evil.org", "127.0.0.1.evil.org"]


def test_slow_bodies_and_too_many_requests_are_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "CHUNK_S", 0.02)
    sent: list[Any] = []

    async def never() -> Any:
        await anyio.sleep(60)

    async def keep(message: Any) -> None:
        sent.append(message)

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    scope = {"type": "http", "method": "POST", "path": LIST, "headers": [(b"host", b"localhost")], "query_string": b""}
    began = time.monotonic()
    anyio.run(lambda: gate.Gate(reads)(dict(scope), never, keep))
    assert sent[0]["status"] == 408
    assert time.monotonic() - began < 10
    sent.clear()
    anyio.run(lambda: gate.Gate(reads, max_at_once=0)(dict(scope), never, keep))
    assert sent[0]["status"] == 503
