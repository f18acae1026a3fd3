"""Tokens and the audit log from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from nbtrack.cli.main import app
from nbtrack.server.access import tokens
from nbtrack.server.access.audit import Audit
from nbtrack.server.access.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.toml"


def call(*words: Any, answers: str = "") -> Result:
    return CliRunner().invoke(app, ["server", *map(str, words)], input=answers)


def asked(*words: Any) -> Any:
    done = call(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_token_is_added_listed_used_and_removed(path: Path) -> None:
    made = asked(
        "token", "add", "ada", "--role", "read", "--experiment", "vision/*=write", "--expires", "90d", "--auth", path
    )
    (row,) = asked("token", "list", "--auth", path)
    assert (row["name"], row["role"], row["experiments"], row["last_used"]) == (
        "ada",
        "read",
        {"vision/*": "write"},
        None,
    )
    left = datetime.fromisoformat(row["expires"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left < timedelta(days=90, minutes=1)
    keys = Keys(path)
    user = keys.check(f"Bearer {made['token']}", "")
    assert user is not None
    keys.close()
    assert asked("token", "list", "--auth", path)[0]["last_used"] is not None
    assert "last used" in call("token", "list", "--auth", path).stdout
    assert asked("token", "remove", "ada", "--auth", path) == {"removed": "ada"}
    assert asked("token", "list", "--auth", path) == []
    gone = call("token", "remove", "ada", "--auth", path)
    assert (gone.exit_code, "ada" in gone.stderr) == (1, True)


def test_a_password_is_asked_for_and_shown_nowhere(path: Path) -> None:
    secret = "correct horse battery"
    done = call("token", "add", "eve", "--role", "write", "--password", "--auth", path, answers=f"{secret}\n{secret}\n")
    assert done.exit_code == 0
    assert secret not in done.output + path.read_text()
    assert "MLFLOW_TRACKING_USERNAME=eve" in done.stdout
    assert tokens.read(path)["eve"].fits(secret)
    short = call("token", "add", "bob", "--role", "read", "--password", "--auth", path, answers="short\nshort\n")
    assert (short.exit_code, "12 characters" in short.stderr) == (1, True)
    differs = call(
        "token",
        "add",
        "bob",
        "--role",
        "read",
        "--password",
        "--auth",
        path,
        answers="one one one one\ntwo two two two\n",
    )
    assert differs.exit_code != 0
    assert list(tokens.read(path)) == ["eve"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "god"), "'god' is no role"),
        (("--role", "read", "--expires", "soon"), "90d"),
        (("--role", "read", "--expires", "2001-01-01"), "is over"),
        (("--role", "read", "--expires", "0d"), "is over"),
        (("--experiment", "vision"), "PATTERN=ROLE"),
        ((), "may do nothing"),
    ],
)
def test_what_is_no_token_is_refused(path: Path, words: tuple[str, ...], told: str) -> None:
    done = call("token", "add", "ada", *words, "--auth", path)
    assert (done.exit_code, told in done.stderr) == (1, True), done.output
    assert not path.exists()


def test_an_end_may_be_a_day(path: Path) -> None:
    asked("token", "add", "ada", "--role", "read", "--expires", "2999-01-31", "--auth", path)
    assert tokens.read(path)["ada"].expires == datetime(2999, 1, 31, tzinfo=UTC)


def test_the_audit_log_is_read(desk: Desk, path: Path) -> None:
    store = ("--store", desk.store.path)
    missing = call("audit", *store)
    assert (missing.exit_code, "--auth writes it" in missing.stderr) == (1, True)
    log = Audit(desk.store.folder)
    for user, status in (("ada", 200), (None, 401), ("bob", 403), ("ada", 200)):
        log.write(user=user, **{"from": "10.0.0.1"}, method="POST", path="/x", about="runs=1", status=status, ms=3)
    log.close()
    assert [said["user"] for said in asked("audit", *store)] == ["ada", None, "bob", "ada"]
    assert len(asked("audit", *store, "--user", "ada")) == 2
    assert [said["status"] for said in asked("audit", *store, "--refused")] == [401, 403]
    assert len(asked("audit", *store, "--since", "1h", "--limit", 1)) == 1
    assert asked("audit", *store, "--since", "2999-01-01") == []
    lines = call("audit", *store).stdout.splitlines()
    assert "nobody  10.0.0.1  401  POST /x  runs=1" in lines[1]
    wrong = call("audit", *store, "--since", "yesterday")
    assert (wrong.exit_code, "7d" in wrong.stderr) == (1, True)
    beside = Audit(path.parent)
    beside.write(user="pg", status=200)
    beside.close()
    assert asked("audit", "--store", "postgresql://nobody@127.0.0.1:9/x", "--auth", path)[0]["user"] == "pg"
