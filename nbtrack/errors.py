"""Every exception of nbtrack, in one tree.

::

    NbtrackError
    ├── InvalidValueError (ValueError)        a name, number, path or option that is not allowed
    │   └── SearchSyntaxError                 a filter or order_by that cannot be read, with a caret
    ├── NotFoundError (LookupError)           a run, experiment, metric or artifact that is not there
    ├── AlreadyExistsError (ValueError)       an experiment name that is taken
    ├── NoActiveRunError (RuntimeError)       something logged while no run is open
    ├── RunAlreadyActiveError (RuntimeError)  a second run opened without nested=True
    ├── MissingPackageError (ImportError)     an optional package that is not installed
    ├── UntrustedModelError (PermissionError) a model that would run foreign code when loaded, and no leave to do so
    ├── GateRefusedError (PermissionError)    an alias that may not move: a gate of the model does not hold
    ├── ProjectFailedError (RuntimeError)     a project's run that ended FAILED or KILLED
    ├── ExpectationError (AssertionError)     a run that is not as good as was expected
    ├── JournalError (OSError)                a record that could not be written: full disk, read-only folder
    └── StoreError (RuntimeError)
        ├── StoreBusyError                    another program holds the DuckDB file
        ├── StoreVersionError                 the file was made by a newer nbtrack
        └── RemoteError                       a server or an object store does not answer, or refuses
            └── UnreachableError              it does not answer: later it may

Each builds its message from facts and keeps them: what was received, what is allowed, what to do next.
"""

from __future__ import annotations

import sys
import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MAX_NAMED = 8


class NbtrackError(Exception):
    """The root of every error that nbtrack raises on purpose."""


class NbtrackWarning(UserWarning):
    """Something could not be recorded; the training goes on."""


_told: dict[Any, Any] = {}


def warn(message: str) -> None:
    """Warn the user, at the line of theirs that led here; a thread of ours, or the end of the process, has no such line."""
    depth = 2  # 1 is this function, 2 its caller
    frame = sys._getframe(1)  # noqa: SLF001 - warnings has no way to skip a package before Python 3.12
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "nbtrack":
        frame = frame.f_back
        depth += 1
    if frame.f_globals.get("__name__", "").split(".")[0] in ("nbtrack", "threading"):
        warnings.warn_explicit(message, NbtrackWarning, "nbtrack", 1, registry=_told)
    else:
        warnings.warn(message, NbtrackWarning, stacklevel=depth)


class InvalidValueError(NbtrackError, ValueError):
    """A name, number, path or option that is not allowed."""


