"""Runs beside one another, as the page asks for them."""
# ruff: noqa: PD011 - rows have values, and no pandas

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.tracking.active import get_store
from nbtrack.views import compare_files
from nbtrack.views.compare_row import NOT_RECORDED, CompareRow
from nbtrack.views.compare_rows import Comparison, compare_runs
from nbtrack.views.questions import answer

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.protocol import Store
    from tests.stores import Recorded


def three_runs() -> None:
    for index in range(3):
        with nbtrack.start_run(f"run-{index}", params={"lr": 0.1**index, "model": "cnn"}, tags={"team": "x"}) as run:
            run.log_metrics({"acc": 0.5 + index / 10, "loss": float("nan") if index == 2 else 1.0}, step=0)
            run.log_text(f"# fit\nlr = {index}\n", "source/cell.py")
            run.log_text("<b>same</b>", "page.html")
            if index:
                run.log_text(f"python==3.11\nnumpy==1.{index}\npandas==2.2\n", "environment/packages.txt")
                run.log_image(np.full((4, 4), index * 80, dtype=np.uint8), key="sample", step=5)
            run.log_image(np.zeros((4, 4), dtype=np.uint8), key="sample", step=0)
            run.log_table({"id": [1, 2, 3 + index], "pred": [0, index, 2]}, "preds.json")
            frame = pd.DataFrame({"x": [1.0, 2.0, float(index)], "y": ["a", "b", None]})
            run.log_input(frame, name="train", context="training")


@pytest.fixture
def store(recorded: Recorded) -> Store:
    recorded(three_runs)
    return get_store()


def ids() -> list[str]:
    return [nbtrack.get_run(f"run-{index}").info.run_id for index in range(3)]


def row(found: Comparison, section: str, key: str, stat: str = "") -> CompareRow:
    return next(r for r in found.of(section) if r.key == key and (not stat or r.stat == stat))


