"""One real server, and nbtrack's own client with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, RemoteError
from nbtrack.server.access import tokens
from nbtrack.server.access.roles import Role, User
from nbtrack.server.serve import TeamServer
from nbtrack.store.remote.connection import Connection
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_client_comes_in_with_its_token(tmp_path: Path):
    path, store = tmp_path / "tokens.toml", quiet_store(tmp_path / "team.duckdb")
    secret = tokens.add(path, User("ada", Role.WRITE))
    looks = tokens.add(path, User("alan", Role.READ))
    with pytest.raises(InvalidValueError, match="--auth"):
        TeamServer(store, host="0.0.0.0")
    server = TeamServer(store, host="0.0.0.0", auth=path)
    url = server.url.replace("0.0.0.0", "127.0.0.1")
    server.start()
    try:
        for token, name in ((secret, "ada"), ("nbt_ada_wrong", None)):
            client = Connection(url, token)
            if name is None:
                with pytest.raises(RemoteError, match=r"\(401\)\. The token is not known here"):
                    client.about()
            else:
                assert client.about()["user"] == name
                client.call("create_experiment", "vision")
            client.close()
        client = Connection(url, looks)
        with pytest.raises(RemoteError, match=r"This needs the role 'write'.*'alan' does not have"):
            client.call("create_experiment", "sound")
        client.close()
    finally:
        server.close()
        store.close()
