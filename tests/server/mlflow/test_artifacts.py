"""Files through the proxy: sent, listed, read, taken away, and in parts; models of runs with theirs."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest

from tests.server.mlflow.conftest import API, BOTH, FILES

STORES = BOTH
MPU = "/api/2.0/mlflow-artifacts/mpu/"
NEWER = {"user_agent": "mlflow-python-client/3.18.0"}


def names(found) -> list[str]:
    return [each["path"] for each in found.json.get("files", [])]


def test_files_come_back_as_they_went(rest, store):
    run = rest.run()
    files = {
        "a.txt": b"text",
        "dir/b c%20.json": b"{}",
        "dir/sub/ü.bin": bytes(range(256)),
        "empty": b"",
        "big.bin": b"x" * 3_000_000,
    }
    for path, content in files.items():
        assert rest.put(f"0/{run}/artifacts/{path}", content).json == {}
    for path, content in files.items():
        found = rest.ask("GET", FILES + quote(f"0/{run}/artifacts/{path}"))
        assert found.body == content
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-disposition"].startswith("attachment; filename")
    listed = rest.ask("GET", f"{FILES[:-1]}?path=0/{run}/artifacts")
    assert [(f["path"], f["is_dir"], f.get("file_size")) for f in listed.json["files"]] == [
        ("a.txt", False, 4),
        ("big.bin", False, 3_000_000),
        ("dir", True, None),
        ("empty", False, 0),
    ]
    inside = rest.get("artifacts/list", run_id=run, path="dir")
    assert inside["root_uri"] == f"mlflow-artifacts:/0/{run}/artifacts"
    assert [f["path"] for f in inside["files"]] == ["dir/b c%20.json", "dir/sub"]
    assert store.artifact_file(run, "a.txt").read_bytes() == b"text", "nbtrack's own readers find them"
    rest.put(f"0/{run}/artifacts/a.txt", b"other")
    assert rest.ask("GET", FILES + f"0/{run}/artifacts/a.txt").body == b"other"
    assert rest.ask("DELETE", FILES + f"0/{run}/artifacts/dir").json == {}
    assert names(rest.ask("GET", f"{FILES[:-1]}?path=0/{run}/artifacts")) == ["a.txt", "big.bin", "empty"]
    assert rest.ask("GET", FILES + f"0/{run}/artifacts/dir/sub/x").error == (404, "RESOURCE_DOES_NOT_EXIST")
    part = rest.ask("GET", FILES + f"0/{run}/artifacts/big.bin", range="bytes=10-19")
    assert (part.status, part.body) == (206, b"x" * 10)


def test_a_file_needs_a_run_or_model_that_is_there(rest):
    run = rest.run()
    for address in (
        "f",
        "0/f",
        f"0/{'0' * 32}/artifacts/f",
        f"5/{run}/artifacts/f",
        f"0/{run}/f",
        f"0/{run}/artifacts",
    ):
        assert rest.put(address, b"x").error == (400, "INVALID_PARAMETER_VALUE"), address
    assert rest.put(f"0/models/m-{'0' * 32}/artifacts/f", b"x").error == (404, "RESOURCE_DOES_NOT_EXIST")


def send_in_parts(rest, address: str, name: str, parts: list[bytes]):
    made = rest.ask("POST", MPU + f"create/{address}", {"path": f"/home/me/{name}", "num_parts": len(parts)}).json
    told = []
    for credential, content in zip(made["credentials"], parts, strict=True):
        assert credential["url"].startswith(rest.url)
        sent = rest.ask("PUT", credential["url"].removeprefix(rest.url), content)
        told.append({"part_number": credential["part_number"], "etag": sent.headers["etag"], "url": credential["url"]})
    return made["upload_id"], told


def test_a_file_in_parts(rest, store):
    run = rest.run()
    parts = [b"a" * 100_000, b"b" * 100_000, b"c"]
    upload, told = send_in_parts(rest, f"0/{run}/artifacts/dir", "f.bin", parts)
    whole = {"path": "/home/me/f.bin", "upload_id": upload, "parts": told}
    bad = {**whole, "parts": [{**told[0], "etag": '"x"'}, *told[1:]]}
    assert rest.ask("POST", MPU + f"complete/0/{run}/artifacts/dir", bad).status == 400
    assert rest.ask("POST", MPU + f"complete/0/{run}/artifacts/dir", {**whole, "parts": told[:2]}).status == 400
    assert rest.ask("POST", MPU + f"complete/0/{rest.run()}/artifacts/dir", whole).status == 400, "of another run"
    assert rest.ask("POST", MPU + f"complete/0/{run}/artifacts/dir", whole).json == {}
    assert rest.ask("GET", FILES + f"0/{run}/artifacts/dir/f.bin").body == b"".join(parts)
    assert rest.ask("POST", MPU + f"complete/0/{run}/artifacts/dir", whole).status == 404, "once"
    upload, _ = send_in_parts(rest, f"0/{run}/artifacts", "g.bin", parts)
    assert rest.ask("POST", MPU + f"abort/0/{run}/artifacts", {"path": "g.bin", "upload_id": upload}).json == {}
    assert names(rest.ask("GET", f"{FILES[:-1]}?path=0/{run}/artifacts")) == ["dir"]
    assert list((store.folder / "tmp").glob("mpu-*")) == []
    assert rest.ask("PUT", MPU + f"part/{upload}/1", b"x").status == 404
    for n_parts in (0, -1, 10_001):
        assert rest.ask("POST", MPU + f"create/0/{run}/artifacts", {"path": "f", "num_parts": n_parts}).status == 400


# -- models --------------------------------------------------------------------------------------------------------------


def make_model(rest, run: str | None, name: str = "model", **more) -> str:
    body = {"experiment_id": "0", "name": name, **({"source_run_id": run} if run else {}), **more}
    return str(rest.post("logged-models", **body)["model"]["info"]["model_id"])


def test_a_model_has_its_files_at_its_own_address_and_in_its_run(rest):
    run = rest.run()
    model = make_model(rest, run)
    rest.put(f"0/models/{model}/artifacts/MLmodel", b"flavors: {}")
    rest.put(f"0/models/{model}/artifacts/data/x.bin", b"x")
    assert names(rest.ask("GET", f"{FILES[:-1]}?path=0/models/{model}/artifacts")) == ["MLmodel", "data"]
    assert rest.ask("GET", FILES + f"0/{run}/artifacts/model/data/x.bin").body == b"x"
    # A client of MLflow 3 lists models beside the files of the run: they are not there twice.
    assert names(rest.ask("GET", f"{FILES[:-1]}?path=0/{run}/artifacts", **NEWER)) == []
    assert names(rest.ask("GET", f"{FILES[:-1]}?path=0/{run}/artifacts", user_agent="mlflow-python-client/2.22.0")) == [
        "model"
    ]
    second = make_model(rest, run)
    rest.put(f"0/models/{second}/artifacts/MLmodel", b"second")
    assert rest.ask("GET", FILES + f"0/{run}/artifacts/model/MLmodel").body == b"second", "the name is the newer one's"
    assert rest.ask("GET", FILES + f"0/models/{model}/artifacts/MLmodel").body == b"flavors: {}"
    inside = rest.get(f"logged-models/{model}/artifacts/directories")
    assert [f["path"] for f in inside["files"]] == ["MLmodel", "data"]


def test_the_life_of_a_model(rest):
    run = rest.run()
    model = make_model(
        rest, run, params=[{"key": "p", "value": "1"}], tags=[{"key": "t", "value": "1"}], model_type="agent"
    )
    rest.post(f"logged-models/{model}/params", params=[{"key": "q", "value": "2"}])
    rest.post(f"logged-models/{model}/tags", "PATCH", tags=[{"key": "u", "value": "2"}])
    assert rest.ask("DELETE", f"{API}logged-models/{model}/tags/t").json == {}
    assert rest.ask("DELETE", f"{API}logged-models/{model}/tags/t").status == 404
    rest.post(
        "runs/log-metric",
        run_id=run,
        key="acc",
        value=0.5,
        timestamp=1,
        model_id=model,
        dataset_name="d",
        dataset_digest="x",
    )
    for status in ("READY?", 9, None):
        assert rest.ask("PATCH", f"{API}logged-models/{model}", {"status": status}).status == 400
    told = rest.post(f"logged-models/{model}", "PATCH", status="LOGGED_MODEL_READY")["model"]
    assert told["info"]["status"] == "LOGGED_MODEL_READY"
    assert told["info"]["model_type"] == "agent"
    assert told["info"]["tags"] == [{"key": "u", "value": "2"}]
    assert told["data"]["params"] == [{"key": "p", "value": "1"}, {"key": "q", "value": "2"}]
    assert told["data"]["metrics"][0] | {"value": 0.5, "dataset_name": "d", "run_id": run} == told["data"]["metrics"][0]
    assert rest.ask("DELETE", f"{API}logged-models/{model}").json == {}
    assert rest.ask("GET", f"{API}logged-models/{model}").status == 404
    assert rest.get(f"logged-models/{model}", allow_deleted="true")["model"]["info"]["model_id"] == model


def test_a_model_without_a_run(rest):
    model = make_model(rest, None, "alone")
    info = rest.get(f"logged-models/{model}")["model"]["info"]
    assert info["source_run_id"] == ""
    rest.put(f"0/models/{model}/artifacts/f", b"x")
    assert rest.ask("GET", FILES + f"0/models/{model}/artifacts/f").body == b"x"
    found = rest.post("runs/search", experiment_ids=["0"], run_view_type="ALL", filter="run_name = 'alone'")
    assert found == {}, "what keeps its files is no run for anybody"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name = 'one'", ["one"]),
        ("name LIKE 't%' AND params.lr = '0.1'", ["two", "three"]),
        ("metrics.acc > 0.5", ["two", "three"]),
        ("tags.team = 'a' OR tags.team IS NULL", ["one", "two"]),
        ("model_type IN ('x', 'y')", ["one"]),
        ("status = 'READY'", []),
    ],
)
def test_models_are_searched(rest, text, wanted):
    experiment = rest.ask("POST", API + "experiments/create", {"name": "models"}).json.get("experiment_id")
    if experiment is not None:
        run = rest.run(experiment)
        about = {"one": (0.1, "x", "a", "0.2"), "two": (0.6, "", None, "0.1"), "three": (0.9, "", "b", "0.1")}
        for name, (acc, kind, team, lr) in about.items():
            tags = [{"key": "team", "value": team}] if team else []
            made = rest.post("logged-models", experiment_id=experiment, name=name, source_run_id=run, model_type=kind,
                             tags=tags, params=[{"key": "lr", "value": lr}])["model"]["info"]["model_id"]  # fmt: skip
            rest.post("runs/log-metric", run_id=run, key="acc", value=acc, timestamp=1, model_id=made)
    experiment = rest.get("experiments/get-by-name", experiment_name="models")["experiment"]["experiment_id"]
    order = [{"field_name": "metrics.acc", "ascending": True}]
    found = rest.post("logged-models/search", experiment_ids=[experiment], filter=text, order_by=order)
    assert [m["info"]["name"] for m in found.get("models", [])] == wanted
    page = rest.post("logged-models/search", experiment_ids=[experiment], order_by=order, max_results=2)
    rest_of_them = rest.post(
        "logged-models/search",
        experiment_ids=[experiment],
        order_by=order,
        max_results=2,
        page_token=page["next_page_token"],
    )
    assert [m["info"]["name"] for m in page["models"] + rest_of_them["models"]] == ["one", "two", "three"]


def test_the_content_of_a_file_is_kept_once(rest, store):
    content = b"the same" * 1000
    first, second = rest.run(), rest.run()
    for run in (first, second):
        rest.put(f"0/{run}/artifacts/f", content)
    digest = hashlib.sha256(content).hexdigest()
    assert store.artifact_file(first, "f") == store.artifact_file(second, "f") == store.blobs.path_of(digest)
