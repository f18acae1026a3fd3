"""Models written in Python: what their authors subclass. This module travels in their pickles, so it needs nothing but Python.

Cloudpickle writes its classes by value (see ``nbtrack.models.flavors.pyfunc``), so that a model can be loaded without nbtrack.
"""

from __future__ import annotations

import inspect
from typing import Any


class TypeHints:
    """What the hints of a predict method say of its input and output; a plain class, as a pickle of it is short."""

    def __init__(self, input: Any = None, output: Any = None) -> None:  # noqa: A002 - the name that MLflow asks for
        self.input = input
        self.output = output


class PythonModelContext:
    """What a model is given when it is loaded: its files and its settings.

    Attributes
    ----------
    artifacts : dict of str
        Path of each file or folder by the name under which it was saved.
    model_config : dict
        Settings, as saved and overruled by ``load_model(…, model_config=…)``.
    """

    def __init__(self, artifacts: dict[str, str], model_config: dict[str, Any] | None = None) -> None:
        self.artifacts = artifacts
        self.model_config = model_config or {}


class PythonModel:
    """A model of your own: subclass it and write ``predict``.

    ``predict(self, context, model_input, params=None)``, or without `context`, or without `params`: what it does not name it is not given.
    """

    def load_context(self, context: Any) -> None:
        """Prepare for predicting: open the files in ``context.artifacts``; called once, when the model is loaded."""

    def predict(self, *context_and_input: Any, **params: Any) -> Any:
        """Return predictions: ``predict(self, context, model_input, params=None)``; overwrite it."""
        raise NotImplementedError

    def predict_stream(self, *context_and_input: Any, **params: Any) -> Any:
        """Yield one prediction piece by piece; overwrite it when the model can."""
        message = "this model has no predict_stream"
        raise NotImplementedError(message)

    @property
    def predict_type_hints(self) -> TypeHints:
        """Return the type hints of ``predict``; MLflow asks for them."""
        return hints_of(type(self).predict)


class FunctionModel(PythonModel):
    """A plain function as a model: ``predict(model_input)``, or ``predict(model_input, params)``."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Call the function."""
        if "params" in inspect.signature(self.function).parameters:
            return self.function(model_input, params=params)
        return self.function(model_input)

    @property
    def predict_type_hints(self) -> TypeHints:
        """Return the type hints of the function."""
        return hints_of(self.function)


def hints_of(function: Any) -> TypeHints:
    """Return the hints of a predict function's input and output; None where there is none, or it cannot be made out."""
    import typing  # noqa: PLC0415 - the module above is not there when this was unpickled by value

    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - names that exist for type checkers only
        return TypeHints()
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "context", "params")]
    return TypeHints(hints.get(names[0]) if names else None, hints.get("return"))


def call(method: Any, context: Any, model_input: Any, params: Any) -> Any:
    """Call predict or predict_stream with what it names: `context`, the input, `params`."""
    names = inspect.signature(method).parameters
    further = {"params": params} if "params" in names else {}
    takes_context = "context" in names or len([n for n in names if n not in ("self", "params")]) > 1
    return method(context, model_input, **further) if takes_context else method(model_input, **further)
