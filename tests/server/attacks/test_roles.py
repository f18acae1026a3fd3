"""Who may do what: every route and every verb against every role, and what tokens, cookies and logs give away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.server.access import calls
from nbtrack.server.access.roles import Role
from nbtrack.server.native import verbs
from tests.server.attacks.conftest import FILES, ML, NATIVE

if TYPE_CHECKING:
    from tests.server.attacks.conftest import Target

ROLES = {"reader": Role.READ, "writer": Role.WRITE, "boss": Role.ADMIN}
READS, WRITES, RUINS = "reader writer boss", "writer boss", "boss"
REST = {
    ("POST", "runs/search"): READS,
    ("GET", "runs/get"): READS,
    ("GET", "metrics/get-history"): READS,
    ("GET", "artifacts/list"): READS,
    ("POST", "experiments/search"): READS,
    ("GET", "experiments/get"): READS,
    ("GET", "experiments/get-by-name"): READS,
    ("GET", "registered-models/search"): READS,
    ("GET", "registered-models/get"): READS,
    ("GET", "model-versions/get"): READS,
    ("POST", "runs/create"): WRITES,
    ("POST", "runs/update"): WRITES,
    ("POST", "runs/delete"): WRITES,
    ("POST", "runs/restore"): WRITES,
    ("POST", "runs/log-metric"): WRITES,
    ("POST", "runs/log-batch"): WRITES,
    ("POST", "runs/log-parameter"): WRITES,
    ("POST", "runs/set-tag"): WRITES,
    ("POST", "runs/delete-tag"): WRITES,
    ("POST", "runs/log-inputs"): WRITES,
    ("POST", "experiments/create"): WRITES,
    ("POST", "experiments/set-experiment-tag"): WRITES,
    ("POST", "logged-models"): WRITES,
    ("POST", "registered-models/create"): WRITES,
    ("PATCH", "registered-models/update"): WRITES,
    ("POST", "model-versions/create"): WRITES,
    ("POST", "model-versions/transition-stage"): WRITES,
    ("POST", "registered-models/alias"): WRITES,
    ("DELETE", "registered-models/alias"): WRITES,
    ("DELETE", "registered-models/delete-tag"): WRITES,
    ("POST", "experiments/update"): RUINS,
    ("POST", "experiments/delete"): RUINS,
    ("POST", "experiments/restore"): RUINS,
    ("POST", "registered-models/rename"): RUINS,
    ("DELETE", "registered-models/delete"): RUINS,
    ("DELETE", "model-versions/delete"): RUINS,
    ("GET", "webhooks"): RUINS,
    ("POST", "webhooks"): RUINS,
    ("DELETE", "webhooks/x"): RUINS,
    ("POST", "webhooks/x/test"): RUINS,
}


@pytest.mark.parametrize(("asked", "may"), REST.items(), ids=[f"{method} {path}" for method, path in REST])
def test_routes_by_role(target: Target, asked: tuple[str, str], may: str):
    """403 for those who may not, and for those who may an answer to a request that names nothing that there is."""
    method, path = asked
    body = None if method == "GET" else {"run_id": "0" * 32, "name": "", "experiment_id": "999"}
    for place, who in enumerate(ROLES):
        prefix = ML.replace("/api/", "/ajax-api/") if place % 2 else ML
        found = target.ask(method, prefix + path, body, who=who)
        target.check(found)
        assert (found.status != 403) == (who in may.split()), (who, found.status)


@pytest.mark.parametrize("verb", sorted(verbs.ALL))
def test_verbs_by_role(target: Target, verb: str):
    for who, role in ROLES.items():
        found = target.call(verb, *(["\x00"] * 12), who=who)
        assert (found.status == 403 and b"error_code" in found.body) == (role < calls.role_for(verb)), (
            who,
            found.body[:200],
        )
        assert found.status < 500, found.body[:300]


def test_guesses_take_the_same_time_and_are_slowed(target: Target):
    """A name that is there is not told from one that is not, by the answer or by its time."""
    answers = {}
    for name in ("boss", "nobody-of-that-name"):
        began = time.process_time()
        found = target.ask("GET", f"{ML}experiments/search", authorization=f"Bearer nbt_{name}_wrong")
        answers[name] = (found.status, found.body), time.process_time() - began
    (one, one_s), (other, other_s) = answers.values()
    assert one == other
    assert 0.1 < one_s / other_s < 10
    seen = [
        target.ask("GET", f"{ML}experiments/search", authorization=f"Bearer nbt_writer_{i}").status for i in range(8)
    ]
    assert 429 in seen
    assert target.ask("GET", f"{ML}experiments/search").status == 200, "who was known before is let in"


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "nbtrack-user=chosen-by-somebody-else"},
        {"cookie": "nbtrack-user="},
        {"cookie": "nbtrack-user=boss"},
        {"cookie": "nbtrack-80=x; nbtrack-user=../../etc/passwd"},
        {"authorization": "Bearer null"},
        {"authorization": "Basic Ym9zczo="},
        {"authorization": "Bearer nbt_boss_"},
        {"authorization": "Negotiate x"},
        {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJib3NzIn0."},
    ],
)
def test_nobody_is_let_in_by_what_they_choose(target: Target, headers: dict[str, str]):
    found = target.ask("GET", f"{ML}experiments/search", who=None, **headers)
    assert found.status in (401, 429)
    assert not found.header("set-cookie")


def test_tokens_in_addresses_are_not_taken(target: Target):
    token = target.secrets["boss"]
    for query in (f"token={token}", f"access_token={token}", f"api_key={token}"):
        assert target.ask("GET", f"{ML}experiments/search?{query}", who=None).status == 401
    assert token.split("_", 2)[2] not in audit(target)


def audit(target: Target) -> str:
    return "".join(path.read_text() for path in target.folder.rglob("audit.jsonl*"))


def test_the_audit_log_is_lines_of_json_whatever_is_asked(target: Target):
    for path in (
        "/%0a%7b%22user%22:%22boss%22%7d",
        "/a%1b[31mred",
        "/%00",
        "/\u202eexe",
        "/" + "x" * 5000,
        '/"},{"user":"boss"',
    ):
        target.ask("GET", path.replace(" ", "%20"), who=None)
    lines = audit(target).splitlines()
    assert len(lines) > 5
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        said: dict[str, Any] = json.loads(line)
        assert {"time", "user", "status", "method", "path"} <= said.keys()
        assert len(line) < 5000
    for method, path in (
        ("GET", f"{FILES}/audit.jsonl"),
        ("DELETE", f"{FILES}/audit.jsonl"),
        ("GET", f"{NATIVE}blobs/audit.jsonl"),
    ):
        assert target.ask(method, path).status in (200, 400, 404)
    assert audit(target).startswith(lines[0]), "nothing takes lines away"


ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1",
    "http://127.0.0.1.evil.example",
    "http://localhost:1",
    "file://",
    "chrome-extension://x",
    "http://127.0.0.1@evil.example",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_others_may_not_ask(target: Target, origin: str):
    for method, path in (
        ("GET", f"{ML}experiments/search"),
        ("POST", f"{ML}experiments/create"),
        ("POST", "/sign-in"),
        ("GET", "/api/stream"),
    ):
        found = target.ask(method, path, {"name": "forged"} if method == "POST" else None, origin=origin)
        assert found.status == 403
        assert not [name for name, _ in found.headers if name.lower().startswith("access-control")]
    assert target.ask(
        "OPTIONS", f"{ML}experiments/create", origin=origin, access_control_request_method="POST"
    ).status in (403, 404, 405)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "TEXT/PLAIN",
        "application/json, text/plain",
        "text/html",
        "application/xml",
    ],
)
def test_what_a_form_can_send_changes_nothing(target: Target, kind: str):
    found = target.ask("POST", f"{ML}experiments/create", {"name": f"by {kind}"}, content_type=kind)
    target.check(found)
    assert 400 <= found.status < 500
    assert (
        target.ask("GET", f"{ML}experiments/get-by-name?experiment_name=by%20{kind.replace(' ', '%20')}").status == 404
    )


XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}",
    "\u202egnp.exe",
    "<svg/onload=alert(1)>",
]


@pytest.mark.parametrize("text", XSS)
def test_texts_are_never_pages(target: Target, text: str):
    made = target.ask(
        "POST",
        f"{ML}runs/create",
        {"experiment_id": target.experiments["theirs"], "run_name": text, "tags": [{"key": "note", "value": text}]},
    )
    answers = [
        made,
        target.ask("GET", f"{ML}experiments/get-by-name?experiment_name={text.encode().hex()}"),
        target.ask("GET", "/" + text.encode().hex()),
        target.ask("POST", f"{ML}runs/search", {"experiment_ids": [target.experiments["theirs"]]}),
        target.ask(
            "POST", "/sign-in", f"token={text}".encode(), who=None, content_type="application/x-www-form-urlencoded"
        ),
    ]
    for found in answers:
        assert found.header("x-content-type-options") == "nosniff"
        kind = found.header("content-type")
        assert kind.startswith("application/json") or text.encode() not in found.body
        assert "default-src 'none'" in found.header("content-security-policy")
