"""What the environment says of an object store: where it is, and who asks. Nothing of it ever reaches a message."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbtrack.artifacts.remote.uri import AZURE, GCS, S3, RemoteUri
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Environment = Mapping[str, str]

RETRIES = {"max_retries": 6, "retry_timeout": timedelta(seconds=90)}
"""Dropped connections, answers of 5xx and timeouts are asked again, each time after twice the pause."""
TIMEOUTS = {"connect_timeout": "5s", "read_timeout": "60s", "timeout": "1h"}
"""To connect, between two pieces of an answer, and for a whole one."""

_OWN_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one bucket.

    Attributes
    ----------
    config : dict
        For the class of obstore; has credentials, and is therefore not shown.
    client : dict
        For its HTTP client.
    host : str
        Where it is, for messages.
    is_emulator : bool
        An emulator takes any name and cannot sign.
    """

    config: dict[str, Any] = field(repr=False)
    client: dict[str, Any] = field(default_factory=dict, repr=False)
    host: str = ""
    is_emulator: bool = False


def settings_of(uri: RemoteUri, environment: Environment | None = None) -> Settings:
    """Return how to reach the bucket of a URI.

    Parameters
    ----------
    uri : RemoteUri
    environment : mapping, optional
        ``os.environ`` by default.

    Raises
    ------
    InvalidValueError
        A variable cannot be read, or is meant for another account; its value is not repeated.
    """
    env = os.environ if environment is None else environment
    return {S3: _s3, GCS: _gcs, AZURE: _azure}[uri.provider](uri, env)


def _s3(uri: RemoteUri, env: Environment) -> Settings:
    names = ("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    endpoint, client = _endpoint(env, names)
    config: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if not any(env.get(name) for name in _OWN_CREDENTIALS):
        config |= _profile(env)
    if env.get("MLFLOW_S3_IGNORE_TLS", "").lower() in {"true", "1"}:
        client["allow_invalid_certificates"] = True
    bundle = env.get("AWS_CA_BUNDLE")
    if bundle and Path(bundle).is_file():
        client["root_certificate"] = Path(bundle).read_bytes()
    return Settings(config, client, _host(endpoint) or f"s3 ({uri.bucket})")


def _profile(env: Environment) -> dict[str, str]:
    """Return the keys of a profile in ``~/.aws/credentials``; none when it has none, for a machine may have a role."""
    name = env.get("AWS_PROFILE") or "default"
    path = Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        raise InvalidValueError(f"{path} cannot be read as a file of AWS profiles.") from None
    keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    found = {key: parser[name][key] for key in keys if parser.has_section(name) and parser.has_option(name, key)}
    if env.get("AWS_PROFILE") and not found:
        raise InvalidValueError(
            f"AWS profile {name!r} has no access key in {path}; for a role or single sign-on, run "
            f"`aws configure export-credentials --profile {name} --format env` and use what it prints."
        )
    return {key.removeprefix("aws_"): value for key, value in found.items()}


def _gcs(uri: RemoteUri, env: Environment) -> Settings:
    emulator = env.get("STORAGE_EMULATOR_HOST", "")
    if emulator:
        emulator = emulator if "://" in emulator else f"http://{emulator}"
        _, client = _endpoint({"STORAGE_EMULATOR_HOST": emulator}, ("STORAGE_EMULATOR_HOST",))
        config = {"base_url": emulator.rstrip("/"), "bearer_token": "emulator"}
        return Settings(config, client, _host(emulator), is_emulator=True)
    key_file = env.get("GOOGLE_APPLICATION_CREDENTIALS")
    if key_file and not Path(key_file).is_file():
        raise InvalidValueError("GOOGLE_APPLICATION_CREDENTIALS names a file that is not there.")
    return Settings({}, {}, f"Google Cloud Storage ({uri.bucket})")


def _azure(uri: RemoteUri, env: Environment) -> Settings:
    facts = _connection(env.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    account = (
        facts.get("accountname") or env.get("AZURE_STORAGE_ACCOUNT_NAME") or env.get("AZURE_STORAGE_ACCOUNT") or ""
    )
    if uri.account and account and uri.account != account:
        raise InvalidValueError(
            f"{uri} is in the account {uri.account!r}, and the environment has credentials for {account!r}; "
            "set AZURE_STORAGE_ACCOUNT_NAME and its key, or AZURE_STORAGE_CONNECTION_STRING, for that account."
        )
    account = uri.account or account
    if not account:
        raise InvalidValueError(
            f"{uri} names no storage account; set AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_CONNECTION_STRING, "
            "or write abfss://container@account.dfs.core.windows.net/path."
        )
    endpoint, client = _endpoint(
        {**env, "in the connection string": facts.get("blobendpoint", "")},
        ("in the connection string", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    )
    suffix = facts.get("endpointsuffix") or uri.cloud or "core.windows.net"
    if not endpoint and suffix != "core.windows.net":
        endpoint = f"https://{account}.blob.{suffix}"
    given = {
        "account_name": account,
        "endpoint": endpoint,
        "account_key": facts.get("accountkey")
        or env.get("AZURE_STORAGE_ACCESS_KEY")
        or env.get("AZURE_STORAGE_ACCOUNT_KEY"),
        "sas_key": facts.get("sharedaccesssignature")
        or env.get("AZURE_STORAGE_SAS_TOKEN")
        or env.get("AZURE_STORAGE_SAS_KEY"),
    }
    if given["account_key"]:
        given.pop("sas_key")
    config = {key: value for key, value in given.items() if value}
    return Settings(config, client, _host(endpoint) or f"{account}.blob.{suffix}")


def _connection(text: str) -> dict[str, str]:
    """Return the fields of an Azure connection string, by their names in lower case."""
    fields = [part.partition("=") for part in text.strip().split(";") if part.strip()]
    if any(not equals for _, equals, _ in fields):
        raise InvalidValueError(
            "AZURE_STORAGE_CONNECTION_STRING cannot be read; 'AccountName=…;AccountKey=…' is expected, as the portal shows it."
        )
    return {name.strip().lower(): value for name, _, value in fields}


def _endpoint(env: Environment, names: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Return the first endpoint of the environment, and what a client must know for it; plain HTTP only where it is said."""
    name = next((name for name in names if env.get(name)), "")
    text = env.get(name, "").rstrip("/")
    if not text:
        return "", dict(TIMEOUTS)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise InvalidValueError(f"The endpoint {name} cannot be used; 'https://host:port' is expected, without a user.")
    return text, {**TIMEOUTS, "allow_http": parts.scheme == "http"}


def _host(endpoint: str) -> str:
    return urlsplit(endpoint).netloc if endpoint else ""
