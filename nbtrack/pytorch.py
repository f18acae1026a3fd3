"""PyTorch models: ``nbtrack.pytorch``, with MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from nbtrack.models.info import ModelInfo
    from nbtrack.models.signature import ModelSignature

__all__ = ["load_model", "log_model", "save_model"]


def save_model(
    pytorch_model: Any,
    path: str | PathLike[str],
    *,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    serialization_format: Literal["pickle", "pt2"] | None = None,
) -> None:
    """Save a PyTorch model as a folder that nbtrack and MLflow load.

    Parameters
    ----------
    pytorch_model : torch.nn.Module, scripted or not, or torch.export.ExportedProgram
    path : path
        A folder that does not exist yet, or is empty.
    signature : ModelSignature or False, optional
        What the model takes and gives; inferred from `input_example` by default.
    input_example : tensor, DataFrame, ndarray or (data, params), optional
        A few rows, kept in the folder.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        All requirements; or those besides the inferred ones.
    conda_env : dict or path, optional
    code_paths : list of path, optional
        Files and folders of Python code that the model imports.
    metadata : mapping, optional
    serialization_format : {"pickle", "pt2"}, optional
        pickle by default: classes of the notebook are taken along. pt2 traces the graph with `input_example` and
        needs no class when it is loaded.

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError, MissingPackageError
        The model, or one of the others, is not what it should be.
    """
    from nbtrack.models.saving import save  # noqa: PLC0415 - only for those who save

    save(
        pytorch_model,
        path,
        "pytorch",
        signature=signature,
        input_example=_as_array(input_example),
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        conda_env=conda_env,
        code_paths=code_paths,
        metadata=metadata,
        serialization_format=serialization_format,
        **_traced(serialization_format, input_example),
    )


def log_model(  # noqa: PLR0913 - MLflow's parameters, in its order where they may be given by position
    pytorch_model: Any,
    name: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    *,
    artifact_path: str | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    registered_model_name: str | None = None,
    await_registration_for: int | None = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    serialization_format: Literal["pickle", "pt2"] | None = None,
) -> ModelInfo:
    """Save a PyTorch model into the active run; see :func:`save_model` and :func:`nbtrack.log_model`."""
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.log_model(
        pytorch_model,
        name,
        flavor="pytorch",
        artifact_path=artifact_path,
        signature=signature,
        input_example=_as_array(input_example),
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
        serialization_format=serialization_format,
        **_traced(serialization_format, input_example),
    )


def load_model(
    model_uri: str | PathLike[str],
    dst_path: str | PathLike[str] | None = None,
    *,
    map_location: Any = None,
    trust: bool | Iterable[str] = False,
) -> Any:
    """Load a PyTorch model.

    Parameters
    ----------
    model_uri : str or path
        ``runs:/<run id>/<name>``, ``models:/m-…``, ``models:/<name>/3``, ``models:/<name>@champion``, or a folder.
    dst_path : path, optional
        Where to put its files; a temporary folder by default.
    map_location : str or torch.device, optional
        Where the module is to be, such as ``"cpu"`` or ``"cuda:1"``.
    trust : bool or names of types
        Whether code of a model that you did not log yourself may run. Without it such a model is refused, with a list of what it would run.

    Returns
    -------
    object
        The module, ready to predict.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, StoreError
    """
    from nbtrack.tracking import models  # noqa: PLC0415

    model = models.load_native(model_uri, "pytorch", dst_path, trust=trust)
    return model if map_location is None else model.to(map_location)


def _traced(serialization_format: str | None, input_example: Any) -> dict[str, Any]:
    """Return the option by which the flavor gets what a graph is traced with: the data of the example."""
    if serialization_format != "pt2":
        return {}
    return {
        "example": input_example[0]
        if isinstance(input_example, tuple) and isinstance(input_example[1], dict)
        else input_example
    }


def _as_array(example: Any) -> Any:
    """Return a tensor as an array, also one with params beside it; the rest as it is."""
    if isinstance(example, tuple):
        return tuple(_as_array(one) for one in example)
    return example.detach().cpu().numpy() if hasattr(example, "detach") else example
