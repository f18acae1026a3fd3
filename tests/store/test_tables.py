"""A look at one table can open that file and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.store import tables
from nbtrack.store.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "it's a file"
    path.write_text("a,b\n1,x\n2,\n")
    return path


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{secret}.out'",
        "ATTACH '{secret}.duckdb' AS other",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
    ],
)
def test_nothing_else_can_be_reached(csv: Path, tmp_path: Path, query: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("k\n1\n")
    with open_table(csv, "csv") as table:
        assert table.count() == 2
        with pytest.raises(duckdb.Error):
            table._con.execute(query.format(secret=secret))


def test_a_query_that_takes_too_long_ends(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_SECONDS", 0.05)
    with pytest.raises(InvalidValueError, match="takes longer"), open_table(csv, "csv") as table:
        table._con.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b").fetchall()


def test_a_broken_file_names_itself_without_its_place(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"PAR1xxxxPAR1")
    with pytest.raises(InvalidValueError) as caught, open_table(path, "parquet"):
        pass
    assert str(tmp_path) not in str(caught.value)


def test_numbers_that_javascript_would_round_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "n"
    path.write_text(f"a,b\n{2**62},nan\n1,inf\n")
    with open_table(path, "csv") as table:
        assert table.page(0, 9) == [(str(2**62), "nan"), (1, "inf")]
        _, (_, b) = table.profile()
        assert b["bins"] is None