class SearchSyntaxError(InvalidValueError):
    """A filter or order_by that cannot be read.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    source : str
        The text that was received.
    start, end : int
        The characters ``source[start:end]`` that the message points at.
    """

    def __init__(self, problem: str, source: str, start: int, end: int | None = None) -> None:
        self.problem = problem
        self.source = source
        self.start = start
        self.end = max(start + 1, end if end is not None else start + 1)
        super().__init__(problem)

    def __str__(self) -> str:
        """Show the problem, the text and a caret under the place."""
        marker = " " * self.start + "~" * (self.end - self.start - 1) + "^"
        return f"{self.problem}\n    {self.source}\n    {marker}"

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone: the frames of the parser help nobody."""
        return [f"{type(self).__name__}: {self}"]


class NotFoundError(NbtrackError, LookupError):
    """Something asked for by name or id is not in the store.

    Parameters
    ----------
    what : str
        The kind of thing, such as ``"Run"``.
    name : str
        What was asked for.
    known : iterable of str
        What is there; close names are suggested.
    where, hint : str
        Where it was looked for, when not in the whole store; what to do next, instead of suggestions.
    """

    def __init__(self, what: str, name: str, known: Iterable[str] = (), *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.name = name
        self.known = sorted(known)
        more = f" {hint}" if hint[:1].isalpha() else hint or _suggestion(name, self.known)
        super().__init__(f"{what} {name!r} is not in {where or 'this store'}.{more}")


class AlreadyExistsError(NbtrackError, ValueError):
    """A name that is taken."""

    def __init__(self, what: str, name: str, hint: str = "") -> None:
        self.what = what
        self.name = name
        super().__init__(f"{what} {name!r} already exists.{' ' + hint if hint else ''}")


class NoActiveRunError(NbtrackError, RuntimeError):
    """Something was asked of the active run, and there is none."""

    def __init__(self) -> None:
        super().__init__("No run is open here. Open one with `with nbtrack.start_run():`.")


class RunAlreadyActiveError(NbtrackError, RuntimeError):
    """A second run was opened without ``nested=True``."""

    def __init__(self, run_id: str, name: str) -> None:
        self.run_id = run_id
        super().__init__(
            f"Run {name!r} ({run_id}) is still open. End it with `nbtrack.end_run()`, "
            "or open a child of it with `start_run(nested=True)`."
        )


class MissingPackageError(NbtrackError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, why: str, extra: str | None = None) -> None:
        self.package = package
        wanted = f'"nbtrack[{extra}]"' if extra else package
        super().__init__(f"{package} is needed {why}: pip install {wanted}")


class UntrustedModelError(NbtrackError, PermissionError):
    """A model would run foreign code when loaded, and nobody has said that it may.

    Parameters
    ----------
    where : str
        The model.
    risks : sequence of str
        What loading would run, one line each.
    """

    def __init__(self, where: str, risks: Sequence[str]) -> None:
        self.where = where
        self.risks = list(risks)
        listed = "".join(f"\n  - {risk}" for risk in self.risks)
        super().__init__(
            f"{where} was not logged by you, as far as this computer knows; nothing of it was loaded. Loading would run:{listed}\n"
            "If you know where it comes from, load it with trust=True."
        )


class GateRefusedError(NbtrackError, PermissionError):
    """An alias may not move to a version: a gate of the model does not hold.

    Parameters
    ----------
    name, alias, version : str, str, int
        What was to move where.
    reasons : list of str
        The gates that do not hold, each with its numbers.
    """

    def __init__(self, name: str, alias: str, version: int, reasons: list[str]) -> None:
        self.name = name
        self.alias = alias
        self.version = version
        self.reasons = reasons
        shown = "".join(f"\n    {reason}" for reason in reasons)
        super().__init__(
            f"{name}@{alias} may not move to version {version}:{shown}\n"
            "Choose another version, or say force=True with a comment that tells why; it stands in the history."
        )


class ProjectFailedError(NbtrackError, RuntimeError):
    """A project's run ended FAILED or KILLED.

    Parameters
    ----------
    what, run_id, status : str
        The run as people know it, its id, how it ended.
    exit_code : int, optional
        Of its process, where that is known.
    output : str
        The end of what it printed.
    """

    def __init__(self, what: str, run_id: str, status: str, exit_code: int | None, output: str = "") -> None:
        self.run_id = run_id
        self.status = status
        self.exit_code = exit_code
        self.output = output
        code = "" if exit_code is None else f" with exit code {exit_code}"
        last = "".join(f"\n    {line}" for line in output.rstrip().splitlines()[-5:])
        super().__init__(
            f"{what} ended {status}{code}. What it printed is its file output.txt{'; the end:' + last if last else '.'}"
        )


class ExpectationError(NbtrackError, AssertionError):
    """A run is not as good as was expected.

    Parameters
    ----------
    expression : str
        What was expected.
    told : str
        Which numbers it failed on, and how the run differs from the one that it was measured against.
    """

    def __init__(self, expression: str, told: str) -> None:
        self.expression = expression
        super().__init__(told)

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone."""
        return [f"{type(self).__name__}: {self}"]


class JournalError(NbtrackError, OSError):
    """A record could not be written to the journal now; it waits in memory, but for `lost` records that never will be."""

    lost: int = 0


class StoreError(NbtrackError, RuntimeError):
    """The DuckDB file cannot be used as asked."""


class StoreBusyError(StoreError):
    """Another program holds the DuckDB file.

    Parameters
    ----------
    path : str
        The file.
    program, pid : str, int or None
        Who holds it, as far as DuckDB says.
    """

    def __init__(self, path: str, program: str | None = None, pid: int | None = None) -> None:
        self.path = path
        self.program = program
        self.pid = pid
        holder = f"{program or 'another program'}" + (f" (PID {pid})" if pid else "")
        super().__init__(f"{path} is held open for writing by {holder}; close it there, or wait and try again.")


class StoreVersionError(StoreError):
    """The file was made by a newer nbtrack."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"{path} has schema {found}; this nbtrack reads up to {known}. Upgrade with `pip install -U nbtrack`."
        )


class RemoteError(StoreError):
    """A server or an object store (S3, Google Cloud Storage, Azure) does not answer, or refuses; the message has no credentials."""


class UnreachableError(RemoteError):
    """A server does not answer now; what was recorded waits and goes there later."""


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return " Did you mean " + " or ".join(repr(c) for c in close) + "?"
    if known:
        shown = ", ".join(repr(k) for k in known[:MAX_NAMED])
        return f" There are: {shown}{', …' if len(known) > MAX_NAMED else ''}."
    return ""
