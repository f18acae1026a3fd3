"""What Prometheus is told, and who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from nbtrack.server import team
from nbtrack.server.access import tokens
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.roles import Role, User
from nbtrack.server.metrics import Meter, route_of
from nbtrack.server.sizes import Sizes
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.local import LocalStore

USERS = (
    User("boss", Role.ADMIN),
    User("writer", Role.WRITE),
    User("prometheus", Role.METRICS),
    User("mine", Role.NONE, {"a": Role.READ}),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStore]:
    found = quiet_store(tmp_path_factory.mktemp("metrics") / "team.duckdb")
    yield found
    found.close()


@pytest.fixture(scope="module")
def secrets(store: LocalStore) -> dict[str, str]:
    return {user.name: tokens.add(store.path.with_name("tokens.toml"), user) for user in USERS}


@pytest.fixture(scope="module")
def http(store: LocalStore, secrets: dict[str, str]) -> Iterator[TestClient]:
    assert secrets
    audit = Audit(store.folder)
    app = team.application(store, guards=team.gates(Keys(store.path.with_name("tokens.toml")), audit))
    with TestClient(app, base_url="http://ml.example.org") as found:
        yield found
    audit.close()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_routes_are_templates_and_what_is_asked_for_is_in_no_label(
    http: TestClient, secrets: dict[str, str], store: LocalStore
):
    def ask(who: str, method: str, path: str, **options: Any) -> int:
        headers = {"Authorization": f"Bearer {secrets[who]}"} if who else {}
        return http.request(method, path, headers=headers, **options).status_code

    assert ask("writer", "POST", "/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}) == 200
    assert ask("writer", "GET", "/api/2.0/mlflow-artifacts/artifacts/secret-name/x.bin") == 404
    assert ask("writer", "GET", "/api/nbtrack/v1/blobs/" + "ab" * 32) == 404
    assert [ask("writer", "GET", f"/made-up-{n}.js") for n in range(20)] == [404] * 20
    assert ask("", "BREW", "/api/2.0/mlflow/runs/made-up") == 401
    assert ask("mine", "GET", "/api/2.0/mlflow/registered-models/get?name=made-up") == 403
    answer = http.get("/metrics", headers={"Authorization": f"Bearer {secrets['prometheus']}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "made-up" not in answer.text
    assert "secret-name" not in answer.text
    assert "ab" * 32 not in answer.text
    found = samples(answer.text)
    requests = "nbtrack_http_requests_total"
    create = ("method", "POST"), ("route", "/api/2.0/mlflow/runs/create")
    assert found[requests, (*create, ("status", "200"))] == 1
    assert found[requests, (("method", "GET"), ("route", "none"), ("status", "404"))] == 20
    assert found[requests, (("method", "other"), ("route", "none"), ("status", "401"))] == 1
    assert found["nbtrack_http_request_seconds_count", create] == 1
    assert found["nbtrack_http_request_seconds_bucket", (("le", "+Inf"), *create)] == 1
    assert found["nbtrack_http_bytes_total", (("direction", "received"), create[1])] == len('{"experiment_id":"0"}')
    assert found["nbtrack_journal_records_total", (("way", "request"),)] > 0
    assert found["nbtrack_requests_in_progress", ()] == 1
    assert found["nbtrack_store_bytes", (("part", "journals"),)] > 0
    assert found["nbtrack_store_fold_age_seconds", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 0
    store.fold()
    assert Sizes(store).fold_age() == 0
    assert Sizes(store).parts()["database"] > 0


@pytest.mark.parametrize(
    ("who", "status"), [("boss", 200), ("prometheus", 200), ("writer", 403), ("mine", 403), ("", 401)]
)
def test_admins_and_watchers_see_metrics(http: TestClient, secrets: dict[str, str], who: str, status: int):
    headers = {"Authorization": f"Bearer {secrets[who]}"} if who else {}
    assert http.get("/metrics", headers=headers).status_code == status


def test_who_watches_sees_nothing_else(http: TestClient, secrets: dict[str, str]):
    headers = {"Authorization": f"Bearer {secrets['prometheus']}"}
    for path in (
        "/",
        "/docs",
        "/api/2.0/mlflow/runs/get?run_id=x",
        "/api/nbtrack/v1/about",
        "/api/2.0/mlflow/experiments/search",
    ):
        assert http.get(path, headers=headers).status_code == 403, path
    assert http.post("/api/2.0/mlflow/runs/create", headers=headers, json={}).status_code == 403


def test_open_metrics_are_told_to_who_asks_for_them(store: LocalStore):
    text, content_type = Meter(Sizes(store)).text("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_pages_have_names_of_their_own():
    assert route_of({"path": "/"}, 200) == "/"
    assert route_of({"path": "/page-0123456789ab.js"}, 200) == "/{script}.js"
    assert route_of({"path": "/page-0123456789ab.js"}, 404) == "none"
    assert route_of({"path": "/../etc"}, 200) == "none"
