"""Models and tables in object stores: loaded, scored and gone on with, as on a disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import obstore
import pandas as pd
import pytest
from typer.testing import CliRunner

import nbtrack
from nbtrack.artifacts.remote import spool as spooling
from nbtrack.artifacts.remote.spool import Remote, Spool, spool
from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.cli.main import app
from nbtrack.errors import InvalidValueError, NotFoundError, RemoteError, UntrustedModelError
from nbtrack.serving.batch import Job, run, score_here
from nbtrack.store.remote_tables import find, matcher
from nbtrack.store.tabular import Tables
from tests.artifacts.clouds import NOBODY, Cloud, azure, azurite_url, gcs, moto_url, s3, s3_environment, use
from tests.serving.conftest import rows
from tests.serving.test_batch import Doubling, frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["azure", "azurite_url", "gcs", "moto_url", "s3"]
pytestmark = pytest.mark.xdist_group("clouds")
N = 10_000


@pytest.fixture(autouse=True)
def _no_copies_of_other_tests() -> Iterator[None]:
    yield
    spool.close()


@pytest.fixture
def tables() -> Iterator[Tables]:
    made = Tables()
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return tmp_path


def upload(folder: Path, uri: str) -> str:
    store = RemoteStore(uri)
    for file in folder.rglob("*"):
        if file.is_file():
            store.put(file.relative_to(folder).as_posix(), file)
    return uri


def put_table(tables: Tables, tmp_path: Path, uri: str, table: pd.DataFrame) -> str:
    """Write a table as an object; the suffix says the kind."""
    folder, _, name = uri.rpartition("/")
    kind = {"jsonl": "json"}.get(name.rpartition(".")[2], name.rpartition(".")[2])
    tables.write(table, tmp_path / name, kind)
    RemoteStore(folder).put(name, tmp_path / name)
    return uri


def job(tables: Tables, pattern: str, output: str, **more: Any) -> Job:
    return Job("models:/fraud/3", "r1", tuple(tables.files(pattern)), output, piece_rows=4096, **more)


# -- models --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s3", "gcs", "azure"])
def test_a_model_in_an_object_store_is_loaded_with_leave_only(
    name: str, desk: Path, folder: Path, request: pytest.FixtureRequest
) -> None:
    uri = upload(folder, request.getfixturevalue(name).folder())
    with pytest.raises(UntrustedModelError, match=uri):
        nbtrack.pyfunc.load_model(uri)
    assert list(nbtrack.pyfunc.load_model(uri, trust=True).predict(rows(3))) == [0.0, 2.0, 4.0]
    assert nbtrack.models.get_model_info(uri).signature is not None
    assert not (desk / "runs.duckdb").exists()


def test_a_registered_version_may_be_in_an_object_store(desk: Path, folder: Path, s3: Cloud) -> None:
    uri = upload(folder, s3.folder())
    nbtrack.register_model(uri, "doubling")
    with pytest.raises(UntrustedModelError):
        nbtrack.pyfunc.load_model("models:/doubling/1")
    assert list(nbtrack.pyfunc.load_model("models:/doubling/1", trust=True).predict(rows(2))) == [0.0, 2.0]


def test_what_is_no_model_is_named(desk: Path, s3: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = s3.folder()
    RemoteStore(uri).put("notes.txt", b"1")
    with pytest.raises(NotFoundError, match="a folder with a file MLmodel"):
        nbtrack.pyfunc.load_model(uri, trust=True)
    RemoteStore(uri).put("MLmodel", b"flavors: {}")
    store = RemoteStore(uri)
    obstore.put(store._store, f"{store.uri.key}/con.txt", b"1")  # a name that is a device somewhere
    with pytest.raises((InvalidValueError, NotFoundError)):
        nbtrack.pyfunc.load_model(uri, trust=True)
    use(monkeypatch, s3_environment(NOBODY))
    monkeypatch.setattr("nbtrack.artifacts.remote.store.RETRIES", {"max_retries": 0})
    with pytest.raises(RemoteError, match=r"nobody listens|connection"):
        nbtrack.pyfunc.load_model(uri, trust=True)


# -- tables --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source", "output"),
    [
        ("s3", "parquet", "parquet"),
        ("s3", "csv", "jsonl"),
        ("s3", "jsonl", "csv"),
        ("gcs", "parquet", "csv"),
        ("azure", "csv", "parquet"),
    ],
)
def test_tables_are_scored_from_store_to_store(
    name: str, source: str, output: str, tables: Tables, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    uri = request.getfixturevalue(name).folder()
    for day in range(2):
        put_table(tables, tmp_path, f"{uri}/day={day}/in.{source}", frame(day * N))
    made, model = job(tables, f"{uri}/day=*/in.{source}", f"{uri}/out.{output}"), Doubling()
    assert run(made, score_here(model)) == model.n_rows == 2 * N
    assert sorted(entry.key for entry in RemoteStore(uri).list() if entry.key.startswith("out")) == (
        ["out.parquet"] if output == "parquet" else [f"out.{output}", f"out.{output}.meta.json"]
    )
    (written,) = tables.files(f"{uri}/out.{output}")
    found = pd.concat(tables.chunks(written, 0, 2 * N, N), ignore_index=True)
    assert found["id"].tolist() == list(range(2 * N))
    assert (found["prediction"] == found["id"] / 2).all()


def test_an_interrupted_job_goes_on_where_it_stopped(tables: Tables, tmp_path: Path, s3: Cloud) -> None:
    uri = s3.folder()
    put_table(tables, tmp_path, f"{uri}/in.parquet", frame(0))
    made = job(tables, f"{uri}/in.parquet", f"{uri}/out.parquet")
    with pytest.raises(ValueError, match="no power"):
        run(made, score_here(Doubling(break_at=9000)))
    assert not RemoteStore(uri).exists("out.parquet")
    n_missing = sum(piece.n_rows for piece in made.missing())
    assert 0 < n_missing < N
    with pytest.raises(InvalidValueError, match=r"out\.parquet\.parts: params was .*--restart"):
        run(job(tables, f"{uri}/in.parquet", f"{uri}/out.parquet", params={"times": 3}), score_here(Doubling()))
    model = Doubling()
    assert run(made, score_here(model)) == N
    assert model.n_rows == n_missing
    copy = tmp_path / "copy.parquet"
    RemoteStore(uri).download("out.parquet", copy)
    assert tables.facts(copy)["nbtrack.rows"] == str(N)


def test_of_parquet_the_footer_is_enough_to_count(
    tables: Tables, tmp_path: Path, s3: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = put_table(tables, tmp_path, f"{s3.folder()}/in.parquet", frame(0, 200_000))
    asked: list[int] = []
    stream = RemoteStore.stream

    def counted(self: RemoteStore, *place: Any) -> Iterator[bytes]:
        for piece in stream(self, *place):
            asked.append(len(piece))
            yield piece

    monkeypatch.setattr(RemoteStore, "stream", counted)
    (file,) = tables.files(uri)
    assert file.n_rows == 200_000
    assert list(tables.empty(file).columns) == ["id", "x", "name"]
    assert 0 < sum(asked) < file.size / 10


def test_a_file_that_changed_is_not_scored(tables: Tables, tmp_path: Path, s3: Cloud) -> None:
    uri = s3.folder()
    put_table(tables, tmp_path, f"{uri}/in.parquet", frame(0))
    made = job(tables, f"{uri}/in.parquet", f"{uri}/out.parquet")
    put_table(tables, tmp_path, f"{uri}/in.parquet", frame(0, N + 1))
    with pytest.raises(InvalidValueError, match="has changed"):
        run(made, score_here(Doubling()))


def test_what_cannot_be_read_or_written_is_said_by_its_uri(tables: Tables, s3: Cloud, desk: Path, folder: Path) -> None:
    uri = s3.folder()
    RemoteStore(uri).put("broken.parquet", b"PAR1 no table")
    with pytest.raises(InvalidValueError, match=rf"{uri}/broken.parquet cannot be read as parquet") as caught:
        tables.files(f"{uri}/broken.parquet")
    assert "nbtrack-spool" not in str(caught.value)
    for missing in ("nothing.csv", "day=*/in.csv"):
        with pytest.raises(NotFoundError, match="is not in"):
            tables.files(f"{uri}/{missing}")
    for output in (f"{uri}/out-*.csv", "s3://bucket/../out.csv", "s3://me:hush@bucket/out.csv"):
        with pytest.raises(InvalidValueError):
            nbtrack.models.predict(folder, f"{uri}/broken.parquet", output, trust=True)


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("a/*.csv", "a/b.csv", "a/b/c.csv"),
        ("a/**/c.csv", "a/c.csv", "a/cc.csv"),
        ("a/**/c.csv", "a/b/b/c.csv", "b/c.csv"),
        ("a/day=?/x", "a/day=1/x", "a/day=10/x"),
        ("a/[0-9].csv", "a/7.csv", "a/x.csv"),
        ("a/[!0-9].csv", "a/x.csv", "a/7.csv"),
        ("a/x.csv", "a/x.csv", "a/xxcsv"),
        ("a/[.csv", "a/[.csv", "a/x.csv"),
    ],
)
def test_patterns(pattern: str, fits: str, does_not: str) -> None:
    assert matcher(pattern).fullmatch(fits)
    assert not matcher(pattern).fullmatch(does_not)


def test_copies_make_room_for_others(s3: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    uri, small = s3.folder(), Spool(most_bytes=10_000)
    for name in ("a", "b", "c"):
        RemoteStore(uri).put(name, name.encode() * 8000)
    remotes: list[Remote] = find(f"{uri}/*")
    fetched: list[str] = []
    whole = spooling.whole

    def noted(store: RemoteStore, name: str, size: int, path: Path) -> None:
        fetched.append(name)
        whole(store, name, size, path)

    with small.file(remotes[0], noted) as a, small.file(remotes[1], noted) as b:
        assert (a.read_bytes(), b.read_bytes()) == (b"a" * 8000, b"b" * 8000)  # both in use: more than is allowed
    assert not b.exists()  # the first that nobody used
    for _ in range(2):
        with small.file(remotes[0], noted) as again:
            assert again == a
    with small.file(remotes[2], noted) as c:
        assert c.exists()
    assert not a.exists()
    small.close()
    assert not c.exists()
    assert fetched == ["a", "b", "c"]


# -- the command, and a cluster ------------------------------------------------------------------------------------------


def test_the_command_scores_from_store_to_store(desk: Path, folder: Path, tables: Tables, s3: Cloud) -> None:
    uri = s3.folder()
    model = upload(folder, f"{uri}/model")
    put_table(tables, desk, f"{uri}/day/in.parquet", rows(3))
    words = [
        "models",
        "predict",
        "-m",
        model,
        "-i",
        f"{uri}/day/*.parquet",
        "-o",
        f"{uri}/out.csv",
        "--trust",
        "--json",
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["output"] == f"{uri}/out.csv"
    assert RemoteStore(uri).get("out.csv").decode().splitlines()[1] == "0.0,Ulm,0.0"
    assert json.loads(RemoteStore(uri).get("out.csv.meta.json"))["nbtrack.model"] == model


def test_workers_of_a_cluster_share_no_disk(desk: Path, folder: Path, tables: Tables, s3: Cloud) -> None:
    from distributed import Client, LocalCluster

    uri = s3.folder()
    model = upload(folder, f"{uri}/model")
    put_table(tables, desk, f"{uri}/in.parquet", rows(N).assign(id=np.arange(N)))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        found = nbtrack.models.predict(
            model, f"{uri}/in.parquet", f"{uri}/out.parquet", engine="dask", piece_rows=4096, keep=["id"], trust=True
        )
    assert (found.path, found.n_rows) == (f"{uri}/out.parquet", N)
    (written,) = tables.files(f"{uri}/out.parquet")
    assert next(tables.chunks(written, 0, 5, 5))["id"].tolist() == [0, 1, 2, 3, 4]
