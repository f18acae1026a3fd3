"""The ``MLmodel`` file: what a model folder says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.yaml_text import parse_yaml, read_yaml, write_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.models.schema import ParamSchema, Schema
    from nbtrack.models.signature import ModelSignature

FILE = "MLmodel"
PYFUNC = "python_function"
MLFLOW_VERSION = "3.17.2"
"""The MLflow whose folders ours are like; requirements name it, as MLflow needs itself to load a model."""


@dataclass(slots=True)
class MLmodel:
    """What an ``MLmodel`` file holds, name for name as MLflow writes it.

    Attributes
    ----------
    flavors : dict of dict
        By name: ``sklearn``, …; ``python_function`` says how to predict.
    signature : dict, optional
        ``inputs``, ``outputs``, ``params``: JSON texts or None; :meth:`get_signature` reads them.
    model_uuid, model_id : str
        ``m-<32 hex digits>`` for a logged model (then both are the same); a saved one has no `model_id`.
    metadata : dict, optional
        The user's own.
    saved_input_example_info : dict, optional
        Which files hold the input example, and in which form.
    extra : dict
        What a newer writer added; kept as it is.
    """

    flavors: dict[str, dict[str, Any]] = field(default_factory=dict)
    run_id: str | None = None
    artifact_path: str | None = None
    utc_time_created: str | None = None
    model_uuid: str | None = None
    model_id: str | None = None
    mlflow_version: str | None = MLFLOW_VERSION
    signature: dict[str, str | None] | None = None
    is_signature_from_type_hint: bool = False
    type_hint_from_example: bool = False
    saved_input_example_info: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    model_size_bytes: int | None = None
    prompts: list[Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def new(cls, **values: Any) -> MLmodel:
        """Return one with a new id and the present time."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        ident = values.get("model_id") or uuid4().hex
        return cls(**{"model_uuid": ident, "utc_time_created": now, **values})

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> MLmodel:
        """Return what a parsed file says; raises ``InvalidValueError`` when it has no flavors."""
        flavors = found.get("flavors")
        if not isinstance(flavors, dict) or not all(isinstance(conf, dict) for conf in flavors.values()):
            raise InvalidValueError("MLmodel has no `flavors`, or one that is no mapping; it describes no model.")
        names = {f.name for f in fields(cls)} - {"extra"}
        known = {"mlflow_version": None, **{name: value for name, value in found.items() if name in names}}
        for name, kind in _KINDS.items():
            if known.get(name) is not None and not isinstance(known[name], kind):
                raise InvalidValueError(
                    f"MLmodel says {name}: {str(known[name])[:80]!r}; a {kind.__name__} is expected."
                )
        return cls(**known, extra={name: value for name, value in found.items() if name not in names})

    @classmethod
    def from_yaml(cls, text: str) -> MLmodel:
        """Return what a YAML text says."""
        return cls.from_dict(parse_yaml(text, FILE))

    @classmethod
    def load(cls, folder: Path) -> MLmodel:
        """Read the file of a model folder; raises ``NotFoundError`` when there is none."""
        path = folder / FILE
        if not path.is_file() or path.is_symlink():
            raise NotFoundError(
                "File", FILE, where=str(folder), hint=" A model folder has one; log or save a model first."
            )
        return cls.from_dict(read_yaml(path, FILE))

    def to_dict(self) -> dict[str, Any]:
        """Return it as MLflow's dict: what is not known is left out where MLflow leaves it out."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "extra"}
        for name in (
            "run_id",
            "artifact_path",
            "signature",
            "saved_input_example_info",
            "metadata",
            "model_size_bytes",
        ):
            if found[name] is None:
                del found[name]
        if self.mlflow_version is None:
            del found["mlflow_version"]
        if self.signature is None:
            del found["is_signature_from_type_hint"], found["type_hint_from_example"]
        return {**self.extra, **found}

    def to_yaml(self) -> str:
        """Return it as the text of the file."""
        return write_yaml(self.to_dict())

    def save(self, folder: Path) -> None:
        """Write the file into a model folder."""
        (folder / FILE).write_text(self.to_yaml(), encoding="utf-8")

    @property
    def pyfunc(self) -> dict[str, Any] | None:
        """Return how to predict, the ``python_function`` part; None for a model that cannot."""
        return self.flavors.get(PYFUNC)

    def get_signature(self) -> ModelSignature | None:
        """Return the signature; None when the model has none."""
        if self.signature is None:
            return None
        from nbtrack.models.signature import ModelSignature  # noqa: PLC0415 - needs numpy

        found = ModelSignature.from_dict(self.signature)
        found.is_from_type_hint = self.is_signature_from_type_hint
        return found

    def get_input_schema(self) -> Schema | None:
        """Return what the model takes, as its signature says."""
        found = self.get_signature()
        return None if found is None else found.inputs

    def get_output_schema(self) -> Schema | None:
        """Return what the model gives, as its signature says."""
        found = self.get_signature()
        return None if found is None else found.outputs

    def get_params_schema(self) -> ParamSchema | None:
        """Return the params of predict, as the signature says."""
        found = self.get_signature()
        return None if found is None else found.params

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.to_dict(), default=str)


_KINDS: dict[str, type] = {
    "run_id": str,
    "artifact_path": str,
    "model_uuid": str,
    "model_id": str,
    "signature": dict,
    "saved_input_example_info": dict,
    "metadata": dict,
    "model_size_bytes": int,
}
