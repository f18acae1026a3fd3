"""Records what MLflow makes of the cases: run it with a Python that has MLflow, from the root of the repository.

.venv-bench/bin/python tests/models/record_mlflow.py
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from mlflow.models.utils import _enforce_params_schema, _enforce_schema, _Example
from mlflow.pyfunc.scoring_server import _decode_json_input, _split_data_and_params, infer_and_parse_data
from mlflow.types import ParamSchema, Schema

from tests.models import cases, enforce_cases, request_cases

TARGET = Path(__file__).parents[1] / "data" / "mlflow_models.json"


def outcome(make: Any) -> Any:
    """Return what a call gives, or that it refuses."""
    try:
        return make()
    except Exception as error:
        return {"refused": type(error).__name__}


def inferred(data: Any) -> Any:
    """Return the schema of data as JSON."""
    return json.loads(infer_signature(data).to_dict()["inputs"])


def params(data: Any) -> Any:
    """Return the schema of params as JSON."""
    return json.loads(infer_signature(None, 1, params=data).to_dict()["params"])


def enforced(schema: list[Any], data: Any) -> Any:
    """Return data as a schema wants it."""
    return cases.written(_enforce_schema(data, Schema.from_json(json.dumps(schema))))


def param(spec: Any, given: Any) -> Any:
    """Return params as the signature wants them."""
    return cases.written(_enforce_params_schema(given, ParamSchema.from_json(json.dumps([spec]))))


def scored(schema: list[Any] | None, request: Any) -> Any:
    """Return what a request comes to in predict."""
    wanted = None if schema is None else Schema.from_json(json.dumps(schema))
    _decode_json_input(request_cases.as_body(request))
    data, given = _split_data_and_params(request_cases.as_body(request))
    found = infer_and_parse_data(data, wanted)
    return {"data": cases.written(found if wanted is None else _enforce_schema(found, wanted)), "params": given}


def example(data: Any) -> Any:
    """Return the files of an input example."""
    found = _Example(data)
    return {
        "info": found.info,
        "stored": json.loads(found.json_input_example),
        "serving": json.loads(found.json_serving_input),
    }


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    found = {
        "made with": {"mlflow": mlflow.__version__, "pandas": pd.__version__},
        "infer": {name: outcome(lambda make=make: inferred(make())) for name, make in cases.INFER.items()},
        "params": {name: outcome(lambda make=make: params(make())) for name, make in cases.PARAMS.items()},
        "enforce": {name: outcome(lambda s=s, m=m: enforced(s, m())) for name, (s, m) in enforce_cases.ENFORCE.items()},
        "enforce params": {
            name: outcome(lambda s=s, v=v: param(s, v)) for name, (s, v) in enforce_cases.ENFORCE_PARAMS.items()
        },
        "score": {name: outcome(lambda s=s, r=r: scored(s, r)) for name, (s, r) in request_cases.SCORE.items()},
        "examples": {name: outcome(lambda make=make: example(make())) for name, make in cases.EXAMPLES.items()},
    }
    lines = ",\n".join(
        f" {json.dumps(part)}: {{\n"
        + ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in some.items())
        + "\n }"
        for part, some in found.items()
    )
    TARGET.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print({part: len(some) for part, some in found.items()})


if __name__ == "__main__":
    main()
