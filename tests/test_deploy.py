"""What `deploy/` and its page of the documents say is what the command line, the routes and one another know."""

from __future__ import annotations

import configparser
import ipaddress
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from nbtrack.cli.main import app
from nbtrack.server.access.rules import rule_of
from nbtrack.server.front import Front

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
PORT = "5000"


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def check_command(words: list[str]) -> dict[str, str]:
    """Return the options of ``nbtrack …`` with their values; fails for one that the command does not have."""
    command: Any = typer.main.get_command(app)
    given: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        options = {name: each for each in command.params for name in each.opts if name.startswith("-")}
        if word.startswith("-") and word not in ("-h", "--help"):
            assert word in options, f"{shlex.join(words)}: no {word} among {sorted(options)}"
            if not options[word].is_flag:
                given[word] = rest.pop(0)
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
    return given


def instructions() -> dict[str, list[str]]:
    """Return what the Dockerfile says, by instruction."""
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text_of("Dockerfile"))).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            found.setdefault(word, []).append(rest.strip())
    return found


def test_the_image_starts_the_server_as_nobody_in_particular():
    said = instructions()
    options = check_command([*json.loads(said["ENTRYPOINT"][-1])[1:], *json.loads(said["CMD"][-1])])
    assert said["EXPOSE"] == [options["--port"]] == [PORT]
    assert int(said["USER"][-1]) >= 1000
    assert f"--uid {said['USER'][-1]}" in said["RUN"][-1]
    health = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", said["HEALTHCHECK"][-1])
    assert health is not None
    assert health[1] == PORT
    rule = rule_of("GET", health[2])
    assert rule is not None
    assert rule.role == 0, "no token is needed for it"
    assert options["--auth"].startswith(said["VOLUME"][-1])
    assert not re.search(r"(?i)(secret|password|token|key)\s*=", " ".join(said["ENV"]))
    extras = re.search(r"nbtrack\[([\w,]+)\]", said["RUN"][-1])
    assert extras is not None
    known = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(re.search(rf"(?m)^{extra} = \[", known) for extra in extras[1].split(","))


