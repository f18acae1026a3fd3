"""Webhooks: kept without secrets, refused where they lead inside, delivered signed and tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
from typing import TYPE_CHECKING

import pytest

from nbtrack.entities import ModelEvent
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.registry import addresses, delivery, hooks
from nbtrack.registry.registry import Registry
from nbtrack.registry.webhooks import EVENTS, EXAMPLES, Webhook, Webhooks, resolved
from nbtrack.store.registry_protocol import NewVersion
from tests.registry.hook_server import HookServer, listening
from tests.store.kit import everything, fold_all, quiet_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore

EVERY = list(EVENTS.values())


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookServer]:
    """A server that deliveries may reach, and no pauses between tries."""
    monkeypatch.setenv(addresses.ALLOWED_HOSTS, "127.0.0.1")
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 0.0)
    with listening() as found:
        yield found
        assert delivery.wait(30)


# -- what is kept ----------------------------------------------------------------------------------------------------------


def test_a_webhook_is_made_changed_and_deleted(store: LocalStore):
    hooks_of = Webhooks(store)
    made = hooks_of.create("ci", "https://ci.example.com/x", ["model_version.created"], "build", "$CI_SECRET")
    assert hooks_of.get(made.webhook_id) == made
    assert (made.status, made.secret, made.place) == ("ACTIVE", "$CI_SECRET", "ci.example.com")
    changed = hooks_of.update(made.webhook_id, url="$HOOK_URL", events="registered_model.created", status="disabled")
    assert (changed.url, changed.events, changed.status, changed.name) == (
        "$HOOK_URL", ["registered_model.created"], "DISABLED", "ci",
    )  # fmt: skip
    assert changed.place == "$HOOK_URL"
    fold_all(store)
    assert hooks_of.all() == [changed]
    hooks_of.delete(made.webhook_id)
    assert hooks_of.all() == []
    for verb in (hooks_of.get, hooks_of.delete, hooks_of.update):
        with pytest.raises(NotFoundError, match="Webhook"):
            verb(made.webhook_id)


def test_what_cannot_be_read_is_left_out(store: LocalStore):
    for text in ("{", "[]", '{"colour": 1}'):
        store.append(("setting", None, None, {"name": "webhook/x", "value": text}))
        assert Webhooks(store).all() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com", "example.com", "", "https://", "https://user:pw@example.com", "https://user@example.com",
        "https://exa mple.com", "https://example.com/\r\nX: 1", "https://example.com\\@127.0.0.1", "https://127.0.0.1/", "https://localhost",
        "https://[::1]/", "https://169.254.169.254/latest", "https://10.0.0.1", "https://2130706433/", "https://0x7f.1/", "https://[::]/",
        "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://x.example.com:99999/", "https://[",
        "https://e.com/" + "x" * 2001, "file:///etc/passwd", "$NOT A NAME",
    ],
)  # fmt: skip
def test_urls_that_lead_inside_or_carry_secrets_are_refused(store: LocalStore, url):
    with pytest.raises(InvalidValueError) as refused:
        Webhooks(store).create("ci", url, EVERY)
    assert "pw" not in str(refused.value), "no password is repeated"
    assert Webhooks(store).all() == []


@pytest.mark.parametrize("secret", ["hunter2", "", "$", "$a b", "${X}", 5])
def test_a_secret_in_the_clear_is_refused(store: LocalStore, secret):
    with pytest.raises(InvalidValueError, match="not kept in the store") as refused:
        Webhooks(store).create("ci", "https://ci.example.com", EVERY, secret=secret)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("events", "problem"), [([], "No event"), (["prompt.created"], "'prompt.created' is not known")]
)
def test_events_are_those_there_are(store: LocalStore, events, problem):
    with pytest.raises(InvalidValueError, match=problem):
        Webhooks(store).create("ci", "https://ci.example.com", events)
    with pytest.raises(InvalidValueError, match="Status 'ON'"):
        Webhooks(store).create("ci", "https://ci.example.com", EVERY, status="on")


def test_variables_are_read_when_they_are_needed(monkeypatch):
    monkeypatch.setenv("HOOK_URL", "https://x.example.com")
    assert (resolved("$HOOK_URL"), resolved("plain")) == ("https://x.example.com", "plain")
    with pytest.raises(InvalidValueError, match="NOT_THERE is not set"):
        resolved("$NOT_THERE")


# -- what is sent ----------------------------------------------------------------------------------------------------------


def test_changes_are_told_outside_signed(store: LocalStore, server: HookServer, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "hunter2")
    Webhooks(store).create("ci", server.url, EVERY, secret="$HOOK_SECRET")
    registry = Registry(store)
    registry.create("fraud", {"team": "risk"}, "text")
    registry.add_version("fraud", NewVersion("s3://bucket/model", tags={"a": "1"}, description="d"))
    registry.set_alias("fraud", "champion", 1)
    registry.set_tags("fraud", {"k": "v"}, 1)
    registry.delete_tag("fraud", "k", 1)
    registry.set_stage("fraud", 1, "Staging")
    registry.delete_alias("fraud", "champion")
    assert delivery.wait(30)
    said = {f"{body['entity']}.{body['action']}": body for body in (json.loads(t.body) for t in server.taken)}
    assert {event: body["data"] for event, body in said.items()} == {
        "registered_model.created": {"name": "fraud", "tags": {"team": "risk"}, "description": "text"},
        "model_version.created": {
            "name": "fraud", "version": "1", "source": "s3://bucket/model", "run_id": None, "tags": {"a": "1"}, "description": "d",
        },
        "model_version_alias.created": {"name": "fraud", "alias": "champion", "version": "1"},
        "model_version_tag.set": {"name": "fraud", "version": "1", "key": "k", "value": "v"},
        "model_version_tag.deleted": {"name": "fraud", "version": "1", "key": "k"},
        "model_version_alias.deleted": {"name": "fraud", "alias": "champion"},
    }  # fmt: skip
    for taken in server.taken:
        assert (taken.path, taken.headers["content-type"]) == ("/hook?x=1", "application/json")
        signed = f"{taken.headers['x-mlflow-delivery-id']}.{taken.headers['x-mlflow-timestamp']}.{taken.body}"
        expected = base64.b64encode(hmac.new(b"hunter2", signed.encode(), hashlib.sha256).digest()).decode()
        assert taken.headers["x-mlflow-signature"] == f"v1,{expected}"
        assert json.loads(taken.body)["timestamp"].endswith("+00:00")
    assert "hunter2" not in str(everything(store)), "the secret is nowhere in the store"
    assert all("hunter2" not in p.read_bytes().decode("latin-1") for p in store.folder.rglob("*") if p.is_file())


def test_only_active_ones_that_asked_are_told(store: LocalStore, server: HookServer):
    hooks_of = Webhooks(store)
    hooks_of.create("off", server.url, EVERY, status="DISABLED")
    hooks_of.create("aliases", server.url, ["model_version_alias.created"])
    registry = Registry(store)
    registry.add_version("fraud", NewVersion("s3://x/y"), makes_model=True)
    registry.comment("fraud", "hm")
    assert delivery.wait(30)
    assert server.taken == []
    registry.set_alias("fraud", "champion", 1)
    assert delivery.wait(30)
    assert len(server.taken) == 1
    assert "x-mlflow-signature" not in server.taken[0].headers


@pytest.mark.parametrize(
    ("answers", "tries", "status", "error"),
    [
        ([(204, {})], 1, 204, ""),
        ([(503, {}), (429, {"Retry-After": "0"}), (200, {})], 3, 200, ""),
        ([(500, {"Retry-After": "soon"})] * 4, 4, 500, "the answer was 500"),
        ([(404, {})], 1, 404, "the answer was 404"),
        ([(302, {"Location": "http://127.0.0.1:1/inside"})], 1, 302, "the answer was 302"),
    ],
)
def test_a_busy_server_is_asked_again_and_no_redirect_followed(server: HookServer, answers, tries, status, error):
    server.answers = answers
    hook = Webhook("id", "ci", server.url, EVERY)
    done = delivery.deliver(hook, EVERY[0], {"name": "fraud"})
    assert (done.status, done.tries, done.error, done.success) == (status, tries, error, not error)
    assert len(server.taken) == tries
    assert len({t.headers["x-mlflow-delivery-id"] for t in server.taken}) == 1


def test_who_is_not_there_is_tried_again(server: HookServer):
    hook = Webhook("id", "ci", "http://127.0.0.1:1/", EVERY)
    done = delivery.deliver(hook, EVERY[0], {}, tries=2)
    assert (done.status, done.tries) == (None, 2)
    assert done.error.startswith("ConnectionRefusedError")
    server.answers = []


def test_what_leads_inside_is_not_sent_though_it_is_kept(server: HookServer, monkeypatch, caplog):
    monkeypatch.setenv("HOOK_URL", server.url)
    hook = Webhook("id", "ci", "$HOOK_URL", EVERY)
    assert delivery.deliver(hook, EVERY[0], {}).success
    monkeypatch.delenv(addresses.ALLOWED_HOSTS)
    monkeypatch.setenv("HOOK_URL", "https://localhost:1/token-in-the-path")
    with caplog.at_level(logging.WARNING, "nbtrack.registry"):
        delivery.send(hook, EVERY[0], {})
        assert delivery.wait(30)
    assert not delivery.recent[-1].success
    assert "'ci' ($HOOK_URL) was not told of registered_model.created" in caplog.text
    assert "token-in-the-path" not in caplog.text
    done = delivery.deliver(Webhook("id", "ci", "https://ip6-localhost.invalid/", EVERY), EVERY[0], {}, tries=1)
    assert done.error.startswith("gaierror")
    missing = delivery.deliver(Webhook("id", "ci", "$NOT_THERE", EVERY), EVERY[0], {})
    assert (missing.tries, missing.error) == (1, "The environment variable NOT_THERE is not set in this process.")


@pytest.mark.parametrize(
    "url", ["https://{}.example/token".format("a" * 70), "http://127.0.0.1:1/tökén", "http://127.0.0.1:{port}/tökén"]
)
def test_what_cannot_be_written_in_a_request_is_told_without_the_url(server: HookServer, url: str):
    done = delivery.deliver(Webhook("id", "ci", url.format(port=server.port), EVERY), EVERY[0], {}, tries=1)
    assert not done.success
    assert "token" not in done.error
    assert "tök" not in done.error
    assert server.taken == []


def test_who_answers_a_byte_at_a_time_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(addresses.ALLOWED_HOSTS, "127.0.0.1")
    monkeypatch.setattr(delivery, "LONGEST_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as slow:  # takes the connection, and never answers
        hook = Webhook("id", "ci", f"http://127.0.0.1:{slow.getsockname()[1]}/", EVERY)
        done = delivery.deliver(hook, EVERY[0], {}, tries=1)
    assert not done.success
    assert "timed out" not in done.error, "that would be the limit of one step, seconds later"


def test_a_connection_is_encrypted_for_https(server: HookServer):
    done = delivery.deliver(Webhook("id", "ci", server.url.replace("http:", "https:"), EVERY), EVERY[0], {}, tries=1)
    assert "SSL" in done.error
    assert server.taken == []


def test_a_process_that_ends_waits_for_what_is_on_its_way(server: HookServer, monkeypatch, caplog):
    delivery.send(Webhook("id", "ci", server.url, EVERY), EVERY[0], {})
    delivery._at_exit()
    assert len(server.taken) == 1
    monkeypatch.setattr(delivery, "LAST_WAIT_S", 0.0)
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 1000.0)
    server.answers = [(503, {})]
    try:
        with caplog.at_level(logging.WARNING, "nbtrack.registry"):
            delivery.send(Webhook("id", "late", server.url, EVERY), EVERY[0], {})
            delivery._at_exit()
        assert "webhook deliveries had not arrived" in caplog.text or delivery.recent[-1].webhook == "late"
    finally:
        assert delivery.wait(30)
        delivery._closing.clear()


def test_the_examples_have_the_fields_of_real_ones():
    for op, event in EVENTS.items():
        real = hooks.payload(ModelEvent("m", 0, "", op, 1, "champion", key="k", after="v"), {})
        assert EXAMPLES[event].keys() == real.keys()
