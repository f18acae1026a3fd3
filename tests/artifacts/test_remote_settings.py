"""Endpoints and credentials, as other tools name them in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.artifacts.remote.settings import settings_of
from nbtrack.artifacts.remote.uri import parse
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

NO_FILE = {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


def test_mlflows_name_of_an_endpoint_goes_before_amazons() -> None:
    env = {"AWS_ENDPOINT_URL": "https://aws.example", "MLFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:9000/", **NO_FILE}
    found = settings_of(parse("s3://b/a"), env)
    assert found.config == {"endpoint": "http://127.0.0.1:9000"}
    assert found.client["allow_http"] is True
    assert found.host == "127.0.0.1:9000"
    del env["MLFLOW_S3_ENDPOINT_URL"]
    assert settings_of(parse("s3://b/a"), env).client["allow_http"] is False


@pytest.mark.parametrize("endpoint", ["localhost:9000", "ftp://x", "http://me:hush@x", "https://"])
def test_an_endpoint_that_cannot_be_used_is_refused_by_its_name(endpoint: str) -> None:
    with pytest.raises(InvalidValueError, match="AWS_ENDPOINT_URL") as caught:
        settings_of(parse("s3://b/a"), {"AWS_ENDPOINT_URL": endpoint, **NO_FILE})
    assert "hush" not in str(caught.value)


def test_a_profile_is_read_unless_the_environment_has_keys(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B%\n[team]\naws_access_key_id = C\n")
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    assert settings_of(parse("s3://b/a"), env).config == {"access_key_id": "A", "secret_access_key": "B%"}
    assert settings_of(parse("s3://b/a"), {**env, "AWS_PROFILE": "team"}).config == {"access_key_id": "C"}
    assert settings_of(parse("s3://b/a"), {**env, "AWS_ACCESS_KEY_ID": "X"}).config == {}
    with pytest.raises(InvalidValueError, match="export-credentials"):
        settings_of(parse("s3://b/a"), {**env, "AWS_PROFILE": "sso"})
    file.write_text("no profile, but a secret: hush")
    with pytest.raises(InvalidValueError, match="cannot be read") as caught:
        settings_of(parse("s3://b/a"), env)
    assert "hush" not in str(caught.value)


def test_azure_takes_mlflows_two_names_and_azures_own() -> None:
    env = {"AZURE_STORAGE_ACCOUNT_NAME": "acc", "AZURE_STORAGE_ACCESS_KEY": "a2V5"}
    assert settings_of(parse("az://box/a"), env).config == {"account_name": "acc", "account_key": "a2V5"}
    env = {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=acc;AccountKey=a2V5==;EndpointSuffix=core.chinacloudapi.cn"}
    assert settings_of(parse("az://box/a"), env).config == {
        "account_name": "acc",
        "account_key": "a2V5==",
        "endpoint": "https://acc.blob.core.chinacloudapi.cn",
    }
    env = {"AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=x"}
    found = settings_of(parse("abfss://box@acc.dfs.core.windows.net/a"), env)
    assert found.config == {"account_name": "acc", "sas_key": "sv=1&sig=x"}


def test_credentials_of_one_account_are_not_shown_to_another() -> None:
    env = {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=mine;AccountKey=a2V5"}
    with pytest.raises(InvalidValueError, match="'other', and the environment has credentials for 'mine'") as caught:
        settings_of(parse("abfss://box@other.dfs.core.windows.net/a"), env)
    assert "a2V5" not in str(caught.value)


def test_what_is_missing_or_unreadable_is_said() -> None:
    with pytest.raises(InvalidValueError, match="AZURE_STORAGE_ACCOUNT_NAME"):
        settings_of(parse("az://box/a"), {})
    with pytest.raises(InvalidValueError, match="CONNECTION_STRING cannot be read") as caught:
        settings_of(parse("az://box/a"), {"AZURE_STORAGE_CONNECTION_STRING": "hush"})
    assert "hush" not in str(caught.value)
    with pytest.raises(InvalidValueError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        settings_of(parse("gs://b/a"), {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"})


def test_an_emulator_of_google_may_be_named_without_a_scheme() -> None:
    found = settings_of(parse("gs://b/a"), {"STORAGE_EMULATOR_HOST": "localhost:4443"})
    assert found.config["base_url"] == "http://localhost:4443"
    assert found.is_emulator
