"""One real server with every kind of token, a canary outside of what it may touch, and a client that sends whatever it is told."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nbtrack.server.access import tokens
from nbtrack.server.access.roles import Role, User
from nbtrack.server.serve import TeamServer
from nbtrack.store.traffic import BINARY, CODEC
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ML = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
NATIVE = "/api/nbtrack/v1/"
CANARY = "canary-5f1d7c"
USERS = (
    User("reader", Role.READ),
    User("writer", Role.WRITE),
    User("boss", Role.ADMIN),
    User("mine", Role.NONE, {"mine": Role.WRITE}),
)


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Target:
    """The server that is attacked."""

    server: TeamServer
    folder: Path
    outside: Path
    secrets: dict[str, str]
    run: str = ""
    experiments: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    @property
    def store(self) -> Any:
        return self.server.store

    @property
    def port(self) -> int:
        return int(self.server.url.rpartition(":")[2])

    def ask(self, method: str, path: str, body: Any = None, *, who: str | None = "boss", **headers: str) -> Answer:
        """Send a request as it is written; bytes go as they are, all else as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            given.setdefault("content-type", "application/json")
        if who is not None and "authorization" not in given:
            given["authorization"] = f"Bearer {self.secrets[who]}"
        for _ in range(2):  # the connection may have been closed meanwhile
            try:
                return self._send(method, path, data, given)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.hang_up()
        return self._send(method, path, data, given)

    def hang_up(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            target = "".join(c if c.isascii() else quote(c) for c in path)
            self.connection.putrequest(method, target, skip_host="host" in headers, skip_accept_encoding=True)
            for name, value in {**headers, "content-length": str(len(data or b""))}.items():
                self.connection.putheader(name, value)
            self.connection.endheaders(data)
            found = self.connection.getresponse()
            return Answer(found.status, found.getheaders(), found.read())
        except (http.client.InvalidURL, ValueError):
            self.hang_up()
            raise

    def call(self, verb: str, *arguments: Any, who: str = "boss", **options: Any) -> Answer:
        """Ask for a verb of the store."""
        data = CODEC.encode([list(arguments), options])
        return self.ask("POST", f"{NATIVE}call/{verb}", data, who=who, content_type=BINARY)

    def raw(self, data: bytes) -> bytes:
        """Send bytes and return what is answered until the server hangs up, or has answered once."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as found:
            found.sendall(data)
            answer = b""
            while b"\r\n\r\n" not in answer and (piece := found.recv(1 << 16)):
                answer += piece
            return answer

    def tree(self) -> set[str]:
        """Return the files that there are beside the store's own."""
        own = ("team.duckdb", "team.nbtrack/", "tokens.toml")
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        return {path for path in found if not path.startswith(own)}

    def check(self, found: Answer) -> None:
        """Fail when an answer is a fault of the server, or says more than it may."""
        assert found.status < 500, (found.status, found.body[:300])
        assert CANARY.encode() not in found.body
        assert str(self.folder).encode() not in found.body
        if found.status >= 400:
            for word in (
                b"Traceback",
                b"duckdb",
                b"/work/",
                b".py",
                *(s.split("_", 2)[2].encode() for s in self.secrets.values()),
            ):
                assert word not in found.body, found.body[:300]


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("attacked")
    outside = tmp_path_factory.mktemp("outside")
    (folder / "team.nbtrack-secret").mkdir()
    canaries = [each / "canary.txt" for each in (outside, folder, folder / "team.nbtrack-secret")]
    for each in canaries:
        each.write_text(CANARY)
    secrets = {user.name: tokens.add(folder / "tokens.toml", user) for user in USERS}
    store = quiet_store(folder / "team.duckdb")
    server = TeamServer(store, auth=folder / "tokens.toml")
    server.start()
    found = Target(server, folder, outside, secrets)
    found.experiments = {name: store.create_experiment(name) for name in ("mine", "theirs")}
    found.run = start(store, "theirs", experiment_id=int(found.experiments["theirs"]), experiment="theirs")
    store.add_artifact(found.run, "notes.txt", b"notes")
    yield found
    found.hang_up()
    server.close()
    store.close()
    assert [each.read_text() for each in canaries] == [CANARY] * 3
