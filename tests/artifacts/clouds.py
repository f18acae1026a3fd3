"""Object stores on this machine: moto speaks S3 and, as Google's XML interface is much the same, for gs://, too; Azurite speaks Azure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import subprocess
import time
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "nbtrack"
ACCOUNT = "devstoreaccount1"
SECRET = "s3cr3tKEYs3cr3tKEYs3cr3tKEY"
# The one key that every Azurite has.
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
NOBODY = "http://127.0.0.1:9"
"""A port where nobody listens: also in place of the address at which a machine in a cloud is told its credentials."""
CLOUDS = ("AWS_", "GOOGLE_", "AZURE_", "MLFLOW_S3_", "STORAGE_EMULATOR_")


@dataclass(frozen=True)
class Cloud:
    """A bucket on this machine, and the variables that lead to it."""

    scheme: str
    environment: dict[str, str]

    def folder(self) -> str:
        """Return the URI of a folder that nobody has used."""
        return f"{self.scheme}://{BUCKET}/{uuid.uuid4().hex[:12]}"


def use(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Let the environment say this of object stores, and nothing else."""
    for name in list(os.environ):
        if name.startswith(CLOUDS):
            monkeypatch.delenv(name)
    for name, value in {**nothing(), **environment}.items():
        monkeypatch.setenv(name, value)


def nothing() -> dict[str, str]:
    """Return variables that keep a test from looking at credentials of this machine."""
    return {"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_METADATA_ENDPOINT": NOBODY}


@contextmanager
def moto() -> Iterator[str]:
    """Serve S3 in a thread; gives its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{BUCKET}", method="PUT")):
        pass
    try:
        yield url
    finally:
        server.stop()


@contextmanager
def azurite() -> Iterator[str]:
    """Serve Azure blobs in a process of Node; gives its address."""
    root = Path(__file__).parents[2]
    script = subprocess.run([root / "tools/ensure_azurite"], check=True, capture_output=True, text=True).stdout.strip()
    words = [
        "node",
        script,
        "--inMemoryPersistence",
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        "0",
        "--skipApiVersionCheck",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                found = re.search(r"listens on (http://\S+)", line)
                if found:
                    break
            else:
                raise RuntimeError(f"Azurite did not start: {said}")
            _make_container(found[1])
            yield found[1]
        finally:
            process.terminate()


def _make_container(url: str) -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    headers = {"x-ms-date": date, "x-ms-version": "2021-12-02"}
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = "PUT" + "\n" * 12 + lines + f"/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container"
    digest = hmac.new(base64.b64decode(AZURITE_KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    request = urllib.request.Request(f"{url}/{ACCOUNT}/{BUCKET}?restype=container", method="PUT", headers=headers)
    with urllib.request.urlopen(request):
        pass


def s3_environment(url: str) -> dict[str, str]:
    """Return what leads to moto as S3."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture(scope="session")
def azurite_url() -> Iterator[str]:
    with azurite() as url:
        yield url


@pytest.fixture
def s3(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A bucket in S3, known to the environment of this test."""
    cloud = Cloud("s3", s3_environment(moto_url))
    use(monkeypatch, cloud.environment)
    return cloud


@pytest.fixture
def gcs(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud("gs", {"STORAGE_EMULATOR_HOST": moto_url})
    use(monkeypatch, cloud.environment)
    return cloud


@pytest.fixture
def azure(azurite_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={AZURITE_KEY};BlobEndpoint={azurite_url}/{ACCOUNT};"
    cloud = Cloud("az", {"AZURE_STORAGE_CONNECTION_STRING": text})
    use(monkeypatch, cloud.environment)
    return cloud
