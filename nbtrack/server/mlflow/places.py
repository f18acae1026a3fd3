"""Where an address of the artifact proxy leads: into the files of a run, or of a model, and never anywhere else.

Addresses are ``<experiment>/<run id>/artifacts/<path>`` and ``<experiment>/models/<model id>/artifacts/<path>``. The path is a name in a
table, not one of the file system: contents are kept by their checksum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import check_artifact_path, fully_decoded
from nbtrack.server.mlflow.desk import PROXY
from nbtrack.server.mlflow.errors import RestError
from nbtrack.tracking import logged_models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.server.mlflow.desk import Desk
    from nbtrack.server.mlflow.known import KnownFile, KnownRun
    from nbtrack.tracking.logged_models import LoggedModel

_RUN = re.compile(r"(?P<experiment>\d{1,18})/(?P<id>[0-9a-f]{32})/artifacts(?:/(?P<path>.*))?", re.DOTALL)
_MODEL = re.compile(r"(?P<experiment>\d{1,18})/models/(?P<id>m-[0-9a-f]{32})/artifacts(?:/(?P<path>.*))?", re.DOTALL)

CONTAINERS = ("abfs", "abfss", "wasb", "wasbs")
"""Schemes of Azure that write a container where others write a user."""
_SIGNED = re.compile(r"(?:^|&)(?:sig|signature|token|x-amz-signature|x-goog-signature|awsaccesskeyid)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spot:
    """Files of a run: those under `root` (all of them when empty), and below it `path`, as the client says it."""

    run_id: str
    root: str = ""
    path: str = ""
    is_model: bool = False

    @property
    def full(self) -> str:
        """The path among the files of the run."""
        return "/".join(part for part in (self.root, self.path) if part)


def find(desk: Desk, address: str) -> Spot | None:
    """Return where an address leads; None when there can be nothing.

    Raises
    ------
    RestError
        It tries to lead out: ``..``, an absolute path, a backslash or a control character, percent-encoded or not.
    """
    text = address.strip("/")
    if not text:
        return None
    for shown in {address, fully_decoded(address)}:
        _check(shown)
    found = _MODEL.fullmatch(text)
    if found is not None:
        model = desk.model(found["id"], with_deleted=True)
        return Spot(model.run_id, model.path, found["path"] or "", is_model=True)
    found = _RUN.fullmatch(text)
    if found is None:
        return None
    try:
        with desk.run(found["id"]) as known:
            is_there = known.experiment_id == str(int(found["experiment"]))
    except NotFoundError:
        return None
    return Spot(found["id"], "", found["path"] or "") if is_there else None


def _check(address: str) -> None:
    try:
        check_artifact_path(address.removesuffix("/"))
    except InvalidValueError:
        raise RestError("Invalid path") from None


def check_relative(path: str | None) -> str:
    """Return a path within a run's files that a client asks for; "" is all of them."""
    if path is None or path in ("", "."):
        return ""
    for shown in {path, fully_decoded(path)}:
        _check(shown)
    return path.rstrip("/")


def has_secret(uri: str) -> bool:
    """Say whether an address elsewhere has a login in it, or the signature of one: whoever may read would see it."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return True
    login = parts.netloc.rpartition("@")[0]
    has_login = ":" in login or (login != "" and parts.scheme not in CONTAINERS)
    return has_login or _SIGNED.search(parts.query) is not None


def without_secret(uri: str) -> str:
    """Return the beginning of an address, up to what may be secret."""
    return re.split(r"[?]", re.sub(r"//[^/]*@", "//…@", uri))[0]


def uri_of_model(desk: Desk, model: LoggedModel) -> str:
    """Return where clients find the files of a model."""
    return f"{desk.root(model.experiment_id)}/models/{model.model_id}/artifacts"


def uri_of_path(desk: Desk, run_id: str, path: str) -> str:
    """Return where clients find files of a run."""
    with desk.run(run_id) as known:
        return f"{desk.root(known.experiment_id)}/{run_id}/artifacts/{path}"


def of_uri(desk: Desk, uri: str) -> Spot | None:
    """Return where an ``mlflow-artifacts:`` URI leads."""
    address = uri.removeprefix(PROXY)
    address = re.sub(r"^//[^/]*", "", address)  # the server's own name, as some clients write it
    return find(desk, address.lstrip("/"))


# -- lists ---------------------------------------------------------------------------------------------------------------


def files_of(desk: Desk, known: KnownRun, *, hides_models: bool) -> dict[str, KnownFile]:
    """Return the files of a run by path.

    MLflow 3 asks for models by their own addresses, and lists them beside what it finds here: for it they are left out.
    """
    files = desk.files(known)
    if not hides_models:
        return files
    if known.model_paths is None:
        known.model_paths = {found.path for found in logged_models.models_of(desk.store, known.run_id)}
    hidden = tuple(f"{path}/" for path in known.model_paths)
    return {path: file for path, file in files.items() if not path.startswith(hidden)} if hidden else files


def listed(files: Iterable[tuple[str, KnownFile]], folder: str) -> list[tuple[str, int | None]]:
    """Return names directly under a folder with their size; None for a folder."""
    start = f"{folder}/" if folder else ""
    found: dict[str, int | None] = {}
    for path, file in files:
        if path.startswith(start):
            name, slash, _ = path[len(start) :].partition("/")
            found[name] = None if slash else file.size
    return sorted(found.items())