def unpack(blob: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", blob)
    return json.loads(blob[4 : 4 + length]), blob[4 + length + -(4 + length) % 8 :]


def ask(store: Store, **question: Any) -> dict[str, Any]:
    return answer(store, question)[0]


def test_every_section_has_its_rows_in_the_order_of_the_runs(store: Store) -> None:
    found = compare_runs(store, ids()[::-1])
    assert [run.name for run in found.runs] == ["run-2", "run-1", "run-0"]
    assert row(found, "params", "model").is_same
    assert row(found, "metrics", "acc", "last").values == (0.7, 0.6, 0.5)
    assert row(found, "metrics", "acc", "last").goal == "max"
    assert row(found, "metrics", "loss", "count").values == (1.0, 1.0, 1.0)
    assert row(found, "tags", "team").values == ("x", "x", "x")
    assert row(found, "artifacts", "page.html").is_same
    assert not row(found, "source", "source/cell.py").is_same
    assert "mlflow.runName" not in {r.key for r in found.of("tags")}


def test_a_logged_nan_is_a_value_and_its_extremes_are_none(store: Store) -> None:
    found = compare_runs(store, ids())
    assert np.isnan(row(found, "metrics", "loss", "last").values[2])  # type: ignore[arg-type]
    assert row(found, "metrics", "loss", "min").values == (1.0, 1.0, None)


def test_a_run_without_a_list_of_packages_lacks_none(store: Store) -> None:
    found = compare_runs(store, ids())
    assert row(found, "environment", "numpy").values == (NOT_RECORDED, "1.1", "1.2")
    assert row(found, "environment", "pandas").is_same
    assert "python" not in {r.key for r in found.of("environment")}


def test_a_series_of_images_is_one_row_with_its_steps(store: Store) -> None:
    series = row(compare_runs(store, ids()), "artifacts", "images/sample")
    assert series.kind == "series"
    assert [[step for step, *_ in steps] for steps in series.steps] == [[0], [0, 5], [0, 5]]
    assert len(set(series.values)) == 3


def test_datasets_are_compared_by_digest_rows_and_columns(store: Store) -> None:
    found = compare_runs(store, ids())
    assert not row(found, "datasets", "train (training) · digest").is_same
    assert row(found, "datasets", "train (training) · rows").values == (3.0, 3.0, 3.0)
    assert row(found, "datasets", "train (training) · x type").is_same
    assert row(found, "datasets", "train (training) · x min").values == (0.0, 1.0, 1.0)


def test_the_blob_holds_texts_once_and_numbers_as_numbers(store: Store) -> None:
    _, (blob,) = answer(store, {"what": "compare", "runs": ids()})
    head, body = unpack(blob)
    assert head["kind"] == "compare"
    assert head["base"] == ids()[0]
    params = next(section for section in head["sections"] if section["id"] == "params")
    codes = np.frombuffer(body, "<i4", count=6, offset=params["offset"]).reshape(2, 3)
    lr, model = (next(i for i, r in enumerate(params["rows"]) if r["key"] == key) for key in ("lr", "model"))
    assert [params["texts"][code] for code in codes[model]] == ["cnn"] * 3
    assert len(set(codes[lr])) == 3
    metrics = next(section for section in head["sections"] if section["id"] == "metrics")
    acc = next(r for r in metrics["rows"] if r["key"] == "acc" and r["stat"] == "last")
    start = metrics["offset"] + metrics["numbers"] + 8 * 3 * acc["at"]
    assert np.frombuffer(body, "<f8", count=3, offset=start).tolist() == [0.5, 0.6, 0.7]
    assert len(blob) % 8 == 0
    sentences = {run: "".join(text for text, _ in parts) for run, parts in head["sentences"].items()}
    assert sentences[""].startswith(
        "3 runs: lr differs (1 param the same); acc best in #3 with 0.7 (#1: 0.5); code in 3 versions"
    )
    assert 'code: cell "fit" ±1 line' in sentences[ids()[1]]


def test_keys_are_in_the_order_that_people_count(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "other.duckdb")
    with nbtrack.start_run("run", params={"p10": 1, "p2": 2, "p1": 3, "10": 4}) as run:
        pass
    assert [r.key for r in compare_runs(get_store(), [run.id]).of("params")] == ["10", "p1", "p2", "p10"]


def test_runs_that_are_gone_are_left_out(store: Store) -> None:
    assert len(compare_runs(store, [*ids(), "0" * 32]).runs) == 3
    assert compare_runs(store, ["0" * 32]).runs == ()
    _, (blob,) = answer(store, {"what": "compare", "runs": []})
    assert unpack(blob)[0]["runs"] == []


def test_one_sentence_may_be_asked_for(store: Store) -> None:
    first, second, _ = ids()
    parts = ask(store, what="compare_sentence", run=first, base=second)["parts"]
    assert "".join(text for text, _ in parts).startswith("#1 changed lr 0.1 → 1.0 against #2; acc fell by 0.1")
    with pytest.raises(NotFoundError):
        ask(store, what="compare_sentence", run="0" * 32, base=second)


def test_a_file_comes_with_what_it_is_and_never_under_another_name(store: Store) -> None:
    facts, (data,) = answer(store, {"what": "compare_file", "run": ids()[1], "path": "source/cell.py"})
    assert data == b"# fit\nlr = 1\n"
    assert (facts["mime"], facts["is_text"], facts["is_cut"]) == ("text/x-python", True, False)
    assert not {"kind", "id", "ok"} & facts.keys(), "these belong to the answer itself"
    for path in ("../runs.duckdb", "/etc/passwd", "source"):
        with pytest.raises((InvalidValueError, NotFoundError)):
            answer(store, {"what": "compare_file", "run": ids()[1], "path": path})


def test_long_texts_are_cut_and_large_images_stay_away(store: Store) -> None:
    run = nbtrack.start_run(run_id=ids()[0])
    run.log_text("x" * 1_500_000, "long.txt")
    run.log_bytes(b"\x89PNG\r\n\x1a\n" + bytes(6_000_000), "large.png")
    run.log_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 60_000, 60_000), "huge.png")
    run.log_bytes(bytes(2_000), "weights.pt")
    run.end()
    with pytest.raises(InvalidValueError, match=r"'huge\.png' is not shown: it has 60,000 x 60,000 pixels"):
        answer(store, {"what": "compare_file", "run": ids()[0], "path": "huge.png"})
    facts, (data,) = answer(store, {"what": "compare_file", "run": ids()[0], "path": "long.txt"})
    assert (len(data), facts["size"], facts["is_cut"]) == (1_000_000, 1_500_000, True)
    facts, buffers = answer(store, {"what": "compare_file", "run": ids()[0], "path": "large.png"})
    assert (buffers, facts["is_cut"]) == ([], True)
    facts, (data,) = answer(store, {"what": "compare_file", "run": ids()[0], "path": "weights.pt"})
    assert (data, facts["is_text"]) == (b"", False)


def test_a_list_of_packages_is_read_once_for_each_content(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs(store, ids())
    monkeypatch.setattr(compare_files, "_parse", lambda file: pytest.fail(f"{file} read again"))
    compare_runs(store, ids())


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"what": "compare", "runs": "abc"}, "no list"),
        ({"what": "compare", "runs": ["abc"]}, "32 hexadecimal digits"),
        ({"what": "compare", "runs": [f"{i:032x}" for i in range(501)]}, "compare at most 500"),
        ({"what": "compare_file", "run": "x", "path": "a"}, "32 hexadecimal digits"),
        ({"what": "compare_table", "runs": ["0" * 32], "path": "a.csv"}, "in two runs, not in 1"),
    ],
)
def test_a_question_that_cannot_be_used_says_why(store: Store, question: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        answer(store, question)
