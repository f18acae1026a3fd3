"""What stands for MLflow's own classes when a model that MLflow pickled is loaded where MLflow is not installed."""

from __future__ import annotations

from typing import Any, NamedTuple

from nbtrack.models.python_model import FunctionModel, PythonModel, PythonModelContext, TypeHints


class TheirFunction(FunctionModel):
    """A plain function as MLflow keeps it: under another name."""

    @property
    def function(self) -> Any:
        """Return the function."""
        return vars(self)["func"]


class FuncInfo(NamedTuple):
    """What MLflow keeps of the type hint of a predict method."""

    input_type_hint: Any
    input_param_name: str


def unchanged(args: Any, kwargs: Any, *_: Any) -> tuple[Any, Any]:
    """Return arguments as they are: the type hint has been seen to before predict was called."""
    return args, kwargs


THEIRS: dict[tuple[str, str], Any] = {
    ("mlflow.exceptions", "MlflowException"): Exception,
    ("mlflow.models.signature", "_TypeHints"): TypeHints,
    ("mlflow.pyfunc", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "PythonModelContext"): PythonModelContext,
    ("mlflow.pyfunc.model", "_FunctionPythonModel"): TheirFunction,
    ("mlflow.pyfunc.utils.data_validation", "FuncInfo"): FuncInfo,
    ("mlflow.pyfunc.utils.data_validation", "_validate_model_input"): unchanged,
}
