"""Small requests that would become huge tables."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.models.scoring_input import CSV, PARQUET, read


def parquet(table: pa.Table) -> bytes:
    found = io.BytesIO()
    pq.write_table(table, found, compression="zstd", store_schema=False)
    return found.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [{f"k{i}": 1} for i in range(10_000)]},
        {"dataframe_records": [{f"k{i}": 1} for i in range(60_000)]},
        {"dataframe_split": {"columns": None, "data": [[1] * 100_000]}},
    ],
    ids=["different names", "very many names", "wide"],
)
def test_json_that_unfolds_is_refused(body: object):
    with pytest.raises(InvalidValueError, match=r"same names|has at most"):
        read(json.dumps(body).encode())


def test_a_csv_table_has_a_width():
    with pytest.raises(InvalidValueError, match="has at most"):
        read(b"a" + b"," * 60_000 + b"\n1", CSV)


def test_a_parquet_table_that_is_larger_than_it_looks_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.models.request_limits.MAX_PARQUET", 8 << 20)
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(200, "int32")), pa.array(["x" * 100_000]))
    for table in (pa.table({"a": texts}), pa.table({"a": np.zeros(10_000_000, "int8")})):
        body = parquet(table)
        assert len(body) < 100_000
        with pytest.raises(InvalidValueError, match="in memory"):
            read(body, PARQUET)


def test_an_honest_parquet_table_is_read_as_it_was():
    frame = pd.DataFrame(
        {
            "number": [1.5, None, 3.0],
            "text": ["a", None, "b"],
            "bytes": [b"a", b"b", None],
            "time": [pd.Timestamp("2026-01-01"), pd.NaT, pd.Timestamp("2026-01-02")],
            "list": [[1], [2, 3], None],
            "kind": pd.Categorical(["x", "y", "x"]),
        },
        index=[5, 6, 7],
    )
    found = io.BytesIO()
    frame.to_parquet(found)
    pd.testing.assert_frame_equal(read(found.getvalue(), PARQUET).data, pd.read_parquet(found))
    empty = io.BytesIO()
    frame[:0].to_parquet(empty)
    pd.testing.assert_frame_equal(read(empty.getvalue(), PARQUET).data, pd.read_parquet(empty))
    many = [{"a": i, "b": 1} for i in range(30_000)]
    assert read(json.dumps({"dataframe_records": many}).encode()).data.shape == (30_000, 2)
