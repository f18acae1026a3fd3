"""scikit-learn models: ``nbtrack.sklearn``, with MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from nbtrack.models.info import ModelInfo
    from nbtrack.models.signature import ModelSignature

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def save_model(  # noqa: PLR0913 - MLflow's parameters, all but the first two by keyword
    sk_model: Any,
    path: str | PathLike[str],
    *,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    serialization_format: Literal["skops", "cloudpickle", "pickle"] | None = None,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: Sequence[str] | None = None,
) -> None:
    """Save an estimator or pipeline as a folder that nbtrack and MLflow load.

    Parameters
    ----------
    sk_model : estimator
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
    serialization_format : {"skops", "cloudpickle", "pickle"}, optional
        skops by default, whose loading runs no code; cloudpickle for what skops cannot take, with a warning that
        says why. Forests and boosted trees are always cloudpickle, without a warning: trees of a forged skops file
        could bring the process down.
    pyfunc_predict_fn : str
        The method that ``nbtrack.pyfunc`` predicts with, such as ``"predict_proba"``.
    skops_trusted_types : list of str, optional
        Dotted names of types that skops may hold besides those that it trusts; whoever loads the folder elsewhere
        names them in `trust`.

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError, MissingPackageError
        The model, or one of the others, is not what it should be.
    """
    from nbtrack.models.saving import save  # noqa: PLC0415 - only for those who save

    save(
        sk_model,
        path,
        "sklearn",
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        conda_env=conda_env,
        code_paths=code_paths,
        metadata=metadata,
        serialization_format=serialization_format,
        pyfunc_predict_fn=pyfunc_predict_fn,
        skops_trusted_types=skops_trusted_types,
    )


def log_model(  # noqa: PLR0913, PLR0917 - MLflow's parameters, in its order where they may be given by position
    sk_model: Any,
    name: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | PathLike[str]] | None = None,
    serialization_format: Literal["skops", "cloudpickle", "pickle"] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    await_registration_for: int | None = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    *,
    artifact_path: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
) -> ModelInfo:
    """Save a scikit-learn estimator or pipeline into the active run; see :func:`save_model` and :func:`nbtrack.log_model`."""
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.log_model(
        sk_model,
        name,
        flavor="sklearn",
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
        serialization_format=serialization_format,
        pyfunc_predict_fn=pyfunc_predict_fn,
        skops_trusted_types=skops_trusted_types,
    )


def load_model(
    model_uri: str | PathLike[str],
    dst_path: str | PathLike[str] | None = None,
    *,
    trust: bool | Iterable[str] = False,
) -> Any:
    """Load a scikit-learn estimator or pipeline.

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
        The estimator.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, StoreError
    """
    from nbtrack.tracking import models  # noqa: PLC0415

    return models.load_native(model_uri, "sklearn", dst_path, trust=trust)


def autolog(  # noqa: PLR0913 - MLflow's options
    *,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: Literal["skops", "cloudpickle", "pickle"] | None = None,
    registered_model_name: str | None = None,
    pos_label: Any = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record every ``fit`` of scikit-learn by itself; these options go before those of :func:`nbtrack.autolog`, which tells of the others.

    Parameters
    ----------
    max_tuning_runs : int or None
        Of a search so many candidates become child runs, the best ones; None keeps all.
    log_post_training_metrics : bool
        Log what ``model.score`` and the functions of ``sklearn.metrics`` find for predictions of the model, also after its run has ended.
    serialization_format, registered_model_name : optional
        As :func:`log_model` takes them.
    pos_label : object
        Of two classes the one that precision, recall and F1 are of; weighted by class by default.
    """
    options = dict(locals())
    from nbtrack.autologging.switch import autolog_of  # noqa: PLC0415 - only for those who record by themselves

    autolog_of("sklearn", **options)
