"""Models as folders: what ``MLmodel`` says, signatures, examples, flavors; everything public is loaded when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "ColSpec": "models.schema",
    "DataType": "models.schema",
    "MLmodel": "models.mlmodel",
    "Model": "models.mlmodel",
    "ModelConfig": "models.config",
    "ModelInfo": "models.info",
    "ModelSignature": "models.signature",
    "ParamSchema": "models.schema",
    "ParamSpec": "models.schema",
    "Schema": "models.schema",
    "TensorSpec": "models.schema",
    "convert_input_example_to_serving_input": "models.example",
    "get_model_info": "tracking.models",
    "infer_signature": "models.signature",
    "predict": "serving.predicting",
    "serve": "serving.running",
    "set_model": "models.from_code",
    "set_signature": "tracking.models",
    "spark_udf": "serving.spark",
    "validate_serving_input": "tracking.models",
}
"""Where each public name lives; those that follow a model's URI into a store live on a higher floor."""

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of names all the same


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name not in _HOMES:
        message = f"module 'nbtrack.models' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"nbtrack.{_HOMES[name]}"), "MLmodel" if name == "Model" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
