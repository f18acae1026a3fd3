"""``s3://…``, ``gs://…``, ``az://…`` and ``abfss://…``: one parser for every place that takes one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import NoReturn

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_artifact_path, fully_decoded

S3, GCS, AZURE = "s3", "gs", "az"
SCHEMES = {"s3": S3, "s3a": S3, "gs": GCS, "gcs": GCS, "az": AZURE, "azure": AZURE}
IN_ACCOUNTS = ("abfss", "abfs", "wasbs", "wasb")
AZURE_CLOUDS = ("core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn")
"""Where an account may be: credentials go nowhere else because of a URI."""
ALLOWED = (
    "s3://bucket/path, gs://bucket/path, az://container/path or abfss://container@account.dfs.core.windows.net/path"
)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]+)://")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{0,221}")
_ACCOUNT = re.compile(r"([a-z0-9]{3,24})\.(?:dfs|blob)\.([a-z.]+)")


@dataclass(frozen=True, slots=True)
class RemoteUri:
    """A place in an object store.

    Attributes
    ----------
    provider : {"s3", "gs", "az"}
    bucket : str
        The bucket; for Azure the container.
    key : str
        Relative, without ``..``; empty for the bucket itself.
    account, cloud : str
        Azure's storage account and the domain it is in, where the URI says so.
    """

    provider: str
    bucket: str
    key: str = ""
    account: str = ""
    cloud: str = ""

    def __str__(self) -> str:
        """Return the URI; it has no credentials, as none are taken."""
        head = f"abfss://{self.bucket}@{self.account}.dfs.{self.cloud}" if self.account else None
        return f"{head or f'{self.provider}://{self.bucket}'}/{self.key}"

    @property
    def name(self) -> str:
        """Return the last part of the key."""
        return self.key.rpartition("/")[2]

    def with_key(self, key: str) -> RemoteUri:
        """Return another place in the same bucket."""
        return replace(self, key=check_key(key) if key else "")

    def split(self) -> tuple[RemoteUri, str]:
        """Return the folder this is in, and its name there."""
        folder, _, name = self.key.rpartition("/")
        return replace(self, key=folder), name


def is_remote(text: object) -> bool:
    """Say whether `text` has the scheme of an object store."""
    found = _SCHEME.match(text) if isinstance(text, str) else None
    return found is not None and (found[1].lower() in SCHEMES or found[1].lower() in IN_ACCOUNTS)


def parse(uri: str | os.PathLike[str]) -> RemoteUri:
    """Take the URI of an object or folder apart.

    Raises
    ------
    InvalidValueError
        It has another form, credentials, or a path that climbs; credentials are not repeated in the message.
    """
    text = str(os.fspath(uri))
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    if not is_remote(text):
        _refuse(text.rsplit("@", maxsplit=1)[-1], "its scheme is of no object store")
    place, _, key = text[len(scheme) + 3 :].partition("/")
    key = key.rstrip("/")
    bucket, at, host = place.rpartition("@")
    if ":" in place or (at and scheme not in IN_ACCOUNTS):
        _refuse(
            f"{scheme}://…",
            "it carries a user, a password or a port; credentials and endpoints come from the environment",
        )
    account = cloud = ""
    if scheme in IN_ACCOUNTS:
        known = _ACCOUNT.fullmatch(host)
        if known is None or known[2] not in AZURE_CLOUDS:
            _refuse(text, f"the account is not in {', '.join(AZURE_CLOUDS)}")
        account, cloud = known[1], known[2]
    else:
        bucket = host
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        _refuse(text, "it names no bucket")
    return RemoteUri(SCHEMES.get(scheme, AZURE), bucket, check_key(key) if key else "", account, cloud)


def check_key(key: str) -> str:
    """Return a relative key that cannot leave its folder, however often a server decodes it.

    Raises
    ------
    InvalidValueError
    """
    check_artifact_path(fully_decoded(key))
    return check_artifact_path(key)


def _refuse(text: str, why: str) -> NoReturn:
    shown = repr(text if len(text) <= 120 else text[:119] + "…")  # noqa: PLR2004
    raise InvalidValueError(f"{shown} is not allowed: {why}. Use {ALLOWED}.")
