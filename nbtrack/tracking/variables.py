"""Variables of a notebook, kept with a run and brought back: one pickle each, and an index that says what was skipped and why.

A run has the files ``variables/index.json`` and ``variables/<name>.pkl``. Whoever can write a store can write pickles, so the index has a
seal as models do (:mod:`nbtrack.tracking.seals`): variables that this user saved come back without asking, others with ``trust``. Each
variable is pickled by itself: two names for one object are two objects afterwards.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.trust import Risk, Trust, pickle_risks
from nbtrack.tracking import seals
from nbtrack.tracking.named_secrets import is_secret_value, kind_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nbtrack.store.protocol import TrackingStore

FOLDER, INDEX = "variables", "variables/index.json"
MAX_BYTES, MAX_ALL_BYTES = 64 << 20, 256 << 20
"""What one variable, and all of a run, may take."""
MAX_VARIABLES = 500
FORMAT = 1
_SEALED = "variables"


@dataclass(frozen=True, slots=True)
class Kept:
    """Variables as files, ready to be stored.

    Attributes
    ----------
    files : dict
        Content by name of the variable.
    types : dict
        ``"pandas.DataFrame"`` by name.
    imports : dict
        Module by the name that it was imported as.
    skipped : dict
        Why, by name.
    """

    files: dict[str, bytes]
    types: dict[str, str]
    imports: dict[str, str]
    skipped: dict[str, str]

    def index(self, run_id: str, before: Mapping[str, Any] | None = None) -> bytes:
        """Return the index, sealed for a run; what :func:`kept_before` says of it stays."""
        here = {
            name: {"type": self.types[name], "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in self.files.items()
        }
        old = before or {"variables": {}, "imports": {}, "skipped": {}}
        new = {*here, *self.imports}
        variables = {**{name: each for name, each in old["variables"].items() if name not in new}, **here}
        imports = {**{name: each for name, each in old["imports"].items() if name not in new}, **self.imports}
        skipped = {**old["skipped"], **self.skipped}
        told = {
            "format": FORMAT,
            "variables": variables,
            "imports": imports,
            "skipped": {name: why for name, why in skipped.items() if name not in variables and name not in imports},
            "seal": seals.seal(run_id, _SEALED, _sealed(_hashes(variables), imports)),
        }
        return json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")

    def text(self) -> str:
        """Say in one line what is kept, and what is not."""
        total = sum(map(len, self.files.values()))
        kept = f"{len(self.files)} variable{'' if len(self.files) == 1 else 's'} ({total:,} bytes)"
        skipped = "; ".join(f"{name}: {why}" for name, why in self.skipped.items())
        return f"kept {kept}{f'; skipped {skipped}' if skipped else ''}"


@dataclass(frozen=True, slots=True)
class Restored:
    """Variables brought back: `values` and `modules` by name, and what is not there, with the reason."""

    values: dict[str, Any]
    modules: dict[str, ModuleType]
    missing: dict[str, str]


def pickled(
    names: Iterable[str], namespace: Mapping[str, Any], *, most: int = MAX_BYTES, most_in_all: int = MAX_ALL_BYTES
) -> Kept:
    """Pickle variables, each by itself; what cannot be, is too large or looks like a secret is skipped with the reason.

    Parameters
    ----------
    names : iterable of str
    namespace : mapping
        The user's variables.
    most, most_in_all : int
        Bytes of one variable, and of all.
    """
    cloudpickle = require("cloudpickle", "to keep variables", extra="models")
    found = Kept({}, {}, {}, {})
    left = most_in_all
    for name in dict.fromkeys(names):
        if name not in namespace:
            found.skipped[name] = "there is no such variable"
            continue
        value = namespace[name]
        if isinstance(value, ModuleType):
            found.imports[name] = value.__name__
            continue
        problem = _unfit(name, value, len(found.files))
        if not problem:
            limit = min(most, left)
            data, problem = _dump(cloudpickle, value, limit)
            if data is not None:
                found.files[name] = data
                found.types[name] = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
                left -= len(data)
        if problem:
            found.skipped[name] = problem
    return found


def kept_before(store: TrackingStore, run_id: str) -> dict[str, Any] | None:
    """Return the index of a run, where this user kept it: what another one kept is not sealed again."""
    try:
        index = _read(store.artifact_file(run_id, INDEX))
    except (NotFoundError, InvalidValueError):
        return None
    is_ours = seals.is_ours(index.get("seal"), run_id, _SEALED, _sealed(_hashes(index["variables"]), index["imports"]))
    return index if is_ours else None


def restored(
    store: TrackingStore, run_id: str, names: Iterable[str] = (), *, trust: bool = False, where: str = "this run"
) -> Restored:
    """Bring variables of a run back; all of them when none is named.

    Raises
    ------
    NotFoundError
        No variables were kept with the run, or none of a name.
    UntrustedModelError
        They were not kept by this user, and `trust` was not said.
    InvalidValueError
        A file is not what was kept, or the index is none.
    """
    try:
        index = _read(store.artifact_file(run_id, INDEX))
    except NotFoundError:
        hint = "Variables are kept by %%track --vars, or by %track save."
        raise NotFoundError("Variables", INDEX, where=where, hint=hint) from None
    kept, imports, skipped = index["variables"], index["imports"], index["skipped"]
    wanted = list(names) or [*kept, *imports]
    unknown = [name for name in wanted if name not in kept and name not in imports]
    if unknown:
        hint = f"It was skipped: {skipped[unknown[0]]}." if unknown[0] in skipped else ""
        raise NotFoundError("Variable", unknown[0], [*kept, *imports], where=where, hint=hint)
    files = {name: store.artifact_file(run_id, f"{FOLDER}/{name}.pkl") for name in wanted if name in kept}
    hashes = _hashes(kept)
    is_ours = seals.is_ours(index.get("seal"), run_id, _SEALED, _sealed(hashes, imports))
    allowed = Trust(everything=trust or is_ours, where=f"What was kept of the variables of {where}")
    if not allowed.everything:
        allowed.demand(_risks(files, {name: imports[name] for name in wanted if name in imports}))
    return _loaded(files, hashes, {name: imports[name] for name in wanted if name in imports}, allowed, dict(skipped))


def _loaded(
    files: dict[str, Path], hashes: dict[str, str], imports: dict[str, str], allowed: Trust, missing: dict[str, str]
) -> Restored:
    found = Restored({}, {}, missing)
    for name, module in imports.items():
        try:
            found.modules[name] = import_module(module)
        except ImportError as error:
            missing[name] = f"import {module} failed: {error}"
    for name, path in files.items():
        if hashlib.sha256(path.read_bytes()).hexdigest() != hashes[name]:
            raise InvalidValueError(f"variables/{name}.pkl is not what was kept; nothing of it was loaded.")
        try:
            found.values[name] = allowed.unpickle(path)
        except Exception as error:  # noqa: BLE001 - one that needs another version must not keep the others away
            missing[name] = f"{type(error).__name__}: {str(error)[:200]}"
    return found


def _unfit(name: str, value: Any, n_kept: int) -> str:
    if n_kept >= MAX_VARIABLES:
        return f"more than {MAX_VARIABLES} variables"
    if isinstance(value, str) and is_secret_value(name, value):
        return "it looks like a secret"
    if kind_of_name(name) == "strong":
        return "its name says that it is a secret"
    return ""


class _Full(Exception):  # noqa: N818 - no error: it ends the pickling
    """More bytes than may be."""


class _Bounded(io.BytesIO):
    """Bytes in memory, at most so many."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any) -> int:
        """Add bytes."""
        if self.tell() + memoryview(data).nbytes > self._limit:
            raise _Full
        return super().write(data)


