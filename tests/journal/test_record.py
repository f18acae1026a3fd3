"""Records as lines: what is written is what DuckDB reads, and damage is seen."""

from __future__ import annotations

import json
import math
import random
import struct
import zlib
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.journal.record import event_body, is_whole, line, metrics_body, text, whole_pieces
from nbtrack.journal.segments import Segment
from nbtrack.store.records import load

if TYPE_CHECKING:
    from pathlib import Path

RUN = "a" * 32
WRITER = "b" * 32


def read_back(folder: Path, *bodies: str) -> list[tuple[Any, ...]]:
    """Return the records as DuckDB reads them: q, k, t, r, s, m, p, o."""
    path = folder / f"{WRITER}-00000000.jnl"
    path.write_bytes(b"".join(line(q, body) for q, body in enumerate(bodies)))
    con = duckdb.connect()
    try:
        assert load(con, [Segment(path, WRITER, 0, path.stat().st_size)], {}) == []
        return con.execute("SELECT q, k, t, r, s, m, p, o FROM j ORDER BY q").fetchall()
    finally:
        con.close()


def test_a_line_carries_the_checksum_of_all_bytes_before_it() -> None:
    raw = line(7, event_body("end", 12, RUN, o={"status": "FINISHED"}))
    checked, _, tail = raw.partition(b',"c":"')
    assert json.loads(raw) == {
        "q": 7,
        "k": "end",
        "t": 12,
        "r": RUN,
        "o": {"status": "FINISHED"},
        "c": tail[:8].decode(),
    }
    assert int(tail[:8], 16) == zlib.crc32(checked)
    assert is_whole(raw[:-1])


@given(st.binary(max_size=200))
def test_nothing_but_a_record_is_whole(raw: bytes) -> None:
    assert not is_whole(raw)
    assert whole_pieces(raw) == []


def test_two_records_joined_by_a_lost_newline_are_both_found() -> None:
    tricky = event_body("params", 1, RUN, p={"a": '{"q":1,', "c": "01234567", "d": ',"c":"01234567"}'})
    one, two = line(1, tricky)[:-1], line(2, metrics_body(RUN, 5, 1, {"c": 0.5}))[:-1]
    assert whole_pieces(one + b"X" + two) == [one, two]
    assert whole_pieces(b'{"q":9,junk' + two + one[:-3]) == [two]
    assert whole_pieces(one[:-1]) == []


def test_doubles_are_read_back_bit_by_bit(tmp_path: Path) -> None:
    dice = random.Random(1)
    values = [struct.unpack("<d", dice.randbytes(8))[0] for _ in range(5000)]
    values += [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 0.1, 1e22, 2.0**53 + 2]
    found = read_back(tmp_path, *(metrics_body(RUN, 1, i, {"x": value}) for i, value in enumerate(values)))
    for value, row in zip(values, found, strict=True):
        (read,) = row[5].values()
        assert (math.isnan(read) and math.isnan(value)) or struct.pack("<d", read) == struct.pack("<d", value)


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=5))
def test_any_texts_are_read_back(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("journal")
    (row,) = read_back(folder, event_body("params", 1, RUN, p=texts, o={"as": texts}))
    readable = {visible(key): visible(value) for key, value in texts.items()}
    assert row[6] == readable
    assert json.loads(row[7]) == {"as": readable}


def visible(value: str) -> str:
    """Return a text as it is kept: lone surrogates as visible escapes."""
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in value)


def test_lone_surrogates_cost_nothing_of_the_record(tmp_path: Path) -> None:
    odd = "caf\udce9.txt"
    found = read_back(tmp_path, event_body("tags", 1, RUN, p={"file": odd, "other": "kept"}))
    assert found[0][6] == {"file": "caf\\udce9.txt", "other": "kept"}
    assert text({"a": odd}).encode()


def test_int64_steps_and_large_integers_are_exact(tmp_path: Path) -> None:
    steps = [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1]
    found = read_back(tmp_path, *(metrics_body(RUN, 2**53 + 1, step, {"x": 1.0}) for step in steps))
    assert [row[4] for row in found] == steps
    assert found[0][2] == 2**53 + 1


@pytest.mark.parametrize("folder", ["k=5", "a[1]*?{x}", "it's", "q=1/s=none/filename=x", "größe ü"])
def test_a_store_may_be_in_any_folder(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    found = read_back(place, metrics_body(RUN, 1, 2, {"x": 3.0}), event_body("tags", 1, RUN, p={"a": "b"}))
    assert [(row[0], row[1], row[4], row[5]) for row in found] == [(0, "m", 2, {"x": 3.0}), (1, "tags", None, None)]
