"""Servers that speak TLS, stand behind a proxy, or are shown below a path."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nbtrack.errors import InvalidValueError
from nbtrack.server.access import tokens
from nbtrack.server.access.roles import Role, User
from nbtrack.server.front import Front
from nbtrack.server.serve import TeamServer
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def certificate(folder: Path, password: bytes | None = None) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    return cert, secret


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TeamServer, str, Path]]:
    """A server with everything: TLS, tokens, a proxy, a path."""
    folder = tmp_path_factory.mktemp("front")
    cert, key = certificate(folder)
    token = tokens.add(folder / "tokens.toml", User("ada", Role.ADMIN))
    store = quiet_store(folder / "team.duckdb")
    found = TeamServer(store, auth=folder / "tokens.toml", front=Front(cert, key, ("127.0.0.1",), "/ml/nbtrack"))
    found.start()
    yield found, token, cert
    found.close()
    store.close()


def ask(
    server: tuple[TeamServer, str, Path], method: str, path: str, body: str | None = None, **headers: str
) -> http.client.HTTPResponse:
    port = int(server[0].url.rpartition(":")[2])
    client = http.client.HTTPSConnection(
        "localhost", port, timeout=30, context=ssl.create_default_context(cafile=server[2])
    )
    client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    found = client.getresponse()
    found.body = found.read()  # type: ignore[attr-defined]
    client.close()
    return found


def test_it_speaks_tls(server: tuple[TeamServer, str, Path]):
    assert server[0].url.startswith("https://127.0.0.1:")
    assert ask(server, "GET", "/health").status == 200


def test_paths_are_served_whole_and_without_their_beginning(server: tuple[TeamServer, str, Path]):
    bearer = {"Authorization": f"Bearer {server[1]}"}
    assert (
        ask(server, "GET", "/ml/nbtrack/health").status
        == ask(server, "GET", "/ml/nbtrack/api/nbtrack/v1/about", **bearer).status
        == 200
    )
    assert ask(server, "GET", "/ml/nbtracker/api/nbtrack/v1/about", **bearer).status == 404
    page = ask(server, "GET", "/ml/nbtrack", **bearer).body.decode()  # type: ignore[attr-defined]
    assert 'src="./page-' in page
    docs = ask(server, "GET", "/docs", **bearer).body.decode()  # type: ignore[attr-defined]
    own, found, _ = docs.partition("https://")
    assert found
    assert 'source = "/ml/nbtrack/openapi.json"' in own
    assert "fetch(source)" in own, "the routes are listed also where nothing comes from the internet"


def test_parts_of_files_go_below_the_path_too(server: tuple[TeamServer, str, Path]):
    said = {"Authorization": f"Bearer {server[1]}", "Content_Type": "application/json"}

    def post(route: str, **body: object) -> dict[str, Any]:
        found = ask(server, "POST", f"/ml/nbtrack/api/2.0/{route}", json.dumps(body), **said)
        told: dict[str, Any] = json.loads(found.body)  # type: ignore[attr-defined]
        return told

    run = post("mlflow/runs/create", experiment_id="0")["run"]["info"]["run_id"]
    made = post(f"mlflow-artifacts/mpu/create/0/{run}/artifacts", path="f.bin", num_parts=1)
    url = made["credentials"][0]["url"]
    assert url.startswith("https://localhost:")
    assert ask(server, "PUT", urlsplit(url).path, "x").status == 200


def test_a_browser_signs_in_below_the_path_and_its_cookie_is_for_tls_only(server: tuple[TeamServer, str, Path]):
    form = "application/x-www-form-urlencoded"
    found = ask(server, "POST", "/ml/nbtrack/sign-in", f"token={server[1]}", Content_Type=form)
    assert (found.status, found.headers["location"]) == (303, "/ml/nbtrack/")
    assert "Secure" in str(found.headers["set-cookie"])


def test_the_proxy_says_who_asks(server: tuple[TeamServer, str, Path]):
    sender = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "https", "Authorization": f"Bearer {server[1]}"}
    name = '{"name": "from elsewhere"}'
    found = ask(server, "POST", "/api/2.0/mlflow/experiments/create", name, Content_Type="application/json", **sender)
    assert found.status == 200
    audit = server[0].store.local.folder / "audit.jsonl"
    assert '"from": "203.0.113.7"' in audit.read_text().splitlines()[-1]


def test_nobody_says_who_asks_when_there_is_no_proxy():
    assert Front().options() == {"proxy_headers": False, "forwarded_allow_ips": []}


@pytest.mark.parametrize("text", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/40", "", "127.0.0.1;"])
def test_proxies_are_addresses(text: str):
    with pytest.raises(InvalidValueError, match="--behind-proxy"):
        Front(proxies=(text,))


@pytest.mark.parametrize("path", ["nbtrack", "/a//b", "/a?b", "//evil.example.org", "/a b", "/é"])
def test_paths_are_plain(path: str):
    with pytest.raises(InvalidValueError, match="/nbtrack"):
        Front(root_path=path)


def test_a_certificate_that_cannot_be_used_is_told_before_the_start(tmp_path: Path):
    cert, key = certificate(tmp_path)
    assert Front(cert, key, root_path="/a/").root_path == "/a"
    with pytest.raises(InvalidValueError, match="no file"):
        Front(cert, tmp_path / "nothing.pem")
    with pytest.raises(InvalidValueError, match="cannot be used for TLS"):
        Front(cert)  # the key is not in it
    with pytest.raises(InvalidValueError, match="--ssl-certfile"):
        Front(keyfile=key)
    with pytest.raises(InvalidValueError, match="password"):
        Front(*certificate(tmp_path, b"secret"))