def _dump(cloudpickle: Any, value: Any, limit: int) -> tuple[bytes | None, str]:
    into = _Bounded(limit)
    try:
        cloudpickle.dump(value, into)
    except _Full:
        return None, f"it takes more than {limit / 1e6:,.0f} MB"
    except Exception as error:  # noqa: BLE001 - whatever the user's object does
        return None, f"it cannot be pickled ({type(error).__name__}: {str(error)[:120]})"
    return into.getvalue(), ""


def _hashes(variables: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: str(about["sha256"]) for name, about in variables.items()}


def _sealed(hashes: Mapping[str, str], imports: Mapping[str, str]) -> list[tuple[str, str]]:
    return [*hashes.items(), *((f"import {name}", module) for name, module in imports.items())]


def _risks(files: dict[str, Path], imports: dict[str, str]) -> list[Risk]:
    risks = [risk for name, path in files.items() for risk in pickle_risks(path, f"{name}.pkl")]
    return [*risks, *([Risk("index.json", "modules are imported", tuple(imports.values()))] if imports else [])]


def _read(path: Path) -> dict[str, Any]:
    try:
        index = json.loads(path.read_bytes())
        is_index = index["format"] == FORMAT and all(
            isinstance(index[key], dict) for key in ("variables", "imports", "skipped")
        )
        is_index = is_index and all(
            name.isidentifier() and "sha256" in about for name, about in index["variables"].items()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        is_index = False
    if not is_index:
        raise InvalidValueError(f"{INDEX} of this run cannot be read: it is damaged, or of a later version of nbtrack.")
    return dict(index)