def test_the_image_is_made_of_the_package_only():
    allowed = [line[1:] for line in text_of("Dockerfile.dockerignore").splitlines() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in allowed)
    assert not {"deploy", "tests", ".git", "runs.duckdb"} & set(allowed)
    shipped = re.findall(r'force-include = \{ "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(shipped) <= set(allowed), "the wheel cannot be built without them"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
    return found


def test_compose_gives_the_server_options_and_variables_that_it_knows(compose: dict[str, Any]):
    server = compose["services"]["server"]
    options = check_command(["server", *server["command"]])
    assert server["ports"] == [f"127.0.0.1:{options['--port']}:{PORT}"]
    assert all(f":{PORT}{path}" in str(server["healthcheck"]["test"]) for path in ("/ready",))
    settings = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "nbtrack/artifacts/remote").glob("*.py"))
    of_libpq = {"PGSERVICEFILE"}
    of_object_store = {"AWS_REGION"}  # read by the library
    unknown = [n for n in server["environment"] if n not in of_libpq | of_object_store and f'"{n}"' not in settings]
    assert unknown == []
    assert server["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}


def test_compose_fits_together(compose: dict[str, Any]):
    services, caddy = compose["services"], compose["services"]["caddy"]
    for name, service in services.items():
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        networks = service.get("networks", ())
        assert set(networks) <= set(compose["networks"]), name
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(compose["volumes"]), name
        assert set(service.get("depends_on", ())) <= set(services), name
        is_pinned = re.search(r":[v\d]", service["image"]) or "build" in service
        assert is_pinned, f"{name} has an image of no version"
    options = check_command(["server", *services["server"]["command"]])
    proxy = caddy["networks"]["front"]["ipv4_address"]
    assert Front(proxies=(options["--behind-proxy"],)).proxies == (proxy,)
    pool = compose["networks"]["front"]["ipam"]["config"][0]
    subnet = pool["subnet"]
    assert ipaddress.ip_address(proxy) not in ipaddress.ip_network(pool["ip_range"]), (
        "the server, which begins first, could be given it"
    )
    assert ipaddress.ip_address(proxy) in ipaddress.ip_network(subnet)
    assert caddy["environment"]["SERVER"] == f"server:{PORT}"
    assert "--host=127.0.0.1" in services["postgres"]["healthcheck"]["test"], "not the one that makes the database"
    assert compose["networks"]["back"]["internal"], "database and object store are reached by the server only"
    endpoint = services["server"]["environment"]["AWS_ENDPOINT_URL"].rpartition(":")[2]
    assert f":{endpoint}" in services["s3"]["entrypoint"][2]
    assert f"/{options['--artifacts'].split('/')[2]} " in services["s3"]["entrypoint"][2], "the bucket is made"


def test_secrets_are_made_once_and_are_all_that_compose_names(compose: dict[str, Any], tmp_path: Path):
    (tmp_path / "make-secrets").write_text(text_of("make-secrets"), encoding="utf-8")
    made: list[dict[str, str]] = []
    for _ in range(2):
        subprocess.run(["sh", "make-secrets"], cwd=tmp_path, check=True, capture_output=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    named = {each["file"] for each in compose["secrets"].values()} | set(compose["services"]["s3"]["env_file"])
    assert named == {f"secrets/{name}" for name in made[0]}
    service, profile = configparser.ConfigParser(), configparser.ConfigParser()
    service.read_string(made[0]["pg_service"])
    profile.read_string(made[0]["aws_credentials"])
    postgres = compose["services"]["postgres"]["environment"]
    assert service["nbtrack"]["password"] == made[0]["postgres_password"]
    assert (service["nbtrack"]["user"], service["nbtrack"]["dbname"]) == (
        postgres["POSTGRES_USER"],
        postgres["POSTGRES_DB"],
    )
    assert service["nbtrack"]["host"] in compose["services"]
    assert profile["default"]["aws_secret_access_key"] in made[0]["s3.env"]
    assert len(made[0]["postgres_password"]) >= 40
    assert text_of(".gitignore").startswith("/secrets/")


def test_the_unit_runs_a_command_that_there_is_with_its_hands_tied():
    lines = [line.partition("=") for line in text_of("nbtrack.service").splitlines() if "=" in line and line[0] != "#"]
    said: dict[str, str] = {}
    for key, _, value in lines:
        said[key] = f"{said[key]} {value}" if key in said else value
    options = check_command(shlex.split(said["ExecStart"])[1:])
    assert options["--port"] == PORT
    assert Path(options["--store"]).parent == Path(said["WorkingDirectory"])
    assert said["User"] == "nbtrack"
    assert (said["NoNewPrivileges"], said["ProtectSystem"], said["PrivateTmp"], said["ProtectHome"]) == (
        "yes",
        "strict",
        "yes",
        "yes",
    )
    assert said["CapabilityBoundingSet"] == ""
    assert int(said["TimeoutStopSec"]) > 5, "the server takes five at most"


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_proxies_lead_to_the_server_and_hold_nothing_back(name: str):
    text = text_of(name)
    assert f"127.0.0.1:{PORT}" in text
    for line in commands_in(text.replace("\n# ", "\n").replace("#   ", "")):
        check_command(line)
    if name == "nginx.conf":
        blocks = re.findall(r"location (?:= )?(\S+) \{(.*?)\}", text, re.DOTALL)
        passing = {path: body for path, body in blocks if "proxy_pass" in body}
        assert set(passing) == {"/", "/api/stream"}
        for body in passing.values():
            assert "proxy_buffering off" in body
            assert "proxy_set_header X-Forwarded-For $remote_addr" in body
        assert "client_max_body_size 0;" in text
    else:
        assert "flush_interval -1" in text


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of each ``nbtrack …`` that stands at the beginning of a line, or behind a prompt or variables."""
    for found in re.finditer(
        r"(?m)^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:docker compose run --rm server|nbtrack) ([^\n#|`]*)", text
    ):
        words = shlex.split(found[0].strip().removeprefix("$ "))
        first = words.index("nbtrack") if "nbtrack" in words else words.index("server") - 1
        yield [word for word in words[first + 1 :] if word not in ("…", "&")]


def test_the_page_about_servers_names_what_there_is():
    text = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    commands = list(commands_in("".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))))
    assert len(commands) > 12
    for words in commands:
        check_command(words)
    for path in re.findall(r"`(?:GET )?(/(?:health|ready|metrics|version|docs)[\w/.]*)`", text):
        assert rule_of("GET", path) is not None, path
    for name in re.findall(r"\(\.\./(deploy/[\w.\-]+|notebooks/[\w.\-]+)\)", text):
        assert (ROOT / name).exists(), name
