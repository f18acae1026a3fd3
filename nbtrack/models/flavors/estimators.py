"""Estimators with scikit-learn's interface: written and read as skops, cloudpickle or pickle."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.flavors.harmless import HARMLESS
from nbtrack.models.folder import inside
from nbtrack.models.trust import Risk, Trust, pickle_risks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SKOPS, CLOUDPICKLE, PICKLE = "skops", "cloudpickle", "pickle"
FORMATS = (SKOPS, CLOUDPICKLE, PICKLE)
SKOPS_FILE, PICKLE_FILE = "model.skops", "model.pkl"
_HERE_ONLY = re.compile(rb'(?<!\\)"(?:__module__|module_path)":\s*"(?:__main__|__mp_main__)"')
_SLOW_IN_SKOPS = {
    ("sklearn.tree._tree", "Tree"),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    ("sklearn.neighbors._kd_tree", "KDTree"),
    ("sklearn.neighbors._ball_tree", "BallTree"),
}
"""Types that skops does not trust: a model with one of them need not be written by it, which takes seconds for a large ensemble.

Nor does nbtrack: they are compiled, and take numbers from the file for places in memory. ``Tree.__setstate__`` compares types and shapes,
but not ``node_count`` with the number of nodes, nor the children of a node with it: a tree whose root has the child 10**12 loads, and
brings the process down when it predicts (scikit-learn 1.9). So forests and boosted trees are pickles, by cloudpickle, without a warning.
"""
_LIBRARIES = {"sklearn", "scipy", "numpy"}
"""What skops does not trust of these, nobody can change; of all else a user should know."""


@dataclass(frozen=True, slots=True)
class Written:
    """How an estimator was written: into which file, in which format, and what it needs to be read."""

    file: str
    format: str
    packages: tuple[str, ...]
    trusted: tuple[str, ...] = ()

    @property
    def trusted_types(self) -> list[str] | None:
        """What MLflow has to trust in a skops file, as ``MLmodel`` says it; nbtrack does not take it from there."""
        return list(self.trusted) or None


def write(
    model: Any, folder: Path, wanted: str | None, trusted: Iterable[str] | None = None, own: frozenset[str] = HARMLESS
) -> Written:
    """Write an estimator into a folder.

    Parameters
    ----------
    model : estimator
    folder : Path
        An existing folder.
    wanted : {"skops", "cloudpickle", "pickle"}, optional
        By default skops, and cloudpickle for what skops cannot take; that is said in a warning, unless it is so for all models of this
        kind, such as forests and boosted trees.
    trusted : iterable of str, optional
        Dotted names of types that skops may hold besides its own; whoever loads the model must name them again.
    own : frozenset of str
        Types of the library itself that need no leave.

    Raises
    ------
    InvalidValueError
        `wanted` is something else, or skops, and skops cannot take this model.
    """
    if wanted is not None and wanted not in FORMATS:
        raise InvalidValueError(f"serialization_format is {wanted!r}; use one of {', '.join(FORMATS)}.")
    if wanted in (CLOUDPICKLE, PICKLE):
        return _write_pickle(model, folder, wanted)
    try:
        data, needed = _skops_bytes(model, own.union(trusted or ()), is_quick=wanted is None)
    except _CannotError as reason:
        if wanted == SKOPS:
            raise InvalidValueError(f"skops cannot take this {type(model).__name__}: {reason}.") from reason.__cause__
        if not reason.is_usual:
            warn(f"{type(model).__name__} is saved with cloudpickle, whose loading runs code, because {reason}.")
        return _write_pickle(model, folder, CLOUDPICKLE)
    (folder / SKOPS_FILE).write_bytes(data)
    return Written(SKOPS_FILE, SKOPS, ("skops",), tuple(sorted(needed)))


class _CannotError(Exception):
    """Says why skops is not used, as the second half of a sentence; `is_usual` when no user could do anything about it."""

    def __init__(self, reason: str, *, is_usual: bool = False) -> None:
        super().__init__(reason)
        self.is_usual = is_usual


def _skops_bytes(model: Any, trusted: frozenset[str], *, is_quick: bool) -> tuple[bytes, set[str]]:
    """Return a model as skops writes it, after reading it back, and which of the trusted types are in it."""
    if is_quick and (slow := _slow_types(model) - trusted):
        raise _untrusted(slow)
    io = require("skops.io", "to save scikit-learn models", package="skops", extra="models")  # a second or two, once
    try:
        data: bytes = io.dumps(model)
        _check_is_taken_along(data)
        return data, _read_back(io, data, trusted)
    except _CannotError:
        raise
    except Exception as cause:
        raise _CannotError(f"skops fails with {type(cause).__name__}: {str(cause)[:200]}") from cause


def _check_is_taken_along(data: bytes) -> None:
    if _HERE_ONLY.search(_schema_of(data)) is not None:
        raise _CannotError("it has classes or functions of this notebook, which skops leaves behind")


def _read_back(io: Any, data: bytes, trusted: frozenset[str]) -> set[str]:
    """Return which of the trusted types are in what skops wrote, after reading it."""
    errors = require("skops.io.exceptions", "to save scikit-learn models", package="skops", extra="models")
    try:
        io.loads(data)
    except errors.UntrustedTypesFoundException:
        unknown = {str(name) for name in io.get_untrusted_types(data=data)}
    else:
        return set()
    if not unknown <= trusted:
        raise _untrusted(unknown - trusted)
    io.loads(data, trusted=sorted(unknown))
    return unknown


def _untrusted(names: set[str]) -> _CannotError:
    listed = ", ".join(repr(name) for name in sorted(names))
    reason = f"skops does not trust types in it (to keep skops: skops_trusted_types=[{listed}])"
    return _CannotError(reason, is_usual={name.partition(".")[0] for name in names} <= _LIBRARIES)


def _slow_types(model: Any) -> set[str]:
    """Return which of the types that skops does not trust a model has, as its pickle tells quickly; none when it cannot be pickled."""
    from nbtrack.models.imports import names_of_pickle  # noqa: PLC0415

    try:
        data = pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 - skops or cloudpickle will say
        return set()
    return {".".join(name) for name in names_of_pickle(data) & _SLOW_IN_SKOPS}


def _schema_of(data: bytes) -> bytes:
    import io  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("schema.json")


def _write_pickle(model: Any, folder: Path, form: str) -> Written:
    by_value = form == CLOUDPICKLE
    dump = require("cloudpickle", "to save this model", extra="models").dump if by_value else pickle.dump
    with (folder / PICKLE_FILE).open("wb") as file:
        dump(model, file, protocol=pickle.DEFAULT_PROTOCOL)
    return Written(PICKLE_FILE, form, ("cloudpickle",) if by_value else ())


def format_of(conf: dict[str, Any], default: str) -> str:
    """Return the format that a model's description names; raises ``InvalidValueError`` for an unknown one."""
    found = conf.get("serialization_format") or default
    if found not in FORMATS:
        raise InvalidValueError(
            f"MLmodel names the serialization format {str(found)[:80]!r}; known are {', '.join(FORMATS)}."
        )
    return str(found)


def risks(folder: Path, file: Any, form: str, own: frozenset[str] = HARMLESS) -> list[Risk]:
    """Return what reading an estimator's file would run; `own` are types of the library itself."""
    path = inside(folder, file, "Model file")
    return Trust(types=own).skops_risks(path, str(file)) if form == SKOPS else pickle_risks(path, str(file))


def read(folder: Path, file: Any, form: str, trust: Trust, own: frozenset[str] = HARMLESS) -> Any:
    """Return the estimator in a file; what runs its code goes through `trust`; `own` are types of the library itself."""
    path = inside(folder, file, "Model file")
    if form == SKOPS:
        return replace(trust, types=trust.types | own).load_skops(path)
    if form == CLOUDPICKLE:
        require("cloudpickle", "to load this model", extra="models")
    return trust.unpickle(path)
