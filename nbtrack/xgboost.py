"""XGBoost models: ``nbtrack.xgboost``, with MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from nbtrack.models.info import ModelInfo
    from nbtrack.models.signature import ModelSignature

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def save_model(
    xgb_model: Any,
    path: str | PathLike[str],
    *,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_format: Literal["ubj", "json", "xgb"] = "ubj",
) -> None:
    """Save an XGBoost model as a folder that nbtrack and MLflow load; loading runs no code of it.

    Parameters
    ----------
    xgb_model : Booster, XGBClassifier, XGBRegressor, …
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
    model_format : {"ubj", "json", "xgb"}
        XGBoost's own format for the file.

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError, MissingPackageError
        The model, or one of the others, is not what it should be.
    """
    from nbtrack.models.saving import save  # noqa: PLC0415 - only for those who save

    save(
        xgb_model,
        path,
        "xgboost",
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        conda_env=conda_env,
        code_paths=code_paths,
        metadata=metadata,
        model_format=model_format,
    )


def log_model(  # noqa: PLR0913, PLR0917 - MLflow's parameters, in its order where they may be given by position
    xgb_model: Any,
    name: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    model_format: Literal["ubj", "json", "xgb"] = "ubj",
    metadata: Mapping[str, Any] | None = None,
    *,
    artifact_path: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
) -> ModelInfo:
    """Save an XGBoost model into the active run; see :func:`save_model` and :func:`nbtrack.log_model`."""
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.log_model(
        xgb_model,
        name,
        flavor="xgboost",
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
        model_format=model_format,
    )


def load_model(
    model_uri: str | PathLike[str],
    dst_path: str | PathLike[str] | None = None,
    *,
    trust: bool | Iterable[str] = False,
) -> Any:
    """Load an XGBoost model.

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
        A Booster, or the class of XGBoost that was saved.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, StoreError
    """
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.load_native(model_uri, "xgboost", dst_path, trust=trust)


def autolog(  # noqa: PLR0913 - MLflow's options
    *,
    importance_types: Sequence[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    log_post_training_metrics: bool = True,
    registered_model_name: str | None = None,
    model_format: Literal["ubj", "json", "xgb"] = "ubj",
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record every training of XGBoost by itself; these options go before those of :func:`nbtrack.autolog`.

    Parameters
    ----------
    importance_types : sequence of str, optional
        Kinds of feature importance to keep: ``"weight"`` by default, or ``"gain"``, ``"cover"``, ``"total_gain"``, ``"total_cover"``.
    log_post_training_metrics : bool
        Log what ``model.score`` and the functions of ``sklearn.metrics`` find for an estimator, also after its run has ended.
    registered_model_name : str, optional
        As :func:`log_model` takes it, and `model_format`.
    """
    options = dict(locals())
    from nbtrack.autologging.switch import autolog_of  # noqa: PLC0415 - only for those who record by themselves

    autolog_of("xgboost", **options)
