from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.errors import InvalidValueError
from nbtrack.tracking import digests, profiles
from nbtrack.tracking.data import from_numpy, from_pandas
from nbtrack.tracking.datasets import describe, resolve_source
from nbtrack.tracking.digests import arrays_digest, frame_digest


@pytest.fixture
def wine() -> pd.DataFrame:
    return pd.DataFrame({"ph": [3.1, 3.4, np.nan], "grape": ["a", "b", "a"], "score": [5, 6, 7]})


def test_a_frame_is_described_not_kept(wine: pd.DataFrame):
    found = describe(wine, name="wine", source="data/wine.csv", context="training", targets="score")
    dataset = found.dataset
    assert (dataset.name, found.context, found.tags) == ("wine", "training", {})
    assert (dataset.source_type, json.loads(dataset.source)) == ("local", {"uri": "data/wine.csv"})
    assert json.loads(dataset.schema) == {
        "mlflow_colspec": [
            {"type": "double", "name": "ph", "required": False},
            {"type": "string", "name": "grape", "required": True},
            {"type": "long", "name": "score", "required": True},
        ]
    }
    profile = json.loads(dataset.profile)
    assert (profile["num_rows"], profile["num_elements"], profile["targets"]) == (3, 9, "score")
    assert profile["columns"] == [
        {"name": "ph", "type": "float64", "missing": 1, "min": 3.1, "max": 3.4, "mean": 3.25, "nunique": 2},
        {"name": "grape", "type": "str", "missing": 0, "nunique": 2},
        {"name": "score", "type": "int64", "missing": 0, "min": 5, "max": 7, "mean": 6.0, "nunique": 3},
    ]


def test_names_and_sources_have_defaults(wine: pd.DataFrame):
    dataset = describe(wine).dataset
    assert (dataset.name, dataset.source_type) == ("dataset", "code")
    assert len(dataset.digest) == 16
    assert describe(wine, digest="v1").dataset.digest == "v1"


