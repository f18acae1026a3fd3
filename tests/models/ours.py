"""What nbtrack makes of the cases, in the form in which MLflow's outcomes are recorded."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NbtrackWarning
from nbtrack.models.enforce import enforce_params, enforce_schema
from nbtrack.models.example import Example
from nbtrack.models.schema import ParamSchema, Schema
from nbtrack.models.scoring_input import read_json
from nbtrack.models.signature import ModelSignature, infer_signature
from tests.models import cases, enforce_cases, request_cases

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = "refused"


def outcome(part: str, name: str) -> Any:
    """Return what comes out of a case, or ``"refused"``; any other error than InvalidValueError goes on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbtrackWarning)
        try:
            return MAKERS[part](name)
        except InvalidValueError:
            return REFUSED


def _infer(name: str) -> Any:
    return json.loads(infer_signature(cases.INFER[name]()).to_dict()["inputs"] or "")


def _params(name: str) -> Any:
    return json.loads(infer_signature(None, 1, params=cases.PARAMS[name]()).to_dict()["params"] or "")


def _enforce(name: str) -> Any:
    schema, make = enforce_cases.ENFORCE[name]
    return cases.written(enforce_schema(make(), Schema.from_json(json.dumps(schema))))


def _enforce_params(name: str) -> Any:
    spec, given = enforce_cases.ENFORCE_PARAMS[name]
    return cases.written(enforce_params(given, ParamSchema.from_json(json.dumps([spec]))))


def _score(name: str) -> Any:
    schema, request = request_cases.SCORE[name]
    signature = None if schema is None else ModelSignature(Schema.from_json(json.dumps(schema)))
    found = read_json(request_cases.as_body(request), signature)
    wanted = None if signature is None else signature.inputs
    return {
        "data": cases.written(found.data if wanted is None else enforce_schema(found.data, wanted)),
        "params": found.params,
    }


def _example(name: str) -> Any:
    found = Example.of(cases.EXAMPLES[name]())
    return {"info": found.info, "stored": found.stored, "serving": found.serving}


MAKERS: dict[str, Callable[[str], Any]] = {
    "infer": _infer,
    "params": _params,
    "enforce": _enforce,
    "enforce params": _enforce_params,
    "score": _score,
    "examples": _example,
}
