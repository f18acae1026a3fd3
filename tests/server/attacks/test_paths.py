"""Nothing that a request names leads out of what the store has: every field that looks like a path, in every spelling."""

from __future__ import annotations

import socket
from http.client import InvalidURL
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nbtrack.journal.record import event_body, line
from nbtrack.store.traffic import LINES
from tests.server.attacks.conftest import FILES, ML, NATIVE

if TYPE_CHECKING:
    from tests.server.attacks.conftest import Answer, Target

SPELLINGS = [
    "../../canary.txt",
    "..%2f..%2fcanary.txt",
    "%2e%2e/%2e%2e/canary.txt",
    "%252e%252e%252f%252e%252e%252fcanary.txt",
    "%25252e%25252e%25252fcanary.txt",
    "..\\..\\canary.txt",
    "..%5c..%5ccanary.txt",
    "{outside}/canary.txt",
    "/{outside}/canary.txt",
    "file://{outside}/canary.txt",
    "FILE:///{outside}/canary.txt",
    "file://localhost{outside}/canary.txt",
    "//127.0.0.1{outside}/canary.txt",
    "C:\\canary.txt",
    "\\\\host\\share\\canary.txt",
    "CON",
    "a\x00b",
    "a%00b",
    "./../../canary.txt",
    "a/../../../canary.txt",
    "..;/canary.txt",
    "\u2024\u2024/canary.txt",
    "..\u2215canary.txt",
    "x/" * 800,
    "x" * 3000,
    "a\r\nX-Evil: 1",
    "canary.txt.",
    " ",
    "../team.nbtrack-secret/canary.txt",
    "http:///?/../../../{outside}/canary.txt",
    "http:///#/../../{outside}/canary.txt",
    "//proc/self/root",
]


def in_path(target: Target, method: str, begin: str, text: str) -> Answer:
    """Ask for an address as it is written, or quoted where it cannot be written in a request."""
    try:
        return target.ask(method, begin + text.replace(" ", "%20"), b"evil" if method == "PUT" else None)
    except (InvalidURL, UnicodeError):
        return target.ask(method, begin + quote(text), b"evil" if method == "PUT" else None)


