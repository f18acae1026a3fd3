"""Types, schemas and signatures: to and from MLflow's JSON, and what has no place in them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.errors import InvalidValueError
from nbtrack.models.column_types import (
    AnyType,
    Array,
    ColumnType,
    DataType,
    Map,
    Object,
    Property,
    SparkMLVector,
    merged,
    read_type,
)
from nbtrack.models.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from nbtrack.models.signature import ModelSignature

SCALARS = st.sampled_from(list(DataType))
TYPES: Any = st.recursive(
    SCALARS | st.just(AnyType()) | st.just(SparkMLVector()),
    lambda inner: (
        st.builds(Array, inner)
        | st.builds(Map, inner)
        | st.dictionaries(st.text(min_size=1, max_size=3), st.tuples(inner, st.booleans()), min_size=1, max_size=3).map(
            lambda found: Object([Property(name, kind, required) for name, (kind, required) in found.items()])
        )
    ),
    max_leaves=8,
)


@given(TYPES)
def test_types_come_back_from_their_json(kind: ColumnType):
    assert read_type(json.loads(json.dumps(kind.to_dict()))) == kind
    assert len({kind, read_type(kind.to_dict())}) == 1
    assert repr(kind)


@given(TYPES, TYPES)
def test_merging_is_the_same_both_ways(one: ColumnType, other: ColumnType):
    def outcome(first: ColumnType, second: ColumnType) -> Any:
        try:
            return merged(first, second)
        except InvalidValueError:
            return "refused"

    assert outcome(one, other) == outcome(other, one)
    assert merged(one, one) == one


def test_what_only_one_has_becomes_optional():
    one = Object([Property("a", DataType.long), Property("b", DataType.string)])
    other = Object([Property("a", AnyType()), Property("c", Array(DataType.double))])
    assert repr(merged(one, other)) == "{a: long (required), b: string (optional), c: Array(double) (optional)}"
    assert merged(Map(AnyType()), Map(DataType.long)) == Map(DataType.long)
    with pytest.raises(InvalidValueError, match="long and of string"):
        merged(DataType.long, DataType.string)


def test_names_of_types_are_types():
    assert Array("long").dtype is DataType.long  # type: ignore[arg-type]
    assert Map("string").value_type is DataType.string  # type: ignore[arg-type]
    assert ColSpec("double").type is DataType.double  # type: ignore[arg-type]
    assert SparkMLVector().dtype is DataType.double
    assert [kind.to_python() for kind in (DataType.long, DataType.string)] == [int, str]
    assert [str(kind.to_pandas()) for kind in (DataType.long, DataType.string)] == ["int64", "object"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Array("longer"),  # type: ignore[arg-type]
        lambda: Object([]),
        lambda: Object([Property("a", DataType.long), Property("a", DataType.long)]),
        lambda: Property(3, DataType.long),  # type: ignore[arg-type]
        lambda: read_type({"type": "object", "properties": [1]}),
        lambda: read_type({"type": "array"}),
        lambda: read_type({"type": 3}),
        lambda: read_type("long"),
        lambda: TensorSpec("float64", (-1,)),  # type: ignore[arg-type]
        lambda: TensorSpec(np.dtype("<U3"), (-1,)),
        lambda: TensorSpec(np.dtype("float64"), (1.5,)),  # type: ignore[arg-type]
        lambda: TensorSpec(np.dtype("float64"), "ab"),  # type: ignore[arg-type]
        lambda: Schema([]),
        lambda: Schema("x"),  # type: ignore[arg-type]
        lambda: Schema([ColSpec(DataType.long), TensorSpec(np.dtype("int64"), (-1,))]),  # type: ignore[arg-type]
        lambda: Schema([ColSpec(DataType.long, "a"), ColSpec(DataType.long)]),
        lambda: Schema([TensorSpec(np.dtype("int64"), (-1,))] * 2),
        lambda: Schema([ColSpec(DataType.long, required=False)]),
        lambda: ParamSpec("p", "binary", b""),
        lambda: ParamSpec("p", AnyType(), 1),  # type: ignore[arg-type]
        lambda: ParamSpec("p", "long", [1], (2,)),
        lambda: ParamSchema([ParamSpec("p", "long", 1), ParamSpec("p", "long", 1)]),
        ModelSignature,
        lambda: ModelSignature(inputs="x"),  # type: ignore[arg-type]
    ],
)
def test_what_has_no_place_is_refused(make: Any):
    with pytest.raises(InvalidValueError):
        make()


BAD_JSON = [
    "",
    "no JSON",
    "{}",
    "3",
    "[3]",
    "[" * 100_000,
    '[{"type": "tensor"}]',
    '[{"type": "tensor", "tensor-spec": {"dtype": "nonsense", "shape": [1]}}]',
    '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": 3}}]',
    '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": ["x"]}}]',
    '[{"type": "wrong", "name": "a"}]',
    '[{"name": "a"}]',
    "[]",
]


@pytest.mark.parametrize("text", BAD_JSON)
def test_bad_schemas_of_a_model_are_refused(text: str):
    with pytest.raises(InvalidValueError):
        Schema.from_json(text)


def test_a_type_that_nests_without_end_is_refused():
    kind: dict[str, Any] = {"type": "long"}
    for _ in range(60):
        kind = {"type": "array", "items": kind}
    with pytest.raises(InvalidValueError, match="levels"):
        read_type(kind)


@pytest.mark.parametrize(
    "text", ["no JSON", "[3]", '[{"name": "p"}]', '[{"name": "p", "type": "long", "default": "x"}]']
)
def test_bad_params_of_a_model_are_refused(text: str):
    with pytest.raises(InvalidValueError):
        ParamSchema.from_json(text)


def test_a_text_that_is_far_too_long_is_not_parsed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.models.schema.MAX_JSON", 10)
    with pytest.raises(InvalidValueError, match="MiB"):
        Schema.from_json("[" + " " * 20 + "]")


def test_schemas_tell_names_and_types():
    schema = Schema([ColSpec(DataType.long, "a"), ColSpec(Array(DataType.string), "b", required=False)])
    assert schema.input_names() == ["a", "b"]
    assert schema.required_input_names() == ["a"]
    assert schema.optional_input_names() == ["b"]
    assert schema.input_types() == [DataType.long, Array(DataType.string)]
    assert len(schema) == 2
    assert [spec.name for spec in schema] == ["a", "b"]
    assert repr(schema) == "['a': long (required), 'b': Array(string) (optional)]"
    assert repr(Schema([ColSpec(DataType.long)])) == "[long (required)]"
    assert Schema([ColSpec(DataType.long), ColSpec(DataType.long)]).input_names() == [0, 1]
    assert hash(schema) == hash(Schema.from_json(schema.to_json()))
    tensors = Schema([TensorSpec(np.dtype("float32"), (-1, 2), "t")])
    assert repr(tensors) == "['t': Tensor('float32', (-1, 2))]"
    assert Schema.from_json(tensors.to_json()) == tensors != schema


def test_params_come_back():
    schema = ParamSchema(
        [
            ParamSpec("a", "long", 1),
            ParamSpec("b", "double", [0.5], (-1,)),
            ParamSpec("c", "datetime", np.datetime64("2026-11-23T09:30:00")),
            ParamSpec("d", "datetime", [np.datetime64("2026-11-23")], (-1,)),
            ParamSpec("e", Object([Property("x", DataType.long)]), {"x": 1}),
        ]
    )
    again = ParamSchema.from_json(schema.to_json())
    assert again == schema
    assert hash(again) == hash(schema)
    assert len(again) == 5
    assert {hash(spec) for spec in again} == {hash(spec) for spec in schema}
    assert "'b': double (default: [0.5]) (shape: (-1,))" in repr(again)
    older = ParamSchema.from_json('[{"name": "a", "dtype": "long", "default": 1}]')
    assert [spec.default for spec in older] == [1]


def test_signatures_show_their_parts():
    signature = ModelSignature(inputs=Schema([ColSpec(DataType.long, "a")]))
    assert repr(signature) == "inputs: \n  ['a': long (required)]\noutputs: \n  None\nparams: \n  None\n"
    assert ModelSignature.from_dict(signature.to_dict()) == signature
    assert hash(signature) == hash(ModelSignature.from_dict(signature.to_dict()))
    assert signature != 3
