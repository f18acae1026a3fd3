"""Registered models from the front door, and what may be registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import AlreadyExistsError, GateRefusedError, InvalidValueError, NotFoundError
from nbtrack.models.uri import parse
from nbtrack.registry import addresses
from nbtrack.tracking import registered
from nbtrack.tracking.logged_models import RECORD
from nbtrack.tracking.model_files import locate
from tests.registry.hook_server import listening

if TYPE_CHECKING:
    from pathlib import Path

MODEL_ID = "m-" + "1a" * 16


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    yield
    nbtrack.set_tracking_uri(None)


def logged(auc: float = 0.9, *, model_id: str | None = None, path: str = "model") -> str:
    """Return the URI of a model that a run logged."""
    with nbtrack.start_run() as run:
        nbtrack.log_metric("auc", auc)
        nbtrack.log_text("flavors: {}", f"{path}/MLmodel")
        nbtrack.log_text("a pickle that nobody may load", f"{path}/model.pkl")
        if model_id:
            run.store.append((RECORD, run.id, None, {"model_id": model_id, "path": path}))
    return f"runs:/{run.id}/{path}"


def test_the_way_of_a_model_from_run_to_champion_and_back():
    uris = [logged(auc) for auc in (0.8, 0.9)]
    first = nbtrack.register_model(uris[0], "fraud", 0, tags={"data": 11}, description="**first**", comment="hello")
    assert (first.version, first.tags, first.description, first.source) == (1, {"data": "11"}, "**first**", uris[0])
    assert nbtrack.register_model(uris[1], "fraud").version == 2
    nbtrack.expect("fraud", "auc >= champion.auc")
    nbtrack.set_registered_model_alias("fraud", "champion", 1)
    nbtrack.set_registered_model_alias("fraud", "champion", "2")
    with pytest.raises(GateRefusedError):
        nbtrack.set_registered_model_alias("fraud", "champion", 1)
    assert nbtrack.get_model_version_by_alias("fraud", "champion").version == 2
    assert nbtrack.rollback("fraud", comment="alarms").version == 1
    holder = nbtrack.registry_at("fraud", "champion", "now")
    assert holder is not None
    assert (holder.version, holder.comment) == (1, "alarms")
    history = nbtrack.registry_history("fraud")
    assert history["op"].tolist() == ["alias", "alias", "alias", "expect", "version", "version", "create"]
    assert nbtrack.model_lineage("fraud", 1).metrics == {"auc": 0.8}
    nbtrack.unexpect("fraud", "auc >= champion.auc")
    nbtrack.set_registered_model_alias("fraud", "champion", 2)


def test_a_version_is_a_dict_and_carries_its_gate_and_a_lineage_is_one_line(tmp_path: Path):
    version = nbtrack.register_model(logged(0.8), "fraud")
    found = dict(version)
    assert (found["name"], found["version"], found["aliases"]) == ("fraud", 1, [])
    assert dict(nbtrack.get_registered_model("fraud"))["name"] == "fraud"
    gate = version.expect("auc > 0.9", alias="champion", comment="law")
    assert (gate.version, gate.alias) == (1, "champion")
    with pytest.raises(GateRefusedError):
        nbtrack.set_registered_model_alias("fraud", "champion", 1)
    with pytest.raises(NotFoundError, match=r"expected with alias='champion', version=1: say so"):
        nbtrack.unexpect("fraud", "auc > 0.9")
    line = repr(nbtrack.model_lineage("fraud", 1))
    assert line.startswith("<Lineage fraud 1 · Run #1")
    assert "\n" not in line
    nbtrack.set_tracking_uri(tmp_path / "other.duckdb")
    nbtrack.register_model(logged(0.8), "fraud")
    with pytest.raises(InvalidValueError, match="another one"):
        version.expect("auc > 0.5")


def test_every_verb_of_the_front_door():
    nbtrack.create_registered_model("fraud", {"a": 1}, "text")
    with pytest.raises(AlreadyExistsError):
        nbtrack.create_registered_model("fraud")
    nbtrack.register_model(logged(), "fraud")
    nbtrack.set_model_version_tag("fraud", 1, "k", 5)
    nbtrack.set_registered_model_tag("fraud", "b", 2)
    nbtrack.delete_registered_model_tag("fraud", "a")
    assert nbtrack.update_model_version("fraud", 1, "better").description == "better"
    assert nbtrack.update_registered_model("fraud", "new").description == "new"
    assert nbtrack.get_model_version("fraud", "1").tags == {"k": "5"}
    assert nbtrack.get_registered_model("fraud").tags == {"b": "2"}
    nbtrack.delete_model_version_tag("fraud", 1, "k")
    assert nbtrack.transition_model_version_stage("fraud", 1, "staging").current_stage == "Staging"
    assert [v.version for v in nbtrack.search_model_versions(filter_string="stage = 'Staging'")] == [1]
    assert [m.name for m in nbtrack.search_registered_models(filter_string="tags.b = '2'")] == ["fraud"]
    nbtrack.set_registered_model_alias("fraud", "champion", 1)
    nbtrack.delete_registered_model_alias("fraud", "champion")
    nbtrack.comment_model("fraud", "hm", 1)
    assert nbtrack.copy_model_version("models:/fraud/1", "other").source == "models:/fraud/1"
    assert nbtrack.promote("models:/fraud/1", "third", alias="champion").aliases == ["champion"]
    assert nbtrack.rename_registered_model("third", "fourth").aliases == {"champion": 1}
    nbtrack.delete_model_version("fraud", 1)
    nbtrack.delete_registered_model("other")
    assert [m.name for m in nbtrack.search_registered_models()] == ["fourth", "fraud"]
    with pytest.raises(InvalidValueError, match="version is not given"):
        nbtrack.delete_model_version("fraud", None)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="key is not given"):
        nbtrack.set_model_version_tag("fraud", 1)


def test_a_model_is_registered_by_its_id_and_found_where_it_went():
    uri = logged(model_id=MODEL_ID)
    run_id = uri.split("/")[1]
    by_id, by_path = (nbtrack.register_model(u, "fraud") for u in (f"models:/{MODEL_ID}", uri))
    assert by_id.model_id == by_path.model_id == MODEL_ID
    assert by_id.source == by_path.source == uri
    place = locate("models:/fraud/1")
    assert (place.run_id, place.path) == (run_id, "model")
    nbtrack.Client().store.append((RECORD, run_id, None, {"model_id": MODEL_ID, "path": f"models/{MODEL_ID}"}))
    assert locate("models:/fraud/2").path == f"models/{MODEL_ID}", "a newer model took its path"
    assert nbtrack.Client().get_model_version_download_uri("fraud", 1) == f"runs:/{run_id}/models/{MODEL_ID}"


def test_a_model_without_an_id_is_found_by_its_path():
    uri = logged(path="deep/model")
    nbtrack.register_model(uri, "fraud")
    nbtrack.register_model("models:/fraud/latest", "copy")
    for name in ("fraud", "copy"):
        assert locate(f"models:/{name}/1").path == "deep/model"
        assert nbtrack.Client().get_model_version_download_uri(name, 1) == uri


def test_what_is_kept_elsewhere_is_registered_and_not_located():
    made = nbtrack.register_model("s3://bucket/model", "fraud")
    assert (made.source, made.run_id) == ("s3://bucket/model", None)
    assert nbtrack.Client().get_model_version_download_uri("fraud", 1) == "s3://bucket/model"
    found = locate("models:/fraud/1")
    assert (found.run_id, str(found.remote)) == ("", "s3://bucket/model")


def test_what_is_no_model_is_not_registered(tmp_path: Path):
    uri = logged()
    run_id = uri.split("/")[1]
    with pytest.raises(NotFoundError, match="Model 'modell' is not in run"):
        nbtrack.register_model(f"runs:/{run_id}/modell", "fraud")
    with pytest.raises(NotFoundError, match="Run"):
        nbtrack.register_model(f"runs:/{'0' * 32}/model", "fraud")
    with pytest.raises(NotFoundError, match="Model"):
        nbtrack.register_model(f"models:/{MODEL_ID}", "fraud")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidValueError, match="is a path of this machine"):
        nbtrack.register_model(tmp_path / "folder", "fraud")
    nbtrack.delete_run(run_id)
    with pytest.raises(InvalidValueError, match="is in the trash; restore it first"):
        nbtrack.register_model(uri, "fraud")
    assert nbtrack.search_registered_models() == []


HOSTILE = [
    "/etc", "file:///etc", "FILE:///etc", "./../../etc", "//proc/self/root", "file://localhost/etc", "file://evil/etc", "..",
    "C:\\x", "\\\\host\\share", "runs:/{run}/../../etc", "runs:/{run}/%2e%2e/x", "runs:/{run}/%252e%252e/x",
    "runs:/{run}/a\\..\\b", "runs:/{run}/a?b", "runs:/{run}/a#b", "runs:/{run}/a;b", "runs:/{run}/a\x00b", "models:/../1",
    "s3://bucket/../x", "s3://bucket/%2e%2e/x", "http:///?/../../etc", "http:///#/../../etc", "gopher://x/y", "", " ",
]  # fmt: skip


@pytest.mark.parametrize("has_run", [True, False])
def test_no_source_leads_to_a_file_of_this_machine(has_run):
    run_id = logged().split("/")[1]
    client = nbtrack.Client()
    client.create_registered_model("fraud")
    for source in HOSTILE:
        with pytest.raises(InvalidValueError):
            client.create_model_version("fraud", source.replace("{run}", run_id), run_id if has_run else None)
    assert client.search_model_versions() == []


def test_the_client_has_mlflows_verbs():
    client = nbtrack.Client()
    uri = logged()
    run_id = uri.split("/")[1]
    client.create_registered_model("fraud", {"a": "1"}, "d")
    made = client.create_model_version("fraud", uri, run_id, {"t": 1}, description="v")
    assert (made.run_id, made.path, made.tags, made.description) == (run_id, "model", {"t": "1"}, "v")
    far = client.create_model_version("fraud", "s3://b/m", run_id, run_link="http://link", model_id=MODEL_ID)
    assert (far.run_id, far.path, far.run_link, far.model_id) == (run_id, None, "http://link", MODEL_ID)
    with pytest.raises(InvalidValueError, match="give one of them"):
        client.create_model_version("fraud", uri, "0" * 32)
    with pytest.raises(NotFoundError, match="Registered model"):
        client.create_model_version("nothing", uri)
    assert client.transition_model_version_stage("fraud", "1", "Production", True).current_stage == "Production"
    assert [v.version for v in client.get_latest_versions("fraud", ["Production"])] == [1]
    client.set_model_version_tag("fraud", key="k", value="v", stage="production")
    assert client.get_model_version("fraud", "1").tags == {"t": "1", "k": "v"}
    client.delete_model_version_tag("fraud", 1, "k")
    client.delete_model_version_tag("fraud", 1, "k")
    for version, stage in ((None, None), (1, "Production")):
        with pytest.raises(InvalidValueError, match="either version or stage"):
            client.set_model_version_tag("fraud", version, "k", "v", stage)
    with pytest.raises(NotFoundError, match="Archived"):
        client.set_model_version_tag("fraud", key="k", value="v", stage="Archived")
    assert client.get_model_version_stages("fraud", 1) == ["None", "Staging", "Production", "Archived"]
    client.set_registered_model_tag("fraud", "b", "2")
    client.delete_registered_model_tag("fraud", "b")
    client.delete_registered_model_tag("fraud", "b")
    client.expect("fraud", "auc > 0.5")
    client.set_registered_model_alias("fraud", "champion", "1")
    assert client.get_model_version_by_alias("fraud", "champion").version == 1
    client.delete_registered_model_alias("fraud", "champion")
    client.delete_registered_model_alias("fraud", "champion")
    with pytest.raises(NotFoundError, match="Registered model"):
        client.delete_registered_model_alias("nothing", "champion")
    assert client.rollback("fraud").version == 1
    assert client.registry_at("fraud", "champion", "now") is not None
    assert not client.registry_history("fraud", "champion").empty
    assert client.model_lineage("fraud", 1).metrics == {"auc": 0.9}
    assert client.update_model_version("fraud", 1, "x").description == "x"
    assert client.update_registered_model("fraud", "y").description == "y"
    assert client.copy_model_version("models:/fraud/1", "two").version == 1
    assert client.rename_registered_model("two", "three").name == "three"
    assert [m.name for m in client.search_registered_models("name = 'three'", 5, ["name"])] == ["three"]
    client.delete_model_version("fraud", "1")
    client.delete_registered_model("three")
    with pytest.raises(InvalidValueError, match="Databricks"):
        client.create_registered_model("x", deployment_job_id="1")


def test_the_client_looks_after_webhooks(monkeypatch):
    client = nbtrack.Client()
    with listening() as server:
        monkeypatch.setenv(addresses.ALLOWED_HOSTS, "127.0.0.1")
        hook = client.create_webhook("ci", server.url, ["model_version.created"])
        assert client.get_webhook(hook.webhook_id) == hook
        assert client.list_webhooks(10) == [hook]
        done = client.test_webhook(hook.webhook_id)
        assert (done.success, done.status, len(server.taken)) == (True, 200, 1)
        assert (
            client.test_webhook(hook.webhook_id, "model_version_alias.deleted").event == "model_version_alias.deleted"
        )
        assert client.update_webhook(hook.webhook_id, name="new").name == "new"
        client.delete_webhook(hook.webhook_id)
        assert client.list_webhooks() == []


def test_every_name_that_is_allowed_can_stand_in_a_uri():
    for name in ("fraud", "größe 2", "a.b-c_d", "x" * 256, "😀", "a'b\"c", "100", "..."):
        nbtrack.register_model("s3://bucket/model", name)
        assert registered.registry().find(f"models:/{name}/1").name == name
        assert parse(f"models:/{name}@champion").name == name
        assert (
            nbtrack.search_model_versions(filter_string="name = '{}'".format(name.replace("'", "''")))[0].name == name
        )
