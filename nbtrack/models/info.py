"""What is known of a model without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.models.mlmodel import MLmodel
    from nbtrack.models.signature import ModelSignature


@dataclass(frozen=True, slots=True, repr=False)
class ModelInfo:
    """What ``log_model`` returns: where the model is and what it says of itself, with MLflow's names.

    Attributes
    ----------
    model_uri : str
        What ``load_model`` takes: ``runs:/<run id>/<name>``, or the path of a saved model.
    model_id, model_uuid : str or None, str or None
        ``m-<32 hex digits>`` for a logged model: ``models:/m-…`` leads to it as well.
    run_id, artifact_path : str or None
        The run and where in it the folder is.
    flavors : dict of dict
        Which libraries can load it, and how.
    signature : ModelSignature or None
        What it takes and gives.
    saved_input_example_info, metadata : dict or None
    utc_time_created : str or None
        ``2026-11-23 03:25:43.819410``.
    mlflow_version : str or None
    model_size_bytes : int or None
    registered_model_name, registered_model_version : str or None, int or None
        Under which name and number it was registered by the same call.
    params, tags : dict of str
        Of the model, as they were given.
    """

    model_uri: str
    model_uuid: str | None = None
    model_id: str | None = None
    run_id: str | None = None
    artifact_path: str | None = None
    flavors: dict[str, dict[str, Any]] = field(default_factory=dict)
    signature: ModelSignature | None = None
    saved_input_example_info: dict[str, Any] | None = None
    utc_time_created: str | None = None
    mlflow_version: str | None = None
    metadata: dict[str, Any] | None = None
    model_size_bytes: int | None = None
    registered_model_name: str | None = None
    registered_model_version: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, model_uri: str, mlmodel: MLmodel, **more: Any) -> ModelInfo:
        """Return what an ``MLmodel`` file says of the model at `model_uri`."""
        return cls(
            model_uri=model_uri,
            model_uuid=mlmodel.model_uuid,
            model_id=mlmodel.model_id,
            run_id=mlmodel.run_id,
            artifact_path=mlmodel.artifact_path,
            flavors=mlmodel.flavors,
            signature=mlmodel.get_signature(),
            saved_input_example_info=mlmodel.saved_input_example_info,
            utc_time_created=mlmodel.utc_time_created,
            mlflow_version=mlmodel.mlflow_version,
            metadata=mlmodel.metadata,
            model_size_bytes=mlmodel.model_size_bytes,
            **more,
        )

    @property
    def name(self) -> str | None:
        """Return the name that the model was logged under."""
        return self.artifact_path

    @property
    def signature_dict(self) -> dict[str, Any] | None:
        """Return the signature as JSON texts, as the ``MLmodel`` file has it."""
        return None if self.signature is None else self.signature.to_dict()

    def __repr__(self) -> str:
        """Show where the model is, what can load it and its size."""
        flavors = ", ".join(sorted(self.flavors))
        size = "" if self.model_size_bytes is None else f" · {self.model_size_bytes:,} bytes"
        version = (
            f" · {self.registered_model_name} v{self.registered_model_version}" if self.registered_model_version else ""
        )
        return f"<Model {self.model_uri} · {flavors}{size}{version}>"