def test_series_arrays_and_dicts_of_arrays_are_datasets():
    series = describe(pd.Series([1, 2], name="x")).dataset
    assert json.loads(series.schema)["mlflow_colspec"][0]["name"] == "x"
    assert json.loads(describe(pd.Series([1, 2])).dataset.schema)["mlflow_colspec"][0]["name"] == "0"
    array = describe(np.zeros((5, 3), "f4"), targets=np.zeros(5, "i8")).dataset
    assert json.loads(array.schema) == {
        "mlflow_tensorspec": {
            "features": [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}],
            "targets": [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
        }
    }
    assert json.loads(array.profile) == {
        "features_shape": [5, 3],
        "features_size": 15,
        "features_nbytes": 60,
        "targets_shape": [5],
        "targets_size": 5,
        "targets_nbytes": 40,
    }
    named = json.loads(describe({"x": np.array(["ab"]), "y": np.array(3)}).dataset.schema)["mlflow_tensorspec"]
    assert named["targets"] is None
    assert named["features"] == [
        {"name": "x", "type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}},
        {"name": "y", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": []}},
    ]


def test_datasets_are_made_once_and_logged_often(wine: pd.DataFrame):
    dataset = from_pandas(wine, source="wine.csv", targets="score", name="wine")
    assert (dataset.name, dataset.source, dataset.profile["num_rows"]) == ("wine", {"uri": "wine.csv"}, 3)
    assert dataset.schema["mlflow_colspec"][2]["name"] == "score"
    texts = dataset.to_dict()
    assert set(texts) == {"name", "digest", "source_type", "source", "schema", "profile"}
    assert all(isinstance(text, str) for text in texts.values())
    assert describe(dataset).dataset == describe(wine, source="wine.csv", targets="score", name="wine").dataset
    other = describe(dataset, name="again", digest="d", source="s3://b/x", context="eval")
    assert (other.dataset.name, other.dataset.digest, other.dataset.source_type) == ("again", "d", "s3")
    assert from_numpy(np.zeros(3), targets={"y": np.zeros(3)}).profile["targets_shape"] == {"y": [3]}


def test_datasets_of_mlflows_are_taken_as_they_are():
    theirs = SimpleNamespace(name="wine", digest="abc", source=object())
    theirs.to_dict = lambda: {"name": "wine", "digest": "abc", "source": "{}", "source_type": "local", "schema": None}
    dataset = describe(theirs).dataset
    assert (dataset.name, dataset.digest, dataset.source_type, dataset.schema) == ("wine", "abc", "local", "{}")


def test_a_frame_with_columns_named_like_a_dataset_is_a_frame():
    frame = pd.DataFrame({"name": [1], "digest": [2], "source": [3]})
    assert len(json.loads(describe(frame).dataset.schema)["mlflow_colspec"]) == 3


@pytest.mark.parametrize(
    ("source", "kind", "described"),
    [
        ("a/b.csv", "local", {"uri": "a/b.csv"}),
        (Path("a") / "b.csv", "local", {"uri": "a/b.csv"}),
        ("file:///a/b.csv", "local", {"uri": "file:///a/b.csv"}),
        ("https://example.org/a.csv", "http", {"url": "https://example.org/a.csv"}),
        ("s3://bucket/a", "s3", {"uri": "s3://bucket/a"}),
        ("delta://table", "delta", {"uri": "delta://table"}),
        ({"query": "select 1"}, "code", {"query": "select 1"}),
        (42, "code", {"uri": "42"}),
    ],
)
def test_sources_are_spelled_as_mlflow_does(source: Any, kind: str, described: dict[str, Any]):
    assert resolve_source(source) == (kind, described)


def test_passwords_in_sources_are_not_recorded():
    _, described = resolve_source("postgresql://me:hunter2hunter2@db/wine")
    assert "hunter2" not in described["uri"]


# ---------------------------------------------------------------- digests


def test_a_digest_is_the_same_in_every_process(wine: pd.DataFrame):
    program = """
import numpy as np, pandas as pd
from nbtrack.tracking.digests import arrays_digest, frame_digest
frame = pd.DataFrame({"ph": [3.1, 3.4, np.nan], "grape": ["a", "b", "a"], "score": [5, 6, 7]})
print(frame_digest(frame)[0], arrays_digest({"x": np.arange(6.0).reshape(2, 3)})[0])
"""
    env = {"PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.split() == [frame_digest(wine)[0], arrays_digest({"x": np.arange(6.0).reshape(2, 3)})[0]]


def test_a_digest_depends_on_content_names_order_and_index(wine: pd.DataFrame):
    variants = [
        wine,
        wine.assign(score=[5, 6, 8]),
        wine.rename(columns={"ph": "pH"}),
        wine[["grape", "ph", "score"]],
        wine.iloc[::-1].reset_index(drop=True),
        wine.set_axis(["x", "y", "z"]),
        wine.head(2),
        wine.head(0),
        wine.drop(columns="score"),
        pd.DataFrame(index=range(3)),
        wine.set_index(["ph", "grape"]),
    ]
    assert len({frame_digest(frame)[0] for frame in variants}) == len(variants)


def test_a_digest_does_not_depend_on_how_the_same_content_is_held(wine: pd.DataFrame):
    digest, n_rows = frame_digest(wine)
    assert n_rows == 3
    for same in (wine.copy(), wine.astype({"grape": object}), wine.astype({"grape": "category"})):
        assert frame_digest(same)[0] == digest
    array = np.arange(12.0).reshape(3, 4)
    for same_array in (array.copy(order="F"), array.astype(">f8"), np.tile(array, 2)[:, :4]):
        assert arrays_digest(same_array) == arrays_digest(array)


def test_arrays_that_differ_have_other_digests():
    arrays = [
        np.zeros(4),
        np.zeros(4, "f4"),
        np.zeros((2, 2)),
        np.ones(4),
        np.zeros(0),
        np.array(0.0),
        np.zeros(4, "i8"),
    ]
    arrays += [np.array(["a"]), np.array(["b"]), np.array([{"a": 1}], object), np.array([[1], None], object)]
    found = {arrays_digest(array)[0] for array in arrays}
    found |= {arrays_digest({"x": np.zeros(4)})[0], arrays_digest(np.zeros(4), np.zeros(4))[0]}
    assert len(found) == len(arrays) + 2
    assert arrays_digest({"a": np.zeros(1), "b": np.ones(1)}) == arrays_digest({"b": np.ones(1), "a": np.zeros(1)})


def test_odd_cells_are_hashed_by_their_text():
    odd = pd.DataFrame({"l": [[1], [2]], "m": [1, "a"], "s": pd.Series(["\ud800", "x"], dtype=object), "n": [None, {}]})
    assert frame_digest(odd)[0] == frame_digest(odd.copy())[0]
    assert frame_digest(odd)[0] != frame_digest(odd.iloc[::-1].reset_index(drop=True))[0]


def test_of_huge_data_a_sample_is_hashed_and_the_profile_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(digests, "MAX_CELLS", 100)
    monkeypatch.setattr(digests, "MAX_BYTES", 8000)
    frame = pd.DataFrame({"a": np.arange(1000), "b": 0})
    assert from_pandas(frame).profile["digest_rows"] == 50
    for at in (0, 999):
        assert frame_digest(frame.assign(a=frame["a"].replace(at, -1)))[0] != frame_digest(frame)[0]
    array = np.arange(10_000.0)
    assert from_numpy(array).profile["digest_sampled"] is True
    for at in (0, -1):
        changed = array.copy()
        changed[at] = 7
        assert arrays_digest(changed) != arrays_digest(array)
    assert "digest_sampled" not in from_numpy(array[:1000]).profile
    assert "digest_rows" not in from_pandas(frame, digest="mine").profile


@settings(deadline=None)
@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_samples_stay_inside_the_data(n: int, most: int):
    rows = digests._spread(n, most)
    blocks = digests._blocks(n, most)
    assert rows[0] == 0
    assert rows[-1] == n - 1
    assert len(rows) <= max(2, most)
    assert (blocks[0].start, blocks[-1].stop) == (0, n)
    assert sum(block.stop - block.start for block in blocks) <= max(2, most)


# ---------------------------------------------------------------- schemas and profiles


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1], "i1"), "integer"),
        (np.array([1], "u2"), "integer"),
        (np.array([1], "i4"), "integer"),
        (np.array([1], "u4"), "long"),
        (np.array([1], "u8"), "long"),
        (np.array([1], "f2"), "float"),
        (np.array([1], "f4"), "float"),
        (np.array([True]), "boolean"),
        (pd.array([1, None], dtype="Int64"), "long"),
        (pd.array([True, None], dtype="boolean"), "boolean"),
        (pd.array(["a"], dtype="string"), "string"),
        (np.array(["a"], object), "string"),
        (np.array([b"a"], object), "binary"),
        (pd.to_datetime(["2024-01-01"]), "datetime"),
        (pd.to_datetime(["2024-01-01"], utc=True), "datetime"),
        (pd.Categorical(["a"]), "string"),
        (pd.Categorical([1]), "long"),
        (pd.to_timedelta([1]), "any"),
        (np.array([1j]), "any"),
        (np.array([[1], None], object), "any"),
        (np.array([1, "a"], object), "any"),
        (pd.arrays.SparseArray([0.0]), "double"),
        (pd.period_range("2024", periods=1, freq="D"), "any"),
    ],
)
def test_column_types_have_mlflows_names(values: Any, kind: str):
    frame = pd.DataFrame({"a": pd.Series(values)})
    described = from_pandas(frame)
    assert described.schema["mlflow_colspec"][0]["type"] == kind
    assert described.profile["columns"][0]["missing"] == int(frame["a"].isna().sum())
    json.loads(described.to_dict()["profile"], parse_constant=pytest.fail)


