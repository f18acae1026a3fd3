"""Model URIs: one parser for every place that takes one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from nbtrack.artifacts.remote import uri as remote
from nbtrack.errors import InvalidValueError
from nbtrack.models.folder import check_relative
from nbtrack.names import fully_decoded, is_run_id

MAX_LENGTH = 4096
STAGES = {stage.lower(): stage for stage in ("None", "Staging", "Production", "Archived")}
ALLOWED = (
    "a folder, file:///folder, runs:/<run id>/<path>, models:/<name>/<version>, models:/<name>/<stage>, models:/<name>/latest, "
    "models:/<name>@<alias>, models:/m-<32 hex digits>, s3://<bucket>/<path>, gs://… or az://…"
)

_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_REMOTE = {*remote.SCHEMES, *remote.IN_ACCOUNTS, "http", "https", "hdfs", "dbfs", "ftp", "sftp"}
_REFUSED = re.compile(r"[\x00-\x1f\x7f\\?#;]")


class UriKind(StrEnum):
    """What a model URI names."""

    PATH = "path"
    RUN = "run"
    MODEL_ID = "model_id"
    VERSION = "version"
    STAGE = "stage"
    LATEST = "latest"
    ALIAS = "alias"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class ModelUri:
    """A model URI taken apart; only the fields of its kind are set.

    Attributes
    ----------
    kind : UriKind
    text : str
        As it was received.
    path : str
        PATH: the local folder or archive. RUN: the path within the run, relative and safe.
    run_id, model_id, name, stage, alias : str
    version : int
    """

    kind: UriKind
    text: str
    path: str = ""
    run_id: str = ""
    model_id: str = ""
    name: str = ""
    stage: str = ""
    alias: str = ""
    version: int = 0

    @property
    def is_registered(self) -> bool:
        """Say whether the registry is asked for it by name."""
        return self.kind in (UriKind.VERSION, UriKind.STAGE, UriKind.LATEST, UriKind.ALIAS)


def is_model_id(text: object) -> bool:
    """Say whether `text` is ``m-`` and 32 lower-case hexadecimal digits."""
    return isinstance(text, str) and _MODEL_ID.fullmatch(text) is not None


def parse(uri: str | os.PathLike[str], *, allow_local: bool = True) -> ModelUri:
    """Take a model URI apart.

    Parameters
    ----------
    uri : str or path
        What the user, a registry entry or a request says.
    allow_local : bool
        Whether a path of this machine is fine; False wherever somebody else says where the model is.

    Raises
    ------
    InvalidValueError
        It has another form, or leads somewhere it must not: ``..``, a backslash, NUL, ``?``, ``#`` or ``;``, percent-encoded or not.
    """
    if not isinstance(uri, (str, os.PathLike)):
        raise InvalidValueError(f"Model URI {uri!r} is a {type(uri).__name__}; use {ALLOWED}.")
    text = str(os.fspath(uri))
    if not text.strip() or len(text) > MAX_LENGTH:
        _refuse(text, "it is empty" if not text.strip() else f"it has more than {MAX_LENGTH} characters")
    scheme = _scheme_of(text)
    if scheme == "runs":
        return _of_run(text)
    if scheme == "models":
        return _of_registry(text)
    if scheme in _REMOTE:
        _check_remote(text)
        return ModelUri(UriKind.REMOTE, text)
    if scheme not in ("", "file"):
        _refuse(text, f"the scheme {scheme}: is not known")
    if not allow_local:
        _refuse(text, "paths of this machine are not taken here")
    return ModelUri(UriKind.PATH, text, path=_local(text) if scheme else _plain(text))


def _scheme_of(text: str) -> str:
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""  # one letter is a drive


def _plain(text: str) -> str:
    """Return a path as the user wrote it: it may well begin with ``..``, as it is opened with their own rights."""
    if "\x00" in text:
        _refuse(text, "it has a NUL character")
    if text.startswith(("//", "\\\\")):
        _refuse(text, "it names another machine")
    return text


def _local(text: str) -> str:
    """Return the absolute path of a ``file:`` URI; decoded once, as such URIs are, and refused when anything is left to decode."""
    _check_marks(text)
    parts = urlsplit(text)
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or path.startswith("//"):
        _refuse(text, "it names another machine")
    if fully_decoded(path) != path or ".." in path.split("/"):
        _refuse(text, "it climbs out of a folder with '..', or is encoded twice")
    if not path.startswith("/"):
        _refuse(text, "a file URI has an absolute path, such as file:///home/me/model")
    return path[1:] if os.name == "nt" else path


def _of_run(text: str) -> ModelUri:
    rest = _after_scheme(text)
    run_id, _, path = rest.partition("/")
    if not is_run_id(run_id) or not path.strip("/"):
        _refuse(text, "runs:/ is followed by a run id of 32 hexadecimal digits and a path")
    return ModelUri(UriKind.RUN, text, run_id=run_id, path=check_relative(path.rstrip("/"), "Path of the model URI"))


def _of_registry(text: str) -> ModelUri:
    rest = _after_scheme(text)
    if _MODEL_ID.fullmatch(rest):
        return ModelUri(UriKind.MODEL_ID, text, model_id=rest)
    name, mark, alias = rest.rpartition("@")
    if mark and "/" not in alias:
        return ModelUri(UriKind.ALIAS, text, name=_name(text, name), alias=_name(text, alias))
    name, mark, which = rest.rpartition("/")
    if not mark:
        _refuse(text, "models:/ is followed by a name and a version, stage or alias")
    name = _name(text, name)
    if which.isascii() and which.isdigit() and len(which) < 19:  # noqa: PLR2004 - an int64
        return ModelUri(UriKind.VERSION, text, name=name, version=int(which))
    if which.lower() == "latest":
        return ModelUri(UriKind.LATEST, text, name=name)
    if which.lower() in STAGES:
        return ModelUri(UriKind.STAGE, text, name=name, stage=STAGES[which.lower()])
    return _refuse(
        text, f"{which[:40]!r} is no version number, not 'latest', and no stage ({', '.join(STAGES.values())})"
    )


def _name(text: str, name: str) -> str:
    if not name or "/" in name or ":" in name or name in (".", ".."):
        _refuse(text, "the name of a model has no '/' or ':' and is not empty")
    return name


def _after_scheme(text: str) -> str:
    _check_marks(text)
    rest = text.partition(":")[2]
    if not rest.startswith("/") or rest.startswith("//"):
        _refuse(text, "one slash follows the colon")
    if rest.endswith("//"):
        _refuse(text, "it has an empty part")
    return rest[1:]


def _check_remote(text: str) -> None:
    _check_marks(text)
    if ".." in fully_decoded(text).split("/") or _REFUSED.search(fully_decoded(text)):
        _refuse(text, "it climbs out of a folder with '..'")


def _check_marks(text: str) -> None:
    """Refuse what has no meaning in a model URI, written plainly or percent-encoded however often."""
    decoded = fully_decoded(text)
    for shown in (text, decoded):
        found = _REFUSED.search(shown)
        if found:
            _refuse(text, f"{found[0]!r} has no meaning in it")
    if ".." in decoded.split("/"):
        _refuse(text, "it climbs out of a folder with '..'")


def _refuse(text: str, why: str) -> NoReturn:
    shown = repr(text if len(text) <= 120 else text[:119] + "…")  # noqa: PLR2004
    raise InvalidValueError(f"Model URI {shown} is not allowed: {why}. Use {ALLOWED}.")
