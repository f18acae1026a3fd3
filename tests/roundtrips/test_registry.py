"""The registry's verbs, limits and webhooks beside MLflow's own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_alias_name_reserved,
    _validate_model_name,
)
from mlflow.webhooks import delivery as theirs
from mlflow.webhooks import types

import nbtrack
from nbtrack.entities import ModelEvent
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_alias, check_model_name
from nbtrack.registry import delivery, hooks
from nbtrack.registry.webhooks import EVENTS, event_name

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("registered_model", "model_version", "webhook", "latest_versions")
VERBS = sorted(name for name in dir(MlflowClient) if not name.startswith("_") and any(word in name for word in WORDS))


@pytest.mark.parametrize("verb", VERBS)
def test_a_call_that_is_written_for_mlflows_client_works(verb):
    follows(inspect.signature(getattr(MlflowClient, verb)), inspect.signature(getattr(nbtrack.Client, verb)))


@pytest.mark.parametrize("verb", ["search_registered_models", "search_model_versions", "set_model_version_tag"])
def test_a_call_that_is_written_for_mlflow_works(verb):
    follows(inspect.signature(getattr(mlflow, verb)), inspect.signature(getattr(nbtrack, verb)))


def follows(old: inspect.Signature, new: inspect.Signature) -> None:
    """Fail unless every call that fits `old` fits `new`."""
    places = list(new.parameters)
    for place, (name, parameter) in enumerate(old.parameters.items()):
        assert name in new.parameters
        ours = new.parameters[name]
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            assert places.index(name) == place
            assert ours.kind is ours.POSITIONAL_OR_KEYWORD
        assert parameter.default is parameter.empty or ours.default is not ours.empty


ALIASES = [
    "champion",
    "ok-1_x",
    "é",
    "1",
    "latest",
    "Latest",
    "v1",
    "V12",
    "version1",
    "vx",
    "a b",
    "a.b",
    "",
    "x" * 255,
    "x" * 256,
]


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_allowed_where_mlflow_allows_it(alias):
    theirs_is_fine = is_fine(_validate_model_alias_name, alias) and is_fine(_validate_model_alias_name_reserved, alias)
    assert is_fine(check_alias, alias) == theirs_is_fine


@pytest.mark.parametrize(
    "name", ["fraud", "a b", "größe", "a/b", "a:b", "", " ", "..", "a%b", "100", "x" * 256, "-", "a.b"]
)
def test_a_name_is_allowed_where_mlflow_allows_it(name):
    assert is_fine(check_model_name, name) == (name != "a%b" and is_fine(_validate_model_name, name))


def is_fine(check, text) -> bool:
    try:
        check(text)
    except (InvalidValueError, MlflowException):
        return False
    return True


def test_webhooks_are_signed_and_filled_as_mlflows_are():
    ours = delivery.signature("secret", "an-id", "1700000000", '{"a": "größe"}')
    assert ours == theirs._generate_hmac_signature("secret", "an-id", "1700000000", '{"a": "größe"}')
    kinds = {
        "create": types.RegisteredModelCreatedPayload,
        "version": types.ModelVersionCreatedPayload,
        "tag_version": types.ModelVersionTagSetPayload,
        "untag_version": types.ModelVersionTagDeletedPayload,
        "alias": types.ModelVersionAliasCreatedPayload,
        "unalias": types.ModelVersionAliasDeletedPayload,
    }
    assert kinds.keys() == EVENTS.keys()
    for op, kind in kinds.items():
        payload = hooks.payload(ModelEvent("m", 0, "", op, 1, "champion", key="k", after="v"), {})
        assert payload.keys() == kind.__annotations__.keys()
        assert event_name(mlflow.entities.webhook.WebhookEvent.from_str(EVENTS[op])) == EVENTS[op]


def test_versions_count_and_stages_move_as_in_mlflow(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    both = MlflowClient(str(tmp_path / "mlruns"), str(tmp_path / "mlruns")), nbtrack.Client()
    try:
        seen = [said_by(client) for client in both]
    finally:
        nbtrack.set_tracking_uri(None)
    assert seen[0] == seen[1]


def said_by(client) -> list[object]:
    """Use a client as people do, and return what can be seen."""
    client.create_registered_model("fraud", {"team": "risk"}, "text")
    for i in range(3):
        client.create_model_version("fraud", "s3://bucket/model", tags={"i": i}, description=f"d{i}")
    client.set_registered_model_alias("fraud", "champion", "1")
    client.set_registered_model_alias("fraud", "champion", "3")
    client.transition_model_version_stage("fraud", "1", "production")
    client.transition_model_version_stage("fraud", "2", "Production", archive_existing_versions=True)
    client.delete_model_version("fraud", "3")
    client.set_model_version_tag("fraud", "1", "k", "v")
    client.delete_model_version_tag("fraud", "1", "i")
    client.copy_model_version("models:/fraud/2", "copy")
    client.create_registered_model("tmp")
    client.rename_registered_model("tmp", "crime")
    next_one = client.create_model_version("fraud", "s3://bucket/model")
    model = client.get_registered_model("fraud")
    versions = client.search_model_versions("name = 'fraud'", order_by=["version_number ASC"])
    return [
        (model.name, model.description, model.tags, dict(model.aliases)),
        [
            (v.version, v.current_stage, v.description, v.tags, v.source, v.aliases, v.status)
            for v in versions
            if v.version < 4
        ],
        sorted(v.version for v in client.get_latest_versions("fraud")),
        next_one.version,
        [v.source for v in client.search_model_versions("name = 'copy'")],
        [m.name for m in client.search_registered_models()],
        [m.name for m in client.search_registered_models("name LIKE 'cr%'")],
    ]
