"""Tables: pages, order and a profile of the columns."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from nbtrack.artifacts.kinds import TABLE
from nbtrack.errors import InvalidValueError
from nbtrack.views.previews import table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.views.previews.conftest import Look

FRAME = pd.DataFrame({"a": [3, 1, 2, None], "b": ["x", None, "z", "y"], "c": [0.5, float("inf"), -1.0, 2.0]})


def encoded(form: str) -> bytes:
    if form == "csv":
        return FRAME.to_csv(index=False).encode()
    if form == "tsv":
        return FRAME.to_csv(index=False, sep="\t").encode()
    if form == "jsonl":
        return "\n".join(
            json.dumps(row)
            for row in FRAME.replace({float("inf"): None}).astype(object).where(FRAME.notna(), None).to_dict("records")
        ).encode()
    out = io.BytesIO()
    FRAME.to_parquet(out) if form == "parquet" else FRAME.to_feather(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet", "feather"])
def test_every_format_gives_rows_types_and_a_profile(look: Look, form: str) -> None:
    facts = look(f"data.{form}", encoded(form))
    assert facts["view"] == "table"
    assert [row[:2] for row in facts["rows"]] == [[3, "x"], [1, None], [2, "z"], [None, "y"]]
    a, b, _ = facts["columns"]
    assert (a["nulls"], a["min"], a["max"], a["numeric"]) == (1, 1, 3, True)
    assert (b["nulls"], b["distinct"], b["numeric"], b["bins"]) == (1, 3, False, None)
    assert sum(a["bins"]) == 3
    assert (facts["n_rows"], facts["n_columns"]) == (4, 3)


def test_rows_are_sorted_with_missing_values_last(look: Look) -> None:
    look("d.csv", encoded("csv"))
    assert [row[0] for row in look("d.csv", sort=0)["rows"]] == [1, 2, 3, None]
    assert [row[0] for row in look("d.csv", sort=0, descending=True)["rows"]] == [3, 2, 1, None]
    assert [row[0] for row in look("d.csv", offset=1, limit=2)["rows"]] == [1, 2]
    with pytest.raises(InvalidValueError, match="no column 9"):
        look("d.csv", sort=9)


def test_what_log_table_wrote_is_a_table(look: Look) -> None:
    written = {"columns": ["text", "n", "mixed"], "data": [["<b>", 1, {"a": [1]}], [None, 2**60, "x"]]}
    facts = look("eval.json", json.dumps(written), mime=TABLE)
    assert facts["rows"] == [["<b>", 1, '{"a": [1]}'], [None, str(2**60), "x"]]
    assert facts["code"] == f"df = nbtrack.load_table('eval.json', run_ids=['{look.run}'])"


def test_lines_that_do_not_fit_make_all_columns_text(look: Look) -> None:
    facts = look("d.csv", "a,b\n" + "1,2\n" * 30_000 + "x,y\n")
    assert [column["type"] for column in facts["columns"]] == ["VARCHAR", "VARCHAR"]
    assert "Some lines do not fit" in facts["notes"][-1]
    assert facts["n_rows"] == 30_001


def test_names_of_columns_are_only_names(look: Look) -> None:
    evil = 'a"; drop table sample; --'
    out = io.BytesIO()
    pd.DataFrame({evil: [2, 1], "{source}": ["<script>", "?"]}).to_parquet(out)
    assert [column["name"] for column in look("d.parquet", out.getvalue())["columns"]] == [evil, "{source}"]
    assert look("d.parquet", sort=0)["rows"] == [[1, "?"], [2, "<script>"]]


def test_wide_tables_and_long_cells_are_cut_and_say_so(look: Look) -> None:
    facts = look("d.csv", ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(["y" * 1000] * 300) + "\n")
    assert len(facts["columns"]) == len(facts["rows"][0]) == 200
    assert len(facts["rows"][0][0]) == 300
    assert facts["notes"] == ["100 more columns are not shown."]


def test_a_gigabyte_of_nothing_is_refused_at_once(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look("d.csv", "a,b\n1,2\n")
    sparse = tmp_path / "sparse.csv"
    with sparse.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        file.truncate(10**9)
    monkeypatch.setattr(look.store, "artifact_file", lambda *_: sparse)
    facts = look("d.csv")
    assert facts["view"] == "binary"
    assert "NUL" in facts["notes"][0]


def test_lines_without_end_are_refused(look: Look) -> None:
    facts = look("d.csv", b"a," * 1_500_000)
    assert facts["view"] == "text"
    assert "longer than 2 MB" in facts["notes"][0]


def test_large_tables_are_profiled_by_their_first_rows(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("nbtrack.store.tables", "nbtrack.views.previews.table"):
        monkeypatch.setattr(f"{module}.SAMPLE_ROWS", 10)
    facts = look("d.csv", "a\n" + "\n".join(map(str, range(1000))))
    assert facts["n_rows"] == 1000
    assert facts["columns"][0]["max"] == 9
    assert facts["notes"] == ["Nulls, ranges and bars are of the first 10 rows."]
    monkeypatch.setattr(table, "MAX_COUNTED", 10)
    assert look("d.csv")["n_rows"] is None


@pytest.mark.parametrize("form", ["parquet", "feather"])
def test_instants_of_a_time_zone_are_shown_in_utc(look: Look, form: str) -> None:
    times = pd.Series([pd.Timestamp("2026-01-02 03:04:05", tz="Europe/Berlin"), pd.NaT])
    out = io.BytesIO()
    frame = pd.DataFrame({"at": times})
    frame.to_parquet(out) if form == "parquet" else frame.to_feather(out)
    facts = look(f"d.{form}", out.getvalue())
    assert facts["view"] == "table", facts["notes"]
    assert facts["rows"] == [["2026-01-02 02:04:05+00"], [None]]
    assert facts["columns"][0]["min"] == "2026-01-02 02:04:05+00"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_other_encodings_are_read_and_said(look: Look, encoding: str, suffix: str) -> None:
    text = "name,n\nMüller,1\n".replace(",", "," if suffix == "csv" else "\t")
    facts = look(f"d.{suffix}", text.encode(encoding))
    assert (facts["view"], facts["rows"]) == ("table", [["Müller", 1]])
    assert facts["notes"] == [f"Read as {encoding}; it is not valid UTF-8."]


def test_json_records_are_a_table_and_a_tree(look: Look) -> None:
    records = [{"a": 1, "b": "<i>"}, {"a": 2, "c": [1, {"d": 2}]}]
    facts = look("d.json", json.dumps(records, indent=2))
    assert (facts["view"], [column["name"] for column in facts["columns"]]) == ("table", ["a", "b", "c"])
    assert [row[:2] for row in facts["rows"]] == [[1, "<i>"], [2, None]]
    assert look("d.json", sort=0, descending=True)["rows"][0][0] == 2
    assert look("d.json", at=[1])["node"]["children"][0]["value"] == 2
    assert look("d.json", search="<i>")["hits"] == [[0, "b"]]


@pytest.mark.parametrize("text", ['[{"a": {"b": 1}}]', "[[1, 2]]", "[1]", '[{"a": 1}, 5]', '[{"a": 1}, ', "[]"])
def test_other_json_is_no_table(look: Look, text: str) -> None:
    assert look("d.json", text)["view"] in ("json", "text")