def test_profiles_are_strict_json_whatever_the_numbers():
    frame = pd.DataFrame({"inf": [np.inf, -np.inf], "nan": [np.nan, np.nan], "big": [2**62, 2**62 + 1]})
    inf, nan, big = json.loads(from_pandas(frame).to_dict()["profile"], parse_constant=pytest.fail)["columns"]
    assert (inf["min"], inf["max"], inf["mean"]) == ("-Infinity", "Infinity", "NaN")
    assert "min" not in nan
    assert big["max"] == 2**62 + 1


def test_times_have_a_range():
    frame = pd.DataFrame({"t": [pd.Timestamp("2024-01-02"), pd.NaT, pd.Timestamp("2024-01-01")]})
    (column,) = from_pandas(frame).profile["columns"]
    assert (column["min"], column["max"]) == ("2024-01-01T00:00:00", "2024-01-02T00:00:00")


def test_empty_frames_are_described():
    for frame in (pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=[1, 2])):
        assert from_pandas(frame).profile["num_elements"] == 0


def test_wide_frames_show_their_first_columns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(profiles, "MAX_COLUMNS", 3)
    described = from_pandas(pd.DataFrame(np.zeros((2, 10))))
    assert len(described.profile["columns"]) == len(described.schema["mlflow_colspec"]) == 3
    assert described.profile["num_columns"] == 10


def test_long_frames_do_not_count_distinct_values(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(profiles, "MAX_ROWS_TO_COUNT", 1)
    assert "nunique" not in from_pandas(pd.DataFrame({"a": [1, 2]})).profile["columns"][0]


def test_columns_of_one_name_are_all_described():
    frame = pd.DataFrame([[1, "a"]], columns=["x", "x"])
    assert [spec["type"] for spec in from_pandas(frame).schema["mlflow_colspec"]] == ["long", "string"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("data", [None, "wine.csv", [1, 2], {}, {"a": [1]}, 3, object()])
def test_what_is_no_dataset_is_explained(data: Any):
    with pytest.raises(
        InvalidValueError, match=rf"A dataset was expected, not a {type(data).__name__}; give a DataFrame"
    ):
        describe(data)


def test_targets_must_be_a_column(wine: pd.DataFrame):
    with pytest.raises(InvalidValueError, match="Targets 'y' is not a column of the DataFrame; it has 'ph', 'grape'"):
        describe(wine, targets="y")


def test_each_constructor_wants_its_own_kind(wine: pd.DataFrame):
    with pytest.raises(InvalidValueError, match=r"not a ndarray; use nbtrack\.data\.from_numpy"):
        from_pandas(np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="A numpy array or a dict of them was expected, not a DataFrame"):
        from_numpy(wine)
    with pytest.raises(InvalidValueError, match="not a list"):
        from_numpy(np.zeros(3), targets=[1, 2, 3])


@pytest.mark.parametrize("digest", ["", "x" * 37, 5])
def test_a_digest_has_at_most_36_characters(wine: pd.DataFrame, digest: Any):
    with pytest.raises(InvalidValueError, match="use a text of 1 to 36 characters"):
        describe(wine, digest=digest)


def test_a_name_is_printable(wine: pd.DataFrame):
    with pytest.raises(InvalidValueError, match="Dataset name 'a\\\\nb' is not allowed"):
        describe(wine, name="a\nb")


def test_sha256_of_the_users_own_fits_when_cut(wine: pd.DataFrame):
    assert describe(wine, digest=hashlib.sha256(b"x").hexdigest()[:36]).dataset.digest
