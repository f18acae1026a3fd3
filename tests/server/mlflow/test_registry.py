"""Registered models over REST, where the recorded exchanges say nothing."""

from __future__ import annotations

import pytest

from tests.server.mlflow.conftest import API, BOTH

STORES = BOTH


def version(rest, name: str, **more) -> dict:
    return rest.post("model-versions/create", name=name, **{"source": "s3://bucket/model", **more})["model_version"]


def test_a_version_knows_its_run_and_model(rest):
    rest.post("registered-models/create", name="lineage")
    run = rest.run()
    model = rest.post("logged-models", experiment_id="0", name="m", source_run_id=run)["model"]["info"]["model_id"]
    found = version(rest, "lineage", source=f"models:/{model}", model_id=model)
    assert (found["run_id"], found["source"]) == (run, f"models:/{model}")
    uri = rest.get("model-versions/get-download-uri", name="lineage", version="1")["artifact_uri"]
    assert uri == f"mlflow-artifacts:/0/models/{model}/artifacts"
    older = version(rest, "lineage", source=f"mlflow-artifacts:/0/{run}/artifacts/old/model", run_id=run)
    assert older["source"] == f"mlflow-artifacts:/0/{run}/artifacts/old/model"
    uri = rest.get("model-versions/get-download-uri", name="lineage", version="2")["artifact_uri"]
    assert uri == older["source"]
    weights = version(rest, "lineage", source=f"runs:/{run}/weights")  # of no flavor: any files of a run
    assert (weights["version"], weights["run_id"], weights["source"]) == ("3", run, f"runs:/{run}/weights")
    uri = rest.get("model-versions/get-download-uri", name="lineage", version="3")["artifact_uri"]
    assert uri == f"mlflow-artifacts:/0/{run}/artifacts/weights"
    assert version(rest, "lineage")["version"] == "4"
    assert rest.get("model-versions/get-download-uri", name="lineage", version=4)["artifact_uri"] == "s3://bucket/model"


@pytest.mark.parametrize(
    "source",
    ["/etc/passwd", "file:///etc/passwd", "./model", "s3://b/../x", "mlflow-artifacts:/0/../../etc", "mlflow-artifacts:/%2e%2e/x",
     "mlflow-artifacts://host/9/x", "runs:/x", "models:/m-" + "0" * 32, "models:/nope/1", "s3://b/%2e%2e/x", "\\\\host\\x", ""],
)  # fmt: skip
def test_a_source_is_a_place_that_can_be_told(rest, source):
    rest.ask("POST", API + "registered-models/create", {"name": "sources"})
    found = rest.ask("POST", API + "model-versions/create", {"name": "sources", "source": source})
    assert found.status in (400, 404), found.body


def test_aliases_and_stages(rest):
    rest.post("registered-models/create", name="moves", description="d", tags=[{"key": "a", "value": "b"}])
    for _ in range(2):
        version(rest, "moves")
    for alias in ("latest", "v1", "a b", "", "x" * 256):
        assert (
            rest.ask("POST", API + "registered-models/alias", {"name": "moves", "alias": alias, "version": "1"}).status
            == 400
        )
    rest.post("registered-models/alias", name="moves", alias="champion", version="1")
    assert rest.get("registered-models/alias", name="moves", alias="champion")["model_version"]["version"] == "1"
    rest.post("registered-models/alias", name="moves", alias="champion", version=2)
    assert rest.get("registered-models/alias", name="moves", alias="champion")["model_version"]["version"] == "2"
    missing = rest.ask("GET", API + "registered-models/alias?name=moves&alias=zz")
    assert missing.json == {"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias zz not found."}
    rest.post("model-versions/transition-stage", name="moves", version="1", stage="production")
    rest.post(
        "model-versions/transition-stage", name="moves", version="2", stage="Production", archive_existing_versions=True
    )
    stages = {
        v["version"]: v["current_stage"]
        for v in rest.post("registered-models/get-latest-versions", name="moves")["model_versions"]
    }
    assert stages == {"1": "Archived", "2": "Production"}
    assert (
        rest.ask(
            "POST", API + "model-versions/transition-stage", {"name": "moves", "version": "1", "stage": "x"}
        ).status
        == 400
    )
    rest.post("model-versions/delete", "DELETE", name="moves", version="2")
    told = rest.get("registered-models/get", name="moves")["registered_model"]
    assert ("aliases" in told, [v["version"] for v in told["latest_versions"]]) == (False, ["1"])
    assert rest.ask("GET", API + "model-versions/get?name=moves&version=2").json == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": "Model Version (name=moves, version=2) not found",
    }


def test_a_search_of_the_client_finds_models_that_are_no_prompts(rest):
    for name in ("found-a", "found-b"):
        rest.post("registered-models/create", name=name)
    rest.post("registered-models/create", name="found-p", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])
    text = "name LIKE 'found%' AND tag.`mlflow.prompt.is_prompt` != 'true'"
    page = rest.get("registered-models/search", filter=text, max_results=1, order_by=["name DESC"])
    assert [m["name"] for m in page["registered_models"]] == ["found-b"]
    page = rest.get("registered-models/search", filter=text, order_by=["name DESC"], page_token=page["next_page_token"])
    assert [m["name"] for m in page["registered_models"]] == ["found-a"]


def test_webhooks(rest):
    events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
    made = rest.post("webhooks", name="w", url="https://example.com/hook", events=events, secret="$HOOK_SECRET")[
        "webhook"
    ]
    assert (made["events"], made["status"]) == (events, "ACTIVE")
    assert "secret" not in made
    webhook = made["webhook_id"]
    changed = rest.post(f"webhooks/{webhook}", "PATCH", status="DISABLED", description="d")["webhook"]
    assert (changed["status"], changed["description"], changed["url"]) == ("DISABLED", "d", made["url"])
    assert [w["webhook_id"] for w in rest.get("webhooks")["webhooks"]] == [webhook]
    for url in ("http://127.0.0.1/x", "https://10.0.0.1/x", "file:///etc/passwd", "https://user:pw@example.com"):
        assert rest.ask("POST", API + "webhooks", {"name": "w", "url": url, "events": events}).status == 400, url
    assert (
        rest.ask(
            "POST", API + "webhooks", {"name": "w", "url": made["url"], "events": events, "secret": "clear"}
        ).status
        == 400
    )
    result = rest.post(f"webhooks/{webhook}/test")["result"]
    assert result["success"] is False, "nobody is reached from here, or the secret is not set"
    rest.post(f"webhooks/{webhook}", "DELETE")
    assert rest.ask("GET", f"{API}webhooks/{webhook}").error == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_server_says_what_it_can(rest):
    assert rest.ask("GET", "/health").body == b"OK"
    assert rest.ask("GET", "/version").status == 200
    assert rest.ask("GET", "/api/3.0/mlflow/server-info").json["workspaces_enabled"] is False
    assert rest.ask("GET", "/docs").status == 200
    assert rest.ask("POST", "/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}).status == 200
