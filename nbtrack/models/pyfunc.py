"""``PyFuncModel``: any model behind one ``predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbtrack.models.mlmodel import MLmodel
    from nbtrack.models.schema import ParamSchema, Schema


class PyFuncModel:
    """A loaded model: what goes into :meth:`predict` is checked against its signature first.

    Parameters
    ----------
    metadata : MLmodel
        What its folder says.
    native : object
        The model of its library.
    predictor : callable
        ``predict(data, params)``.
    streamer : callable, optional
        ``predict_stream(data, params)``.
    folder : Path, optional
        Where it was loaded from.
    """

    def __init__(
        self,
        metadata: MLmodel,
        native: Any,
        predictor: Callable[[Any, dict[str, Any] | None], Any],
        *,
        streamer: Callable[[Any, dict[str, Any] | None], Iterator[Any]] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.metadata = metadata
        self._native = native
        self._predictor = predictor
        self._streamer = streamer
        self._folder = folder
        self._signature = metadata.get_signature()

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict.

        Parameters
        ----------
        data : DataFrame, Series, ndarray, sparse matrix, list, dict or scalar
            With a signature: missing columns are refused by name, further ones ignored, types cast where nothing is lost.
        params : dict, optional
            Params that the signature names; others are ignored with a warning.

        Raises
        ------
        InvalidValueError
            Data or params do not fit the signature.
        """
        return self.predict_enforced(*self.enforce(data, params))

    def predict_enforced(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict with what :meth:`enforce` gave: a server tells what does not fit from what the model cannot do."""
        return self._predictor(data, params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yield one prediction piece by piece; raises ``InvalidValueError`` for a model that cannot."""
        if self._streamer is None:
            raise InvalidValueError("This model does not stream: its class has no predict_stream. Use predict.")
        return self._streamer(*self.enforce(data, params))

    def enforce(self, data: Any, params: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any] | None]:
        """Return data and params as the signature wants them; raises ``InvalidValueError`` when they do not fit."""
        if self._signature is None:
            return data, params
        from nbtrack.models.enforce import enforce_params, enforce_schema  # noqa: PLC0415 - needs numpy and pandas

        wanted = self._signature
        if wanted.inputs is not None and not self.metadata.is_signature_from_type_hint:
            data = enforce_schema(data, wanted.inputs)
        return data, enforce_params(params, wanted.params)

    def unwrap_python_model(self) -> Any:
        """Return the ``PythonModel`` within; raises ``InvalidValueError`` for a model of another flavor."""
        model = getattr(self._native, "python_model", None)
        if model is None:
            raise InvalidValueError("This is no Python model; get_raw_model gives the model of its library.")
        return model

    def get_raw_model(self) -> Any:
        """Return the model of its library, such as a scikit-learn estimator."""
        return getattr(self._native, "python_model", self._native)

    @property
    def model_id(self) -> str | None:
        """Return ``m-<32 hex digits>`` of a logged model."""
        return self.metadata.model_id

    @property
    def model_config(self) -> dict[str, Any]:
        """Return the settings that were saved with the model."""
        return dict((self.metadata.pyfunc or {}).get("config") or {})

    @property
    def loader_module(self) -> str | None:
        """Return what MLflow imports to load the model."""
        return (self.metadata.pyfunc or {}).get("loader_module")

    @property
    def input_schema(self) -> Schema | None:
        """Return what the model takes."""
        return None if self._signature is None else self._signature.inputs

    @property
    def params_schema(self) -> ParamSchema | None:
        """Return the params that the model takes."""
        return None if self._signature is None else self._signature.params

    @property
    def input_example(self) -> Any:
        """Return the input example that was saved with the model; None when there is none."""
        if self._folder is None:
            return None
        from nbtrack.models.example import load_example  # noqa: PLC0415 - needs pandas

        return load_example(self._folder)

    @property
    def serving_example(self) -> str | None:
        """Return the input example as the body of a scoring request; None when there is none."""
        if self._folder is None:
            return None
        from nbtrack.models.example import load_serving_example  # noqa: PLC0415 - needs pandas

        return load_serving_example(self._folder)

    def __repr__(self) -> str:
        """Show where the model is from and who loads it."""
        made = self.metadata
        where = f"runs:/{made.run_id}/{made.artifact_path}" if made.run_id else made.model_uuid
        return f"<PyFuncModel {where} · {self.loader_module}>"
