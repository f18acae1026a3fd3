"""Any model behind one ``predict``: ``nbtrack.pyfunc``, with MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.python_model import PythonModel, PythonModelContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from nbtrack.models.info import ModelInfo
    from nbtrack.models.signature import ModelSignature

__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "get_model_dependencies",
    "load_model",
    "log_model",
    "save_model",
    "spark_udf",
]


def save_model(  # noqa: PLR0913 - MLflow's parameters, all but the first two by keyword
    path: str | PathLike[str],
    python_model: PythonModel | Callable[..., Any] | str | PathLike[str] | None = None,
    *,
    loader_module: str | None = None,
    data_path: str | PathLike[str] | None = None,
    artifacts: Mapping[str, str | PathLike[str]] | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    model_config: Mapping[str, Any] | str | PathLike[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Save a Python model as a folder that nbtrack and MLflow load.

    Parameters
    ----------
    path : path
        A folder that does not exist yet, or is empty.
    python_model : PythonModel, function, or path of a ``.py`` file that calls ``nbtrack.models.set_model``
        A function is called with the input, and with `params` when it names them.
    loader_module, data_path : str and path, optional
        In place of `python_model`: a module whose ``_load_pyfunc(path)`` returns what has ``predict``, and the file or folder that it gets.
    artifacts : mapping of str to path or URI, optional
        Files and folders to copy in, also of a run (``runs:/…``) or another model (``models:/…``); ``context.artifacts[name]`` is the
        path of each when the model is loaded.
    signature : ModelSignature or False, optional
        That of the type hints of ``predict``, or inferred from `input_example`, by default.
    input_example : DataFrame, ndarray, dict, list or (data, params), optional
    pip_requirements, extra_pip_requirements : list of str or path, optional
        All requirements; or those besides the inferred ones.
    conda_env : dict or path, optional
    code_paths : list of path, optional
        Files and folders of Python code that the model imports.
    model_config : mapping or path of a YAML file, optional
        ``context.model_config``.
    metadata : mapping, optional

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError
    """
    import tempfile  # noqa: PLC0415 - only for those who save
    from pathlib import Path  # noqa: PLC0415

    from nbtrack.models.saving import save  # noqa: PLC0415
    from nbtrack.tracking.artifact_sources import at_hand  # noqa: PLC0415

    model, flavor, options = _chosen(python_model, loader_module, data_path, artifacts, model_config)
    with tempfile.TemporaryDirectory(prefix="nbtrack-") as work:
        if artifacts:
            options["artifacts"] = at_hand(artifacts, Path(work))
        save(
            model,
            path,
            flavor,
            signature=signature,
            input_example=input_example,
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            conda_env=conda_env,
            code_paths=code_paths,
            metadata=metadata,
            **options,
        )


def log_model(  # noqa: PLR0913, PLR0917 - MLflow's parameters, in its order where they may be given by position
    name: str | None = None,
    loader_module: str | None = None,
    data_path: str | PathLike[str] | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    infer_code_paths: bool = False,  # noqa: FBT001, FBT002 - MLflow's
    conda_env: Mapping[str, Any] | str | None = None,
    python_model: PythonModel | Callable[..., Any] | str | PathLike[str] | None = None,
    artifacts: Mapping[str, str | PathLike[str]] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | PathLike[str] | None = None,
    *,
    artifact_path: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
) -> ModelInfo:
    """Save a Python model into the active run; see :func:`save_model` and :func:`nbtrack.log_model` for parameters and errors."""
    from nbtrack.tracking import models  # noqa: PLC0415

    model, flavor, options = _chosen(python_model, loader_module, data_path, artifacts, model_config)
    if infer_code_paths:
        raise _refused(
            "infer_code_paths is not known here; a warning names modules that are only on this machine, for code_paths."
        )
    return models.log_model(
        model,
        name,
        flavor=flavor,
        artifact_path=artifact_path,
        signature=signature,
        input_example=input_example,
        registered_model_name=registered_model_name,
        await_registration_for=await_registration_for,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        conda_env=conda_env,
        code_paths=code_paths,
        metadata=metadata,
        params=params,
        tags=tags,
        run_id=run_id,
        model_type=model_type,
        step=step,
        model_id=model_id,
        **options,
    )


def load_model(
    model_uri: str | PathLike[str],
    dst_path: str | PathLike[str] | None = None,
    *,
    suppress_warnings: bool = False,  # noqa: ARG001 - MLflow's; nothing is said here that could be left out
    model_config: Mapping[str, Any] | str | PathLike[str] | None = None,
    trust: bool | Iterable[str] = False,
) -> PyFuncModel:
    """Load any model that can predict.

    Parameters
    ----------
    model_uri : str or path
        ``runs:/<run id>/<name>``, ``models:/m-…``, ``models:/<name>/3``, ``models:/<name>@champion``, or a folder.
    dst_path : path, optional
        Where to put its files; a temporary folder by default.
    model_config : mapping or path, optional
        Settings that overrule the saved ones.
    trust : bool or names of types
        Whether code of a model that you did not log yourself may run. Without it such a model is refused, with a list of what it would run.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, StoreError
    """
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.load_pyfunc(model_uri, dst_path, model_config=model_config, trust=trust)


def get_model_dependencies(model_uri: str | PathLike[str], format: Literal["pip", "conda"] = "pip") -> str:  # noqa: A002 - MLflow's name
    """Return the path of the file that says what a model needs: ``requirements.txt``, or ``conda.yaml`` for ``format="conda"``."""
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.get_model_dependencies(model_uri, format)


def spark_udf(
    spark: Any, model_uri: str | PathLike[str], result_type: Any = None, **options: Any
) -> Callable[..., Any]:
    """Return a function of Spark columns that predicts on the executors; see :func:`nbtrack.models.spark_udf`."""
    from nbtrack.serving import spark as room  # noqa: PLC0415

    return room.spark_udf(spark, model_uri, result_type, **options)


def _chosen(
    python_model: Any, loader_module: str | None, data_path: Any, artifacts: Any, model_config: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """Return the model, its flavor and the flavor's options: a Python model, or data with the module that loads them."""
    if loader_module is None and data_path is None:
        return _given(python_model), "pyfunc", {"artifacts": artifacts, "model_config": model_config}
    if python_model is not None or artifacts or model_config:
        raise _refused(
            "loader_module and data_path stand alone; python_model, artifacts and model_config are of the other way."
        )
    if loader_module is None:
        raise _refused("data_path is given without loader_module, the module whose _load_pyfunc(path) loads it.")
    from nbtrack.models.flavors.loader import Loader  # noqa: PLC0415

    return data_path, Loader(loader_module), {}


def _refused(message: str) -> Exception:
    from nbtrack.errors import InvalidValueError  # noqa: PLC0415

    return InvalidValueError(message)


def _given(python_model: Any) -> Any:
    if python_model is None:
        raise _refused(
            "python_model is missing; give a PythonModel, a function, or the path of a .py file that calls nbtrack.models.set_model."
        )
    return str(python_model) if hasattr(python_model, "__fspath__") else python_model
