"""``log_model``, and models loaded and looked at by their URI."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nbtrack import config
from nbtrack.artifacts.kinds import mime_of
from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.archive import is_archive
from nbtrack.models.folder import check_relative, files_of, inside
from nbtrack.models.info import ModelInfo
from nbtrack.models.mlmodel import FILE, MLmodel
from nbtrack.models.saving import save
from nbtrack.models.trust import Trust
from nbtrack.models.yaml_text import MAX_BYTES, read_yaml
from nbtrack.tracking import active, fluent, logged_models, model_turns, seals
from nbtrack.tracking.downloads import walk
from nbtrack.tracking.model_files import Fetched, Place, fetch, known_files, locate
from nbtrack.tracking.starting import start_run

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from nbtrack.artifacts.remote.uri import RemoteUri
    from nbtrack.models.flavors import Flavor
    from nbtrack.models.pyfunc import PyFuncModel
    from nbtrack.models.signature import ModelSignature
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.run import ActiveRun

DEFAULT_NAME = "model"
MAX_AT_ONCE = 8


# -- logging -------------------------------------------------------------------------------------------------------------


def log_model(  # noqa: PLR0913 - MLflow's parameters, all but two by keyword
    model: Any,
    name: str | None = None,
    *,
    flavor: str | Flavor | None = None,
    artifact_path: str | None = None,
    run_id: str | None = None,
    registered_model_name: str | None = None,
    await_registration_for: int | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    **saving: Any,
) -> ModelInfo:
    """Save a model of any known library into the active run, and return where it is.

    Parameters
    ----------
    model : object
        A scikit-learn, XGBoost, LightGBM, PyTorch, ONNX or statsmodels model, a ``PythonModel``, a function, or the path of a Python file.
    name : str, optional
        Folder of the model in the run, ``"model"`` by default; `artifact_path` is its older name in MLflow.
    flavor : str, optional
        ``"sklearn"``, …; the one that knows the model by default.
    run_id : str, optional
        Another run than the active one. Without any, a run is opened for the model and ended.
    registered_model_name : str, optional
        Register it under this name as well.
    await_registration_for : int, optional
        For calls written for MLflow; registering takes no time here.
    params, tags : mapping, optional
        Of the model, as texts; kept with it in the store (MLflow's clients show them) and in the returned info, not in its files.
    model_type : str, optional
        What kind of model it is, in your own words; searches of models find it.
    step : int
        Of the training, for a model that is logged again and again.
    model_id : None
        For calls written for MLflow; here every model gets an id of its own.
    **saving
        `signature`, `input_example`, `pip_requirements`, `extra_pip_requirements`, `code_paths`, `metadata`, and what the flavor takes.

    Returns
    -------
    ModelInfo
        Its `model_uri` is what ``load_model`` takes.

    Raises
    ------
    InvalidValueError, NotFoundError, MissingPackageError
        The model cannot be saved. Unlike other ``log_`` verbs this one raises: the model is what a training is for.
    """
    del await_registration_for
    if model_id is not None:
        raise InvalidValueError("model_id is given out by log_model, as info.model_id; leave it out.")
    path = check_relative(name or artifact_path or DEFAULT_NAME, "Name of the model")
    with _run_of(run_id) as run, tempfile.TemporaryDirectory(prefix="nbtrack-") as work:
        about = {"run_id": run.id, "artifact_path": path, "model_id": f"m-{uuid4().hex}"}
        if saving.get("artifacts"):
            from nbtrack.tracking.artifact_sources import at_hand  # noqa: PLC0415 - only for models with files

            saving["artifacts"] = at_hand(saving["artifacts"], Path(work) / "artifacts")
        mlmodel = save(model, Path(work) / "model", flavor, about=about, **saving)
        more: dict[str, Any] = {"params": _texts(params), "tags": _texts(tags)}
        _store(run, Path(work) / "model", mlmodel, more["params"], more["tags"], model_type)
        if step:
            run.store.append(logged_models.made_at(run.id, about["model_id"], step))
        if registered_model_name is not None:
            uri = f"runs:/{run.id}/{path}"
            version = import_module("nbtrack.tracking.registered").register_model(uri, registered_model_name)
            more |= {"registered_model_name": registered_model_name, "registered_model_version": int(version.version)}
    return ModelInfo.of(f"runs:/{run.id}/{path}", mlmodel, **more)


@contextmanager
def _run_of(run_id: str | None) -> Iterator[ActiveRun]:
    """Give the run to log into; one that is opened for the model is ended with it."""
    if run_id is not None:
        yield fluent._target(run_id)  # noqa: SLF001 - the same floor's way of finding a run
        return
    if active.current_run() is not None or config.inherited_run_id():
        yield fluent._run()  # noqa: SLF001
        return
    with start_run() as run:
        yield run


def _store(
    run: ActiveRun,
    folder: Path,
    mlmodel: MLmodel,
    params: Mapping[str, str],
    model_tags: Mapping[str, str],
    model_type: str | None = None,
) -> None:
    """Put a model's files into a run: all records in one go, so that nobody sees a part of it.

    What this process has logged into a run of its own is known without a look at the store.
    """
    path = str(mlmodel.artifact_path)
    records: list[Any] = []
    logged: list[tuple[str, str]] = []
    files = list(files_of(folder))
    with ThreadPoolExecutor(MAX_AT_ONCE) as pool:  # each waits for the disk twice; together they wait once
        blobs = list(pool.map(run.store.blobs.put_file, files))
    for file, blob in zip(files, blobs, strict=True):
        name = file.relative_to(folder).as_posix()
        body = {"path": f"{path}/{name}", "sha256": blob.sha256, "size": blob.size, "mime": mime_of(name)}
        records.append(("artifact", run.id, None, body))
        logged.append((name, blob.sha256))
    model = logged_models.record(mlmodel, logged, params, model_tags, model_type)
    is_own = run._leads() and not run._is_resumed  # noqa: SLF001 - asked on the same floor
    with model_turns.turn(run.store, run.id, is_own=is_own) as has_others:
        history = logged_models.history_of(run.store, run.id) if has_others else run.tags.get(logged_models.HISTORY)
        old = logged_models.at(run.store, run.id, path) if logged_models.has_name(history, path) else None
        tags = {logged_models.HISTORY: logged_models.with_entry(history, mlmodel)}
        aside = _put_aside(run.store, old) if old else []
        run.store.append(*aside, *records, model, ("tags", run.id, tags, None))
        run.tags.update(tags)


def _put_aside(store: Store, old: logged_models.LoggedModel) -> list[Any]:
    """Return the records that keep an older model of the same name under its id; no file is copied."""
    kept = f"{logged_models.KEPT}/{old.model_id}"
    records: list[Any] = []
    for info in walk(store, old.run_id, old.path):
        gone = {"path": info.path, "sha256": None, "size": 0, "mime": None}
        new = {
            "path": kept + info.path[len(old.path) :],
            "sha256": info.sha256,
            "size": info.file_size,
            "mime": info.mime,
        }
        records += [("artifact", old.run_id, None, new), ("artifact", old.run_id, None, gone)]
    return [*records, logged_models.moved(old, kept)]


def _texts(items: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (items or {}).items()}


# -- loading -------------------------------------------------------------------------------------------------------------


def load_native(
    model_uri: str | os.PathLike[str],
    flavor: str,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trust: bool | Iterable[str] = False,
) -> Any:
    """Return the model of a library, such as a scikit-learn estimator: what ``nbtrack.<flavor>.load_model`` does."""
    from nbtrack.models import loading  # noqa: PLC0415

    found = fetch(model_uri, dst_path, trust=trust)
    try:
        return loading.load_native(found.folder, flavor, found.trust)
    finally:
        _leave(found)


def load_pyfunc(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    trust: bool | Iterable[str] = False,
) -> PyFuncModel:
    """Return any model that can predict; its files stay on this machine as long as it is in use."""
    import weakref  # noqa: PLC0415

    from nbtrack.models import loading  # noqa: PLC0415
    from nbtrack.models.config import read_config  # noqa: PLC0415

    found = fetch(model_uri, dst_path, trust=trust)
    try:
        model = loading.load_pyfunc(found.folder, found.trust, read_config(model_config))
    except BaseException:
        found.close()
        raise
    weakref.finalize(model, found.close)
    return model


def _leave(found: Fetched) -> None:
    """Take a native model's files away, unless it brought code along, from which more may be imported later."""
    from nbtrack.models.loading import has_code_on_path  # noqa: PLC0415

    if found.temporary is not None and has_code_on_path(found.folder):
        import atexit  # noqa: PLC0415

        atexit.register(found.close)
    else:
        found.close()


# -- looking -------------------------------------------------------------------------------------------------------------


def get_model_info(model_uri: str | os.PathLike[str]) -> ModelInfo:
    """Return what a model says of itself; of its files only ``MLmodel`` is read.

    Raises
    ------
    NotFoundError, InvalidValueError
    """
    place = locate(model_uri)
    if place.remote is not None:
        return ModelInfo.of(str(model_uri), MLmodel.from_yaml(_mlmodel_of(place.remote)))
    if place.local is not None:
        found = fetch(model_uri) if is_archive(place.local) else Fetched(place.local, Trust())
        try:
            return ModelInfo.of(str(model_uri), MLmodel.load(found.folder))
        finally:
            found.close()
    assert place.store is not None
    file = place.store.artifact_file(place.run_id, f"{place.path}/{FILE}")
    return ModelInfo.of(str(model_uri), MLmodel.from_dict(read_yaml(file, FILE)))


def _mlmodel_of(remote: RemoteUri) -> str:
    found = RemoteStore(remote).get(FILE, 0, MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise InvalidValueError(f"{FILE} in {remote} has more than {MAX_BYTES >> 20} MiB; that is no {FILE} file.")
    return found.decode("utf-8")


def get_model_dependencies(model_uri: str | os.PathLike[str], kind: str = "pip") -> str:
    """Return the path of a copy of ``requirements.txt``, or of ``conda.yaml``, that lasts until this process ends."""
    import atexit  # noqa: PLC0415

    from nbtrack.models.environment import CONDA, REQUIREMENTS  # noqa: PLC0415

    if kind not in ("pip", "conda"):
        raise InvalidValueError(f"format is {kind!r}; use 'pip' or 'conda'.")
    found = fetch(model_uri)
    atexit.register(found.close)
    file = found.folder / (REQUIREMENTS if kind == "pip" else CONDA)
    if not file.is_file():
        raise NotFoundError("File", file.name, where=f"model {model_uri}")
    inside(found.folder, file.name, "File")
    return str(file)


def validate_serving_input(
    model_uri: str | os.PathLike[str], serving_input: str | dict[str, Any], *, trust: bool | Iterable[str] = False
) -> Any:
    """Load a model, read a request as its server would, and return the prediction.

    Parameters
    ----------
    model_uri : str or path
    serving_input : str or dict
        The JSON body of a request, such as ``{"dataframe_split": {"columns": ["x"], "data": [[1.0]]}}``.

    Raises
    ------
    InvalidValueError
        The request cannot be read or does not fit the signature.
    """
    from nbtrack.models.scoring_input import read_json  # noqa: PLC0415 - needs pandas

    model = load_pyfunc(model_uri, trust=trust)
    found = read_json(serving_input, model.metadata.get_signature())
    return model.predict(found.data, found.params)


def set_signature(model_uri: str | os.PathLike[str], signature: ModelSignature) -> None:
    """Give a logged or saved model another signature; its other files stay as they are."""
    place = locate(model_uri)
    if place.local is not None:
        mlmodel = MLmodel.load(place.local)
        mlmodel.signature = signature.to_dict()
        mlmodel.save(place.local)
        return
    if place.remote is not None:
        store, mlmodel = RemoteStore(place.remote), MLmodel.from_yaml(_mlmodel_of(place.remote))
        mlmodel.signature = signature.to_dict()
        store.put(FILE, mlmodel.to_yaml().encode())
        return
    assert place.store is not None
    path = f"{place.path}/{FILE}"
    mlmodel = MLmodel.from_dict(read_yaml(place.store.artifact_file(place.run_id, path), FILE))
    mlmodel.signature = signature.to_dict()
    _replace_mlmodel(place, mlmodel.to_yaml().encode())


def _replace_mlmodel(place: Place, data: bytes) -> None:
    """Exchange the description of a logged model; a model of this user's stays one."""
    assert place.store is not None
    files, is_ours = known_files(place.store, place.run_id, place.path)
    place.store.add_artifact(place.run_id, f"{place.path}/{FILE}", data)
    model = logged_models.at(place.store, place.run_id, place.path)
    if is_ours and model is not None:
        sealed = [(name, sha256) for name, sha256 in files if name != FILE] + [(FILE, hashlib.sha256(data).hexdigest())]
        place.store.append(logged_models.moved(model, place.path, seals.seal(place.run_id, model.model_id, sealed)))