PLACES = [
    *((method, f"{FILES}/{{exp}}/{{run}}/artifacts/") for method in ("GET", "PUT", "DELETE")),
    ("GET", f"{FILES}/"),
    ("GET", f"{ML}logged-models/"),
    ("GET", f"{NATIVE}blobs/"),
    ("PUT", f"{NATIVE}blobs/"),
    ("GET", f"{NATIVE}journals/"),
]
QUERIES = [
    f"{FILES}?path=",
    f"{ML}artifacts/list?run_id={{run}}&path=",
    f"{ML}runs/get?run_id=",
    f"{ML}metrics/get-history?metric_key=a&run_id=",
    f"{ML}model-versions/get-download-uri?version=1&name=",
    f"{ML}experiments/get-by-name?experiment_name=",
    f"{ML}experiments/get?experiment_id=",
]
MESSAGES: list[tuple[str, dict[str, Any]]] = [
    (f"{ML}model-versions/create", {"name": "m", "source": "@"}),
    (
        f"{ML}model-versions/create",
        {"name": "m", "source": "@", "run_id": "{run}", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
    ),
    (f"{ML}experiments/create", {"name": "at @", "artifact_location": "@"}),
    (f"{ML}logged-models", {"experiment_id": "{exp}", "name": "@", "source_run_id": "{run}"}),
    (f"{ML}runs/create", {"experiment_id": "{exp}", "run_name": "@"}),
    (f"{ML}runs/log-parameter", {"run_id": "@", "key": "a", "value": "b"}),
    (f"{ML}runs/log-metric", {"run_id": "{run}", "key": "@", "value": 1, "timestamp": 1}),
    ("/api/2.0/mlflow-artifacts/mpu/create/{exp}/{run}/artifacts/x", {"path": "@", "num_parts": 1}),
]
VERBS = ["list_artifacts", "get_run", "resolve_run", "settings", "artifact_digest"]
FIELDS: list[Any] = [*PLACES, *QUERIES, *MESSAGES, *VERBS]


def ask(target: Target, field: Any, said: str) -> Answer:
    """Ask with a text in one field of one route."""

    def filled(text: str) -> str:
        return text.replace("{run}", target.run).replace("{exp}", target.experiments["theirs"])

    if field in VERBS:
        return target.call(field, *([target.run] if field in ("list_artifacts", "artifact_digest") else []), said)
    if field in QUERIES:
        return target.ask("GET", filled(field) + quote(said))
    if field in PLACES:
        return in_path(target, field[0], filled(field[1]), said)
    path, body = field
    full = {
        k: (said if v == "@" else filled(v).replace("@", said) if isinstance(v, str) else v) for k, v in body.items()
    }
    return target.ask("POST", filled(path), full)


@pytest.mark.parametrize("place", range(len(SPELLINGS)))
def test_no_spelling_leads_out(target: Target, place: int):
    """Each field has every third spelling, the next field the next third: all of them would take three times as long."""
    said, before = SPELLINGS[place].format(outside=target.outside), target.tree()
    for field in FIELDS[place % 3 :: 3]:
        found = ask(target, field, said)
        target.check(found)
        assert not found.header("x-evil")
        assert b"root:" not in found.body
    assert target.tree() == before


@pytest.mark.parametrize("text", SPELLINGS, ids=range(len(SPELLINGS)))
def test_no_record_names_a_file_elsewhere(target: Target, text: str):
    """Names that come in by a journal go out to clients, which write files of these names."""
    said, writer = text.format(outside=target.outside), f"{abs(hash(text)):032x}"[:32]
    body = {"path": said, "sha256": "0" * 64, "size": 1, "mime": "text/plain"}
    bodies = [event_body("hdr", 1, None, o={"user": "eve"}), event_body("artifact", 2, target.run, o=body)]
    found = target.ask(
        "POST",
        f"{NATIVE}journals/{writer}",
        b"".join(line(q, each) for q, each in enumerate(bodies)),
        content_type=LINES,
    )
    target.check(found)
    names = [each.path for each in target.store.list_artifacts(target.run)]
    odd = [name for name in names if name.startswith("/") or ".." in name.split("/") or set(name) & set("\\\x00\r\n")]
    assert odd == []


SOURCES = [
    "/etc",
    "file:///etc",
    "./../../etc",
    "runs:/{run}/../../etc",
    "models:/m/1/../..",
    "mlflow-artifacts:/../../etc",
    "mlflow-artifacts:/{exp}/{run}/artifacts/..",
    "mlflow-artifacts:/{exp}/{run}/artifacts/%2e%2e/x",
    "s3://b/../../x",
    "dbfs:/../x",
    "s3://user:secret@b/x",
    "https://user:secret@h/x",
    "https://secret@h/x",
    "https://h/x?sig=secret",
    "http:///;/../../etc",
    "hdfs://h/../x",
    "models:/X/1",
    "//proc/self/root",
    "s3://b/%2e%2e/x",
    "s3://b/a\x00b",
]


@pytest.mark.parametrize("source", SOURCES)
def test_a_version_is_made_of_what_is_here(target: Target, source: str):
    target.ask("POST", f"{ML}registered-models/create", {"name": "m"})
    said = source.format(run=target.run, exp=target.experiments["theirs"])
    asked = [("model-versions/create", {"name": "m", "source": said, **more}) for more in ({}, {"run_id": target.run})]
    for path, body in [*asked, ("experiments/create", {"name": f"at {said}", "artifact_location": said})]:
        found = target.ask("POST", ML + path, body)
        target.check(found)
        is_name = path.startswith("exp") and source in (
            "s3://b/../../x",
            "dbfs:/../x",
            "hdfs://h/../x",
            "s3://b/%2e%2e/x",
        )
        assert 400 <= found.status < 500 or is_name, (said, found.body)


def test_no_secret_of_an_address_is_kept(target: Target):
    for path in ("model-versions/search", "experiments/search?max_results=1000"):
        found = target.ask("GET", ML + path)
        assert found.status == 200
        kept = [
            each.get(key, "")
            for each in [*found.json.get("model_versions", []), *found.json.get("experiments", [])]
            for key in ("source", "artifact_location")
        ]
        assert not [text for text in kept if "secret" in text]


def test_no_address_elsewhere_is_asked(target: Target):
    """Sources are texts for clients: the server opens none of them."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        url = f"http://127.0.0.1:{inside.getsockname()[1]}/x"
        target.ask("POST", f"{ML}registered-models/create", {"name": "elsewhere"})
        made = target.ask("POST", f"{ML}model-versions/create", {"name": "elsewhere", "source": url})
        target.ask("GET", f"{ML}model-versions/get-download-uri?name=elsewhere&version=1")
        target.ask("POST", f"{ML}experiments/create", {"name": "elsewhere", "artifact_location": url})
        target.call("registry.copy", "models:/elsewhere/1", "m")
        for hook in (
            url,
            "https://169.254.169.254/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://2130706433/",
            "https://localhost/",
            "http://example.com/",
        ):
            body = {"name": "h", "url": hook, "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}
            found = target.ask("POST", f"{ML}webhooks", body)
            target.check(found)
            assert found.status == 400, hook
        with pytest.raises(BlockingIOError):
            inside.accept()
        assert made.status in (200, 400)


def test_names_of_files_make_no_headers(target: Target):
    place = f"{FILES}/{target.experiments['theirs']}/{target.run}/artifacts/"
    for name in ('a"; filename=evil.html', "a;b", "ünï.txt", "a%0d%0ab", "'x'", "a,b"):
        put = target.ask("PUT", place + quote(name), b"<script>alert(1)</script>")
        if put.status == 200:
            found = target.ask("GET", place + quote(name))
            assert found.header("content-disposition").startswith("attachment; filename")
            assert '"' not in found.header("content-disposition")
            assert found.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    "name", ["page.html", "image.svg", "x.xml", "x.xhtml", "doc.pdf", "script.js", "noname", "x.mhtml"]
)
def test_files_are_kept_and_not_shown(target: Target, name: str):
    """What somebody logged is no page of this server: it comes as a download, and could run nothing if it were opened."""
    place = f"{FILES}/{target.experiments['theirs']}/{target.run}/artifacts/{name}"
    assert target.ask("PUT", place, b"<html><script>alert(document.domain)</script>").status == 200
    found = target.ask("GET", place)
    assert found.header("content-disposition").startswith("attachment")
    assert found.header("x-content-type-options") == "nosniff"
    assert "default-src 'none'" in found.header("content-security-policy")
    assert "script-src" not in found.header("content-security-policy")
