"""One server in a thread for each module, and a client that speaks plain HTTP."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from nbtrack.server.serve import TeamServer
from nbtrack.store.local import LocalStore
from nbtrack.store.postgres.served import ServedDatabase
from tests.store.postgres.cluster import Cluster, shared
from tests.stores import open_stores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.served import ServedStore

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as strict JSON."""
        return json.loads(self.body, parse_constant=_refuse)

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of an error."""
        return self.status, self.json["error_code"]


def _refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


class Rest:
    """A client of one server, over one connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        host, port = url.removeprefix("http://").split(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; bytes go as they are, all else as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            given.setdefault("content-type", "application/json")
        self._connection.request(method, path, data, given)
        found = self._connection.getresponse()
        return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())

    def get(self, path: str, /, **query: Any) -> Any:
        """Return what a GET is answered."""
        return self._fine(self.ask("GET", f"{API}{path}?{urlencode(query, doseq=True)}"))

    def post(self, path: str, /, method: str = "POST", **body: Any) -> Any:
        """Return what a POST is answered."""
        return self._fine(self.ask(method, API + path, body))

    def put(self, address: str, content: bytes) -> Answer:
        """Send a file."""
        return self.ask("PUT", FILES + quote(address), content)

    def run(self, experiment: str = "0", **more: Any) -> str:
        """Begin a run and return its id."""
        return str(self.post("runs/create", experiment_id=experiment, **more)["run"]["info"]["run_id"])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    @staticmethod
    def _fine(found: Answer) -> Any:
        assert found.status == 200, (found.status, found.body)
        return found.json


FILE, DATABASE = "file", "database"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module that says ``STORES = BOTH`` over each kind of store."""
    if "served_from" in metafunc.fixturenames:
        metafunc.parametrize("served_from", getattr(metafunc.module, "STORES", (FILE,)), scope="module")


BOTH = (FILE, pytest.param(DATABASE, marks=pytest.mark.xdist_group("mlflow-database")))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from shared()


@pytest.fixture(autouse=True)
def _own_outbox(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a client of nbtrack has not sent is no other test's; who opened a database lets it go."""
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path_factory.getbasetemp() / "outbox"))
    yield
    for uri in [uri for uri in open_stores() if uri.startswith("postgresql:")]:
        open_stores().pop(uri).close()


def open_at(uri: str, machine: Path) -> ServedStore:
    """Open a store as another process would; that of a database, as one on another machine."""
    if not uri.startswith("postgresql:"):
        return LocalStore(Path(uri))
    with pytest.MonkeyPatch.context() as env:
        env.setenv("NBTRACK_CACHE", str(machine / "cache"))
        return ServedDatabase(uri)


@pytest.fixture(scope="module")
def store(
    served_from: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ServedStore]:
    machine, name = tmp_path_factory.mktemp("team"), ""
    uri = str(machine / "runs.duckdb")
    if served_from == DATABASE:
        cluster: Cluster = request.getfixturevalue("cluster")
        name = cluster.new_database()
        uri = cluster.url(name)
    found = open_at(uri, machine)
    yield found
    found.close()
    if name:
        cluster.drop(name)


@pytest.fixture(scope="module")
def server(store: ServedStore) -> Iterator[TeamServer]:
    found = TeamServer(store, has_pages=False)
    found.start()
    yield found
    found.close()


@pytest.fixture(scope="module")
def rest(server: TeamServer) -> Iterator[Rest]:
    found = Rest(server.url)
    yield found
    found.close()
