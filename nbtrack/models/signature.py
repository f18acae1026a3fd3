"""Signatures: what goes into a model, what comes out, and its params."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.column_types import AnyType
from nbtrack.models.schema import ColSpec, ParamSchema, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping


class ModelSignature:
    """What a model takes and gives.

    Parameters
    ----------
    inputs, outputs : Schema, optional
    params : ParamSchema, optional
        At least one of the three.
    is_from_type_hint : bool
        The inputs are those of the type hint of ``predict``, which gets the data as it is.
    """

    def __init__(
        self,
        inputs: Schema | None = None,
        outputs: Schema | None = None,
        params: ParamSchema | None = None,
        *,
        is_from_type_hint: bool = False,
    ) -> None:
        for name, value, kind in (
            ("inputs", inputs, Schema),
            ("outputs", outputs, Schema),
            ("params", params, ParamSchema),
        ):
            if value is not None and not isinstance(value, kind):
                raise InvalidValueError(
                    f"{name} is a {type(value).__name__}; use a {kind.__name__}, or infer_signature(data)."
                )
        if inputs is None and outputs is None and params is None:
            raise InvalidValueError("A signature needs inputs, outputs or params.")
        self.inputs = inputs
        self.outputs = outputs
        self.params = params
        self.is_from_type_hint = is_from_type_hint

    def to_dict(self) -> dict[str, str | None]:
        """Return MLflow's form: three JSON texts or None."""
        return {name: None if part is None else part.to_json() for name, part in self._parts().items()}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> ModelSignature:
        """Return what MLflow's form says; raises ``InvalidValueError``."""
        inputs, outputs, params = (found.get(name) for name in ("inputs", "outputs", "params"))
        return cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            ParamSchema.from_json(params) if params else None,
        )

    def _parts(self) -> dict[str, Schema | ParamSchema | None]:
        return {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}

    def __eq__(self, other: object) -> bool:
        """Say whether both describe the same."""
        return isinstance(other, ModelSignature) and self._parts() == other._parts()

    def __hash__(self) -> int:
        """Let equal signatures be found in sets."""
        return hash(tuple(self.to_dict().values()))

    def __repr__(self) -> str:
        """Show the three parts."""
        return "".join(f"{name}: \n  {part!r}\n" for name, part in self._parts().items())


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: dict[str, Any] | None = None
) -> ModelSignature:
    """Return the signature that data shows.

    Parameters
    ----------
    model_input, model_output : DataFrame, Series, ndarray, sparse matrix, dict, list or scalar, optional
        What the model is given, and what it makes of it. Use data with missing values where such may come.
    params : dict, optional
        Params of predict with their defaults.

    Raises
    ------
    InvalidValueError
        Nothing was given, or params have no type in a signature. Data without one counts as AnyType, with a warning.
    """
    return ModelSignature(
        _schema_or_any(model_input, "input"),
        _schema_or_any(model_output, "output"),
        _params(params),
    )


def _schema_or_any(data: Any, what: str) -> Schema | None:
    if data is None:
        return None
    from nbtrack.models.infer import schema_of  # noqa: PLC0415 - needs pandas; reading a signature does not

    try:
        return schema_of(data)
    except Exception as error:  # noqa: BLE001 - data of any library; the model is kept all the same
        warn(f"No schema can be made out for the {what}, which will not be checked: {error}")
        return Schema([ColSpec(AnyType())])


def _params(params: dict[str, Any] | None) -> ParamSchema | None:
    if not params:
        return None
    from nbtrack.models.infer import params_of  # noqa: PLC0415

    return params_of(params)
