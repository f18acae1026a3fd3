"""Who may talk to the web interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.server.app import MAX_MESSAGE
from nbtrack.server.security import check_host

if TYPE_CHECKING:
    from starlette.routing import Route

    from tests.server.conftest import Tab


def routes(tab: Tab) -> list[tuple[str, str]]:
    """Return method and path of every route that there is."""
    found: list[Route] = tab.interface._app.app().routes  # type: ignore[assignment]
    every = [(method, route.path) for route in found for method in sorted(route.methods or ())]
    assert len(every) >= 5
    return every


def test_no_route_answers_without_the_token(tab: Tab) -> None:
    for method, path in [*routes(tab), ("GET", "/nothing"), ("POST", "/")]:
        body: object = {} if method == "POST" else None
        for cookie in (None, "", f"{tab.interface.lock.cookie}=wrong", f"other={tab.interface.lock.token}"):
            reply = tab.ask(method, path, body, Cookie=cookie)
            assert reply.status == 403, (method, path, cookie)
            assert method == "HEAD" or b"nbtrack ui" in reply.read()


def test_no_route_answers_to_another_host_name(tab: Tab) -> None:
    port = tab.interface.lock.port
    for method, path in routes(tab):
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""):
            body: object = {} if method == "POST" else None
            assert tab.ask(method, path, body, Host=host).status == 421, (method, path, host)
    assert tab.ask("GET", "/", Host=f"localhost:{port}").status == 200


def test_other_origins_are_refused(tab: Tab) -> None:
    tab.follow()
    message = {"session": tab.session, "content": {"kind": "ask", "what": "saved-views"}}
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{tab.interface.lock.port}"):
        assert tab.ask("POST", "/api/message", message, Origin=origin).status == 403
        assert tab.ask("GET", "/api/stream", Origin=origin).status == 403
    own = f"http://127.0.0.1:{tab.interface.lock.port}"
    assert tab.ask("POST", "/api/message", message, Origin=own, Sec_Fetch_Site="same-origin").status == 200
    assert tab.ask("POST", "/api/message", message, Sec_Fetch_Site="cross-site").status == 403
    assert tab.ask("GET", "/page.js", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="no-cors").status == 403
    assert tab.ask("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


def test_what_a_form_of_another_page_could_send_is_refused(tab: Tab) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        assert tab.ask("POST", "/api/message", b"{}", Content_Type=kind).status == 415


def test_the_token_goes_from_the_address_into_a_cookie_that_scripts_cannot_read(tab: Tab) -> None:
    lock = tab.interface.lock
    path = tab.interface.url.removeprefix(f"http://127.0.0.1:{lock.port}")
    reply = tab.ask("GET", path, Cookie=None)
    assert (reply.status, reply.getheader("location")) == (303, "/")
    cookie = reply.getheader("set-cookie") or ""
    assert cookie.startswith(f"{lock.cookie}={lock.token};")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert lock.token.encode() not in tab.ask("GET", "/").read()


def test_a_program_may_send_the_token_as_a_bearer(tab: Tab) -> None:
    token = tab.interface.lock.token
    assert tab.ask("GET", "/", Cookie=None, Authorization=f"Bearer {token}").status == 200
    assert tab.ask("GET", "/", Cookie=None, Authorization=f"Bearer {token}x").status == 403
    assert tab.ask("GET", "/", Cookie=None, Authorization="Bearer ü").status == 403


def test_every_answer_carries_the_policy(tab: Tab) -> None:
    replies = [
        tab.ask("GET", "/"),
        tab.ask("GET", "/", Cookie=None),
        tab.ask("GET", "/", Host="x"),
        tab.ask("GET", "/no"),
    ]
    for reply in replies:
        policy = reply.getheader("content-security-policy") or ""
        assert "default-src 'none'; script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.getheader("x-content-type-options") == "nosniff"
        assert reply.getheader("cache-control") == "no-store"
        assert reply.getheader("server") is None
        assert reply.getheader("access-control-allow-origin") is None


def test_the_page_has_no_script_of_its_own(tab: Tab) -> None:
    text = tab.ask("GET", "/").read().decode()
    scripts = text.split("<script")[1:]
    assert len(scripts) == 2
    assert 'type="application/json"' in scripts[0]
    assert scripts[1].startswith(' type="module" src="./page-')
    assert scripts[1].split(">")[1] == "</script"
    assert " onload=" not in text


def test_messages_have_a_largest_size_and_must_be_json_objects(tab: Tab) -> None:
    assert tab.ask("POST", "/api/message", b'"' + b"x" * MAX_MESSAGE + b'"').status == 413
    assert tab.ask("POST", "/api/message", b"{").status == 400
    assert tab.ask("POST", "/api/message", b"[]").status == 400
    assert tab.ask("POST", "/api/message", b"\xff").status == 400
    sessions: list[object] = ["gone", None, ["x"], {}]
    for session in sessions:
        assert tab.ask("POST", "/api/message", {"session": session, "content": {}}).status == 410


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.0.1"])
def test_only_addresses_of_this_machine_are_listened_on(host: str) -> None:
    assert check_host(host) == host.strip("[]")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org", ""])
def test_addresses_that_others_can_reach_are_refused_with_a_way_out(host: str) -> None:
    with pytest.raises(InvalidValueError, match="ssh -L"):
        check_host(host)
