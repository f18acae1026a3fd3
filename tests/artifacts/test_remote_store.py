"""One contract for S3, Google Cloud Storage and Azure, each on a real server of this machine."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from nbtrack.artifacts.remote import store as room
from nbtrack.artifacts.remote.settings import Settings
from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError, RemoteError
from tests.artifacts.clouds import AZURITE_KEY, NOBODY, SECRET, Cloud, s3_environment, use

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("clouds")


@pytest.fixture(params=["s3", "gcs", "azure"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return request.getfixturevalue(request.param)


@pytest.fixture
def store(cloud: Cloud) -> RemoteStore:
    return RemoteStore(cloud.folder())


def test_bytes_files_and_streams_are_written_and_read(store: RemoteStore, tmp_path: Path) -> None:
    large = bytes(range(256)) * (room.CHUNK_BYTES // 256 + 4096)  # two parts
    (tmp_path / "large").write_bytes(large)
    store.put("a.txt", b"hello")
    store.put("none", b"")
    store.put("deep/file.bin", tmp_path / "large")
    store.put("deep/stream.bin", (large[at : at + 999_999] for at in range(0, len(large), 999_999)))
    assert store.get("a.txt") == b"hello"
    assert store.get("none") == b""
    assert store.get("deep/file.bin") == store.get("deep/stream.bin") == large
    assert store.download("deep/file.bin", tmp_path / "new" / "copy") == len(large)
    assert (tmp_path / "new" / "copy").read_bytes() == large
    assert max(map(len, store.stream("deep/file.bin"))) <= 2 * room.CHUNK_BYTES
    assert {entry.key: entry.size for entry in store.list()} == {
        "a.txt": 5,
        "none": 0,
        "deep/file.bin": len(large),
        "deep/stream.bin": len(large),
    }
    assert sorted(entry.key for entry in store.list("deep")) == ["deep/file.bin", "deep/stream.bin"]


def test_ranges(store: RemoteStore) -> None:
    store.put("digits", b"0123456789")
    assert store.get("digits", 2, 5) == b"234"
    assert store.get("digits", 7) == b"789"
    assert store.get("digits", 8, 99) == b"89"
    assert store.get("digits", 4, 4) == b""
    with pytest.raises(InvalidValueError, match="no range"):
        store.get("digits", 5, 2)


def test_what_is_there_and_what_is_gone(store: RemoteStore) -> None:
    assert list(store.list()) == []
    store.put("x y/ü.txt", b"1")
    assert store.exists("x y/ü.txt")
    assert not store.exists("x y")
    assert store.size("x y/ü.txt") == 1
    assert [entry.key for entry in store.list("x y")] == ["x y/ü.txt"]
    store.delete("x y/ü.txt")
    store.delete("x y/ü.txt")
    with pytest.raises(NotFoundError, match="upper and lower case") as caught:
        store.get("x y/ü.txt")
    assert str(store.uri) in str(caught.value)


def test_a_store_stays_below_its_prefix(cloud: Cloud) -> None:
    above = cloud.folder()
    store, beside = RemoteStore(f"{above}/mine"), RemoteStore(f"{above}/mine-not")
    beside.put("secret", b"1")
    assert list(store.list()) == []
    for key in ("../mine-not/secret", "a/../../mine-not/secret", "%2e%2e/mine-not/secret", "/mine-not/secret", ""):
        for verb in (store.get, store.delete, store.presign, store.size, lambda key: store.put(key, b"2")):
            with pytest.raises(InvalidValueError):
                verb(key)
    assert beside.get("secret") == b"1"


def test_an_object_may_be_written_only_when_new(s3: Cloud) -> None:
    store = RemoteStore(s3.folder())
    store.put("plan", b"1", only_new=True)
    with pytest.raises(AlreadyExistsError):
        store.put("plan", b"2", only_new=True)
    assert store.get("plan") == b"1"


@pytest.mark.parametrize("name", ["s3", "azure"])
def test_a_presigned_url_needs_no_credentials(name: str, request: pytest.FixtureRequest) -> None:
    store = RemoteStore(request.getfixturevalue(name).folder())
    store.put("a.txt", b"hello")
    url = store.presign("a.txt", seconds=60)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"hello"
    headers = {"Content-Type": "text/plain", "x-ms-blob-type": "BlockBlob"}
    signed = store.presign("new.txt", "PUT", 60)
    with urllib.request.urlopen(urllib.request.Request(signed, b"up", headers, method="PUT")):
        pass
    assert store.get("new.txt") == b"up"
    if name == "azure":
        with pytest.raises(InvalidValueError, match="cannot be signed for Azure"):
            store.presign("a b.txt")
    for method, seconds in (("POST", 60), ("GET", 0), ("GET", 10**6)):
        with pytest.raises(InvalidValueError):
            store.presign("a.txt", method, seconds)


def test_an_emulator_of_google_has_nothing_to_sign_with(gcs: Cloud) -> None:
    with pytest.raises(InvalidValueError, match="emulator"):
        RemoteStore(gcs.folder()).presign("a")


# -- what goes wrong -----------------------------------------------------------------------------------------------------


def quick(store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> RemoteStore:
    """Return the same store with the settings of now, which gives up at once."""
    monkeypatch.setattr(room, "RETRIES", {"max_retries": 0})
    return RemoteStore(store.uri)


def check_is_discreet(error: BaseException) -> None:
    """Nothing of what the server or obstore said is left, in the message or behind it."""
    text = repr(error) + str(error)
    for secret in (SECRET, AZURITE_KEY, "AKIAEXAMPLE", "Signature=", "Authorization:", "RetryError"):
        assert secret not in text
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_bucket_that_is_not_there_is_named(cloud: Cloud) -> None:
    store = RemoteStore(f"{cloud.scheme}://nobodys-bucket/a")
    with pytest.raises(NotFoundError, match="Bucket 'nobodys-bucket' is not in 127") as caught:
        store.get("b")
    check_is_discreet(caught.value)


def test_a_server_that_is_not_there_is_named(s3: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, s3_environment(NOBODY))
    store = quick(RemoteStore(s3.folder()), monkeypatch)
    for verb in (
        lambda: store.get("a"),
        lambda: list(store.list()),
        lambda: store.put("a", b"x"),
        lambda: store.delete("a"),
    ):
        with pytest.raises(RemoteError, match=r"127\.0\.0\.1:9 did not do .* Look at the endpoint") as caught:
            verb()
        check_is_discreet(caught.value)


def test_wrong_credentials_are_told_without_them(azure: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = AZURITE_KEY.replace("Eby8", "Fby8")
    text = azure.environment["AZURE_STORAGE_CONNECTION_STRING"].replace(AZURITE_KEY, wrong)
    use(monkeypatch, {"AZURE_STORAGE_CONNECTION_STRING": text})
    with pytest.raises(RemoteError, match=r"refuses access to .* \(403 AuthorizationFailure\)") as caught:
        RemoteStore(azure.folder()).get("a")
    check_is_discreet(caught.value)
    assert wrong not in str(caught.value)


def test_missing_credentials_are_told_by_their_variables(s3: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"AWS_ENDPOINT_URL": s3.environment["AWS_ENDPOINT_URL"]})
    store = quick(RemoteStore(s3.folder()), monkeypatch)
    with pytest.raises(RemoteError, match=r"No credentials .* AWS_ACCESS_KEY_ID"):
        store.get("a")


def test_no_repr_and_no_pickle_has_credentials(cloud: Cloud) -> None:
    store = RemoteStore(cloud.folder())
    store.put("a", b"1")
    known = repr(store) + repr(pickle.dumps(store)) + repr(Settings({"secret_access_key": SECRET}))
    assert SECRET not in known
    assert AZURITE_KEY not in known
    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


FORK = """
import os, sys, warnings
from nbtrack.artifacts.remote.store import RemoteStore
store = RemoteStore(sys.argv[1])
store.put("a", b"1")
warnings.simplefilter("ignore")
child = os.fork()
if not child:
    try:
        RemoteStore(sys.argv[1]).get("a")
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(store.get("a"), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_told_and_the_parent_goes_on(s3: Cloud):
    done = subprocess.run(
        [sys.executable, "-c", FORK, s3.folder()], capture_output=True, text=True, timeout=60, check=True
    )
    child, parent = done.stdout.splitlines()
    assert child.startswith("RemoteError s3://nbtrack/")
    assert "forked" in child
    assert parent == "b'1'"
