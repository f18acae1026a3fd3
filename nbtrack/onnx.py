"""ONNX models: ``nbtrack.onnx``, with MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from nbtrack.models.info import ModelInfo
    from nbtrack.models.signature import ModelSignature

__all__ = ["load_model", "log_model", "save_model"]


def save_model(  # noqa: PLR0913 - MLflow's parameters, all but the first two by keyword
    onnx_model: Any,
    path: str | PathLike[str],
    *,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    onnx_execution_providers: Sequence[Any] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
) -> None:
    """Save an ONNX graph as a folder that nbtrack and MLflow load; loading runs no code of it.

    Parameters
    ----------
    onnx_model : onnx.ModelProto
    path : path
        A folder that does not exist yet, or is empty.
    signature : ModelSignature or False, optional
        What the model takes and gives; inferred from `input_example` by default.
    input_example : DataFrame, ndarray, dict, list or (data, params), optional
        A few rows, kept in the folder.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        All requirements; or those besides the inferred ones.
    conda_env : dict or path, optional
    code_paths : list of path, optional
        Files and folders of Python code that the model imports.
    metadata : mapping, optional
    onnx_execution_providers : list, optional
        What it runs on, best first; CUDA where it is, else the processor, by default.
    onnx_session_options : mapping, optional
        ``intra_op_num_threads``, ``inter_op_num_threads``, ``execution_mode``, ``graph_optimization_level``,
        ``extra_session_config``.
    save_as_external_data : bool
        Whether large tensors may be kept in files of their own.

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError, MissingPackageError
        The model, or one of the others, is not what it should be.
    """
    from nbtrack.models.saving import save  # noqa: PLC0415 - only for those who save

    save(
        onnx_model,
        path,
        "onnx",
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        conda_env=conda_env,
        code_paths=code_paths,
        metadata=metadata,
        onnx_execution_providers=onnx_execution_providers,
        onnx_session_options=onnx_session_options,
        save_as_external_data=save_as_external_data,
    )


def log_model(  # noqa: PLR0913, PLR0917 - MLflow's parameters, in its order where they may be given by position
    onnx_model: Any,
    name: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    onnx_execution_providers: Sequence[Any] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,  # noqa: FBT001, FBT002 - MLflow's
    *,
    artifact_path: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
) -> ModelInfo:
    """Save an ONNX graph into the active run; see :func:`save_model` and :func:`nbtrack.log_model`."""
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.log_model(
        onnx_model,
        name,
        flavor="onnx",
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
        onnx_execution_providers=onnx_execution_providers,
        onnx_session_options=onnx_session_options,
        save_as_external_data=save_as_external_data,
    )


def load_model(
    model_uri: str | PathLike[str],
    dst_path: str | PathLike[str] | None = None,
    *,
    trust: bool | Iterable[str] = False,
) -> Any:
    """Load an ONNX graph.

    Parameters
    ----------
    model_uri : str or path
        ``runs:/<run id>/<name>``, ``models:/m-…``, ``models:/<name>/3``, ``models:/<name>@champion``, or a folder.
    dst_path : path, optional
        Where to put its files; a temporary folder by default.
    trust : bool or names of types
        Whether code of a model that you did not log yourself may run. Without it such a model is refused, with a list of what it would run.

    Returns
    -------
    object
        The ``onnx.ModelProto``.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, StoreError
    """
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.load_native(model_uri, "onnx", dst_path, trust=trust)
