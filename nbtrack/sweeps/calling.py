"""How a function takes its params, and what makes it the same function tomorrow."""

from __future__ import annotations

import functools
import hashlib
import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from nbtrack.sweeps.trial_run import TrialRun

RUN_NAMES = ("run", "trial")
"""A first parameter of this name takes the open run of the trial."""
_PLAIN = (bool, int, float, str, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Call:
    """A function and how it wants to be called.

    Attributes
    ----------
    function : callable
    takes_run : bool
        Its first argument is the run of the trial.
    takes_dict : bool
        The params come as one dict instead of each under its name.
    """

    function: Callable[..., Any]
    takes_run: bool
    takes_dict: bool

    def __call__(self, run: TrialRun, params: dict[str, Any]) -> Any:
        """Call the function with the params of a trial."""
        first = (run,) if self.takes_run else ()
        return self.function(*first, dict(params)) if self.takes_dict else self.function(*first, **params)


def call_of(function: Callable[..., Any], names: Iterable[str]) -> Call:
    """Return how a function takes params of these names: ``fn(params)``, ``fn(**params)``, each of them also after a ``run``.

    Raises
    ------
    InvalidValueError
        It is no function, or has parameters that the space does not name.
    """
    if not callable(function):
        raise InvalidValueError(f"What a sweep calls is a function; received {type(function).__name__} {function!r}.")
    wanted = set(names)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C
        return Call(function, takes_run=False, takes_dict=False)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_run = bool(positional) and positional[0].name in RUN_NAMES and positional[0].name not in wanted
    rest = [p for p in parameters if not (takes_run and p is positional[0])]
    named = {p.name for p in rest if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    required = {p.name for p in rest if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    takes_all = any(p.kind == p.VAR_KEYWORD for p in rest) or wanted <= named
    if takes_all and required <= wanted:
        return Call(function, takes_run, takes_dict=False)
    takes_one = bool(rest) and rest[0].kind in (rest[0].POSITIONAL_ONLY, rest[0].POSITIONAL_OR_KEYWORD)
    if takes_one and required <= {rest[0].name} and not named & wanted:
        return Call(function, takes_run, takes_dict=True)
    raise _refusal(function, wanted, required, named)


def _refusal(function: Callable[..., Any], wanted: set[str], required: set[str], named: set[str]) -> InvalidValueError:
    name = getattr(function, "__qualname__", repr(function))
    lacking, unknown = sorted(required - wanted), sorted(wanted - named)
    parts = [f"needs {', '.join(lacking)}, which the space does not name"] if lacking else []
    parts += [f"has no {', '.join(unknown)}"] if unknown else []
    message = (
        f"{name}{_signature(function)} {' and '.join(parts)}. Write it as {name}({', '.join(sorted(wanted))}), "
        f"{name}(params) or {name}(run, params)."
    )
    return InvalidValueError(message)


def _signature(function: Callable[..., Any]) -> str:
    return str(inspect.signature(function))


# -- which function it is ------------------------------------------------------------------------------------------------


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a digest of a function's source, defaults and plain closed-over values; other functions that it calls are not in it."""
    parts: list[str] = []
    _describe(function, parts)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def source_of(function: Callable[..., Any]) -> str:
    """Return the source text of a function, or "" when there is none."""
    inner = function.func if isinstance(function, functools.partial) else function
    try:
        return textwrap.dedent(inspect.getsource(_code_holder(inner)))
    except (OSError, TypeError):
        return ""


def _code_holder(function: Any) -> Any:
    function = inspect.unwrap(function)
    return function if hasattr(function, "__code__") or inspect.ismethod(function) else type(function)


def _describe(function: Any, parts: list[str]) -> None:
    if isinstance(function, functools.partial):
        parts += [_plain(function.args), _plain(sorted(function.keywords.items()))]
        _describe(function.func, parts)
        return
    source = source_of(function)
    code = getattr(inspect.unwrap(function), "__code__", None)
    if source:
        parts.append(source)
    elif code is not None:
        parts += _code_parts(code)
    else:
        parts.append(
            f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
        )
    parts.append(_plain(getattr(function, "__defaults__", None)))
    for name, cell in zip(code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=False):
        try:
            value = cell.cell_contents
        except ValueError:  # the name is not bound yet
            continue
        # What a list around the function holds may be another with each call, such as results that it collects.
        parts.append(f"{name}={_plain(value) if isinstance(value, (*_PLAIN, tuple)) else type(value).__qualname__}")


def _code_parts(code: CodeType) -> list[str]:
    inner = [part for each in code.co_consts if inspect.iscode(each) for part in _code_parts(each)]
    return [code.co_code.hex(), repr(code.co_names), repr([c for c in code.co_consts if not inspect.iscode(c)]), *inner]


def _plain(value: Any) -> str:
    """Return the text of plain values; of others their kind alone, for their text may change from process to process."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_plain(k)}: {_plain(v)}' for k, v in value.items())}}}"
    return type(value).__qualname__
