"""One application with every kind of token, for each module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from nbtrack.server import app as interface
from nbtrack.server import security, team
from nbtrack.server.access import tokens
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys
from nbtrack.server.access.roles import Role, User
from nbtrack.store.traffic import BINARY, CODEC, error_of
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore

ML = "/api/2.0/mlflow"
USERS = (
    User("reader", Role.READ),
    User("writer", Role.WRITE),
    User("boss", Role.ADMIN),
    User("mine", Role.NONE, {"mine*": Role.WRITE, "open": Role.READ}, {"mine*": Role.WRITE}),
)


@dataclass
class Team:
    """A team's server, in this process."""

    store: LocalStore
    keys: Keys
    audit: Audit
    http: TestClient
    secrets: dict[str, str]
    experiments: dict[str, str]
    runs: dict[str, str]
    pages: interface.Pages

    def ask(self, who: str | None, method: str, path: str, **options: Any) -> Any:
        """Ask as somebody."""
        headers = {"Authorization": f"Bearer {self.secrets[who]}"} if who else {}
        return self.http.request(method, path, headers={**headers, **options.pop("headers", {})}, **options)

    def call(self, who: str, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask for a verb as somebody; a refusal is its status."""
        data = CODEC.encode([list(arguments), options])
        found = self.ask(who, "POST", f"/api/nbtrack/v1/call/{verb}", content=data, headers={"Content-Type": BINARY})
        if found.status_code == 403 and "error_code" in found.text:
            return 403
        if found.status_code != 200:
            raise error_of(found.content, otherwise=f"{found.status_code} {found.text}")
        return CODEC.decode(found.content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def secrets(folder: Path) -> dict[str, str]:
    return {user.name: tokens.add(folder / "tokens.toml", user) for user in USERS}


@pytest.fixture(scope="module")
def server(folder: Path, secrets: dict[str, str]) -> Iterator[Team]:
    store = quiet_store(folder / "team.duckdb")
    experiments = {name: store.create_experiment(name) for name in ("mine", "open", "theirs")}
    runs = {name: start(store, name, experiment_id=int(i), experiment=name) for name, i in experiments.items()}
    keys, audit = Keys(folder / "tokens.toml"), Audit(store.folder)
    pages = interface.Pages(store, security.Lock(80))
    app = team.application(store, guards=team.gates(keys, audit), pages=pages.app(is_guarded=False))
    with TestClient(app, base_url="http://ml.example.org", follow_redirects=False) as http:
        yield Team(store, keys, audit, http, secrets, experiments, runs, pages)
    audit.close()
    store.close()
