"""URIs of object stores: what they name, and what they must never do."""

from __future__ import annotations

import pytest

from nbtrack.artifacts.remote.uri import RemoteUri, check_key, is_remote, parse
from nbtrack.errors import InvalidValueError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/a/b.parquet", RemoteUri("s3", "bucket", "a/b.parquet")),
        ("S3A://bucket/a/", RemoteUri("s3", "bucket", "a")),
        ("gs://bucket", RemoteUri("gs", "bucket")),
        ("gcs://bucket/day=1/x y.csv", RemoteUri("gs", "bucket", "day=1/x y.csv")),
        ("az://box/a", RemoteUri("az", "box", "a")),
        ("abfss://box@acc0unt.dfs.core.windows.net/a", RemoteUri("az", "box", "a", "acc0unt", "core.windows.net")),
        (
            "wasbs://$web@acc.blob.core.usgovcloudapi.net/a",
            RemoteUri("az", "$web", "a", "acc", "core.usgovcloudapi.net"),
        ),
    ],
)
def test_what_a_uri_names(text: str, expected: RemoteUri) -> None:
    assert is_remote(text)
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:///a",
        "s3://../a",
        "s3://b/../a",
        "s3://b/a/..",
        "s3://b/a/%2e%2e/c",
        "s3://b/%252e%252e/c",
        "s3://b//a",
        "s3://b/a\\..\\c",
        "s3://b/a\x00",
        "abfss://box@evil.example/a",
        "abfss://box@acc.dfs.core.windows.net.evil.example/a",
        "abfss://box@acc.dfs.core.windows.net:8080/a",
        "https://b/a",
        "/s3://b/a",
    ],
)
def test_a_uri_that_leads_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["s3://AKIA:hush@bucket/a", "gs://hush@bucket/a", "az://me:hush@box/a", "ftp://me:hush@b/a"]
)
def test_credentials_in_a_uri_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidValueError, match="not allowed") as caught:
        parse(text)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("key", ["", ".", "..", "/a", "a/", "a//b", "a/../b", "a/%2E%2E/b", "c:\\x", "a\nb"])
def test_a_key_stays_in_its_folder(key: str) -> None:
    with pytest.raises(InvalidValueError):
        check_key(key)


def test_paths_of_this_machine_are_not_remote() -> None:
    assert not any(is_remote(text) for text in ("a/b", "/s3/x", "C:\\x", "file:///a", "runs:/x", "models:/m/1", "s3:a"))
