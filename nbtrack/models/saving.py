"""Writes a whole model folder: the flavor's files, code, example, signature, requirements, ``MLmodel``."""

from __future__ import annotations

import copy
import platform
from typing import TYPE_CHECKING, Any, Literal

from nbtrack.errors import InvalidValueError, warn
from nbtrack.models import environment, requirements
from nbtrack.models.flavors import Flavor, Saved, flavor, flavor_of
from nbtrack.models.folder import copy_in, new_folder, size_of
from nbtrack.models.mlmodel import PYFUNC, MLmodel
from nbtrack.models.trust import Trust

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nbtrack.models.example import Example
    from nbtrack.models.signature import ModelSignature

CODE = "code"


def save(  # noqa: PLR0913 - MLflow's parameters, all by keyword
    model: Any,
    path: str | os.PathLike[str],
    flavor_name: str | Flavor | None = None,
    *,
    signature: ModelSignature | Literal[False] | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str | os.PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
    **options: Any,
) -> MLmodel:
    """Write a model folder that nbtrack and MLflow can load; complete or not at all.

    Parameters
    ----------
    model : object
        What the flavor saves.
    path : path-like
        A folder that does not exist yet, or is empty.
    flavor_name : str or Flavor, optional
        ``"sklearn"``, …; the one that claims the model by default.
    signature : ModelSignature or False, optional
        What the model takes and gives; inferred from `input_example` and a prediction when not given, and not at all when False.
    input_example : DataFrame, ndarray, dict, list, sparse matrix, or a tuple (data, params), optional
        Kept in the folder.
    pip_requirements, extra_pip_requirements : list of str or path of a file, optional
        All requirements, or what is needed besides those that are inferred.
    conda_env : dict or path of a YAML file, optional
        Kept as ``conda.yaml``; its pip part gives the requirements.
    code_paths : sequence of path-like, optional
        Files and folders with Python code that are put on the path before the model is loaded.
    metadata : mapping, optional
        Kept in ``MLmodel``.
    about : mapping, optional
        ``run_id``, ``artifact_path``, ``model_id`` of a model that is logged.
    **options
        For the flavor.

    Raises
    ------
    AlreadyExistsError
        There is something at `path`.
    InvalidValueError, NotFoundError, MissingPackageError
    """
    chosen = flavor(flavor_name) if isinstance(flavor_name, str) else flavor_name or flavor_of(model)
    with new_folder(path) as work:
        code = _copy_code(code_paths, work)
        saved = chosen.save(model, work, **options)
        mlmodel = MLmodel.new(**(about or {}), metadata=None if metadata is None else dict(metadata))
        mlmodel.flavors = _flavors(chosen, saved, code)
        _describe(chosen, saved, model, work, mlmodel, signature, input_example)
        lines, constraints, conda = requirements.resolve(
            work,
            mlmodel,
            [*chosen.packages, *saved.roots],
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            conda_env=conda_env,
        )
        environment.write(work, lines, constraints=constraints, conda=conda)
        mlmodel.model_size_bytes = size_of(work)
        mlmodel.save(work)
    return mlmodel


def _flavors(chosen: Flavor, saved: Saved, code: str | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if saved.conf is not None:
        found[chosen.name] = {**saved.conf, "code": code}
    if saved.pyfunc is not None:
        env = {"conda": environment.CONDA, "virtualenv": environment.PYTHON_ENV}
        common = {"loader_module": chosen.loader_module, "env": env, "python_version": platform.python_version()}
        found[PYFUNC] = {**common, **saved.pyfunc, **({"code": code} if code else {})}
    return found


def _copy_code(code_paths: Sequence[str | os.PathLike[str]] | None, work: Path) -> str | None:
    from pathlib import Path  # noqa: PLC0415 - here only for annotations elsewhere

    if isinstance(code_paths, (str, bytes)):
        raise InvalidValueError(f"code_paths is the text {code_paths!r}; give a list, such as [{code_paths!r}].")
    for path in code_paths or ():
        copy_in(path, work / CODE / Path(path).resolve().name)
    return CODE if code_paths else None


def _describe(
    chosen: Flavor,
    saved: Saved,
    model: Any,
    work: Path,
    mlmodel: MLmodel,
    signature: ModelSignature | Literal[False] | None,
    input_example: Any,
) -> None:
    """Write the example and put the signature into `mlmodel`: the one of the type hints, the given one, or an inferred one."""
    found = None
    if input_example is not None:
        from nbtrack.models.example import Example  # noqa: PLC0415 - needs pandas

        found = Example.of(input_example)
        mlmodel.saved_input_example_info = found.write(work)
    if signature is None:
        signature = getattr(chosen, "signature_of", lambda _: None)(model)
        if signature and found and found.params:
            from nbtrack.models.infer import params_of  # noqa: PLC0415

            signature.params = params_of(found.params)
        elif found:
            signature = signature or _inferred(chosen, saved, model, work, found)
    _sign(mlmodel, signature or None)


def _sign(mlmodel: MLmodel, signature: Any) -> None:
    if signature is None:
        return
    from nbtrack.models.signature import ModelSignature  # noqa: PLC0415 - needs numpy

    if type(signature).__name__ == "ModelSignature" and not isinstance(signature, ModelSignature):  # that of MLflow
        signature = ModelSignature.from_dict(signature.to_dict())
    if not isinstance(signature, ModelSignature):
        raise InvalidValueError(
            f"signature is a {type(signature).__name__}; use infer_signature(data, predictions), or False for none."
        )
    mlmodel.signature = signature.to_dict()
    mlmodel.is_signature_from_type_hint = signature.is_from_type_hint


def _inferred(chosen: Flavor, saved: Saved, model: Any, work: Path, example: Example) -> ModelSignature | None:
    """Return the signature of an example and what the model makes of it; None, with a warning, when it cannot predict."""
    from nbtrack.models.signature import infer_signature  # noqa: PLC0415

    if saved.pyfunc is None:
        return infer_signature(example.data, None, example.params)
    try:
        native = model
        if getattr(chosen, "is_read_back", False):
            native = chosen.load(work, saved.conf or saved.pyfunc, Trust(everything=True))
        predict = chosen.predictor(native, saved.conf or {}, saved.pyfunc)
        output = predict(copy.deepcopy(example.data), example.params)
        return infer_signature(example.data, output, example.params)
    except Exception as error:  # noqa: BLE001 - a model that cannot predict now can still be kept
        warn(f"No signature was inferred: predicting for the input example failed with {type(error).__name__}: {error}")
        return None
