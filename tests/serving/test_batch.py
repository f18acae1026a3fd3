"""Tables scored in pieces: complete, in order, resumable, in bounded memory."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from nbtrack.errors import InvalidValueError, NotFoundError, StoreError
from nbtrack.serving.batch import Job, ahead, run, score_here, score_piece
from nbtrack.serving.parts import DiskParts, zipped
from nbtrack.store.tabular import Tables, format_of, read_facts

N = 10_000


class Doubling:
    """A model that counts what it is asked, and may break."""

    def __init__(self, break_at: int | None = None) -> None:
        self.n_rows = 0
        self.break_at = break_at

    def predict(self, frame: pd.DataFrame, params: dict[str, Any] | None = None) -> np.ndarray[Any, Any]:
        if self.break_at is not None and (frame["id"] >= self.break_at).any():
            raise ValueError("no power")
        self.n_rows += len(frame)
        return frame["x"].to_numpy() * (params or {}).get("times", 2)


@pytest.fixture
def tables() -> Any:
    made = Tables()
    yield made
    made.close()


def frame(first: int, n_rows: int = N) -> pd.DataFrame:
    ids = np.arange(first, first + n_rows)
    return pd.DataFrame({"id": ids, "x": ids / 4, "name": [f"n, {i}" for i in ids]})


def job(tables: Tables, pattern: Path | str, output: Path, **more: Any) -> Job:
    return Job("models:/fraud/3", "r1", tuple(tables.files(pattern)), output, piece_rows=4096, **more)


@pytest.mark.parametrize("output", ["out.parquet", "out.csv", "out.tsv", "out.jsonl"])
@pytest.mark.parametrize("source", ["in.parquet", "in.csv", "in.jsonl"])
def test_every_kind_is_read_and_written_in_order(tables: Tables, tmp_path: Path, source: str, output: str) -> None:
    tables.write(frame(0), tmp_path / source, format_of(source))
    model, made = Doubling(), job(tables, tmp_path / source, tmp_path / output)
    assert run(made, score_here(model)) == model.n_rows == N
    (written,) = tables.files(tmp_path / output)
    rows = pd.concat(tables.chunks(written, 0, N, 100_000))
    assert list(rows.columns) == ["id", "x", "name", "prediction"]
    assert list(rows["id"]) == list(range(N))
    assert np.array_equal(rows["prediction"], rows["x"] * 2)
    assert list(rows["name"])[:2] == ["n, 0", "n, 1"]
    facts = tables.facts(tmp_path / output) if output.endswith("parquet") else read_facts(tmp_path / output)
    assert (facts["nbtrack.model"], facts["nbtrack.run_id"], facts["nbtrack.rows"]) == ("models:/fraud/3", "r1", str(N))
    assert not DiskParts(Path(made.output)).folder.exists()


@pytest.mark.parametrize("output", ["out.tsv", "out.tsv.gz", "out.csv.gz", "out.jsonl.gz"])
def test_an_output_is_what_its_name_says(tables: Tables, tmp_path: Path, output: str) -> None:
    tables.write(frame(0), tmp_path / "in.parquet", "parquet")
    run(job(tables, tmp_path / "in.parquet", tmp_path / output), score_here(Doubling()))
    data = (tmp_path / output).read_bytes()
    lines = (gzip.decompress(data) if output.endswith(".gz") else data).decode().splitlines()
    if "jsonl" in output:
        assert json.loads(lines[5])["prediction"] == 2.5
    else:
        between = "\t" if ".tsv" in output else ","
        assert lines[0] == between.join(["id", "x", "name", "prediction"])
        assert [line.split(between)[0] for line in lines[1:]] == list(map(str, range(N)))
    assert tables.files(tmp_path / output)[0].n_rows == N


def test_text_for_an_object_store_goes_through_gzip() -> None:
    assert gzip.decompress(b"".join(zipped(iter([b"a,b\n", b"1,2\n"])))) == b"a,b\n1,2\n"


def test_a_pattern_leaves_out_what_jobs_leave(tables: Tables, tmp_path: Path) -> None:
    names = ["a.json", "a.csv.meta.json", "b.parts/c.json", "a.csv.parts/000000.json", "notes.meta.json"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"x": 1}\n')
    found = [Path(file.path).relative_to(tmp_path).as_posix() for file in tables.files(tmp_path / "**/*.json")]
    assert found == ["a.json", "b.parts/c.json", "notes.meta.json"]
    assert tables.files(tmp_path / "a.csv.meta.json")[0].n_rows == 1


def test_several_files_follow_each_other_by_name(tables: Tables, tmp_path: Path) -> None:
    for first in (N, 0):
        tables.write(frame(first), tmp_path / f"part-{first:06d}.parquet", "parquet")
    run(job(tables, tmp_path / "part-*.parquet", tmp_path / "out.parquet", keep=("id",)), score_here(Doubling()))
    rows = pd.concat(tables.chunks(tables.files(tmp_path / "out.parquet")[0], 0, 2 * N, 100_000))
    assert list(rows.columns) == ["id", "prediction"]
    assert list(rows["id"]) == list(range(2 * N))


def test_an_interrupted_job_goes_on_where_it_stopped(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0), tmp_path / "in.parquet", "parquet")
    made = job(tables, tmp_path / "in.parquet", tmp_path / "out.parquet")
    with pytest.raises(ValueError, match="no power"):
        run(made, score_here(Doubling(break_at=9000)))
    assert not Path(made.output).exists()
    n_missing = sum(piece.n_rows for piece in made.missing())
    assert 0 < n_missing < N
    model, seen = Doubling(), []
    run(made, score_here(model), progress=lambda done, total: seen.append((done, total)))
    assert model.n_rows == n_missing
    assert seen[0] == (N - n_missing, N)
    assert seen[-1] == (N, N)
    assert len(pd.read_parquet(made.output)) == N


def test_parts_of_another_job_are_not_mixed_in(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0), tmp_path / "in.parquet", "parquet")
    with pytest.raises(ValueError, match="no power"):
        run(job(tables, tmp_path / "in.parquet", tmp_path / "out.parquet"), score_here(Doubling(break_at=9000)))
    other = job(tables, tmp_path / "in.parquet", tmp_path / "out.parquet", params={"times": 3})
    with pytest.raises(InvalidValueError, match=r'params was \{\}, is \{"times": 3\}.*--restart'):
        run(other, score_here(Doubling()))
    assert run(other, score_here(Doubling()), restart=True) == N
    assert pd.read_parquet(other.output)["prediction"].iloc[4] == 3.0


def test_an_output_is_written_by_one_at_a_time(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0), tmp_path / "in.parquet", "parquet")
    made = job(tables, tmp_path / "in.parquet", tmp_path / "out.parquet")
    parts = DiskParts(Path(made.output))
    parts.folder.mkdir()
    with FileLock(parts.folder / "lock"), pytest.raises(StoreError, match="written by another process"):
        run(made, score_here(Doubling()))


def test_a_piece_is_scored_by_itself(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0), tmp_path / "in.csv", "csv")
    made = job(tables, tmp_path / "in.csv", tmp_path / "out.csv")
    parts = DiskParts(Path(made.output))
    parts.folder.mkdir()
    piece = made.pieces()[1]
    assert score_piece(Doubling(), made, piece) == piece.n_rows
    assert made.missing() == [each for each in made.pieces() if each.number != 1]
    assert pd.read_csv(parts.folder / piece.name(".csv"))["id"].iloc[0] == piece.first


def test_an_empty_file_gives_an_empty_file(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0, 0), tmp_path / "in.parquet", "parquet")
    assert run(job(tables, tmp_path / "in.parquet", tmp_path / "out.parquet"), score_here(Doubling())) == 0
    assert list(pd.read_parquet(tmp_path / "out.parquet").columns) == ["id", "x", "name", "prediction"]


def test_names_that_look_like_patterns_are_names(tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "a[1]'s.parquet"
    tables.write(frame(0, 10), path, "parquet")
    run(job(tables, path, tmp_path / "out [2].parquet"), score_here(Doubling()))
    assert len(pd.read_parquet(tmp_path / "out [2].parquet")) == 10


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("no.parquet", None, NotFoundError, "Give a path or a pattern"),
        ("in.xlsx", b"x", InvalidValueError, "should end with one of"),
        ("in.parquet", b"no table", InvalidValueError, "cannot be read as parquet"),
        ("in.jsonl", b'{"a": 1}\n{"a": ', InvalidValueError, "cannot be read as json"),
    ],
)
def test_what_cannot_be_read_is_said(
    tables: Tables, tmp_path: Path, name: str, content: bytes | None, error: type[Exception], words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=words):
        tables.files(tmp_path / name)


def test_a_file_that_shrinks_is_noticed(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0), tmp_path / "in.csv", "csv")
    made = job(tables, tmp_path / "in.csv", tmp_path / "out.csv")
    tables.write(frame(0, 100), tmp_path / "in.csv", "csv")
    with pytest.raises(InvalidValueError, match="has become shorter"):
        run(made, score_here(Doubling()))


def test_the_plan_says_what_parts_are_of(tables: Tables, tmp_path: Path) -> None:
    tables.write(frame(0, 10), tmp_path / "in.csv", "csv")
    plan = job(tables, tmp_path / "in.csv", tmp_path / "out.csv").plan()
    assert plan["files"][0]["n_rows"] == 10
    assert json.dumps(plan)


def test_items_made_ahead_come_in_order_and_errors_in_their_place() -> None:
    def items() -> Any:
        yield from range(5)
        raise OSError("gone")

    stream = ahead(items())
    assert [next(stream) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(OSError, match="gone"):
        next(stream)


def test_nobody_is_left_making_what_nobody_takes() -> None:
    stream = ahead(iter(range(1_000_000)))
    assert next(stream) == 0
    stream.close()
    assert "nbtrack-batch" not in {thread.name for thread in threading.enumerate()}
