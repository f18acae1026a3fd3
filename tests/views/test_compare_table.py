"""Two tables by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError
from nbtrack.tracking.active import get_store
from nbtrack.views.compare_table import compare_tables


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def pair(before: Any, after: Any, path: str = "t.json") -> tuple[str, str]:
    runs = []
    for table in (before, after):
        with nbtrack.start_run() as run:
            if isinstance(table, str):
                run.log_text(table, path)
            elif isinstance(table, Path):
                run.log_artifact(table)
            else:
                run.log_table(table, path)
        runs.append(run.id)
    return runs[0], runs[1]


def compared(before: Any, after: Any, path: str = "t.json", **options: Any) -> dict[str, Any]:
    return compare_tables(get_store(), pair(before, after, path), path, **options)


def test_rows_belong_together_by_the_first_column_that_names_them() -> None:
    found = compared(
        {"label": ["x", "x", "y"], "id": [1, 2, 3], "p": [0.1, 0.2, 0.3]},
        {"label": ["x", "x", "y"], "id": [3, 1, 4], "p": [0.3, 0.5, 0.4]},
    )
    assert found["keys"] == ["id"]
    assert found["counts"] == {"same": 0, "changed": 2, "added": 1, "removed": 1}
    assert ["~", ["x", "1", "0.5"], [None, None, "0.1"]] in found["rows"]
    assert ["+", ["y", "4", "0.4"], None] in found["rows"]
    assert ["-", ["x", "2", "0.2"], None] in found["rows"]


def test_without_such_a_column_rows_belong_together_by_their_place() -> None:
    found = compared({"a": [1, 1, 2]}, {"a": [1, 1, 3]})
    assert (found["keys"], found["counts"]["changed"]) == ([], 1)


def test_keys_may_be_chosen_and_may_repeat() -> None:
    found = compared({"g": ["a", "a", "b"], "v": [1, 2, 3]}, {"g": ["a", "b", "b"], "v": [1, 3, 4]}, keys=["g"])
    assert found["counts"] == {"same": 2, "changed": 0, "added": 1, "removed": 1}
    with pytest.raises(InvalidValueError, match=r"'nope' is not in both tables; a key can be 'g', 'v'"):
        compared({"g": ["a"], "v": [1]}, {"g": ["a"], "v": [1]}, keys=["nope"])


def test_columns_of_one_side_change_no_row() -> None:
    found = compared({"id": [1, 2], "old": [5, 6]}, {"id": [1, 2], "new": [7, 8]})
    assert (found["added_columns"], found["removed_columns"]) == (["new"], ["old"])
    assert found["counts"]["same"] == 2


def test_gaps_do_not_turn_whole_numbers_into_other_values() -> None:
    found = compared({"id": [1, 2], "v": [1, 2]}, {"id": [1, 2], "v": [1, None]})
    assert found["rows"] == [["~", ["2", None], [None, "2"]]]


@pytest.mark.parametrize("path", ["t.csv", "t.tsv"])
def test_csv_and_tsv_are_read_as_they_are_written(path: str) -> None:
    mark = "," if path.endswith("csv") else "\t"
    before, after = (f"id{mark}v\n001{mark}NA\n002{mark}{value}\n" for value in ("1.0", "1.00"))
    found = compared(before, after, path)
    assert found["rows"] == [["~", ["002", "1.00"], [None, "1.0"]]]


def test_parquet_tables() -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"id": [1, 2], "when": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    assert compared(frame, frame.assign(id=[1, 3]), "t.parquet")["counts"] == {
        "same": 1,
        "changed": 0,
        "added": 1,
        "removed": 1,
    }


def test_no_more_rows_are_shown_than_asked_for() -> None:
    found = compared({"id": list(range(500))}, {"id": list(range(500, 1000))}, limit=7)
    assert len(found["rows"]) == 7
    assert found["counts"]["added"] == found["counts"]["removed"] == 500


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1}', "nonsense", '{"columns": ["a"], "data": [[1, 2]]}'])
def test_what_is_no_table_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"'t.json' cannot be read as a table"):
        compared(text, text)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"a": np.zeros(2_000_000, dtype="i1")}), "2,000,000 rows and 1 columns"),
        (pd.DataFrame({"a": ["x" * 40_000_000, "y" * 40_000_000]}), "MB; tables are compared up to 50 MB"),
    ],
    ids=["rows", "bytes"],
)
def test_parquet_that_unpacks_to_too_much_is_refused_unread(
    frame: pd.DataFrame, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: Any) -> None:
        pytest.fail("it was read")

    monkeypatch.setattr(pd, "read_parquet", unread)
    with pytest.raises(InvalidValueError, match=said):
        compared(frame, frame, "t.parquet")


def test_csv_in_another_encoding_is_compared(tmp_path: Path) -> None:
    files = []
    for folder, name in (("a", "Müller"), ("b", "Möller")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "t.csv")
        files[-1].write_bytes(f"id,name\n1,{name}\n".encode("latin-1"))
    assert compared(files[0], files[1], "t.csv")["rows"] == [["~", ["1", "Möller"], [None, "Müller"]]]
